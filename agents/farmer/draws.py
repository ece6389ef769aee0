"""Purposes of a farmer's keyed draws: one number per decision, never reused."""

from __future__ import annotations

from enum import IntEnum


class FarmerDraw(IntEnum):
    """Decisions of households (uid of the household) and of their plots (uid of the plot)."""

    EAST = 0
    NORTH = 1
    PLOTS = 2
    AREA = 3
    SLOPE = 4
    QUALITY = 5
    PADDY = 6
    SUITS = 7
    OPERATOR = 8
    LEASE_ORDER = 9
    LIVESTOCK = 10
    CASH = 11
    INTERNET = 96
    ONLINE_SKILL = 97
    ONLINE_ADOPTION = 98
    SHOPKEEPER = 99
    SHOP_OPENS = 112
    SHOP_GOOD = 113
    SHOP_CLOSES = 114
    SHOP_PIONEER = 115
    SHOP_ABILITY = 116
    #: 120 to 128: one lifelong draw for each good, whether the household could supply it
    SHOP_SUPPLY = 120
