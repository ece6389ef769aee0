"""The world at the start: villages, households, plots and weights of January 2003 (MODEL 2).

Few villages with some 40 neighbouring households each are sampled, not a few households of every
village, since farmers deal with neighbours. Weights are calibrated so that households, people and
mu equal each county's totals exactly.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from agents.base import Group, Parameter, allocate, identity, lifelong_key, normal, uniform
from agents.base.compiled import compiled
from agents.base.parts import county_borders
from agents.farmer.draws import FarmerDraw as D
from agents.farmer.land import Land
from agents.farmer.state import RING, Households, Plots
from agents.kinds import NEVER, NOBODY, Kind
from agents.migrant.demography import Demography
from agents.migrant.state import People
from model.crops import CROP_NAMES, special_crops
from model.errors import InputError
from model.population import make_people
from model.region import Region
from model.villages import Villages

#: From the census of 1 November 2010 back to January 2003.
YEARS_BACK = 7.83
MU_PER_KHA = 15_000.0
LEAST_VILLAGES = 2


class World(Group):
    """Parameters of the world at the start."""

    households_per_village: Annotated[
        float,
        Parameter(
            200,
            800,
            "households",
            "of a village; 1.55 million over 3,186 villages",
            "MODEL 2; parameters.csv policy.villages_in_prefecture",
            "data",
            "derived",
            hard_low=5,
        ),
    ] = 490.0
    cluster_households: Annotated[
        float,
        Parameter(20, 80, "households", "sampled in a village", "MODEL 2", hard_low=1),
    ] = 40.0
    household_size: Annotated[
        float,
        Parameter(
            3.5,
            4.1,
            "persons",
            "registered members of a rural household",
            "MODEL 2",
            hard_low=1.0,
            hard_high=7.0,
        ),
    ] = 3.75
    registered_growth: Annotated[
        float,
        Parameter(0.004, 0.007, "per year", "growth of the registered, 2003 to 2010", "MODEL 2"),
    ] = 0.0055
    urban_logit_shift: Annotated[
        float,
        Parameter(
            -0.5,
            -0.25,
            "logit",
            "of the urban share from 2010 back to 2003",
            "MODEL 2",
            hard_low=-2.0,
            hard_high=0.0,
        ),
    ] = -0.381
    cropland_per_irrigated: Annotated[
        float, Parameter(1.25, 1.7, "ratio", "of cropland to irrigated land", "MODEL 2")
    ] = 1.4
    mu_per_person: Annotated[
        float,
        Parameter(
            0.7,
            1.6,
            "mu",
            "cropland per registered rural person, where nothing is known",
            "MODEL 2",
        ),
    ] = 1.15
    plots_per_household: Annotated[
        float,
        Parameter(
            4, 9, "plots", "contracted", "FACTS L16", "data", "page", hard_low=1, hard_high=12
        ),
    ] = 4.9
    plot_log_sd: Annotated[float, Parameter(0.2, 0.7, "log s.d.", "of plot areas", "prototype")] = (
        0.4
    )
    quality_sd: Annotated[
        float, Parameter(0.05, 0.25, "log s.d.", "of plot quality", "prototype: 0.12")
    ] = 0.12
    plot_slope_sd: Annotated[
        float, Parameter(0.3, 0.9, "log s.d.", "of slopes within a cell", "judgement")
    ] = 0.6
    suited_plots: Annotated[
        float,
        Parameter(
            0.2,
            0.7,
            "share",
            "of an endowed household's plots that suit a special crop",
            "judgement",
        ),
    ] = 0.4
    irrigated_share: Annotated[
        float,
        Parameter(
            0.5,
            0.75,
            "share",
            "of cropland that is paddy where nothing else is known",
            "parameters.csv land.irrigated_share",
            "data",
            "derived",
        ),
    ] = 0.6
    industry_villages: Annotated[
        float,
        Parameter(
            0.05,
            0.5,
            "share",
            "of a county's villages, those nearest its seat, in which its industry is",
            "Taobao villages of leading counties: 197 of Yiwu, 151 of Cao county (FACTS T16), of "
            "some 700 and 1,000 villages (memory); near cities (T22)",
            "assumption",
            "memory low",
            hard_low=0.001,
            hard_high=1.0,
        ),
    ] = 0.15
    start_cash: Annotated[
        float, Parameter(0.2, 1.0, "years of income", "held at the start", "judgement")
    ] = 0.5
    village_radius_km: Annotated[
        float, Parameter(0.3, 1.0, "km", "within which the houses of a village stand", "judgement")
    ] = 0.7
    outside_pool: Annotated[
        float,
        Parameter(
            0.0,
            0.5,
            "share of the region's urban residents",
            "outside rural workers who may come to its seats, 2003",
            "judgement",
            hard_low=0.0,
        ),
    ] = 0.1
    outside_km: Annotated[
        float, Parameter(400, 1200, "km", "distance of the outside pool", "MODEL 2", hard_low=0.0)
    ] = 800.0
    ring: Annotated[
        int,
        Parameter(
            24,
            24,
            "households",
            "neighbours that a household deals with",
            "MODEL 2",
            hard_low=24,
            hard_high=24,
        ),
    ] = RING


@dataclass(frozen=True)
class Start:
    """Totals of January 2003 by county (C,), from the census of 2000 and the registers of 2010."""

    residents: NDArray[np.float64]
    urban: NDArray[np.float64]
    registered: NDArray[np.float64]
    registered_rural: NDArray[np.float64]
    households: NDArray[np.float64]
    cropland_mu: NDArray[np.float64]
    paddy_share: NDArray[np.float64]


def county_start(region: Region, p: World) -> Start:
    """Return each county's residents, registered people, households and cropland in 2003.

    ``logit(u_2003) = logit(u_2010) - 0.381``, registered = hukou_2010 * exp(-0.0055 * 7.83),
    registered rural = registered less urban residents (0 where that is not positive).
    """
    table = region.counties
    residents = table["pop_2000"].to_numpy(float)
    u = np.clip(table["urban_share_2010"].to_numpy(float), 0.01, 0.99)
    urban_share = 1.0 / (1.0 + np.exp(-(np.log(u / (1.0 - u)) + p.urban_logit_shift)))
    known = table["urban_share_2000"].to_numpy(float)
    urban_share = np.where(np.isnan(known), np.clip(urban_share, 0.01, 0.99), known)
    registered = table["hukou_2010"].to_numpy(float) * math.exp(-p.registered_growth * YEARS_BACK)
    rural = np.maximum(registered - urban_share * residents, 0.0)
    rural[rural < p.household_size] = 0.0
    cropland, paddy = _cropland(table, rural, p)
    return Start(
        residents=residents,
        urban=urban_share * residents,
        registered=registered,
        registered_rural=rural,
        households=rural / p.household_size,
        cropland_mu=cropland,
        paddy_share=paddy,
    )


def _cropland(table: pd.DataFrame, rural: NDArray, p: World) -> tuple[NDArray, NDArray]:
    """Return mu of cropland and the paddy share of each county."""
    irrigated = table["irrigated_kha_2008"].to_numpy(float) * MU_PER_KHA
    mu = irrigated * p.cropland_per_irrigated
    given = table["cropland_kha"].to_numpy(float) * MU_PER_KHA
    mu = np.where(np.isnan(given), mu, given)
    per_person = np.where(rural > 0, mu / np.maximum(rural, 1.0), np.nan)
    typical = p.mu_per_person if np.isnan(per_person).all() else float(np.nanmedian(per_person))
    mu = np.where(np.isnan(mu), typical * rural, mu)
    share = np.where(
        np.isnan(irrigated) | (mu <= 0), p.irrigated_share, irrigated / np.maximum(mu, 1)
    )
    return np.where(rural > 0, mu, 0.0), np.clip(share, 0.0, 1.0)


def place_villages(region: Region, start: Start, sample: float, seed: int, p: World) -> Villages:
    """Return the sampled villages of every county, on its cells of highest lowland score.

    Raises InputError where a county with rural households would have fewer than 2 of them.
    """
    parts = [
        _county_villages(region, c, start.households[c], sample, seed, p)
        for c in range(len(region.counties))
        if start.households[c] > 0
    ]
    if not parts:
        raise InputError(region.name, "no county has rural households", valid="at least one")
    villages = Villages(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    sizes = np.maximum(1, np.rint(villages.size * villages.sampled)).astype(np.int32)
    villages.end_household[:] = np.cumsum(sizes)
    villages.first_household[:] = villages.end_household - sizes
    return villages


def _county_villages(
    region: Region, county: int, households: float, sample: float, seed: int, p: World
) -> Villages:
    number = max(1, round(households / p.households_per_village))
    size = households / number
    f_h = min(1.0, max(sample, p.cluster_households / size))
    chosen = min(number, round(number * min(1.0, sample / f_h)))
    if chosen < min(LEAST_VILLAGES, number):
        name = region.counties["name_en"].iloc[county]
        least = min(1.0, LEAST_VILLAGES / number * f_h)
        raise InputError(
            "run options",
            "sample",
            sample,
            f"at least {least:.3g}, or {name} would have fewer than {LEAST_VILLAGES} villages",
        )
    cells = region.cells(county)
    best = cells[np.argsort(-region.lowland.ravel()[cells], kind="stable")]
    hosts = np.resize(best, number)
    ordinal = np.arange(number) // len(best)
    nx = region.county.shape[1]
    along = np.argsort(_morton(hosts % nx, hosts // nx) * 64 + ordinal, kind="stable")
    step = number / chosen
    key = lifelong_key(seed)
    first = uniform(key, identity(Kind.VILLAGE, county, 0, 0), int(D.EAST))
    at = along[np.floor((np.arange(chosen) + first) * step).astype(int) % number]
    villages = allocate(Villages, chosen)
    _fill_villages(villages, region, county, hosts[at], ordinal[at])
    villages.size[:] = size
    villages.sampled[:] = f_h
    villages.weight[:] = number / chosen
    near = max(1, round(p.industry_villages * chosen))
    villages.industry[np.argsort(villages.minutes, kind="stable")[:near]] = chosen / near
    return villages


def _morton(x: NDArray, y: NDArray) -> NDArray:
    """Return the place of cells along a space-filling (Morton) curve."""
    code = np.zeros(len(x), dtype=np.int64)
    for bit in range(16):
        code |= ((x >> bit) & 1).astype(np.int64) << (2 * bit)
        code |= ((y >> bit) & 1).astype(np.int64) << (2 * bit + 1)
    return code


def _fill_villages(
    villages: Villages, region: Region, county: int, cells: NDArray, ordinal: NDArray
) -> None:
    nx = region.county.shape[1]
    row, col = cells // nx, cells % nx
    seat = int(region.seat_of_county[county])
    villages.county[:] = county
    villages.cell[:] = cells
    villages.x[:], villages.y[:] = region.x_km[col], region.y_km[row]
    villages.slope[:] = region.slope[row, col]
    villages.seat[:] = seat
    villages.minutes[:] = region.minutes[seat, row, col]
    villages.minutes_gateway[:] = region.gateway_minutes[row, col]
    for v in range(len(cells)):
        villages.uid[v] = identity(Kind.VILLAGE, int(cells[v]), 0, int(ordinal[v]))


def make_households(villages: Villages, seed: int, p: World, land: Land) -> Households:
    """Return the contract households of the sampled villages, people and plots not yet linked."""
    households = allocate(Households, int(villages.end_household[-1]))
    _settle(households, villages, lifelong_key(seed), p.village_radius_km, land.operator_share)
    for first, end in itertools.pairwise(county_borders(households.county)):
        households.ring[first:end] = first + _rings(
            households.x[first:end], households.y[first:end]
        )
    households.price_index[:] = 1.0
    return households


@compiled
def _settle(households, villages, key, radius, operator_share):
    for v in range(villages.uid.shape[0]):
        for h in range(villages.first_household[v], villages.end_household[v]):
            uid = identity(Kind.HOUSEHOLD, villages.uid[v], 0, h - villages.first_household[v])
            households.uid[h] = uid
            households.village[h], households.county[h] = v, villages.county[v]
            angle = 2.0 * math.pi * uniform(key, uid, D.EAST)
            distance = radius * math.sqrt(uniform(key, uid, D.NORTH))
            households.x[h] = villages.x[v] + distance * math.cos(angle)
            households.y[h] = villages.y[v] + distance * math.sin(angle)
            households.operator[h] = uniform(key, uid, D.OPERATOR) < operator_share


def _rings(x: NDArray, y: NDArray) -> NDArray[np.int32]:
    """Return the RING nearest other households of a county, repeated where there are fewer.

    No ring crosses the border of a county (assumption; at 1:100 one link in 8,000 would), so that
    each county's month can be worked out apart (``agents.base.parts``).
    """
    number = len(x)
    near = min(RING + 1, number)
    _, rows = cKDTree(np.column_stack([x, y])).query(np.column_stack([x, y]), k=near)
    rows = np.asarray(rows).reshape(number, near)
    ring = np.empty((number, RING), dtype=np.int32)
    for column in range(RING):
        ring[:, column] = rows[:, 1 + column % (near - 1)] if near > 1 else rows[:, 0]
    return ring


def calibrate_weights(
    households: Households, size: NDArray, villages: Villages, start: Start
) -> None:
    """Set weights so that each county's households and registered people are met exactly.

    Linear calibration (Deville and Saerndal 1992): the weight of a household is the county's mean
    weight times ``1 + b * (size - mean size)``, with b solved from the two totals.
    """
    for c in range(len(start.households)):
        rows = np.flatnonzero(households.county == c)
        if len(rows) == 0:
            continue
        mean_weight = start.households[c] / len(rows)
        deviation = size[rows] - size[rows].mean()
        spread = float((deviation**2).sum())
        people = start.registered_rural[c] / mean_weight - size[rows].sum()
        b = people / spread if spread > 0 else 0.0
        households.weight[rows] = mean_weight * (1.0 + b * deviation)
    if households.weight.min() <= 0.0:
        raise InputError(
            "run options", "sample", valid="a larger sample: household sizes cannot be matched"
        )


def make_plots(
    households: Households, villages: Villages, region: Region, start: Start, seed: int, p: World
) -> Plots:
    """Return the contracted plots, scaled so that each county's cropland is met exactly."""
    key = lifelong_key(seed)
    number = _plot_numbers(households.uid, key, p.plots_per_household)
    households.end_plot[:] = np.cumsum(number)
    households.first_plot[:] = households.end_plot - number
    plots = allocate(Plots, int(number.sum()))
    suits = _suitability(region)
    _lay_out(plots, households, villages, key, start.paddy_share, suits, special_crops(), p)
    weight = households.weight[plots.owner]
    county = households.county[plots.owner]
    total = np.bincount(county, weights=plots.area * weight, minlength=len(start.cropland_mu))
    plots.area[:] *= (start.cropland_mu / np.maximum(total, 1e-12))[county]
    return plots


