"""The side panel's figures: flows as a Sankey, and who gains."""

from __future__ import annotations

import solara

from model.calendar import FIRST_YEAR
from viz.page.charts import gains_option
from viz.page.desk import Desk
from viz.page.flows import KINDS, VIEWS, sankey, sankey_option
from viz.page.memory import GROUPS
from viz.page.parts import Choice, Figure, select, tag


@solara.component
def FlowsSide(desk: Desk) -> None:
    """Money, people, land or goods that flowed in a span of years."""
    kind, set_kind = solara.use_state("money")
    view, set_view = solara.use_state(VIEWS[1])
    first, set_first = solara.use_state(0)  # 0: the last year
    last, set_last = solara.use_state(0)
    session = desk.watch()
    done = session.month + 1 if session else 0
    years = [FIRST_YEAR + k for k in range(-(-done // 12))]
    until = last if last in years else (years[-1] if years else FIRST_YEAR)
    since = first if first in years and first <= until else until
    with tag("div", class_="rf-row"):
        names = list(KINDS.values())
        chosen = KINDS[kind]
        Choice(names, chosen, lambda n: set_kind(names_to_kinds[n]), "rf-kind", "What flows")
        Choice(VIEWS, view, set_view, "rf-which", "Arm")
    with tag("div", class_="rf-row"):
        select("From", years or [FIRST_YEAR], since, set_first, 92)
        select("To", years or [FIRST_YEAR], until, set_last, 92)
        if last or first:
            solara.Button(
                "last year", text=True, small=True, on_click=lambda: (set_first(0), set_last(0))
            )
    if session is None or not session.memories or done == 0:
        tag("div", "Nothing has flowed yet: run a month.", class_="rf-empty")
        return
    begin = (since - FIRST_YEAR) * 12
    end = min((until - FIRST_YEAR) * 12 + 11, done - 1)
    found = sankey(session.memories, kind, view, begin, end)
    months = end - begin + 1
    over = f"{months // 12} years" if months > 12 and months % 12 == 0 else f"{months} months"
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
    session = desk.watch()
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
                waits = "24 months: the first twelve say who was poor" if k == 0 else "12 months"
                tag("div", f"after {waits}", class_="rf-empty")
