"""Goods: what the villages of a region can grow or make, and sell.

``data/goods.csv`` is the one table (good, attribute, value, low, high, unit, source, grade);
``load_goods`` turns it into arrays by good, in the order of ``GOODS``. Money is in yuan of 2010.
"""

from __future__ import annotations

import csv
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table
from model.errors import InputError

#: Names of the goods, the same in every table of a region, scenario or run.
GOODS: tuple[str, ...] = (
    "rice",
    "vegetables",
    "citrus",
    "daylily",
    "camellia",
    "nuts",
    "tofu",
    "balls",
    "manufactures",
)
DEFAULT_PATH = Path(__file__).parent / "data" / "goods.csv"

#: Classes of the national pots (``NationalSeries.pot``).
CLASSES = ("fresh", "dried", "processed", "other", "manufactures")
#: Markets: goods of one market compete for one pot; tofu and balls split that of their class.
MARKETS = ("fresh", "dried", "tofu", "balls", "other", "manufactures")
MARKET_CLASS = ("fresh", "dried", "processed", "processed", "other", "manufactures")
HEADER = ["good", "attribute", "value", "low", "high", "unit", "source", "grade"]


class MadeBy(IntEnum):
    """Where a shop gets a good: from fields, from a household workshop, from local firms."""

    CROP = 0
    PROCESSED = 1
    BOUGHT = 2


class Goods(Table):
    """One row per good; kg are kg as sold, unless farm kg are named."""

    good_class: Annotated[Array, Column(np.int8, "row", "class of the national pots")]
    market: Annotated[Array, Column(np.int8, "row", "market in which it competes")]
    made_by: Annotated[Array, Column(np.int8, "MadeBy", "where a shop gets it")]
    wholesale: Annotated[Array, Column(np.float64, "yuan/kg", "price in the cities outside")]
    online_price: Annotated[Array, Column(np.float64, "yuan/kg", "of rivals, delivered, in 2020")]
    order_kg: Annotated[Array, Column(np.float64, "kg/order", "size of an order")]
    packing: Annotated[Array, Column(np.float64, "yuan/order", "carton and padding")]
    packing_cold: Annotated[Array, Column(np.float64, "yuan/order", "foam box and ice instead")]
    decay: Annotated[Array, Column(np.float64, "1/day", "rate of spoilage at 20 C")]
    q10: Annotated[Array, Column(np.float64, "factor", "on spoilage per 10 C")]
    shelf_days: Annotated[Array, Column(np.float64, "days", "it keeps at 20 C")]
    shelf_cold: Annotated[Array, Column(np.float64, "days", "it keeps at 5 C")]
    refund: Annotated[Array, Column(np.float64, "share", "of orders paid back, without spoilage")]
    materials: Annotated[Array, Column(np.float64, "yuan/kg", "bought to make or finish it")]
    labour: Annotated[Array, Column(np.float64, "days/kg", "to make or finish it")]
    out_of_in: Annotated[Array, Column(np.float64, "kg/kg", "sold kg out of a farm kg")]
    rivals: Annotated[Array, Column(np.float64, "varieties", "of the nation in 2020")]
    storable: Annotated[Array, Column(np.int8, "0/1", "keeps over 90 days at 20 C")]
    returnable: Annotated[Array, Column(np.float64, "share", "of refunded goods sent back whole")]
    on_sale: Annotated[Array, Column(np.int8, "0/1", "sold online in that month", width=12)]


_WORDS = {
    "class": ("good_class", CLASSES),
    "market": ("market", MARKETS),
    "made_by": ("made_by", tuple(m.name.lower() for m in MadeBy)),
}
_NUMBERS = tuple(
    f for f in Goods._fields if f not in {name for name, _ in _WORDS.values()} | {"on_sale"}
)


