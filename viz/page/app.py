"""The page itself: controls, time line, figures, maps, series, and a panel at the side."""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import solara

from viz.page import first
from viz.page.arms import PRESETS, preset_arms
from viz.page.charts import Headline, headlines, series_option, series_unit
from viz.page.desk import EXPLORE, PACES, RESULTS, SIDES, Desk
from viz.page.editor import Editor
from viz.page.indicators import BY_KEY, SHOWN
from viz.page.map_pair import MapPair, Screen
from viz.page.parts import Choice, Figure, button, select, tag
from viz.page.results import Results
from viz.page.session import BUILDING, CLOSED, DONE, FAILED, READY, REPLAYING, RUNNING, Session
from viz.page.side import FlowsSide, GainsSide
from viz.page.takeaway import TakeAway
from viz.page.timeline import TimeLine
from viz.page.village import VillageSide

_CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_MOST_SEED = 2**63 - 1


@solara.component
def Layout(children: list[Any]) -> Any:
    """Show the page and nothing around it."""
    return tag("div", *children)


@solara.component
def Page() -> None:
    """Show two runs side by side, or the results of a command."""
    desk: Desk = solara.use_memo(Desk, [])
    solara.Style(_CSS)
    exploring = desk.view.value == EXPLORE
    with tag("div", class_="rf"):
        with tag("div", class_="rf-top"):
            tag("div", "ruralflow", class_="rf-name")
            Choice((EXPLORE, RESULTS), desk.view.value, desk.view.set, "rf-view", "View")
            if exploring:
                Controls(desk)
        if not exploring:
            Results()
        # the maps stay when the results are looked at, and their run with them
        with tag("div", class_="rf-explore", style_="" if exploring else "display:none"):
            with tag("div", class_="rf-time"):
                Clock(desk)
                with tag("div", class_="rf-linebox"):
                    line = TimeLine.element()
                State(desk)
            Cards(desk)
            with tag("div", class_="rf-main"):
                with tag("div", class_="rf-left"):
                    with tag("div", class_="rf-panel rf-maps"):
                        with tag("div", class_="rf-mapbox"):
                            maps = MapPair.element()
                        Notice(desk)
                    Series(desk)
                Side(desk)
            Footnote(desk)
        Editor(desk)

    def attach() -> None:
        desk.screen = Screen(solara.get_widget(maps))
        desk.timeline = solara.get_widget(line)
        desk.timeline.observe(lambda change: _look(desk, change["new"]), "at")
        desk.screen.widget.observe(lambda change: _open(desk, change["new"]), "picked")

    solara.use_effect(attach, [])  # both stay the same when a run begins anew
    solara.use_effect(desk.begin, [desk.begun.value])


def _look(desk: Desk, month: int | None) -> None:
    session = desk.session
    if session is not None and session.at != month:
        session.look(month)


def _open(desk: Desk, place: int) -> None:
    session = desk.session
    if place < 0 or session is None or session.places is None:
        return
    desk.place.set(place)
    desk.village.set(session.places.villages(place)[0])
    desk.household.set(-1)
    desk.side.set(SIDES[2])


@solara.component
def Controls(desk: Desk) -> None:
    """Choose what is compared, how fast, with which luck; run, step, pause, begin anew."""
    session = desk.watch(desk.stage)
    ready = session is not None and session.state in (READY, RUNNING, DONE)
    running = session is not None and session.running
    over = session is not None and session.state == DONE

    def choose_preset(name: str) -> None:
        preset = next(p for p in PRESETS if p.name == name)
        scenario = desk.arms.peek()[0].scenario
        desk.restart(preset_arms(preset, scenario), preset.words, name)

    def choose_pace(name: str) -> None:
        desk.pace.set(name)
        if desk.session is not None:
            desk.session.pace = PACES[name]

    def click(act: Callable[[Session], None]) -> Callable[[], None]:
        """Return what acts on the runs of now, which may have begun after these buttons."""
        return lambda: act(desk.session) if desk.session is not None else None

    own = desk.preset.value or "Arms of your own"
    names = [p.name for p in PRESETS] + ([] if desk.preset.value else [own])
    with tag("div", class_="rf-controls"):
        select("Compare", names, own, choose_preset, 250)
        button("Change the arms", "rf-edit", lambda: desk.editing.set(True), icon_name="mdi-tune")
        tag("div", class_="rf-gapfill")
        select("Speed", list(PACES), desk.pace.value, choose_pace, 165)
        SeedField(desk)
        label, icon = ("Pause", "mdi-pause") if running else ("Run", "mdi-play")
        button(
            label, "rf-run", click(Session.toggle), icon_name=icon, color="primary",
            outlined=False, disabled=not ready or over,
        )  # fmt: skip
        button(
            "Step", "rf-step", click(Session.step), icon_name="mdi-skip-next",
            disabled=not ready or running or over,
        )  # fmt: skip
        button(
            "Reset", "rf-reset", lambda: desk.begun.set(desk.begun.peek() + 1),
            icon_name="mdi-restart", disabled=session is None or session.state == BUILDING,
        )  # fmt: skip