def _suitability(region: Region) -> NDArray[np.float64]:
    """Return (C, crops) the share of households that can grow each special crop."""
    share = np.zeros((len(region.counties), len(CROP_NAMES)))
    table = region.endowment[region.endowment["good"].isin(CROP_NAMES)]
    crop = [CROP_NAMES.index(good) for good in table["good"]]
    share[table["county"].to_numpy(np.int64), crop] = table["capacity"].to_numpy(np.float64)
    return share


@compiled
def _plot_numbers(uid, key, mean):
    """Draw a number of plots with the given mean, spread evenly over mean -2 .. mean +2."""
    number = np.empty(uid.shape[0], dtype=np.int32)
    for h in range(uid.shape[0]):
        number[h] = max(1, int(math.floor(mean - 2.0 + 5.0 * uniform(key, uid[h], D.PLOTS))))
    return number


@compiled
def _lay_out(plots, households, villages, key, paddy_share, suits, special, p):
    for h in range(households.uid.shape[0]):
        c, v = households.county[h], households.village[h]
        for i in range(households.first_plot[h], households.end_plot[h]):
            uid = identity(Kind.PLOT, households.uid[h], 0, i - households.first_plot[h])
            plots.uid[i], plots.owner[i], plots.operator[i] = uid, h, h
            plots.area[i] = math.exp(p.plot_log_sd * normal(key, uid, D.AREA))
            spread = p.plot_slope_sd * normal(key, uid, D.SLOPE)
            plots.slope[i] = villages.slope[v] * math.exp(spread)
            sd = p.quality_sd
            plots.quality[i] = math.exp(sd * normal(key, uid, D.QUALITY) - 0.5 * sd * sd)
            # paddy lies on the flatter plots: the chance falls with slope, its mean is the share's
            flat = math.exp(-0.5 * spread)
            plots.paddy[i] = uniform(key, uid, D.PADDY) < min(1.0, paddy_share[c] * flat)
            plots.suits[i], plots.planted[i] = NOBODY, NEVER
            _endow(plots, i, households.uid[h], uid, key, suits[c], special, p)


