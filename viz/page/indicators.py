"""The indicators that the page shows of each arm: a value a month, in a unit that reads well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viz.page.memory import YEAR, Memory


@dataclass(frozen=True)
class Shown:
    """An indicator of the page.

    columns : added up. per : divided by this column. yearly : the sum of twelve months.
    people, money : scaled to thousands or millions with the size of the region.
    """

    key: str
    name: str
    unit: str
    meaning: str
    columns: tuple[str, ...]
    per: str = ""
    yearly: bool = False
    scale: str = ""
    factor: float = 1.0


SHOWN = (
    Shown(
        "labour", "Workers at home", "workers", "full-time work in villages, ages 16 to 64",
        ("labour_home",), scale="number",
    ),
    Shown(
        "land", "Land farmed", "mu", "under a crop this calendar year; 15 mu are a hectare",
        ("mu_cultivated",), scale="number",
    ),
    Shown(
        "product", "Village product", "yuan a year", "value added in villages, yuan of 2010",
        ("village_product",), yearly=True, scale="money",
    ),
    Shown(
        "living", "Living standard", "yuan a year", "per registered villager, own prices, members "
        "away counted with wage less living cost", ("living_standard",), per="registered",
        yearly=True,
    ),
    Shown("shops", "Online shops", "shops", "households that sell online", ("shops",)),
    Shown(
        "away", "Away at work", "workers", "out-going migrant workers, at a seat or the coast",
        ("migrants_out",), scale="number",
    ),
    Shown(
        "residents", "People in villages", "people", "registered members who live in their village",
        ("people_home",), scale="number",
    ),
    Shown(
        "idle", "Idle land", "mu", "no crop in this calendar year, or overgrown to woodland",
        ("mu_idle", "mu_trees"), scale="number",
    ),
    Shown(
        "leased", "Leased land", "mu", "worked by another household than the contract's",
        ("mu_leased",), scale="number",
    ),
    Shown(
        "income", "Income of residents", "yuan a year", "per resident, all sources",
        ("income_farm", "income_wage", "income_shop", "income_remittance", "income_other"),
        per="people_home", yearly=True,
    ),
    Shown(
        "remittances", "Remittances", "yuan a year", "sent or brought home by members away",
        ("income_remittance",), yearly=True, scale="money",
    ),
    Shown(
        "turnover", "Shop turnover", "yuan a year", "paid by online buyers",
        ("shop_turnover",), yearly=True, scale="money",
    ),
    Shown(
        "sent", "Parcels sent", "a month", "by online shops", ("parcels_out",), scale="number"
    ),
    Shown(
        "received", "Parcels received", "a month", "bought online by villagers",
        ("parcels_in",), scale="number",
    ),
)  # fmt: skip
BY_KEY = {shown.key: shown for shown in SHOWN}
HEADLINES = ("labour", "land", "product", "living", "shops")
#: What a single village's memory does not hold (``memory.KEPT`` has the rest).
_LARGE = 1e6


@dataclass(frozen=True)
class Units:
    """Units in which a region's sums read well, whatever the month."""

    number: tuple[float, str]
    money: tuple[float, str]


def units(memory: Memory | None) -> Units:
    """Return millions and billions for a prefecture, thousands and millions for a small region."""
    people = 0.0 if memory is None else memory.opening[:, 1].sum()
    if people >= _LARGE:
        return Units((1e-6, "million"), (1e-9, "billion"))
    return Units((1e-3, "thousand"), (1e-6, "million"))


def unit_of(shown: Shown, u: Units) -> str:
    """Return the unit in which an indicator is shown."""
    word = {"number": u.number[1], "money": u.money[1]}.get(shown.scale, "")
    return f"{word} {shown.unit}".strip()


def values_of(
    shown: Shown,
    memory: Memory,
    months: int,
    u: Units,
    village: int | None = None,
) -> NDArray[np.float64]:
    """Return (months,) values of an indicator of the region, or of one village.

    NaN in the first eleven months of a yearly sum.
    """

    def column(name: str) -> NDArray[np.float64]:
        if village is None:
            return memory.series(name, months)
        return memory.of_village(name, months, village)

    total = np.sum([column(name) for name in shown.columns], axis=0)
    if shown.yearly:
        total = yearly(total)
    if shown.per:
        total = total / np.maximum(column(shown.per), 1e-9)
    factor = {"number": u.number[0], "money": u.money[0]}.get(shown.scale, 1.0)
    return np.asarray(total * factor, dtype=np.float64)


def yearly(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums of the twelve months up to each; NaN for the first eleven."""
    out = np.full(len(values), np.nan)
    if len(values) >= YEAR:
        total = np.concatenate(([0.0], np.cumsum(values)))
        out[YEAR - 1 :] = total[YEAR:] - total[:-YEAR]
    return out