def load_goods(path: Path | str = DEFAULT_PATH) -> Goods:
    """Return the goods of ``path``, rows in the order of ``GOODS``.

    Raises InputError for a good or attribute that is missing, doubled or unknown, a value that is
    no number, is negative or lies outside its own low-high, or rivals that differ in one market.
    """
    table = _read(Path(path))
    goods = Goods(
        *(
            np.zeros((len(GOODS), 12) if name == "on_sale" else len(GOODS), dtype)
            for name, dtype in _types().items()
        )
    )
    for g, good in enumerate(GOODS):
        for attribute, (field, valid) in _WORDS.items():
            getattr(goods, field)[g] = _word(path, table, good, attribute, valid)
        for field in _NUMBERS:
            getattr(goods, field)[g] = _number(path, table, good, field)
        goods.on_sale[g] = _months(path, *_get(path, table, good, "months")[:1])
    _check_markets(path, goods)
    return goods


def _types() -> dict[str, type]:
    words = {name for name, _ in _WORDS.values()} | {"storable", "on_sale"}
    return {name: np.int8 if name in words else np.float64 for name in Goods._fields}


def _read(path: Path) -> dict[tuple[str, str], tuple[str, str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(path, "file", valid="a readable table of goods") from error
    if not rows or list(rows[0]) != HEADER:
        raise InputError(path, "header", valid=",".join(HEADER))
    attributes = {*_WORDS, *_NUMBERS, "months"}
    table: dict[tuple[str, str], tuple[str, str, str]] = {}
    for row in rows:
        key = (row["good"], row["attribute"])
        if key[0] not in GOODS:
            raise InputError(path, "good", key[0], ", ".join(GOODS))
        if key[1] not in attributes:
            raise InputError(path, "attribute", key[1], ", ".join(sorted(attributes)))
        if key in table:
            raise InputError(path, " ".join(key), row["value"], "each attribute once")
        table[key] = (row["value"], row["low"], row["high"])
    return table


def _get(path: object, table: dict, good: str, attribute: str) -> tuple[str, str, str]:
    if (good, attribute) not in table:
        raise InputError(path, f"{good} {attribute}", valid="one row for each attribute of a good")
    value: tuple[str, str, str] = table[good, attribute]
    return value


def _word(path: object, table: dict, good: str, attribute: str, valid: tuple[str, ...]) -> int:
    word = _get(path, table, good, attribute)[0]
    if word not in valid:
        raise InputError(path, f"{good} {attribute}", word, ", ".join(valid))
    return valid.index(word)


def _number(path: object, table: dict, good: str, attribute: str) -> float:
    texts = _get(path, table, good, attribute)
    try:
        value, low, high = (float(t) if t else float(texts[0]) for t in texts)
    except ValueError as error:
        raise InputError(path, f"{good} {attribute}", texts[0], "a number") from error
    if not 0.0 <= low <= value <= high < np.inf:
        raise InputError(path, f"{good} {attribute}", texts[0], f"{texts[1]} to {texts[2]}, >= 0")
    return value


def _months(path: object, text: str) -> list[int]:
    """Return twelve 0/1 for ``first-last``, which may run over the end of the year."""
    try:
        first, last = (int(m) for m in text.split("-"))
    except ValueError as error:
        raise InputError(path, "months", text, "first-last, as 10-4") from error
    if not (1 <= first <= 12 and 1 <= last <= 12):
        raise InputError(path, "months", text, "first-last, as 10-4")
    span = (last - first) % 12
    return [int((month - first) % 12 <= span) for month in range(1, 13)]


def _check_markets(path: object, goods: Goods) -> None:
    for m, market in enumerate(MARKETS):
        rivals = goods.rivals[goods.market == m]
        if len(set(rivals)) > 1:
            raise InputError(path, f"rivals in market {market}", list(rivals), "one number")
        classes = goods.good_class[goods.market == m]
        if any(CLASSES[c] != MARKET_CLASS[m] for c in classes):
            raise InputError(path, f"class in market {market}", valid=MARKET_CLASS[m])


def good_row(name: str) -> int:
    """Return the row of a good; raises InputError for an unknown one."""
    if name not in GOODS:
        raise InputError("goods", "good", name, ", ".join(GOODS))
    return GOODS.index(name)