@compiled
def _endow(plots, i, household_uid, uid, key, suits, special, p):
    """Mark the plot as suited to a special crop of the county, if its household can grow it."""
    draw = uniform(key, uid, D.SUITS)
    for k in range(suits.shape[0]):
        if special[k] == 1 and suits[k] > 0.0:
            able = uniform(key, household_uid + np.uint64(k), D.SUITS) < suits[k]
            if able and draw < p.suited_plots:
                plots.suits[i] = k
                return
            draw = (draw + 0.618033988749895) % 1.0


@dataclass(frozen=True)
class InitialWorld:
    """Tables of January 2003, before anybody has chosen a place."""

    start: Start
    villages: Villages
    households: Households
    people: People
    plots: Plots


def make_world(
    region: Region, sample: float, seed: int, months: int, params: dict[str, Any]
) -> InitialWorld:
    """Return the sampled world of January 2003 with the lives of its people over ``months``."""
    p: World = params["world"]
    demography: Demography = params["demography"]
    start = county_start(region, p)
    villages = place_villages(region, start, sample, seed, p)
    households = make_households(villages, seed, p, params["land"])
    people, first, end = make_people(households.uid, p.household_size, seed, months, demography)
    households.first_person[:], households.end_person[:] = first, end
    alive = (people.born <= 0) & (people.dies > 0) & (people.leaves > 0)
    size = np.bincount(people.household[alive], minlength=len(households.uid))
    calibrate_weights(households, size, villages, start)
    plots = make_plots(households, villages, region, start, seed, p)
    return InitialWorld(start, villages, households, people, plots)
