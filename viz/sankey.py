"""Money of rural households as a Sankey: who paid them on the left, whom they paid on the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from viz import style

RURAL = "RURAL"
#: Sector -> its words when it pays villagers, when it is paid by them, and its colour.
SECTORS = {
    "WHOLESALE": ("farm sales", "goods for resale", "#01665e"),
    "LOCAL": ("local wages, business", "food and services", "#3a8dc4"),
    "CITY": ("wages at the seats", "city firms", "#9ccbe8"),
    "ABSENT": ("remittances", "members away", style.ORANGE),
    "COAST_BUYERS": ("online sales, outside", "refunds, outside", style.VERMILION),
    "URBAN": ("online sales, own cities", "refunds, own cities", "#f0a07a"),
    "PLATFORM": ("platform", "parcels, platform fees", style.VERMILION),
    "RETAIL": ("shopkeepers' pay", "village shops", "#7fcdbb"),
    "CARRIERS": ("stations' pay", "freight of shops", "#f0a07a"),
    "SUPPLIERS": ("suppliers", "inputs, machines", "#b59a6a"),
    "STATE": ("subsidies, pensions", "state", "#9a9a9a"),
    "GOVERNMENT": ("compensation for land", "taxes, fees", "#54278f"),
    "BANK": ("loans, interest", "loans repaid, interest", "#c9c9c9"),
    "COLLECTIVE": ("village collective", "village collective", "#c9c9c9"),
    "OUTSIDE": ("outside", "outside", "#c9c9c9"),
}
#: Sectors with less than this share of the money are drawn together as "other"; a trace is not.
SMALL = 0.012
#: Where the ribbons end, as a share of the panel's width; beyond it stand the words.
OUTER = 0.355
_KEPT, _DRAWN, _OTHER = "money kept", "from money held", "other"


def rural_money(flows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return what rural households received and paid by sector (billion yuan), both summing alike.

    flows : payer, payee, kind, yuan. What stays in the village, in kind or in money, is left out;
    the difference between the two sides is money kept, or drawn from what was held before.
    """
    flows = flows.reset_index(drop=True)
    payer, payee = flows["payer"].str.upper(), flows["payee"].str.upper()
    yuan = flows["yuan"] / 1e9
    received = yuan[(payee == RURAL) & (payer != RURAL)].groupby(payer).sum()
    paid = yuan[(payer == RURAL) & (payee != RURAL)].groupby(payee).sum()
    kept = received.sum() - paid.sum()
    if kept >= 0:
        paid[_KEPT] = kept
    else:
        received[_DRAWN] = -kept
    return _gather(received), _gather(paid)


def _gather(sides: pd.Series) -> pd.Series:
    """Return the parts from large to small, the small ones together at the end."""
    sides = sides[sides > 0].sort_values(ascending=False)
    if sides.empty:
        return sides
    small = sides < SMALL * sides.sum()
    gathered = sides[~small]
    if sides[small].sum() > SMALL / 4 * sides.sum():
        gathered = pd.concat([gathered, pd.Series({_OTHER: sides[small].sum()})])
    return gathered


def draw_sankey(
    axes: Sequence[Axes], panels: Sequence[pd.DataFrame], titles: Sequence[str]
) -> None:
    """Draw each panel on its axes, all at one scale: a band twice as high is twice the money."""
    money = [rural_money(panel) for panel in panels]
    most = max([received.sum() for received, _ in money] or [0.0])
    parts = max([max(len(received), len(paid)) for received, paid in money] or [0])
    gap = 0.028
    scale = (1.0 - gap * max(parts - 1, 0)) / max(most, 1e-12)
    for ax, (received, paid), title in zip(axes, money, titles, strict=True):
        ax.set_axis_off()
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_title(title, pad=5)
        if received.empty:
            ax.text(0.5, 0.5, "no money has flowed yet", ha="center", color=style.GREY)
            continue
        _panel(ax, received, paid, scale, gap)


def _panel(ax: Axes, received: pd.Series, paid: pd.Series, scale: float, gap: float) -> None:
    total = received.sum() * scale
    trunk = 0.5 + total / 2
    ax.add_patch(Rectangle((0.48, trunk - total), 0.04, total, color=style.INK, lw=0))
    ax.text(
        0.5, trunk + 0.012, f"{received.sum():.1f}", ha="center", va="bottom", fontweight="bold"
    )
    for side, incoming in ((received, True), (paid, False)):
        tall = (side * scale).to_numpy()
        height = tall.sum() + gap * (len(side) - 1)
        ends = 0.5 + height / 2 - np.concatenate(([0.0], np.cumsum(tall + gap)[:-1]))
        inner = trunk - np.concatenate(([0.0], np.cumsum(tall)[:-1]))
        middles = style.spread(ends - tall / 2, 0.043, 0.015, 0.985)
        for sector, value, thick, end, joint, at in zip(
            side.index, side, tall, ends, inner, middles, strict=True
        ):
            words = SECTORS.get(sector)
            word = words[0 if incoming else 1] if words else sector
            colour = words[2] if words else "#dddddd"
            _ribbon(ax, incoming, end, joint, thick, colour)
            x, align = (OUTER - 0.015, "right") if incoming else (1.015 - OUTER, "left")
            label = f"{word} {value:.1f}" if incoming else f"{value:.1f} {word}"
            ax.text(x, at, label, ha=align, va="center", fontsize=6.5)


def _ribbon(ax: Axes, incoming: bool, end: float, joint: float, thick: float, colour: str) -> None:
    """Draw a band between the outer edge (top ``end``) and the trunk (top ``joint``)."""
    outer, inner = (OUTER, 0.48) if incoming else (1 - OUTER, 0.52)
    bend = (outer + inner) / 2
    points = [
        (outer, end),
        (bend, end),
        (bend, joint),
        (inner, joint),
        (inner, joint - thick),
        (bend, joint - thick),
        (bend, end - thick),
        (outer, end - thick),
        (outer, end),
    ]
    o = Outline
    codes = [o.MOVETO, o.CURVE4, o.CURVE4, o.CURVE4, o.LINETO, o.CURVE4, o.CURVE4, o.CURVE4]
    outline = Outline(points, [*codes, o.CLOSEPOLY])
    ax.add_patch(PathPatch(outline, facecolor=colour, alpha=0.8, lw=0))
