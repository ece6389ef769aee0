"""A year on the land: what is expected, planned, let, worked, harvested, cleared and taken."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.base.draws import identity, normal
from agents.base.parts import Part
from agents.base.sums import weighted_columns
from agents.farmer import transfers
from agents.farmer.land import log_shock
from agents.kinds import Kind
from model import land
from model.calendar import month_of_year
from model.crops import CROP_NAMES, follow_series
from model.goods import GOODS

RICE = GOODS.index("rice")
#: What a year's output of a mu is counted as when it is taken, on paddy and elsewhere.
PADDY_GRAIN, DRY_GRAIN = CROP_NAMES.index("double_rice"), CROP_NAMES.index("dry_grain")
#: Draws of a county, beside those of villages (uid of Kind.VILLAGE with a month of -1).
_PRICE, _WEATHER = 0, 1


def expect(m) -> None:
    """Set the prices that farmers expect: last year's mean at the farm gate, with a shock."""
    p = m.params["land"]
    follow_series(m.crops, m.series, max(m.month, 0))
    mean = m.price_year.mean(axis=0)[:, m.crops.good]
    for c in range(m.counties):
        county = identity(Kind.VILLAGE, c, -1, 0)
        shock = log_shock(normal(m.key, county, _PRICE), p.price_shock)
        m.price_expected[c] = mean[c] * shock
        m.weather[c] = log_shock(normal(m.key, county, _WEATHER), p.yield_shock)


class Plans(NamedTuple):
    """What owners plan in March: days spoken for, (H, 12), and the crop of each plot or NOBODY."""

    load: NDArray[np.float64]
    choice: NDArray[np.int8]


def plan(m) -> Plans:
    """Let every owner plan the year on the plots of its contract.

    Without the shadow wage a day is worth the reservation wage, however scarce days are.
    """
    p, households = m.params["land"], m.households
    plans = Plans(np.zeros((len(households), 12)), np.empty(len(m.plots), dtype=np.int8))
    m.parts.each(
        lambda part: land.plan(
            part, households, m.plots, m.crops, m.price_expected, m.day_wage, m.villages.minutes,
            plans.load, plans.choice, m.month, p,
        )
    )  # fmt: skip
    if not p.shadow_wage:
        day_wage = m.day_wage[households.county]
        households.shadow_wage[:] = land.reservation_wage(day_wage, households.capacity, p)
    return plans


def first_plan(m) -> None:
    """Let owners sow as they plan, for the two months before the first lease market.

    What they would plant for years waits for that market; nothing is cleared or paid for.
    """
    plans = plan(m)
    m.parts.each(lambda part: land.sow_own(part, m.plots, m.crops, plans.choice))


def lease_and_sow(m, plans: Plans) -> None:
    """Settle the lease market of March and sow; without leases nobody has days to bid with."""
    if not m.params["land"].leases:
        m.households.spare_days[:] = 0.0

    def lease(part: Part) -> None:
        for order in land.lease_orders(part, m.households, m.plots, m.villages, m.key):
            land.lease(
                m.households, m.plots, m.crops, m.price_expected, m.villages.minutes, plans.load,
                plans.choice, order, m.month, m.era, m.params["land"],
            )  # fmt: skip

    m.parts.each(lease)


def work_and_harvest(m) -> NDArray[np.float64]:
    """Work the land for a month; keep grain for the table; return the kg left for sale (H, G)."""
    harvest_kg = np.zeros((len(m.households), len(GOODS)))
    calendar = month_of_year(m.month) - 1
    m.parts.each(
        lambda part: land.work(
            part, m.households, m.plots, m.crops, m.weather, calendar, m.month, harvest_kg,
            m.params["land"],
        )
    )  # fmt: skip
    made = weighted_columns(harvest_kg, m.households.weight)
    m.goods_made += made
    budget = m.params["budget"]
    transfers.livestock(m.households, m.era, m.life_key, budget, m.terms.side)
    transfers.store_grain(m.households, harvest_kg, RICE, m.kept, budget)
    transfers.eat_grain(m.households, m.offline.farm_gate[:, RICE].copy(), m.eaten, budget)
    return harvest_kg


def remember_prices(m) -> None:
    """Keep the last twelve months of farm-gate prices, which farmers expect to last."""
    m.price_year[m.month % 12] = m.offline.farm_gate


def close_year(m) -> None:
    """Count idle years in December; land whose return has come back is cleared."""
    land.close_year(
        m.households,
        m.plots,
        m.crops,
        m.price_expected,
        m.day_wage,
        m.villages.minutes,
        m.month,
        m.params["land"],
    )


def requisition(m) -> None:
    """Let the seats take land in December, pay for it, and put the proceeds to use."""
    p, ledger = m.params["requisition"], m.ledger
    weight = m.pull_on_land
    growth = (m.seats.wage * m.seats.people) / (m.seats.wage_2003 * m.seats.people_2003)
    base = np.where(m.region.is_prefecture, p.value_prefecture, p.value_county)
    urban_growth = np.maximum(m.seats.people - m.seat_people_last, 0.0)
    m.seat_people_last = m.seats.people.copy()
    total = urban_growth.sum()
    share = urban_growth / total if total > 0 else np.zeros(len(base))
    quota = weight * p.quota * float(m.start.cropland_mu.sum()) * share
    if weight <= 0.0 or quota.sum() <= 0.0:
        return

    def output_per_mu(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        grain = np.where(m.plots.paddy[rows], PADDY_GRAIN, DRY_GRAIN)
        price = m.price_expected[m.households.county[m.plots.owner[rows]], grain]
        return price * m.crops.yield_kg[grain] * m.plots.quality[rows]  # type: ignore[no-any-return]

    seat = m.villages.seat
    value = land.urban_value((base * growth)[seat], m.seat_km, p)
    taken = land.take_land(m.households, m.plots, m.villages, value, quota, output_per_mu, m.era, p)
    county = m.households.county[m.plots.owner[taken.plot]]
    by = {"minlength": m.counties}
    sold = np.bincount(county, weights=taken.worth, **by)
    village = np.bincount(county, weights=taken.to_village, **by)
    paid = np.bincount(county, weights=taken.to_household, **by) + village
    demolition = np.minimum(p.demolition * sold, np.maximum(sold - paid, 0.0))
    proceeds = np.maximum(sold - paid - demolition, 0.0)
    m.households.cash[:] += m.households.compensation  # the month's budgets are closed by now
    ledger.book("land_sale", sold)
    ledger.book("compensation_village", village)
    ledger.book("demolition", demolition)
    capital, hubs = p.revenue_to_capital * proceeds, p.revenue_to_hubs * proceeds
    ledger.book("infrastructure_city", capital)
    ledger.book("infrastructure_hubs", hubs)
    ledger.book("infrastructure_roads", proceeds - capital - hubs)
    at = m.region.seat_of_county
    m.land_capital += np.bincount(at, weights=capital, minlength=len(m.land_capital))
    m.hub_grants += np.bincount(at, weights=hubs, minlength=len(m.hub_grants))
    m.taken_mu += np.bincount(county, weights=taken.mu, **by)
    m.land_value += sold - paid
