"""ablate: which targets fall when a mechanism is switched off, and which mechanism carries none.

Mechanisms are data (``mechanisms.toml``): parameters that switch each off. The model with all of
them and without one meet the same seeds, so that what moves is the mechanism's doing.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.design import Settings, check_settings
from experiments.output import OutputFolder, provenance
from experiments.progress import Progress
from experiments.run import compiling
from experiments.runs import Measure, Run
from experiments.scorecard.card import number
from experiments.scorecard.evidence import asks, collect
from experiments.scorecard.judge import counted_parts, measured
from experiments.scorecard.needs import NEEDS
from experiments.scorecard.targets import Part, Target, load_targets
from experiments.space import moment_of
from experiments.store import StoreWriter
from experiments.workers import Workers
from model.errors import InputError
from model.patches import _read_toml as read_toml
from model.registry import check_keys
from model.scenario import Scenario

FILE = Path(__file__).with_name("mechanisms.toml")
#: Months that the targets look at.
SPAN = 252
#: The run with every mechanism.
ALL = "all of them"
#: A number that moves by less than this share of its band is said not to move.
STILL = 0.1


class Mechanism(NamedTuple):
    """A mechanism: its name, what it does and what is without it, and what switches it off."""

    name: str
    sentence: str
    off: Settings


class Question(NamedTuple):
    """What is asked: mechanisms by name (none: all), needs of targets, replicates."""

    mechanisms: tuple[str, ...] = ()
    needs: tuple[str, ...] = ("default", "hukou", "network", "clusters")
    replicates: int = 2

    def check(self, scenario: Scenario) -> None:
        """Raise InputError for anything that cannot be answered."""
        known = [mechanism.name for mechanism in load_mechanisms()]
        for name in self.mechanisms:
            if name not in known:
                raise InputError("ablate", "--mechanisms", name, ", ".join(known))
        for name in self.needs:
            if name not in NEEDS:
                raise InputError("ablate", "--needs", name, ", ".join(NEEDS))
        if scenario.start_month or scenario.months != SPAN:
            valid = f"{SPAN} from 2003-01: the years of the targets"
            raise InputError("ablate", "months", scenario.months, valid)


def load_mechanisms(path: Path = FILE) -> tuple[Mechanism, ...]:
    """Return the mechanisms of a file; InputError names file, mechanism, key, what is valid."""
    raw = read_toml(path)
    check_keys(raw, ["mechanism"], path)
    found: dict[str, Mechanism] = {}
    for n, entry in enumerate(raw.get("mechanism", []), 1):
        where = f"{path}, mechanism {n}"
        check_keys(entry, ["name", "sentence", "set"], where)
        name, sentence = entry.get("name"), entry.get("sentence")
        if not isinstance(name, str) or not name or name in found:
            raise InputError(where, "name", name, "a text, another for each mechanism")
        if not isinstance(sentence, str):
            raise InputError(where, "sentence", sentence, "a text: what it does, and without it")
        off = check_settings(entry.get("set", {}), where)
        if not off:
            raise InputError(where, "missing key set", valid="group.name = value")
        found[name] = Mechanism(name, sentence, off)
    return tuple(found.values())


def run_ablate(
    scenario: Scenario,
    seed: int,
    out: OutputFolder,
    progress: Progress,
    question: Question,
    workers: Workers | None = None,
    measure: Measure | None = None,
) -> dict[str, Any]:
    """Run the model with and without each mechanism; return ablate.json, with ``lines``.

    Files: ablate.json; ablate.csv (a row per mechanism and number); ablate.md, the table of targets
    and mechanisms. measure : another simulator that leaves what ``left_by`` does.

    Raises InputError for a wrong question, RuntimeError where runs failed.
    """
    question.check(scenario)
    chosen = [
        m for m in load_mechanisms() if not question.mechanisms or m.name in question.mechanisms
    ]
    origin = provenance(scenario, seed)
    with compiling(progress), StoreWriter(out.path, progress.say) as store:
        runs = runs_of(scenario, seed, chosen, question)
        progress.say(f"{len(chosen)} mechanisms, {len(runs)} runs of {', '.join(question.needs)}")
        found = collect(
            runs, store, progress, workers or Workers(), design="ablate", origin=origin,
            measure=measure,
        )  # fmt: skip
    targets = [t for t in load_targets() if t.needs in question.needs]
    table = compare(found, chosen, targets)
    result = {
        "provenance": origin, "scenario": origin["scenario"], "seed": seed,
        "replicates": question.replicates, "needs": list(question.needs),
        "mechanisms": [m._asdict() for m in chosen],
        "unit": "half the width of a band; of an open band, the size of its bound (1 where that "
        "is a sign)",
        "targets": by_target(table).to_dict("records"),
        "candidates": candidates(table, chosen),
        "not_run": {t.id: _reason(found, t) for t in targets if _reason(found, t)},
    }  # fmt: skip
    result["lines"] = lines(result, table)
    out.write_csv(table, "ablate.csv")
    out.write_text("ablate.md", markdown(result, table))
    out.write_json("ablate.json", result)
    return {**result, "numbers": table}


def runs_of(
    scenario: Scenario, seed: int, mechanisms: list[Mechanism], question: Question
) -> list[Run]:
    """Return the runs with all mechanisms and without each, the longest first."""
    cases: dict[str, Settings] = {ALL: {}, **{m.name: m.off for m in mechanisms}}
    return [
        Run(scenario.with_(**off), seed + i, {"without": name, "asked": asked, "replicate": i},
            asked)
        for i, asked in asks(dict.fromkeys(question.needs, question.replicates), alone=True)
        for name, off in cases.items()
    ]  # fmt: skip


def compare(
    found: pd.DataFrame, mechanisms: list[Mechanism], targets: list[Target]
) -> pd.DataFrame:
    """Return a row per mechanism and number that counts: with it, without it, how far it moves.

    moved : in half widths of the band, the mean of paired differences, and ``spread``, their
    standard deviation over seeds. left, entered : whether it leaves, or comes into its band.
    """
    cells = {key: one for key, one in found[found["part"] != ""].groupby(["target", "part"])}
    rows = []
    for target in targets:
        parts = counted_parts(target, [measured(p, [], [], []) for p in target.parts])
        for part in [m.part for m in parts]:
            if (target.id, part.key) not in cells:
                continue
            one = cells[target.id, part.key]
            cell = one.pivot(index="replicate", columns="without", values="model")
            rows += [_row(target, part, cell, mechanism.name) for mechanism in mechanisms]
    return pd.DataFrame(rows)


def _row(target: Target, part: Part, cell: pd.DataFrame, name: str) -> dict[str, Any]:
    judged = replace(part, judge="value")  # few replicates have no interval of use
    on, off = (measured(judged, cell[column], [], []) for column in (ALL, name))
    unit = moment_of(target.id, part).error
    moves = np.array([_move(a, b) / unit for a, b in zip(cell[ALL], cell[name])])
    inside = bool(on.inside), bool(off.inside)
    return {
        "without": name, "target": target.id, "part": part.key, "words": part.words,
        "unit": part.unit, "low": part.low, "high": part.high, "sample": part.sample,
        "with": on.value, "value": off.value, "moved": float(moves.mean()),
        "spread": float(moves.std(ddof=1)) if _known(moves) else math.nan,
        "inside": inside[0], "inside_without": inside[1],
        "left": inside[0] and not inside[1], "entered": inside[1] and not inside[0],
    }  # fmt: skip


def _known(moves: np.ndarray) -> bool:
    return len(moves) > 1 and bool(np.isfinite(moves).all())


def _move(on: float, off: float) -> float:
    """Return off - on; nothing where both are never or both missing."""
    if on == off or (math.isnan(on) and math.isnan(off)):
        return 0.0
    return off - on


def by_target(table: pd.DataFrame) -> pd.DataFrame:
    """Return without, target, what becomes of it, and the largest move of its numbers.

    becomes : falls (all its numbers were in their bands), rises, holds, misses (with or without).
    """
    rows = []
    for (name, target), part in table.groupby(["without", "target"], sort=False):
        before, after = bool(part["inside"].all()), bool(part["inside_without"].all())
        words = {(True, False): "falls", (False, True): "rises", (True, True): "holds"}
        moved = part["moved"].to_numpy()
        missing = np.isnan(moved)
        largest = moved[int(np.argmax(np.where(missing, np.inf, np.abs(moved))))]
        rows.append(
            {"without": name, "target": target, "becomes": words.get((before, after), "misses"),
             "moved": float(largest), "left": int(part["left"].sum()),
             "entered": int(part["entered"].sum())}
        )  # fmt: skip
    return pd.DataFrame(rows)


def candidates(table: pd.DataFrame, mechanisms: list[Mechanism]) -> list[str]:
    """Return the mechanisms without which no number leaves its band: nothing rests on them."""
    left = table.groupby("without")["left"].any()
    return [m.name for m in mechanisms if not left.get(m.name, False)]


def _reason(found: pd.DataFrame, target: Target) -> str:
    rows = found[(found["target"] == target.id) & (found["reason"] != "")]
    return str(rows["reason"].iloc[0]) if len(rows) else ""


def lines(result: dict[str, Any], table: pd.DataFrame) -> list[str]:
    """Return what the terminal shows: per mechanism what falls, leaves its band, moves most."""
    targets = pd.DataFrame(result["targets"])
    said = [f"{result['replicates']} seeds; moves in units of {result['unit']}"]
    for mechanism in result["mechanisms"]:
        name = mechanism["name"]
        one, cells = table[table["without"] == name], targets[targets["without"] == name]
        said += ["", f"without {name}: {mechanism['sentence']}"]
        for becomes in ("falls", "rises"):
            names = cells.loc[cells["becomes"] == becomes, "target"]
            if len(names):
                said.append(f"  {becomes}: {', '.join(names)}")
        for flag, words in (("left", "leaves its band"), ("entered", "comes into its band")):
            said += [
                f"  {words}: {row['target']} {row['words']}, {number(row['with'])} -> "
                f"{number(row['value'])} {row['unit']}"
                for row in one[one[flag]].to_dict("records")
            ]
        still = int((one["moved"].abs() < STILL).sum())
        said.append(f"  {still} of {len(one)} numbers move by less than {STILL:g}; the most: "
                    + ", ".join(_most(one)))  # fmt: skip
    said += ["", _verdict(result)]
    return said + [f"NOT RUN {name}: {why}" for name, why in result["not_run"].items()]


def _most(one: pd.DataFrame) -> list[str]:
    order = one["moved"].abs().fillna(math.inf).sort_values(ascending=False, kind="stable").index
    return [
        f"{row['target']}.{row['part']} {_signed(row['moved'])}"
        for row in one.loc[order[:3]].to_dict("records")
    ]


def _signed(moved: float) -> str:
    if math.isnan(moved):
        return "to none"
    return f"{moved:+.1f}" if math.isfinite(moved) else ("to never" if moved > 0 else "from never")


def _verdict(result: dict[str, Any]) -> str:
    names = result["candidates"]
    if not names:
        return "Each mechanism carries a number: none is a candidate to delete."
    return (
        "Candidates to delete, since no number of these targets leaves its band without them: "
        f"{', '.join(names)}."
    )


def markdown(result: dict[str, Any], table: pd.DataFrame) -> str:
    """Return the table of targets and mechanisms."""
    targets = pd.DataFrame(result["targets"])
    names = [m["name"] for m in result["mechanisms"]]
    inside = table.drop_duplicates(["target", "part"]).groupby("target", sort=False)["inside"]
    passes = inside.all()
    seeds = [result["seed"], result["seed"] + result["replicates"] - 1]
    out = [
        f"`ruralflow ablate`, scenario {result['scenario']['name']}, sample 1:"
        f"{1.0 / result['scenario']['sample']:.0f}, seeds {seeds[0]} to {seeds[1]}, commit "
        f"{result['provenance']['commit']}. Columns: the mechanism that is off. "
        f"Numbers: the largest move of a target's numbers, in units of {result['unit']}; a dot: "
        f"less than {STILL:g}. Pass: all its numbers are in their bands, whatever the null models "
        "do. Bold: the target falls. (n): so many of its numbers leave their bands.",
        "",
        f"| target | with all | {' | '.join(names)} |",
        "|" + " --- |" * (len(names) + 2),
    ]
    cells = {(row["target"], row["without"]): row for row in result["targets"]}
    for target, good in passes.items():
        row = [_cell(cells[str(target), name]) for name in names]
        out.append(f"| {target} | {'pass' if good else 'miss'} | {' | '.join(row)} |")
    count = targets.groupby("without")["left"].sum()
    out.append(f"| numbers that leave | | {' | '.join(str(count[name]) for name in names)} |")
    out += ["", _verdict(result), ""]
    out += [f"- {m['name']}: {m['sentence']}" for m in result["mechanisms"]]
    return "\n".join(out) + "\n"


def _cell(row: dict[str, Any]) -> str:
    moved = float(row["moved"])
    text = "." if abs(moved) < STILL else _signed(moved)
    if row["becomes"] == "falls":
        return f"**falls {text}**"
    text = f"rises {text}" if row["becomes"] == "rises" else text
    return f"{text} ({row['left']})" if row["left"] else text
