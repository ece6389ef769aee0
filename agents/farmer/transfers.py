"""What the state gives and takes each month, and what animals and the grain store yield."""

from __future__ import annotations

from agents.base.compiled import compiled
from agents.base.draws import uniform
from agents.farmer.budget import livestock_net
from agents.farmer.draws import FarmerDraw

_LIVESTOCK = int(FarmerDraw.LIVESTOCK)


@compiled
def state(part, households, plots, subsidy, pension, tax):
    """Pay subsidies per contracted mu and pensions, collect farm tax and fees (yuan a year each).

    Subsidies go to whoever holds the contract, pensions to resident and absent members of 60 or
    more, fees are due from each registered member.
    """
    for h in range(part.first_household, part.end_household):
        if households.registered[h] == 0:
            continue
        mu = 0.0
        for i in range(households.first_plot[h], households.end_plot[h]):
            mu += plots.area[i]
        households.subsidy[h] = subsidy / 12.0 * mu
        households.pension[h] = pension / 12.0 * households.pensioners[h]
        households.tax[h] = tax / 12.0 * households.registered[h]


@compiled
def livestock(households, month, life, p, side):
    """Book animals sold and feed bought; fill ``side`` (H,), the net per farm worker."""
    for h in range(households.uid.shape[0]):
        rank = uniform(life, households.uid[h], _LIVESTOCK)
        side[h] = livestock_net(rank, month, p)
        hands = households.workers_home[h] * households.capacity[h]
        sales = side[h] * hands / (1.0 - p.livestock_feed)
        households.livestock_sale[h] += sales
        households.inputs[h] += sales * p.livestock_feed


@compiled
def feed_wanted(households, h, p):
    """Return the paddy that the household's animals take in a year, kg; 0 without animals."""
    if households.livestock_sale[h] <= 0.0:
        return 0.0
    return p.feed_paddy * households.workers_home[h] * households.capacity[h]


@compiled
def store_grain(households, harvest_kg, rice, kept, p):
    """Keep grain of the harvest for table and animals; ``harvest_kg`` (H, G) is left for sale.

    Adds the kilograms kept, at full scale, to ``kept`` (1,).
    """
    for h in range(households.uid.shape[0]):
        if harvest_kg[h, rice] > 0.0:
            wanted = p.paddy_per_person * households.residents[h] + feed_wanted(households, h, p)
            wanted -= households.grain[h]
            own = min(harvest_kg[h, rice], max(0.0, wanted))
            households.grain[h] += own
            harvest_kg[h, rice] -= own
            kept[0] += own * households.weight[h]


@compiled
def eat_grain(households, price, eaten, p):
    """Eat from the store, then feed from it; farm-gate ``price`` (C,), yuan per kg.

    What people eat is own use, booked in kind. What animals eat saves bought feed of its value: it
    was never sold, so that income is the same as if it had been. Adds the kilograms eaten, at full
    scale, to ``eaten`` (2,), by people and by animals.
    """
    for h in range(households.uid.shape[0]):
        if households.grain[h] > 0.0:
            value = price[households.county[h]]
            need = p.paddy_per_person / 12.0 * households.residents[h]
            kg = min(households.grain[h], need)
            households.grain[h] -= kg
            households.own_use[h] += kg * value
            eaten[0] += kg * households.weight[h]
            bought = p.livestock_feed * households.livestock_sale[h] / max(value, 1e-9)
            fed = min(households.grain[h], feed_wanted(households, h, p) / 12.0, bought)
            households.grain[h] -= fed
            households.inputs[h] -= fed * value
            eaten[1] += fed * households.weight[h]
