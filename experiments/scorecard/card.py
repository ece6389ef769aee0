"""The card in words: lines for the terminal, rows for files, a table for the README."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from experiments.scorecard.judge import COUNTED, NOT_RUN, Judged, Measured, order, score

#: Sample of a part -> its words, and its mark behind a number in the table.
SAMPLES = {
    "in": "in sample (up to 2015)",
    "seen": "later, but in view when a rule was chosen",
    "out": "out of sample",
}
MARKS = {"in": "", "seen": " +", "out": " *"}


def number(value: float) -> str:
    """Return a value in at most four significant digits; words for none and for never."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "never"
    if abs(value) >= 1000 and value == round(value):
        return f"{value:.0f}"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}"


def band(measured: Measured) -> str:
    """Return the band in words."""
    part = measured.part
    return bounds(part.low, part.high, "above" if part.judge == "low" else "at least")


def bounds(low: float, high: float, over: str = "at least") -> str:
    """Return in words what lies from ``low`` to ``high``, infinite where open."""
    if math.isfinite(low) and math.isfinite(high):
        return f"{low:g} to {high:g}"
    if math.isfinite(low):
        return f"{over} {low:g}"
    return f"at most {high:g}" if math.isfinite(high) else "shown only"


def interval(measured: Measured) -> str:
    """Return the 95% interval in words, or nothing where there is none."""
    if math.isnan(measured.low):
        return ""
    return f"[{number(measured.low)}, {number(measured.high)}]"


def mark(measured: Measured, row: Judged) -> str:
    """Return what a part's line begins with."""
    if not measured.part.judged or row.verdict == NOT_RUN:
        return "shown"
    good = "in" if measured.inside else "OUT"
    if measured.part.rule:
        return "enough" if measured.inside else "too few"
    return f"check {good}" if measured.part.check or row.target.check else good


def lines(card: list[Judged]) -> list[str]:
    """Return the card as text, misses first; under each target its parts by sample."""
    out: list[str] = []
    for row in order(card):
        t = row.target
        why = f" ({row.reason})" if row.reason else ""
        out += ["", f"{row.verdict.upper()}{why}  {t.id}  {t.fact}"]
        out.append(f"    {t.facts}: {t.source} [{t.grade}]")
        for sample, words in SAMPLES.items():
            parts = [m for m in row.parts if m.part.sample == sample]
            if parts:
                out.append(f"    {words}")
                out += [_line(m, row) for m in parts]
    return [*out, "", *summary(card)]


def _line(m: Measured, row: Judged) -> str:
    value = f"{number(m.value)} {interval(m)}".strip()
    nulls = f"n1 {_null(m.n1, m.n1_inside)}, n2 {_null(m.n2, m.n2_inside)}"
    words = f"{m.part.words} ({m.part.unit})"
    grade = "" if m.part.grade == row.target.grade else f" [{m.part.grade}]"
    return f"      {mark(m, row):<9} {words:<66} {value:<24} band {band(m):<16} {nulls}{grade}"


def _null(value: float, inside: bool | None) -> str:
    return f"{number(value)}{' in' if inside else ''}"


def summary(card: list[Judged]) -> list[str]:
    """Return the score in a few lines."""
    s = score(card)
    out = []
    for word in ("pass", "miss", "check broken", "not counted", "not run"):
        ids = s[word]
        out.append(f"{len(ids):>2} {word}" + (f": {', '.join(ids)}" if ids else ""))
    for sample, words in SAMPLES.items():
        n = s[COUNTED[sample]]
        out.append(
            f"{words}: {n['inside']} of {n['parts']} numbers in their bands "
            f"(of n1 {n['n1_inside']}, of n2 {n['n2_inside']})"
        )
    for name in ("n1", "n2"):
        ids = s[f"{name}_passes"]
        out.append(
            f"null model {name} passes {len(ids)} of the targets that ran"
            + (f": {', '.join(ids)}" if ids else "")
        )
    return out


def table(card: list[Judged]) -> pd.DataFrame:
    """Return one row per part (one per target where nothing was measured), misses first."""
    rows: list[dict[str, Any]] = []
    for row in order(card):
        t = row.target
        head = {
            "target": t.id, "fact": t.fact, "facts": t.facts, "source": t.source,
            "verdict": row.verdict, "reason": row.reason, "replicates": row.replicates,
        }  # fmt: skip
        for m in row.parts:
            p = m.part
            rows.append(
                {
                    **head, "part": p.key, "words": p.words, "unit": p.unit, "sample": p.sample,
                    "grade": p.grade, "check": p.check or t.check, "low": p.low, "high": p.high,
                    "value": m.value, "value_low": m.low, "value_high": m.high, "n1": m.n1,
                    "n2": m.n2, "inside": m.inside, "n1_inside": m.n1_inside,
                    "n2_inside": m.n2_inside,
                }
            )  # fmt: skip
        if not row.parts:
            rows.append({**head, "grade": t.grade})
    return pd.DataFrame(rows)


def markdown(card: list[Judged], words: str) -> str:
    """Return the card as Markdown: the score, then a table of targets and their judged numbers."""
    score_lines = [line.strip() for line in summary(card)]
    out = [words, "", *(f"- {line}" for line in score_lines), ""]
    signs = "; ".join(f"`{MARKS[s].strip()}` {SAMPLES[s]}" for s in ("seen", "out"))
    out += [f"| | number ({signs}) | band | model | n1 | n2 | grade | |", "|" + " --- |" * 8]
    for row in order(card):
        t = row.target
        why = f": {row.reason}" if row.reason else ""
        out.append(f"| **{t.id}** | **{t.fact}** | | | | | {t.grade} | **{row.verdict}**{why} |")
        out += [_markdown_row(m, row) for m in row.parts]
    return "\n".join(out) + "\n"


def _markdown_row(m: Measured, row: Judged) -> str:
    grade = "" if m.part.grade == row.target.grade else m.part.grade
    nulls = [_null(m.n1, m.n1_inside), _null(m.n2, m.n2_inside)]
    value = f"{number(m.value)} {interval(m)}".strip()
    words = f"{m.part.words}, {m.part.unit}{MARKS[m.part.sample]}"
    cells = ("", words, band(m), value, *nulls, grade, mark(m, row).replace("OUT", "out"))
    return "| " + " | ".join(cells) + " |"
