"""The dialog in which the arms are changed: any scenario, any parameter of the registry."""

from __future__ import annotations

from functools import partial
from typing import Any

import solara

from model.calendar import month_name
from model.errors import InputError
from model.patches import read_once
from model.registry import GROUPS
from model.scenario import Scenario, scenario_names
from viz.page import first
from viz.page.arms import (
    NAMES,
    WORLD,
    Arm,
    about,
    differences,
    keys,
    parse,
    value_of,
)
from viz.page.desk import Desk
from viz.page.parts import button, tag

START, NEXT = "from the start: both arms begin anew", "from next month: the past stays"


@solara.component
def Editor(desk: Desk) -> None:
    """A dialog over the page, open while ``desk.editing``."""
    with (
        solara.v.Dialog(
            v_model=desk.editing.value,
            on_v_model=desk.editing.set,
            max_width="860px",
            scrollable=False,
        ),
        tag("div", class_="rf-card-dialog"),
    ):
        if desk.editing.value:
            Form(desk)


@solara.component
def Form(desk: Desk) -> None:
    """Scenario of both arms, a parameter with its value in each, and what differs now."""
    key, set_key = solara.use_state("access.enabled")
    texts = tuple(solara.use_reactive("") for _ in NAMES)  # peeked at: Apply may outrun a drawing
    when, set_when = solara.use_state(START)
    wrong, set_wrong = solara.use_state(("", "", ""))
    session = desk.watch(desk.beat)
    scenarios = desk.scenarios()
    group = key.split(".")[0]
    month = session.month + 1 if session else 0
    options = [START]
    if not read_once(key) and session is not None and 0 < month < session.months:
        options.append(f"{NEXT} ({month_name(month)})")
    chosen = when if when in options else options[0]

    def choose(value: Any) -> None:
        if value in keys():
            set_key(value)
            for text in texts:
                text.set("")
            set_wrong(("", "", ""))

    def apply() -> None:
        given = texts[0].peek() or "", texts[1].peek() or ""
        problems, arms = _applied(desk, key, given, month_name(month) if chosen != START else "")
        set_wrong(problems)
        if arms is None or any(problems):
            return
        try:
            if chosen == START:
                desk.restart(arms, _words(desk, arms), "")
            else:
                _change(desk, arms, key, month_name(month))
        except InputError as problem:
            set_wrong(("", "", str(problem)))
            return
        desk.editing.set(False)

    tag("h3", "Change the arms")
    ScenarioFields(desk, scenarios)
    with tag("div", class_="rf-fields"):
        solara.v.Autocomplete(
            label="Parameter (type to search)", items=keys(), v_model=key, on_v_model=choose,
            dense=True, outlined=True, hide_details=True, class_="rf-key-field",
            style_="width:290px",
        )  # fmt: skip
        for k in range(2):
            solara.v.TextField(
                label=f"{NAMES[k]}, now {value_of(scenarios[k], key) or 'empty'}",
                v_model=texts[k].value,
                on_v_model=texts[k].set,
                error=bool(wrong[k]),
                error_messages=[wrong[k]] if wrong[k] else [],
                dense=True,
                outlined=True,
                hide_details="auto",
                placeholder="as it is",
                class_=f"rf-value-{NAMES[k]}",
                style_="width:215px",
            )
    tag("div", f"{key}: {about(key)}.", class_="rf-about")
    with tag("div", class_="rf-fields"):
        solara.v.Select(
            label="Takes effect", items=options, v_model=chosen, on_v_model=set_when, dense=True,
            outlined=True, hide_details=True, style_="width:420px", class_="rf-when-field",
        )  # fmt: skip
        button("Apply", "rf-apply", apply, color="primary", outlined=False)
        button("Close", "rf-close", lambda: desk.editing.set(False))
    if read_once(key):
        tag("div", "Read once, while the world is made: a later change would do nothing."
            + (" Both arms share the world, so it is set in both." if group in WORLD else ""),
            class_="rf-hint")  # fmt: skip
    tag("div", wrong[2], class_="rf-wrong")
    Differences(desk, scenarios)


