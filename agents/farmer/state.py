"""State of farmers (contract households of 2003) and of their plots."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from agents.base.tables import Array, Column, Table

#: Neighbours in the ring of a household, whatever the size of its village (MODEL 2).
RING = 24

_YUAN = "yuan/month"


def _flow(meaning: str) -> Column:
    return Column(np.float64, _YUAN, meaning)


class Households(Table):
    """One row per contract household, rows of a village together; real size, not scaled."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by village and ordinal")]
    village: Annotated[Array, Column(np.int32, "row", "village")]
    county: Annotated[Array, Column(np.int16, "row", "county")]
    weight: Annotated[
        Array, Column(np.float64, "households", "households that this one stands for")
    ]
    x: Annotated[Array, Column(np.float64, "km", "east of the region's origin")]
    y: Annotated[Array, Column(np.float64, "km", "north of the region's origin")]
    ring: Annotated[Array, Column(np.int32, "row", "the nearest households", width=RING)]
    first_person: Annotated[Array, Column(np.int32, "row", "first of its people")]
    end_person: Annotated[Array, Column(np.int32, "row", "one past the last of its people")]
    first_plot: Annotated[Array, Column(np.int32, "row", "first of its contracted plots")]
    end_plot: Annotated[Array, Column(np.int32, "row", "one past the last of its plots")]
    operator: Annotated[Array, Column(np.int8, "0/1", "1 for a specialised operator with machines")]
    # what the household is at present
    registered: Annotated[Array, Column(np.int16, "persons", "living registered members")]
    residents: Annotated[Array, Column(np.int16, "persons", "members living in the village")]
    pensioners: Annotated[
        Array, Column(np.int16, "persons", "members of 60 or more, resident and absent")
    ]
    workers_home: Annotated[Array, Column(np.int16, "persons", "resident members who farm")]
    farm_days: Annotated[Array, Column(np.float64, "days/month", "days of its farm workers")]
    shop_days: Annotated[Array, Column(np.float64, "days/month", "own days that the shop takes")]
    head_age: Annotated[Array, Column(np.float64, "years", "mean age of resident adults")]
    schooling: Annotated[Array, Column(np.float64, "years", "best schooling among resident adults")]
    shadow_wage: Annotated[Array, Column(np.float64, "yuan/day", "value of a day in farming")]
    cash: Annotated[Array, Column(np.float64, "yuan", "money held")]
    debt: Annotated[Array, Column(np.float64, "yuan", "owed to the bank")]
    debt_months: Annotated[Array, Column(np.int16, "months", "in debt without a break")]
    grain: Annotated[Array, Column(np.float64, "kg", "paddy in store for own use")]
    income: Annotated[
        Array,
        Column(np.float64, _YUAN, "all sources but interest, as budgets are made"),
    ]
    mean_income: Annotated[Array, Column(np.float64, _YUAN, "the same, smoothed")]
    buys_online: Annotated[Array, Column(np.int8, "0/1", "1 once it orders online")]
    price_index: Annotated[Array, Column(np.float64, "2003-01 = 1", "its cost of living")]
    # this month's flows, each booked once in the ledger
    farm_sale: Annotated[Array, _flow("crops sold offline at the farm gate")]
    shop_supply: Annotated[Array, _flow("own goods handed to the own shop, farm-gate value")]
    own_use: Annotated[Array, _flow("own crops eaten, farm-gate value; in kind")]
    livestock_sale: Annotated[Array, _flow("animals sold")]
    inputs: Annotated[Array, _flow("seed, fertiliser, feed bought")]
    machine: Annotated[Array, _flow("machine services bought")]
    clearing: Annotated[Array, _flow("clearing of overgrown land paid")]
    rent_paid: Annotated[Array, _flow("rent paid for land")]
    rent_received: Annotated[Array, _flow("rent received for land")]
    wage_local: Annotated[Array, _flow("wages of residents from local firms")]
    wage_seat: Annotated[Array, _flow("wages of residents who work at a seat and sleep at home")]
    wage_shop: Annotated[Array, _flow("wages of residents hired by shops and stations")]
    business: Annotated[Array, _flow("own non-farm business")]
    retail_pay: Annotated[Array, _flow("pay of village shopkeepers")]
    remittance: Annotated[Array, _flow("sent home by absent members")]
    brought_home: Annotated[Array, _flow("savings that returnees bring")]
    subsidy: Annotated[Array, _flow("subsidies received")]
    pension: Annotated[Array, _flow("pensions received")]
    tax: Annotated[Array, _flow("farm tax and fees paid")]
    deposit_interest: Annotated[Array, _flow("interest received")]
    compensation: Annotated[Array, _flow("compensation for land taken: a capital receipt")]
    food: Annotated[Array, _flow("food and drink bought")]
    services: Annotated[Array, _flow("local services bought")]
    retail: Annotated[Array, _flow("tradables bought in the village shop")]
    parcels: Annotated[Array, _flow("tradables bought online, delivery included")]
    loan: Annotated[Array, _flow("borrowed")]
    repayment: Annotated[Array, _flow("debt repaid")]
    interest: Annotated[Array, _flow("interest paid")]
    write_off: Annotated[Array, _flow("debt written off; no money moves")]
    bequest: Annotated[Array, _flow("cash of an extinct household, to the village")]
    capacity: Annotated[Array, Column(np.float64, "0-1", "mean work capacity of its farm workers")]
    spare_days: Annotated[Array, Column(np.float64, "days/month", "that it can give to land")]
    # village shop and parcels
    tradables: Annotated[Array, _flow("spent on tradables last month, shop and parcels")]
    online_share: Annotated[Array, Column(np.float64, "share", "of tradables bought by parcel")]
    tradables_index: Annotated[
        Array, Column(np.float64, "2003-01 = 1", "its price index of retail tradables")
    ]
    shopkeeper: Annotated[Array, Column(np.int8, "0/1", "1 if it keeps a village shop")]
    hired_out: Annotated[Array, Column(np.float64, "days/month", "worked for neighbours' shops")]
    held: Annotated[Array, Column(np.float64, "kg", "harvest held back for a better price")]
    held_good: Annotated[Array, Column(np.int8, "row", "good of it")]
    held_since: Annotated[Array, Column(np.int32, "months since 2003-01", "begin of holding back")]


