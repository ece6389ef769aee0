"""The side panel's figures: flows as a Sankey, and who gains."""

from __future__ import annotations

from typing import Any

import solara

from model.calendar import FIRST_YEAR
from viz.page.charts import gains_option
from viz.page.desk import Desk
from viz.page.flows import KINDS, VIEWS, sankey, sankey_option
from viz.page.memory import GROUPS
from viz.page.parts import Choice, Figure, select, tag

#: The span that ends with the month looked at.
YEAR_NOW: Any = "last 12 months"


@solara.component
def FlowsSide(desk: Desk) -> None:
    """Money, people, land or goods that flowed in a span of years."""
    kind, set_kind = solara.use_state("money")
    view, set_view = solara.use_state(VIEWS[1])
    first, set_first = solara.use_state(YEAR_NOW)
    last, set_last = solara.use_state(0)
    session = desk.watch(desk.beat)
    done = session.month + 1 if session else 0
    years = [FIRST_YEAR + k for k in range(-(-done // 12))]
    rolling = first not in years
    until = last if last in years and last >= first else (years[-1] if years else FIRST_YEAR)
    with tag("div", class_="rf-row"):
        names = list(KINDS.values())
        chosen = KINDS[kind]
        Choice(names, chosen, lambda n: set_kind(names_to_kinds[n]), "rf-kind", "What flows")
        Choice(VIEWS, view, set_view, "rf-which", "Arm")
    with tag("div", class_="rf-row"):
        select("From", [YEAR_NOW, *years], YEAR_NOW if rolling else first, set_first, 180)
        if not rolling:
            select("To", [y for y in years if y >= first], until, set_last, 92)
    if session is None or not session.memories or done == 0:
        tag("div", "Nothing has flowed yet: run a month.", class_="rf-empty")
        return
    if rolling:
        end = max(session.shown, 0)
        begin = max(0, end - 11)
    else:
        begin = (first - FIRST_YEAR) * 12
        end = min((until - FIRST_YEAR) * 12 + 11, done - 1)
    found = sankey(session.memories, kind, view, begin, end)
    months = end - begin + 1
    over = f"{months // 12} years" if months > 12 and months % 12 == 0 else f"{months} months"
    over = "1 month" if months == 1 else over
    said = f"{found.unit}, in {over}: {found.note}."
    if view == VIEWS[2]:
        said += " Blue: more in B; orange: more in A."
    tag("div", said, class_="rf-hint")
    if found.links:
        Figure(sankey_option(found))
    else:
        tag("div", found.empty, class_="rf-empty")


names_to_kinds = {name: kind for kind, name in KINDS.items()}


@solara.component
def GainsSide(desk: Desk) -> None:
    """What B adds to the living standard of groups of villagers."""
    session = desk.watch(desk.beat)
    month = session.shown if session else -1
    tag(
        "div",
        "B less A in the living standard of a registered villager, yuan of 2010 a year, over the "
        "last 12 months. The same households in both arms, grouped as they were in 2003; members "
        "away are counted.",
        class_="rf-hint",
    )
    for k, (name, groups) in enumerate(GROUPS):
        with tag("div", class_="rf-group"):
            tag("h4", f"By {name}")
            option = gains_option(session.memories, k, groups, month) if session else None
            if option is not None:
                Figure(option)
            else:
                waits = 24 if k == 0 else 12  # the first twelve say who was poor
                early = month < waits - 1
                words = f"after {waits} months" if early else "no difference so far"
                tag("div", words, class_="rf-empty")
