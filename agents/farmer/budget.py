"""What a household earns, eats, buys, saves and owes in a month (MODEL 4, Budget).

Amounts are yuan of 2010 at the household's own size. Every amount is a column of ``Households``
(or of its shop) that the ledger books once; ``settle`` closes the month.
Only what comes after it moves cash by itself: compensation for land, clearing,
equipment of a new shop.
"""

from __future__ import annotations

from typing import Annotated

from agents.base import Group, Parameter
from agents.base.compiled import compiled, inlined
from agents.kinds import NOBODY


class Budget(Group):
    """Parameters of consumption, credit, own use and livestock."""

    subsistence: Annotated[
        float,
        Parameter(
            900,
            2300,
            "yuan per person and year",
            "consumption that comes first",
            "old national poverty line of 2010",
            "data",
            "memory high",
        ),
    ] = 1274.0
    marginal: Annotated[
        float,
        Parameter(
            0.6, 0.9, "share", "of income above subsistence consumed", "MODEL 4", hard_high=1.0
        ),
    ] = 0.75
    from_assets: Annotated[
        float,
        Parameter(0.02, 0.1, "share a year", "of assets above half a year's income", "MODEL 4"),
    ] = 0.05
    credit_months: Annotated[
        float, Parameter(2, 12, "months of income", "that the bank lends at most", "MODEL 4")
    ] = 6.0
    interest: Annotated[
        float, Parameter(0.0, 0.12, "per year", "real rate on loans", "MODEL 4")
    ] = 0.06
    deposit_rate: Annotated[
        float, Parameter(0.0, 0.02, "per year", "real rate on money held", "judgement")
    ] = 0.003
    default_months: Annotated[
        float, Parameter(12, 36, "months", "in debt without paying, then written off", "MODEL 4")
    ] = 24.0
    food_share: Annotated[
        float,
        Parameter(
            0.36,
            0.52,
            "share of consumption",
            "food, own crops included; packaged food of shops is with tradables",
            "parameters.csv household.food_share 0.48, less packaged food 0.08 (assumption)",
            "data",
            "derived",
        ),
    ] = 0.40
    paddy_per_person: Annotated[
        float,
        Parameter(
            150,
            280,
            "kg a year",
            "paddy eaten per resident, feed not counted",
            "rural grain consumption of the 2000s, milled rice times 1.45",
            "data",
            "memory medium",
        ),
    ] = 230.0
    feed_paddy: Annotated[
        float,
        Parameter(
            0,
            250,
            "kg a year",
            "own paddy fed per farm worker",
            "judgement: about a sixth of the paddy of the 2000s was feed",
            hard_low=0.0,
        ),
    ] = 100.0
    livestock: Annotated[
        float,
        Parameter(
            700,
            2200,
            "yuan a year",
            "net of yard and animals per farm worker, 2003, mean over all",
            "prototype: 1,450 in 2000",
        ),
    ] = 1500.0
    livestock_growth: Annotated[
        float,
        Parameter(
            0.02,
            0.08,
            "per year",
            "growth of that net",
            "own business per head of Hunan 2014 (PARAMETERS 3), by Shaoyang's income over Hunan's",
            "data",
            "derived",
        ),
    ] = 0.05
    yard: Annotated[
        float,
        Parameter(
            0.3,
            0.8,
            "share",
            "of that net from what every household keeps: poultry, garden",
            "judgement",
        ),
    ] = 0.5
    livestock_feed: Annotated[
        float,
        Parameter(
            0.5,
            0.75,
            "share of sales",
            "feed and young animals bought",
            "judgement",
            hard_high=0.95,
        ),
    ] = 0.6
    livestock_keepers_2003: Annotated[
        float, Parameter(0.6, 0.95, "share of households", "that keep pigs, 2003", "judgement")
    ] = 0.8
    livestock_keepers_2023: Annotated[
        float, Parameter(0.1, 0.5, "share of households", "that keep pigs, 2023", "judgement")
    ] = 0.3


@compiled
def consumption(cash, credit, income, assets, residents, p):
    """Return a household's consumption (yuan/month).

    ``min(cash + credit, subsistence + 0.75 (income - subsistence) + 0.05 (assets - half a year's
    income) / 12)``; ``income`` is the smoothed monthly income, subsistence is per resident.
    """
    need = p.subsistence / 12.0 * residents
    wanted = need + p.marginal * (income - need) + p.from_assets * (assets - 6.0 * income) / 12.0
    return max(0.0, min(cash + credit, wanted))


@compiled
def credit_left(debt, income, p):
    """Return what the bank still lends: six months' income less the debt (yuan)."""
    return max(0.0, p.credit_months * income - debt)


@compiled
def keepers(month, p):
    """Return the share of households that keep pigs: falls in a line from 2003 to 2023."""
    passed = min(1.0, max(0.0, month / 240.0))
    return p.livestock_keepers_2003 + passed * (p.livestock_keepers_2023 - p.livestock_keepers_2003)


