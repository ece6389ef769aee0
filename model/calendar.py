"""Months: counted from 2003-01 = 0, written ``YYYY-MM``."""

from __future__ import annotations

import re
from functools import lru_cache

from model.errors import InputError

FIRST_YEAR = 2003
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def parse_month(text: object, where: object = "month", key: str = "") -> int:
    """Return the months since 2003-01 of ``text``, written ``YYYY-MM``.

    Raises InputError, naming ``where`` and ``key``, for anything else and for a month before 2003.
    """
    month = _counted(text) if isinstance(text, str) else None
    if month is None:
        raise InputError(where, key or "month", text, f'"YYYY-MM", from "{FIRST_YEAR}-01" on')
    return month


@lru_cache(maxsize=1024)
def _counted(text: str) -> int | None:
    """Return the months since 2003-01 of ``text``, or None; asked several times a month."""
    match = _MONTH.fullmatch(text)
    if match is None or int(match[1]) < FIRST_YEAR:
        return None
    return (int(match[1]) - FIRST_YEAR) * 12 + int(match[2]) - 1


def month_name(month: int) -> str:
    """Return ``YYYY-MM`` of the month that many months after 2003-01."""
    return f"{year_of(month)}-{month_of_year(month):02d}"


MARCH, DECEMBER = 3, 12


def year_of(month: int) -> int:
    """Return the calendar year of a month counted from 2003-01."""
    return FIRST_YEAR + month // 12


def month_of_year(month: int) -> int:
    """Return the month within its year, 1 for January to 12 for December."""
    return month % 12 + 1
