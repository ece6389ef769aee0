"""What can be taken out of the page: data, figures, scenarios, the commands that run them again."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import solara

from experiments.output import OutputFolder, provenance
from model.calendar import month_name
from model.indicators import COUNTY, VILLAGE
from model.ledger import FLOWS
from viz.page.arms import NAMES
from viz.page.desk import Desk
from viz.page.parts import tag
from viz.page.pictures import arms_figures
from viz.page.session import Session

_FILES = ("arm_a.toml", "arm_b.toml")


def months_table(session: Session, counties: list[str]) -> pd.DataFrame:
    """Return arm, month, county and every indicator, for the months that both arms have."""
    done, names = session.month + 1, [i.name for i in (*VILLAGE, *COUNTY)]
    parts = []
    for arm, memory in zip(NAMES, session.memories, strict=True):
        values = memory.region[:done].reshape(done * len(counties), len(names))
        head = pd.DataFrame(
            {
                "arm": arm,
                "month": np.repeat([month_name(t) for t in range(done)], len(counties)),
                "county": np.tile(counties, done),
            }
        )
        parts.append(pd.concat([head, pd.DataFrame(values, columns=names)], axis=1))
    return pd.concat(parts, ignore_index=True)


def flows_table(session: Session, counties: list[str]) -> pd.DataFrame:
    """Return arm, month, payer, payee, kind, line, county, yuan of every flow that is not 0."""
    parts = []
    for arm, memory in zip(NAMES, session.memories, strict=True):
        at, line, county = np.nonzero(memory.flows[: session.month + 1])
        flow = [FLOWS[k] for k in line]
        parts.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "month": [month_name(int(t)) for t in at],
                    "payer": [f.payer.name for f in flow],
                    "payee": [f.payee.name for f in flow],
                    "kind": [f.kind for f in flow],
                    "line": [f.name for f in flow],
                    "county": np.array(counties)[county],
                    "yuan": memory.flows[at, line, county],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def villages_table(session: Session) -> pd.DataFrame:
    """Return arm, month, village and what the page keeps of each village."""
    from viz.page.memory import KEPT

    done = session.month + 1
    parts = []
    for arm, memory in zip(NAMES, session.memories, strict=True):
        number = memory.villages.shape[1]
        head = pd.DataFrame(
            {
                "arm": arm,
                "month": np.repeat([month_name(t) for t in range(done)], number),
                "village": np.tile(np.arange(number), done),
            }
        )
        values = memory.villages[:done].reshape(done * number, len(KEPT))
        parts.append(pd.concat([head, pd.DataFrame(values, columns=list(KEPT))], axis=1))
    return pd.concat(parts, ignore_index=True)


def origin(session: Session) -> dict[str, Any]:
    """Return where the data of both arms come from."""
    a, b = (provenance(s, session.seed) for s in session.scenarios)
    return {**a, "arms": {"A": a["scenario"], "B": b["scenario"]}, "months": session.month + 1}


def data_zip(session: Session, counties: list[str], kind: str) -> bytes:
    """Return the tables months, flows and villages as CSV or Parquet, zipped, with their origin."""
    tables = {
        "months": months_table(session, counties),
        "flows": flows_table(session, counties),
        "villages": villages_table(session),
    }
    said = origin(session)
    with tempfile.TemporaryDirectory() as folder, OutputFolder(folder) as out:
        out.write_json("provenance.json", said)
        for name, table in tables.items():
            if kind == "csv":
                out.write_csv(table, f"{name}.csv")
            else:
                out.write_parquet(table, f"{name}.parquet", said)
        return _zip(Path(folder))


def figures_zip(session: Session, words: tuple[str, str], layer: int) -> bytes:
    """Return the figures of both arms as PNG and SVG, zipped, their origin in the metadata."""
    with tempfile.TemporaryDirectory() as folder, OutputFolder(folder) as out:
        arms_figures(session, words, layer, out, origin(session))
        return _zip(Path(folder) / "figures")


def _zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()


@solara.component
def TakeAway(desk: Desk) -> None:
    """Downloads, and the commands that reproduce both arms."""
    session = desk.watch(desk.beat)
    arms, seed = desk.arms.value, desk.seed.value
    done = session.month + 1 if session else 0
    with tag("div", class_="rf-scroll"):
        tag("h4", "Run it again")
        tag("div", "The exact command of each arm; it writes every month, village and flow.",
            class_="rf-hint")  # fmt: skip
        for k in range(2):
            tag("b", f"Arm {NAMES[k]}", class_="rf-a" if k == 0 else "rf-b")
            tag("div", arms[k].command(seed, _FILES[k]), class_="rf-code")
        with tag("div", class_="rf-row"):
            for k in range(2):
                text = arms[k].toml(f"arm_{NAMES[k].lower()}", f"Arm {NAMES[k]} of the page.")
                solara.FileDownload(text, _FILES[k], label=f"Scenario {NAMES[k]} (TOML)")
        tag("h4", f"Data of both arms, {done} months")
        tag("div", "Every indicator by county, every flow of the ledger, and the villages.",
            class_="rf-hint")  # fmt: skip
        if session is None or not session.memories or done == 0:
            tag("div", "Nothing yet: run a month.", class_="rf-hint")
            return
        counties = desk.screen.widget.counties if desk.screen else []
        with tag("div", class_="rf-row"):
            for kind, word in (("csv", "CSV"), ("parquet", "Parquet")):
                solara.FileDownload(
                    lambda kind=kind: data_zip(session, counties, kind),
                    f"ruralflow-{kind}.zip",
                    label=f"Data ({word}, zipped)",
                )
        tag("h4", "Figures")
        tag("div", "Maps of the chosen layer, series and who gains, as they are now: PNG and SVG, "
            "with their provenance in the files.", class_="rf-hint")  # fmt: skip
        with tag("div", class_="rf-row"):
            layer = desk.screen.widget.active if desk.screen else 0
            words = desk.words.value
            solara.FileDownload(
                lambda: figures_zip(session, words, layer),
                "ruralflow-figures.zip",
                label="Figures (PNG and SVG, zipped)",
            )
        tag("h4", "Provenance")
        tag("div", json.dumps(_short(session)), class_="rf-code")


def _short(session: Session) -> dict[str, Any]:
    """Return the lines of the provenance that tell one run from another."""
    digests = [s.digest()[:12] for s in session.scenarios]
    return {"seed": session.seed, "scenario_digest": dict(zip(NAMES, digests, strict=True))}
