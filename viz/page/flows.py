"""What flows, as a Sankey: money of the ledger, people, land and goods; of an arm or B less A."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.goods import GOODS
from model.ledger import FLOWS, Sector
from viz.page.arms import COLOUR
from viz.page.kernels import LAND, WHERE
from viz.page.memory import GOODS_TO, Memory
from viz.sankey import RURAL, SECTORS

KINDS = {"money": "Money", "people": "People", "land": "Land", "goods": "Goods"}
VIEWS = ("A", "B", "B \N{MINUS SIGN} A")
#: Flows below this share of the largest are left out.
SMALL = 0.004
_LAND_COLOUR = dict(
    zip(LAND, ("#01665e", "#7fcdbb", "#3a8dc4", "#fec44f", "#d95f0e", "#54278f"), strict=True)
)
_PEOPLE_COLOUR = dict(
    zip(WHERE, ("#0b4a6f", "#3a8dc4", "#9ccbe8", "#e69f00", "#9a9a9a"), strict=True)
)
_GOODS_COLOUR = dict(zip(GOODS_TO, ("#7fcdbb", "#01665e", "#d55e00", "#f0a07a"), strict=True))
_TRUNK = "rural households"


class Link(NamedTuple):
    """A flow from one node to another; ``value`` may be negative in a difference."""

    source: str
    target: str
    value: float
    colour: str


class Sankey(NamedTuple):
    """What to draw: its unit, its links, and what to say where there are none."""

    unit: str
    links: list[Link]
    empty: str
    note: str
    colours: dict[str, str]  # of nodes; others take that of their first link


def sankey(memories: list[Memory], kind: str, view: str, first: int, last: int) -> Sankey:
    """Return the flows of months ``first`` to ``last`` in an arm, or B less A."""
    make = {"money": _money, "people": _people, "land": _land, "goods": _goods}[kind]
    arms = [make(memory, first, last) for memory in memories]
    unit, note, own = arms[0].unit, arms[0].note, arms[0].colours
    if view != VIEWS[2]:
        chosen = arms[VIEWS.index(view)]
        return Sankey(unit, _large(chosen.links), "nothing has flowed in this time", note, own)
    a, b = ({link[:2]: link for link in arm.links} for arm in arms)
    links = []
    for ends in dict.fromkeys((*a, *b)):
        value = (b[ends].value if ends in b else 0.0) - (a[ends].value if ends in a else 0.0)
        links.append(Link(*ends, value, COLOUR[1] if value > 0 else COLOUR[0]))
    return Sankey(unit, _large(links), "the arms do not differ in this time", note, own)


def _large(links: list[Link]) -> list[Link]:
    most = max((abs(link.value) for link in links), default=0.0)
    return [link for link in links if abs(link.value) > max(SMALL * most, 1e-9)]


def _money(memory: Memory, first: int, last: int) -> Sankey:
    yuan = memory.flows[first : last + 1].sum(axis=(0, 2), dtype=np.float64) / 1e9
    received: dict[str, float] = {}
    paid: dict[str, float] = {}
    for flow, value in zip(FLOWS, yuan.tolist(), strict=True):
        inward, outward = flow.payee == Sector.RURAL, flow.payer == Sector.RURAL
        if inward != outward:  # what stays in the village is left out
            side, sector = (received, flow.payer) if inward else (paid, flow.payee)
            side[sector.name] = side.get(sector.name, 0.0) + value
    links = [
        *(Link(SECTORS[s][0], _TRUNK, v, SECTORS[s][2]) for s, v in received.items() if v),
        *(Link(_TRUNK, f"{SECTORS[s][1]} ", v, SECTORS[s][2]) for s, v in paid.items() if v),
    ]
    assert Sector.RURAL.name == RURAL
    return Sankey(
        "billion yuan of 2010", links, "", "paid to rural households (the bar), and by them", {}
    )


def _moves(table: NDArray[np.float64], states: tuple[str, ...], colours: dict[str, str]) -> Any:
    return [
        Link(source, f"{target} ", float(table[i, j]), colours[source])
        for i, source in enumerate(states)
        for j, target in enumerate(states)
        if i != j and table[i, j] > 0
    ]


def _people(memory: Memory, first: int, last: int) -> Sankey:
    table = memory.people[first : last + 1].sum(axis=0, dtype=np.float64) / 1e3
    links = _moves(table, WHERE, _PEOPLE_COLOUR)
    words = {"not registered": "born", "not registered ": "died, or left for college"}
    named = [
        link._replace(
            source=words.get(link.source, link.source), target=words.get(link.target, link.target)
        )
        for link in links
    ]
    return Sankey("thousand moves", named, "", "every move counts, there and back", _PEOPLE_COLOUR)


def _land(memory: Memory, first: int, last: int) -> Sankey:
    table = memory.land[first : last + 1].sum(axis=0, dtype=np.float64) / 1e3
    links = _moves(table, LAND, _LAND_COLOUR)
    return Sankey("thousand mu", links, "", "land that changed use, there and back", _LAND_COLOUR)


def _goods(memory: Memory, first: int, last: int) -> Sankey:
    table = memory.goods[first : last + 1].sum(axis=0, dtype=np.float64) / 1e6
    links = []
    for row, way in enumerate(GOODS_TO):
        for column, good in enumerate(GOODS):
            if table[row, column] > 0:
                colour = _GOODS_COLOUR[way]
                links.append(Link(good, f"{way} ", float(table[row, column]), colour))
    return Sankey(
        "thousand tonnes", links, "", "harvests, and what online shops buy", _GOODS_COLOUR
    )


def sankey_option(found: Sankey) -> dict[str, Any]:
    """Return the ECharts option of a Sankey."""
    nodes: dict[str, tuple[float, str]] = {}
    for link in found.links:
        for name in (link.source, link.target):
            size, colour = nodes.get(name, (0.0, link.colour))
            nodes[name] = (size + link.value, colour)
    data = []
    for name, (size, colour) in nodes.items():
        left = any(link.source == name for link in found.links)
        own = "#222222" if name == _TRUNK else found.colours.get(name.strip(), colour)
        data.append(
            {
                "name": name,
                "itemStyle": {"color": own, "borderWidth": 0},
                "label": {
                    "position": "right" if left else "left",
                    "show": name != _TRUNK,  # the words above the figure say what the bar is
                    "formatter": f"{name.strip()} {_say(size)}",
                },
            }
        )
    links = [
        {
            "source": link.source,
            "target": link.target,
            "value": abs(link.value),
            "lineStyle": {"color": link.colour, "opacity": 0.55},
            "tooltip": {
                "formatter": f"{link.source} to {link.target.strip()}: {_say(link.value)} "
                f"{found.unit}"
            },
        }
        for link in found.links
    ]
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "confine": True, "textStyle": {"fontSize": 11}},
        "series": [
            {
                "type": "sankey",
                "left": 4,
                "right": 4,
                "top": 6,
                "bottom": 8,
                "nodeWidth": 9,
                "nodeGap": 13,  # a line of text: the labels of the smallest do not cover each other
                "layoutIterations": 24,
                "draggable": False,
                "emphasis": {"disabled": True},
                "label": {"fontSize": 11.5, "color": "#222", "textBorderColor": "#fff",
                          "textBorderWidth": 2},
                "data": data,
                "links": links,
            }
        ],
    }  # fmt: skip


def _say(value: float) -> str:
    from viz.figures import short

    return short(value).replace("-", "\N{MINUS SIGN}")
