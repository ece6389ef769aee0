"""A village opened on the map, and from there one of its households."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import solara

from agents.kinds import NOBODY, Use
from model.calendar import month_name
from model.goods import GOODS
from viz.figures import short
from viz.page import story
from viz.page.arms import NAMES
from viz.page.charts import series_option, series_unit
from viz.page.desk import Desk
from viz.page.indicators import BY_KEY
from viz.page.parts import Choice, Figure, select, tag


class Line(NamedTuple):
    """A household in the list of its village."""

    row: int
    members: int
    home: int
    away: str
    mu: str
    shop: str
    income: float


def households(model: Any, village: int) -> list[Line]:
    """Return the sampled households of a village as they are now."""
    t, villages = model.households, model.villages
    rows = range(int(villages.first_household[village]), int(villages.end_household[village]))
    return [_line(model, t, h) for h in rows]


def _line(model: Any, t: Any, h: int) -> Line:
    away = Counter(p.place for p in story.members(model, h) if p.place != "village")
    plots = model.plots
    own = slice(int(t.first_plot[h]), int(t.end_plot[h]))
    use, area = plots.use[own], plots.area[own]
    farmed = (use >= Use.CROP) & (plots.operator[own] == h)
    let = (use >= Use.CROP) & ~farmed
    idle = (use == Use.IDLE) | (use == Use.TREES)
    parts = [f"{area[k].sum():.1f}" for k in (farmed, let, idle)]
    g = int(model.shops.good[h])
    return Line(
        h,
        int(t.registered[h]),
        int(t.residents[h]),
        ", ".join(f"{n} {place}" for place, n in away.items()),
        " / ".join(parts),
        GOODS[g] if g != NOBODY else "",
        float(t.mean_income[h]) * 12,
    )


def summary(models: tuple[Any, ...], village: int) -> list[tuple[str, str, str]]:
    """Return (what, in A, in B) of a village: people, land, shops and what it sells."""
    columns = [_facts(model, village) for model in models]
    return [(name, columns[0][name], columns[1][name]) for name in columns[0]]


def _facts(model: Any, village: int) -> dict[str, str]:
    lines = households(model, village)
    v = model.villages
    sold = Counter(line.shop for line in lines if line.shop)
    gone = Counter(
        p.place for line in lines for p in story.members(model, line.row) if p.place != "village"
    )
    members = sum(line.members for line in lines)
    home = sum(line.home for line in lines)
    income = np.mean([line.income for line in lines]) if lines else 0.0
    land = np.array([[float(x) for x in line.mu.split(" / ")] for line in lines]).sum(axis=0)
    total = max(land.sum(), 1e-9)
    return {
        "registered members in the sample": f"{members}",
        "of them at home": f"{home} ({100 * home / max(members, 1):.0f}%)",
        "who left, where to": ", ".join(f"{n} {place}" for place, n in gone.most_common()) or "–",
        "land farmed / let / idle": " / ".join(f"{100 * x / total:.0f}%" for x in land),
        "income a household, yuan a year": short(float(income)),
        "parcel service": "yes" if v.parcel_service[village] else "no",
        "station in the village": "yes" if v.station[village] else "no",
        "shops in the sample": f"{sum(sold.values())}",
        "sells online": ", ".join(f"{good} ({n})" for good, n in sold.most_common()) or "nothing",
        "parcels in / out a month": f"{v.parcels_in[village]:,.0f} / {v.parcels_out[village]:,.0f}",
    }


@solara.component
def VillageSide(desk: Desk) -> None:
    """The village that was clicked, or one of its households."""
    session = desk.watch(desk.beat)
    village = desk.village.value
    if session is None or village < 0 or session.places is None:
        tag("div", "Click on a map to open the sampled village that the cell is shown like.",
            class_="rf-empty")  # fmt: skip
        return
    with session.reading() as models:
        if not models:
            tag("div", "The village can be opened again when both arms stand.", class_="rf-empty")
            return
        if desk.household.value >= 0:
            HouseholdStory(desk, models)
            return
        VillagePage(desk, models, village)


@solara.component
def VillagePage(desk: Desk, models: tuple[Any, ...], village: int) -> None:
    """Figures of a village in both arms, its series, and its households in one of them."""
    session = desk.session
    assert session is not None and session.places is not None
    arm = desk.arm_of_story.value
    villages = models[0].villages
    county = models[0].region.counties["name_en"].iloc[int(villages.county[village])]
    same = session.places.villages(desk.place.value) if desk.place.value >= 0 else [village]
    with tag("div", class_="rf-row"):
        if len(same) > 1:
            select("Village", same, village, desk.village.set, 100)
        text = (
            f"Village {village}, {county}: {villages.size[village]:.0f} households, "
            f"{villages.minutes[village]:.0f} min to the seat, {villages.slope[village]:.0f}° steep"
        )
        tag("b", text)
    with tag("div", class_="rf-scroll"):
        with tag("table", class_="rf-table rf-village"):
            tag(
                "tr",
                tag("th", _now(session)),
                tag("th", "A", class_="A"),
                tag("th", "B", class_="B"),
            )
            for name, a, b in summary(models, village):
                tag("tr", tag("td", name), tag("td", a), tag("td", b))
        key = desk.indicator.value
        unit = series_unit(session.memories, key, village=True)
        tag("h4", f"{BY_KEY[key].name} of the village, {unit}")
        option = series_option(
            session.memories, key, session.month + 1, session.shown, session.months, village
        )
        with tag("div", style_="height:120px"):
            Figure(option)
        with tag("div", class_="rf-row"):
            tag("h4", "Households in arm")
            ArmChoice(desk)
        with tag("table", class_="rf-table rf-households"):
            heads = (
                "House",
                "At home",
                "Away",
                "mu farmed / let / idle",
                "Shop",
                "Income",
            )
            tag("tr", *(tag("th", head) for head in heads))
            for line in households(models[arm], village):
                with tag("tr"):
                    with tag("td"):
                        solara.Button(
                            str(line.row), text=True, small=True, color="primary",
                            on_click=lambda row=line.row: desk.household.set(row),
                        )  # fmt: skip
                    home = f"{line.home} of {line.members}"
                    shown = (home, line.away, line.mu, line.shop)
                    for value in (*shown, f"{line.income:,.0f}"):
                        tag("td", value)


def _now(session: Any) -> str:
    return f"in {month_name(session.month)}" if session.month >= 0 else "in January 2003"


@solara.component
def ArmChoice(desk: Desk) -> None:
    """Choose the arm whose households are shown."""

    def choose(name: str) -> None:
        desk.arm_of_story.set(NAMES.index(name))

    Choice(NAMES, NAMES[desk.arm_of_story.value], choose, "rf-arm", "Arm of the households")


@solara.component
def HouseholdStory(desk: Desk, models: tuple[Any, ...]) -> None:
    """A household: who left and why, its land, its shop, as the rules weigh them now."""
    h, arm = desk.household.value, desk.arm_of_story.value
    model, session = models[arm], desk.session
    person, set_person = solara.use_state(-1)
    t = model.households
    if h >= len(t.uid):
        return
    with tag("div", class_="rf-row"):
        solara.Button("← village", text=True, small=True, classes=["rf-back"],
                      on_click=lambda: desk.household.set(-1))  # fmt: skip
        tag("b", f"Household {h} {_now(session)}")
        ArmChoice(desk)
    with tag("div", class_="rf-scroll"):
        family = story.members(model, h)
        tag("h4", "Who lives where")
        with tag("table", class_="rf-table rf-members"):
            tag("tr", *(tag("th", head) for head in ("Member", "Where", "Work", "")))
            for one in family:
                with tag("tr"):
                    with tag("td"):
                        if one.adult:
                            solara.Button(
                                one.words, text=True, small=True, color="primary",
                                on_click=lambda row=one.row: set_person(row),
                            )  # fmt: skip
                        else:
                            tag("span", one.words)
                    for text in (one.place, one.job, one.since):
                        tag("td", text)
        adults = [one for one in family if one.adult]
        away = [one for one in adults if one.place != "village"]
        rows = [one.row for one in adults]
        if adults:
            moved = [one for one in away if one.chose >= 0]
            chosen = person if person in rows else (moved or away or adults)[0].row
            Weighing(desk, model, next(one for one in adults if one.row == chosen))
        tag("h4", "Its land, yuan a mu and year")
        with tag("table", class_="rf-table"):
            tag("tr", *(tag("th", x) for x in ("Plot", "Use", "Worked by", "To its owner", "Why")))
            for field in story.fields(model, h):
                tag("tr", *(tag("td", text) for text in field))
        tag("h4", "Its shop")
        with tag("table", class_="rf-table"):
            for name, text in story.shop(model, h):
                tag("tr", tag("td", name), tag("td", text))


@solara.component
def Weighing(desk: Desk, model: Any, person: story.Person) -> None:
    """What a person weighed when it chose where it is, or would weigh now."""
    then, session = desk.then.value, desk.session
    mine = then is not None and then[:2] == (desk.arm_of_story.value, person.row)
    if person.chose >= 0 and session is not None:
        when = month_name(person.chose)
        verb = "came home" if person.place == "village" else f"left for the {person.place}"
        if person.place not in ("village", "coast"):
            verb = f"moved to {person.place}"
        with tag("div", class_="rf-row"):
            solara.Button(
                f"Why it {verb} in {when}", small=True, outlined=True, classes=["rf-then"],
                on_click=lambda: desk.ask_then(person.row, person.chose),
                disabled=mine and then is not None and not then.options,
            )  # fmt: skip
            if mine and then is not None and not then.options:
                tag("span", f"living it again: {then.done} of {then.month + 1} months")
    if mine and then is not None and then.options and then.month == person.chose:
        title = f"What the {person.words} weighed in {month_name(then.month)}"
        ChoiceTable(list(then.options), title)
    now = f"What the {person.words} weighs this month (now: {person.place})"
    ChoiceTable(story.choice(model, person.row), now)


@solara.component
def ChoiceTable(options: list[story.Option], title: str) -> None:
    """A column per place, a row per term, the highest utility marked."""
    best = max(range(len(options)), key=lambda k: options[k].utility)
    tag("h4", title)
    with tag("table", class_="rf-table rf-terms"):
        names = [
            tag("th", o.name, class_="best" if k == best else "") for k, o in enumerate(options)
        ]
        tag("tr", tag("th", "log points"), *names)
        for j, term in enumerate(story.TERMS):
            cells = [
                tag("td", _say(o.terms[j], j < 2), class_="best" if k == best else "")
                for k, o in enumerate(options)
            ]
            tag("tr", tag("td", term), *cells, class_="total" if term in ("V", "utility U") else "")
    tag(
        "div",
        "A person reconsiders in one March of about five, or after losing a job; until then it "
        "stays though another place may weigh more. Luck is this month's, taste is for life.",
        class_="rf-hint",
    )


def _say(value: float, yuan: bool) -> str:
    if value != value:
        return ""
    if yuan or abs(value) < 0.005:
        return f"{value:,.0f}".replace("-0", "0")
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