@solara.component
def SeedField(desk: Desk) -> Any:
    """A whole number, taken on Enter or on leaving the field; all else is refused beside it."""
    text = solara.use_reactive(str(desk.seed.value))  # read on Enter, which may outrun a drawing
    wrong, set_wrong = solara.use_state("")

    def take(*_: Any) -> None:
        word = str(text.peek()).strip()
        good = word.isascii() and word.isdecimal() and int(word) <= _MOST_SEED
        set_wrong("" if good else "a whole number from 0")
        if good and int(word) != desk.seed.peek():
            desk.seed.set(int(word))
            desk.begun.set(desk.begun.peek() + 1)

    field = solara.v.TextField(
        label=wrong or "Seed",
        error=bool(wrong),
        v_model=text.value,
        on_v_model=text.set,
        dense=True,
        outlined=True,
        hide_details=True,
        class_="rf-seed",
        style_=f"width:{175 if wrong else 86}px;flex:0 0 auto",
    )
    solara.v.use_event(field, "blur", take)
    solara.v.use_event(field, "keyup.enter", take)
    return field


@solara.component
def Clock(desk: Desk) -> Any:
    """The month that is looked at."""
    session = desk.watch()
    return tag("b", session.month_name if session else "", class_="rf-month")


@solara.component
def State(desk: Desk) -> Any:
    """What the run is doing, and how far it has come."""
    session = desk.watch()
    if session is None:
        return tag("span", "", class_="rf-state")
    done, total = session.month + 1, session.months
    words = {
        DONE: "finished",
        READY: "paused" if done else "ready",
        BUILDING: "making the world",
        RUNNING: "running" if session.running else "finishing the month",
        REPLAYING: f"replaying the changed arm, {session.replayed} of {done}",
    }.get(session.state, session.state)
    back = " · looking back" if session.at is not None else ""
    return tag("span", f"{words} · {done} of {total} months{back}", class_="rf-state")


@solara.component
def Cards(desk: Desk) -> None:
    """The headline figures of both arms in the month that is looked at."""
    session = desk.watch()
    shown = headlines(session.memories if session else [], session.shown if session else 0)
    # one element for all: each of its own would be a message to the browser four times a second
    solara.HTML("div", "".join(map(_card, shown)), classes=["rf-cards"])


def _card(item: Headline) -> str:
    name, unit, a, b, gap, meaning = (html.escape(text) for text in item)
    return (
        f'<div class="rf-card" title="{meaning}">'
        f'<div class="rf-what"><b>{name}</b><em>{unit}</em></div>'
        f'<span class="rf-a"><i>A</i>{a}</span><span class="rf-b"><i>B</i>{b}</span>'
        f'<span class="rf-d"><i>B\N{MINUS SIGN}A</i>{gap}</span></div>'
    )


@solara.component
def Notice(desk: Desk) -> None:
    """Say over the maps why there is nothing to see yet, or what went wrong."""
    session = desk.watch(desk.stage)
    state = session.state if session else BUILDING
    if state == BUILDING:
        with tag("div", class_="rf-wait"):
            tag("b", "Making the world of January 2003, once for each arm …")
            tag(
                "p",
                "This takes a few seconds. The first start on a machine also compiles the rules: "
                "allow a minute or two. A scaled pull adds a paired run.",
            )
    elif state == RUNNING and session is not None and session.month < 0:
        with tag("div", class_="rf-wait"):
            tag("b", "The first month …")
            tag("p", "On the first start the rules are compiled, once per version.")
    elif state in (FAILED, CLOSED) and session is not None and session.problem:
        with tag("div", class_="rf-wait bad"):
            tag("b", "The run stopped: ")
            tag("p", session.problem)


@solara.component
def Series(desk: Desk) -> None:
    """Both arms' line of an indicator, over the whole run."""
    session = desk.watch()
    key = desk.indicator.value
    difference, set_difference = solara.use_state(False)
    memories = session.memories if session else []
    with tag("div", class_="rf-panel rf-series"):
        with tag("div", class_="rf-head"):
            items = [{"text": shown.name, "value": shown.key} for shown in SHOWN]
            select("Series", items, key, desk.indicator.set, 180)
            Choice(
                ("A and B", "B − A"), "B − A" if difference else "A and B",
                lambda word: set_difference(word == "B − A"), "rf-lines", "Lines",
            )  # fmt: skip
            tag("b", series_unit(memories, key))
            tag("span", BY_KEY[key].meaning)
            tag("span", tag("i", class_="dash"), "A", class_="rf-legend-a")
            tag("span", tag("i"), "B", class_="rf-legend-b")
        if session is not None and memories:
            done = session.month + 1
            option = series_option(
                memories, key, done, session.shown, session.months, difference=difference
            )
            Figure(option)
        else:
            tag("div", class_="rf-plot")


@solara.component
def Side(desk: Desk) -> None:
    """The panel at the side: flows, who gains, a village, and what to take away."""
    side = desk.side.value
    with tag("div", class_="rf-panel rf-side"):
        Choice(SIDES, side, desk.side.set, "rf-tabs", "Panel")
        with tag("div", class_="rf-fill"):
            if side == SIDES[0]:
                FlowsSide(desk)
            elif side == SIDES[1]:
                GainsSide(desk)
            elif side == SIDES[2]:
                VillageSide(desk)
            else:
                TakeAway(desk)


@solara.component
def Footnote(desk: Desk) -> Any:
    """What the sample is, the scenario, and the keys."""
    session = desk.watch(desk.stage)
    text = ""
    if session is not None:
        s = session.scenarios[0]
        sample = (
            f"1 of {1 / s.sample:,.0f} households is simulated" if s.sample < 1 else "All simulated"
        )
        text = (
            f"{sample}: each cell is shown like the nearest sampled village of its county. Yuan of "
            f"2010; 15 mu are a hectare. Both arms: scenario {s.name}, the same world and luck. "
            "Keys: R run, S step, 1 to 8 layer, D difference."
        )
    said = desk.said.value
    return tag("div", tag("b", said + " ") if said else "", text, class_="rf-foot")


__all__ = ["Layout", "Page", "first"]