@compiled
def livestock_net(rank, month, p):
    """Return the net of yard and animals per farm worker and month (yuan).

    ``rank`` (0 to 1) is the household's place among those who give pigs up. The mean over all farm
    workers grows; pigs go to fewer households with larger herds, so that giving them up takes
    nothing from the village as a whole.
    """
    mean = p.livestock / 12.0 * (1.0 + p.livestock_growth) ** (month / 12.0)
    share = keepers(month, p)
    pigs = (1.0 - p.yard) / max(share, 1e-9) if rank < share else 0.0
    return mean * (p.yard + pigs)


@compiled
def farm_income(h, t):
    """Return income_farm: farm-gate value of all output less bought inputs (MODEL 5)."""
    out = t.farm_sale[h] + t.shop_supply[h] + t.own_use[h] + t.livestock_sale[h]
    return out - t.inputs[h] - t.machine[h] - t.clearing[h]


@inlined
def shop_income(h, s):
    """Return income_shop: revenue less goods (own ones at farm gate), freight, fees, refunds."""
    if s.good[h] == NOBODY and s.closed[h] < 0:  # nearly all: never had a shop
        return 0.0
    return (
        s.revenue[h]
        - s.supply[h]
        - s.goods_bought[h]
        - s.packing[h]
        - s.freight_first[h]
        - s.freight_line[h]
        - s.storage[h]
        - s.commission[h]
        - s.ad_fee[h]
        - s.refund[h]
        - s.hired[h]
        - s.hired_county[h]
    )


@compiled
def wage_income(h, t):
    """Return income_wage of residents."""
    return t.wage_local[h] + t.wage_seat[h] + t.wage_shop[h]


@compiled
def property_income(h, t):
    """Return income_property: rent received less rent paid, and interest received."""
    return t.rent_received[h] - t.rent_paid[h] + t.deposit_interest[h]


@inlined
def total_income(h, t, s):
    """Return the household's income of the month, all sources, own use in kind included."""
    return (
        farm_income(h, t)
        + t.business[h]
        + t.retail_pay[h]
        + wage_income(h, t)
        + shop_income(h, s)
        + t.remittance[h]
        + t.brought_home[h]
        + t.subsidy[h]
        + t.pension[h]
        - t.tax[h]
        + property_income(h, t)
    )


@compiled
def settle(part, t, s, food_share, tradables_share, p):
    """Close the month of every household: income, consumption, credit.

    Two loops, since a processor fetches some twenty columns ahead, and both touch forty.
    """
    for h in range(part.first_household, part.end_household):
        t.income[h] = total_income(h, t, s)
    for h in range(part.first_household, part.end_household):
        income = t.income[h]
        smooth = t.mean_income[h] + (income - t.mean_income[h]) / 12.0
        t.mean_income[h] = smooth
        t.deposit_interest[h] = max(0.0, t.cash[h]) * p.deposit_rate / 12.0
        t.interest[h] = t.debt[h] * p.interest / 12.0
        cash = t.cash[h] + income - t.own_use[h] + t.deposit_interest[h] - t.interest[h]
        if t.residents[h] > 0:
            credit = credit_left(t.debt[h], smooth, p)
            assets = t.cash[h] - t.debt[h]
            spend = consumption(cash + t.own_use[h], credit, smooth, assets, t.residents[h], p)
            food = max(0.0, food_share * spend - t.own_use[h])
            bought = max(0.0, spend - t.own_use[h])
            food = min(food, bought)
            tradables = min(tradables_share * spend, bought - food)
            t.food[h] = food
            t.services[h] = bought - food - tradables
            t.parcels[h] = tradables * t.online_share[h]
            t.retail[h] = tradables - t.parcels[h]
            cash -= bought
        _borrow_or_repay(h, t, cash, p)
        if t.registered[h] == 0 and t.cash[h] > 0.0:  # extinct: money and rents go to the village
            t.bequest[h] = t.cash[h]
            t.cash[h] = 0.0


@inlined
def _borrow_or_repay(h, t, cash, p):
    """Cover a shortage by a loan, repay what can be repaid, write off what has lasted too long."""
    if cash < 0.0:
        t.loan[h] = -cash
    elif t.debt[h] > 0.0:
        t.repayment[h] = min(t.debt[h], max(0.0, cash - t.mean_income[h]))
    t.cash[h] = cash + t.loan[h] - t.repayment[h]
    t.debt[h] += t.loan[h] - t.repayment[h]
    if t.debt[h] <= 0.0 or t.repayment[h] > 0.0:
        t.debt_months[h] = 0
    else:
        t.debt_months[h] += 1
        if t.debt_months[h] > p.default_months:
            t.write_off[h] = t.debt[h]
            t.debt[h], t.debt_months[h] = 0.0, 0