class Shops(Table):
    """The online shop of a household; row = household row, zero where there is none."""

    good: Annotated[Array, Column(np.int8, "row", "good sold, or NOBODY: no shop")]
    since: Annotated[Array, Column(np.int32, "months since 2003-01", "month of opening")]
    returnee: Annotated[Array, Column(np.int8, "0/1", "1 if opened by a household with a returnee")]
    ability: Annotated[Array, Column(np.float64, "mean 1", "of the keeper: weight among sellers")]
    stock: Annotated[Array, Column(np.float64, "kg", "goods ready to send")]
    orders: Annotated[Array, Column(np.float64, "orders/month", "received this month")]
    past_orders: Annotated[Array, Column(np.float64, "orders", "smoothed orders seen by buyers")]
    rating: Annotated[Array, Column(np.float64, "0-1", "smoothed share of satisfied orders")]
    backlog: Annotated[Array, Column(np.float64, "parcels", "waiting for capacity")]
    losing_months: Annotated[Array, Column(np.int16, "months", "of losses without a break")]
    own_days: Annotated[Array, Column(np.float64, "days/month", "own labour used")]
    hired_days: Annotated[Array, Column(np.float64, "days/month", "hired labour used")]
    revenue: Annotated[Array, _flow("paid by buyers")]
    supply: Annotated[Array, _flow("own goods at farm-gate value; in kind")]
    goods_bought: Annotated[Array, _flow("goods and materials bought for the shop")]
    packing: Annotated[Array, _flow("cartons and ice")]
    freight_first: Annotated[Array, _flow("first mile, paid to the hub")]
    freight_line: Annotated[Array, _flow("line-haul and last mile")]
    storage: Annotated[Array, _flow("cold storage")]
    commission: Annotated[Array, _flow("to the platform")]
    ad_fee: Annotated[Array, _flow("advertising on the platform")]
    refund: Annotated[Array, _flow("paid back to buyers")]
    hired: Annotated[Array, _flow("wages of hired neighbours")]
    hired_county: Annotated[Array, _flow("same of others, hired in the county's labour market")]
    entry_cost: Annotated[Array, _flow("equipment on opening; an investment")]
    turnover_year: Annotated[Array, Column(np.float64, "yuan/year", "revenue, last 12 months")]
    profit_year: Annotated[Array, Column(np.float64, "yuan/year", "shop income, last 12 months")]
    price: Annotated[Array, Column(np.float64, "yuan/kg", "asked, delivered")]
    share: Annotated[Array, Column(np.float64, "weight", "among the sellers of its variety")]
    accepted: Annotated[Array, Column(np.float64, "orders/month", "that it could fill")]
    sent: Annotated[Array, Column(np.float64, "parcels/month", "sent this month")]
    cold: Annotated[Array, Column(np.int8, "0/1", "1 if its parcels went cooled")]
    closed: Annotated[Array, Column(np.int32, "months since 2003-01", "last closing, or -NEVER")]
    closed_good: Annotated[Array, Column(np.int8, "row", "good that it sold until then")]
    grows: Annotated[Array, Column(np.int32, "bits", "goods harvested this year; last year << 16")]
    refund_year: Annotated[Array, Column(np.float64, "yuan/year", "refunds, last 12 months")]
    freight_year: Annotated[Array, Column(np.float64, "yuan/year", "freight, last 12 months")]
    hours_year: Annotated[Array, Column(np.float64, "yuan/year", "own hours at the local wage")]
    fixed_year: Annotated[Array, Column(np.float64, "yuan/year", "fixed days at the local wage")]


class Plots(Table):
    """One row per contracted plot, rows of an owner together."""

    uid: Annotated[Array, Column(np.uint64, "", "identity, fixed by owner and ordinal")]
    owner: Annotated[Array, Column(np.int32, "row", "household that holds the contract")]
    operator: Annotated[Array, Column(np.int32, "row", "household that works it")]
    area: Annotated[Array, Column(np.float64, "mu", "cropland left, requisitioned land taken off")]
    taken: Annotated[Array, Column(np.float64, "mu", "requisitioned so far")]
    slope: Annotated[Array, Column(np.float64, "degrees", "mean slope")]
    quality: Annotated[Array, Column(np.float64, "mean 1", "yield relative to the county's")]
    paddy: Annotated[Array, Column(np.int8, "0/1", "1 for irrigated land")]
    use: Annotated[Array, Column(np.int8, "Use", "use in this calendar year")]
    years_idle: Annotated[Array, Column(np.int16, "years", "idle without a break")]
    rent: Annotated[Array, Column(np.float64, "yuan/mu/year", "rent agreed; 0 where own or free")]
    planted: Annotated[Array, Column(np.int16, "months since 2003-01", "perennials: planting")]
    suits: Annotated[Array, Column(np.int8, "crop", "special crop that the plot suits, or NOBODY")]
    value: Annotated[Array, Column(np.float64, "yuan/mu/year", "best return before labour")]
    need: Annotated[Array, Column(np.float64, "days/mu", "of that crop's busiest month")]
    ranked: Annotated[
        Array, Column(np.int32, "row", "in an owner's n-th row: its n-th best plot, or NOBODY")
    ]
