"""The results of a command: a folder that offset, run or another command wrote, as figures."""

from __future__ import annotations

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any, cast

import pandas as pd
import solara

from model.errors import InputError
from viz.page.parts import button, tag

#: Files in which a command says what it found, in the order of what a reader looks for first.
REPORTS = ("offset.json", "validation.json", "scorecard.json", "run.json")
TABLES = ("scorecard.csv", "validation.csv", "offset.csv", "sensitivity.csv", "sweep.csv")
MOST_ROWS = 200
#: Folders offered at most, the newest first.
MOST_KNOWN = 12


class Folder:
    """A results folder read for looking at it.

    title, lines : what the command found. table : its main table, or None.
    pictures : (name, PNG) of its figures.
    """

    def __init__(self, path: Path):
        if not path.is_dir():
            raise InputError("folder", "path", str(path), "a folder that a command wrote")
        self.path = path
        found = [name for name in REPORTS if (path / name).is_file()]
        report = _json(path / found[0]) if found else {}
        self.lines = _lines(report)
        origin = report.get("provenance", report)
        self.title = _title(path, origin)
        tables = [name for name in TABLES if (path / name).is_file()]
        self.table_name = tables[0] if tables else ""
        self.table = pd.read_csv(path / tables[0]).head(MOST_ROWS) if tables else None
        self.pictures = [
            (picture.stem, picture.read_bytes())
            for picture in sorted((path / "figures").glob("*.png"))
        ]
        if not (found or tables or self.pictures):
            raise InputError("folder", "path", str(path), "one with run.json, offset.json, figures")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(path, "cannot be read", valid="a report that a command wrote") from None
    return content if isinstance(content, dict) else {}


def _lines(report: dict[str, Any]) -> list[str]:
    if isinstance(report.get("headline"), list):
        return [str(line) for line in report["headline"]]
    summary = report.get("summary")
    if isinstance(summary, dict):
        return [f"{name:<24} {value:>20,.0f}" for name, value in summary.items()]
    return []


def _title(path: Path, origin: dict[str, Any]) -> str:
    scenario = origin.get("scenario") or {}
    parts = [path.name]
    if isinstance(scenario, dict) and scenario.get("name"):
        parts.append(f"scenario {scenario['name']}")
    parts += [f"seed {origin['seed']}"] if "seed" in origin else []
    parts += [f"ruralflow {origin['ruralflow']}"] if "ruralflow" in origin else []
    return " · ".join(parts)


def result_folders(below: Path) -> list[str]:
    """Return the folders below ``results`` of the folder in which the page was started."""
    found = sorted((below / "results").glob("*/"), key=lambda p: -p.stat().st_mtime)
    return [str(path.relative_to(below)) for path in found if path.is_dir()]


@solara.component
def Results() -> None:
    """Open a folder and show what it holds."""
    text = solara.use_reactive("")
    folder, set_folder = solara.use_state(cast("Folder | None", None))
    wrong, set_wrong = solara.use_state("")
    known = solara.use_memo(lambda: result_folders(Path.cwd()), [])

    def read(name: str) -> None:
        text.set(name)
        try:
            set_folder(Folder(Path(name.strip()).expanduser()))
            set_wrong("")
        except InputError as problem:
            set_folder(None)
            set_wrong(str(problem))

    with tag("div", class_="rf-results"):
        with tag("div", class_="rf-row"):
            field = solara.v.TextField(
                label="Folder of results", v_model=text.value, on_v_model=text.set, dense=True,
                outlined=True, hide_details=True, class_="rf-folder", style_="max-width:640px",
            )  # fmt: skip
            solara.v.use_event(field, "keyup.enter", lambda *_: read(text.peek()))
            button("Open", "rf-open", lambda: read(text.peek()), color="primary", outlined=False)
            tag("span", wrong, class_="rf-wrong")
        if folder is None:
            tag(
                "div",
                "Open a folder that a command wrote, as results/offset-shaoyang-1: its findings, "
                "its figures with intervals, and its table are shown here.",
                class_="rf-hint",
            )
            with tag("div", class_="rf-row"):
                for name in known[:MOST_KNOWN]:
                    button(name, "rf-known", partial(read, name))
        else:
            with tag("div", class_="rf-scroll"):
                Contents(folder)


@solara.component
def Contents(folder: Folder) -> None:
    """Show one results folder."""
    tag("h4", folder.title)
    with tag("div", class_="rf-found"):
        if folder.lines:
            with tag("div", class_="rf-panel"):
                tag("pre", "\n".join(folder.lines))
        with tag("div", class_="rf-pictures"):
            for name, png in folder.pictures:
                source = "data:image/png;base64," + base64.b64encode(png).decode()
                image = solara.v.Html(
                    tag="img", attributes={"src": source, "alt": f"Figure: {name}"}
                )
                tag("figure", image, tag("figcaption", name))
    if folder.table is not None:
        tag("h4", folder.table_name)
        table = folder.table.map(_cell).to_html(index=False, border=0, classes="rf-table")
        solara.HTML(
            tag="div", unsafe_innerHTML=table
        )  # one element: cells by the thousand are slow


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:,.4g}"
    return str(value)
