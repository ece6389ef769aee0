"""docs/findings.md: the answers, the sentences under each, and what they rest on."""

from __future__ import annotations

from typing import Any

from experiments.bootstrap import noise_missed
from experiments.findings.evidence import Evidence
from experiments.findings.words import Finding, upper

#: Part -> what cannot be answered without it.
_MISSING = {
    "homes": "which households gain",
    "cold": "with and without a cold chain",
    "awareness": "what awareness alone would give",
    "endowments": "other endowments",
    "keeping": "Q7",
    "nation": "Q3, Q4, Q5, and why shops lose (Q6)",
    "selection": "horizon and selection",
    "reach": "what it would take",
    "sign": "the interval over parameters, and what would change a sign",
}
_FIGURES = {
    "offset": ("offset", "Loss, return and offset"),
    "effects": ("findings_effects", "What each channel, good, place and endowment returns"),
    "whom": ("findings_whom", "What households gain, by income and age"),
    "horizon": ("findings_horizon", "Effect by horizon and selection"),
}


def markdown(found: list[Finding], result: dict[str, Any], evidence: Evidence) -> str:
    """Return the page."""
    lines = ["# What the model says", "", *(f"- {text}" for text in result["short"]), ""]
    lines += [*_preface(result), ""]
    lines += ["| | claim or question | answer |", "| --- | --- | --- |"]
    lines += [
        f"| [{f.name}](#{_anchor(f)}) | {f.question} | **{upper(f.answer)}** |" for f in found
    ]
    shown: set[str] = set()
    for f in found:
        lines += ["", f"## {f.name}: {f.question}", "", f"**{upper(f.answer)}.**", ""]
        lines += [f"- {s.text} *({s.basis})*" for s in f.sentences]
        if f.bears:
            lines += [
                "",
                f"What this needs is tested by {f.bears} in [scorecard.md](scorecard.md): "
                "a missed target there weakens the answer here.",
            ]
        for stem, words in _figures(f, evidence):
            if stem not in shown:
                shown.add(stem)
                lines += ["", f"![{words}](figures/{stem}.png)"]
    missing = [words for part, words in _MISSING.items() if part not in result["question"]["parts"]]
    if missing:
        lines += ["", "## Not asked", "", f"This run did not ask about: {'; '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _preface(result: dict[str, Any]) -> list[str]:
    scenario = result["scenario"]
    number = result["replicates"]
    few = (
        " With one world there are no intervals, and nothing can be told from it."
        if number == 1
        else f" Of intervals over {number} replicates {noise_missed(number):.0%} miss their target "
        "by chance (5% of many): percentiles of few worlds are too narrow."
    )
    return [
        f"Made by `{result['command']}` (version {result['provenance']['ruralflow']}, commit "
        f"{str(result['provenance']['commit'])[:10]}). Scenario {scenario['name']}, sample "
        f"1:{1 / scenario['sample']:.0f}, {scenario['months']} months. Nothing here is written by "
        "hand: the words of each sentence follow from its interval, and one that holds 0 reads "
        '"cannot be told".',
        "",
        f"Intervals [low, high] are 95%, over luck in {number} paired replicates, parameters as "
        f"they are, unless a sentence says otherwise.{few} Money is yuan of 2010; amounts are of "
        "the last twelve months. The loss is what villages would have more of without the pull of "
        "the cities, the return what e-commerce adds under the pull, the offset their ratio. "
        f"{result['offset']['no_pull']} These are results of a model that misses part of its "
        "[scorecard](scorecard.md).",
    ]


def _figures(f: Finding, evidence: Evidence) -> list[tuple[str, str]]:
    if f.figure == "reach":
        return [
            (f"findings_reach_{o}", f"What levers reach: {o}")
            for o, r in (evidence.reach or {}).items()
            if any(c["quantity"] == "offset" for c in r["curves"])
        ]
    if f.figure == "horizon":
        return [_FIGURES["horizon"], ("offset_years", "Loss and return of the scenario by year")]
    return [_FIGURES[f.figure]] if f.figure else []


def _anchor(f: Finding) -> str:
    """Return the name that a heading gets on a page of Markdown."""
    text = f"{f.name}: {f.question}".lower()
    return "".join(c for c in text.replace(" ", "-") if c.isalnum() or c in "-_")