@solara.component
def ScenarioFields(desk: Desk, scenarios: tuple[Scenario, Scenario]) -> None:
    """The scenario that each arm starts from: a name, or the path of a TOML file."""
    wrong, set_wrong = solara.use_state("")
    names = list(dict.fromkeys((*scenario_names(), first["scenario"])))

    def choose(k: int, name: str) -> None:
        arms = list(desk.arms.peek())
        if not name or name == arms[k].scenario:
            return
        try:
            arms[k] = Arm(name, arms[k].settings)
            if arms[k].resolve().region != scenarios[1 - k].region:  # another region for both
                arms[1 - k] = Arm(name, arms[1 - k].settings)
            pair = (arms[0], arms[1])
            desk.restart(pair, _words(desk, pair), desk.preset.peek())
            set_wrong("")
        except InputError as problem:
            set_wrong(str(problem))

    with tag("div", class_="rf-fields"):
        for k in range(2):
            solara.v.Combobox(
                label=f"Scenario of {NAMES[k]}: a name or a TOML file",
                items=names,
                v_model=desk.arms.value[k].scenario,
                on_v_model=partial(choose, k),
                dense=True,
                outlined=True,
                hide_details=True,
                class_=f"rf-scenario-{NAMES[k]}",
                style_="width:300px",
            )
        tag("div", scenarios[0].sentence, class_="rf-hint", style_="width:200px")
    tag("div", wrong, class_="rf-wrong")


@solara.component
def Differences(desk: Desk, scenarios: tuple[Scenario, Scenario]) -> None:
    """What differs between the arms, each with what the registry says and a way to undo it."""
    found = differences(*scenarios)
    tag("h4", "What differs" if found else "Nothing differs: both arms are the same.",
        style_="margin-top:12px")  # fmt: skip

    def undo(key: str) -> None:
        a, b = (arm.drop(key) for arm in desk.arms.peek())
        desk.restart((a, b), _words(desk, (a, b)), "")

    if not found:
        return
    heads = ("Parameter", "A", "B", "")
    with tag("div", class_="rf-scroll", style_="max-height:170px"):  # noqa: SIM117 - a tree
        with tag("table", class_="rf-table"):
            tag("tr", *(tag("th", text) for text in heads))
            for d in found:
                with tag("tr", attributes={"title": d.about}):
                    tag("td", d.key)
                    tag("td", d.values[0], class_="A")
                    tag("td", d.values[1], class_="B")
                    with tag("td"):
                        key = d.key.split(" ")[0]
                        own = any(
                            key in (*(s[0] for s in arm.settings), *(c[1] for c in arm.dated))
                            for arm in desk.arms.value
                        )
                        solara.Button(
                            "as the scenario", text=True, small=True, disabled=not own,
                            on_click=lambda key=key: undo(key),
                        )  # fmt: skip


def _applied(
    desk: Desk, key: str, texts: tuple[str, str], month: str
) -> tuple[tuple[str, str, str], tuple[Arm, Arm] | None]:
    """Return what is wrong with each text, and the arms that they make."""
    arms = list(desk.arms.peek())
    wrong = ["", "", ""]
    given = [text.strip() for text in texts]
    if key.split(".")[0] in WORLD:  # one world: what is given for one arm holds for both
        given = [given[0] or given[1]] * 2
    if not any(given):
        wrong[2] = "Give a value for A, for B or for both."
    if key.split(".")[0] not in GROUPS:
        wrong[2] = f"{key} is no parameter."
    for k, text in enumerate(given):
        if not text:
            continue
        try:
            value = parse(key, text)
            arms[k] = arms[k].change(month, key, value) if month else arms[k].set(key, value)
        except InputError as problem:
            wrong[k] = _short(str(problem))
    return (wrong[0], wrong[1], wrong[2]), (arms[0], arms[1])


def _short(problem: str) -> str:
    """Return the part of a message that says what is valid."""
    return problem.partition("valid:")[2].strip() or problem


def _change(desk: Desk, arms: tuple[Arm, Arm], key: str, month: str) -> None:
    for k in range(2):
        if arms[k] != desk.arms.peek()[k]:
            value = arms[k].dated[-1][2] if arms[k].dated else ""
            value = next(v for m, name, v in arms[k].dated if (m, name) == (month, key))
            said = f"{key} = {value} in arm {NAMES[k]} takes effect in {month}."
            desk.change(k, arms[k], said)


def _words(desk: Desk, arms: tuple[Arm, Arm]) -> tuple[str, str]:
    """Return a name for each arm: that of its preset, or its settings."""
    if desk.arms.peek() == arms or _same_settings(desk.arms.peek(), arms):
        return desk.words.peek()
    a, b = (
        ", ".join(f"{key} = {str(value).lower()}" for key, value in arm.settings) or arm.scenario
        for arm in arms
    )
    return a, b


def _same_settings(old: tuple[Arm, Arm], new: tuple[Arm, Arm]) -> bool:
    return [a.settings for a in old] == [a.settings for a in new]
