"""Posterior of parameters by approximate Bayesian computation, and the file that carries it.

Simulations at draws from the prior (uniform over the ranges) are compared with the facts:

1. Facts are known with an error, and what was observed is one world of luck; both are added to the
   simulated numbers (Wilkinson 2013, SAGMB 12:129): otherwise the posterior would be too narrow.
2. The numbers are summed up by their linear prediction of each parameter (Fearnhead and Prangle
   2012, JRSS B 74:419), a ridge regression whose strength is chosen leaving out one draw at a time.
3. The nearest draws are kept, with weights that fall with distance, and moved along a local
   regression (Beaumont, Zhang and Balding 2002, Genetics 162:2025), on the logit of the range.

A parameter of which no number says anything is not moved: its posterior is its prior, and it is
said so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.design import Settings
from experiments.output import OutputFolder
from experiments.space import Moment
from experiments.uncertain import Ranges
from model.errors import InputError
from model.registry import GROUPS, fields_of, validate

Values = NDArray[np.float64]
KIND = "ruralflow-posterior-1"
#: Copies of each draw with an error of the facts of its own.
COPIES = 20
#: Rows of the posterior.
ROWS = 200
#: Share of the copies that is kept.
ACCEPT = 0.2
RIDGES = tuple(10.0 ** np.arange(-3.0, 4.0))
#: A parameter is informed where the numbers predict this share of its variance in draws left out
#: and more than the best of a hundred shuffles; or where this share of its range is left at most.
PREDICTS, NARROWS, SHUFFLES = 0.05, 0.8, 100


class Posterior(NamedTuple):
    """Draws of the posterior, equally likely, and what is known of each parameter.

    rows : a column per parameter. summary : parameter, prior_low, prior_high, median, low, high
    (95%), width (share of the prior's 95% interval), predicted (share of variance), informed.
    accepted : effective number of draws behind it.
    """

    rows: pd.DataFrame
    summary: pd.DataFrame
    accepted: float


def infer(
    ranges: Ranges,
    theta: Values,
    values: Values,
    moments: tuple[Moment, ...],
    seed: int,
    luck: Values | None = None,
) -> Posterior:
    """Return the posterior of the parameters ``theta`` (draws, parameters).

    values : (draws, moments) of the simulations. luck : (moments,) standard deviation by which the
    one world that was observed differs from theirs by luck alone; since all draws share their luck
    it is not in their spread. Moments that are missing somewhere, or the same
    everywhere, are left out; those with an open band weigh draws by how far they lie on its wrong
    side.
    """
    generator = np.random.default_rng([seed, *theta.shape])
    low = np.array([bounds[0] for bounds in ranges.values()], dtype=np.float64)
    high = np.array([bounds[1] for bounds in ranges.values()], dtype=np.float64)
    place = np.clip((theta - low) / (high - low), 1e-3, 1.0 - 1e-3)
    logit = np.log(place / (1.0 - place))
    facts = [
        i for i, m in enumerate(moments)
        if m.two_sided and np.isfinite(values[:, i]).all() and np.ptp(values[:, i]) > 0
    ]  # fmt: skip
    copies = np.repeat(np.arange(len(theta)), COPIES)
    luck = np.zeros(len(moments)) if luck is None else luck
    deviation = np.hypot([m.deviation for m in moments], luck)
    error = deviation[facts]
    fact = np.array([moments[i].value for i in facts])
    noisy = values[copies][:, facts] + generator.normal(size=(len(copies), len(facts))) * error
    weight = _open_weight(values, moments, deviation)[copies]
    predicted, known = np.zeros(len(ranges)), np.zeros(len(ranges), dtype=bool)
    moved = logit[copies]
    if facts:
        scale = noisy.std(axis=0)
        z, z_fact = noisy / scale, fact / scale
        summaries, at_fact, predicted, by_chance = _summaries(z, z_fact, logit, copies, seed)
        known = predicted > max(by_chance, PREDICTS)
        if known.any():
            near = _nearness(summaries[:, known], at_fact[known])
            weight = weight * near
            moved = _adjusted(moved, summaries[:, known], at_fact[known], weight, known)
    weight = weight / weight.sum()
    drawn = generator.choice(len(copies), ROWS, p=weight)
    rows = low + (high - low) / (1.0 + np.exp(-moved[drawn]))
    by_draw = np.bincount(copies, weight, len(theta))
    table = pd.DataFrame(rows, columns=list(ranges))
    return Posterior(
        table, _summary(ranges, table, predicted, known), float(1.0 / (by_draw**2).sum())
    )


def _open_weight(values: Values, moments: tuple[Moment, ...], deviation: Values) -> Values:
    """Return the likelihood of the draws by the facts that are bounds, the best as 1."""
    log = np.zeros(len(values))
    for i, m in enumerate(moments):
        if not m.two_sided:
            log -= 0.5 * (m.distance(values[:, i]) * m.error / deviation[i]) ** 2
    return np.exp(log - log.max())


def _summaries(
    z: Values, z_fact: Values, logit: Values, copies: NDArray[np.int64], seed: int
) -> tuple[Values, Values, Values, float]:
    """Return the predictions of the parameters by the numbers, those by the facts, their worth.

    The worth is the share of the variance that is predicted of draws left out (all copies of a
    draw at once): below 0 for noise. The last value is what the best of a hundred does where
    parameters and numbers have nothing to do with each other: draws shuffled.
    """
    mean, x = z.mean(axis=0), z - z.mean(axis=0)
    means = np.stack([np.bincount(copies, column) / COPIES for column in x.T], axis=1)
    ridges = _ridges(means, x.T @ x / COPIES)
    y = logit - logit.mean(axis=0)
    worth, coefficients = _left_out(ridges, means, y)
    generator = np.random.default_rng([seed, len(y)])
    shuffled = [
        _left_out(ridges, means, y[generator.permutation(len(y))])[0] for _ in range(SHUFFLES)
    ]
    by_chance = float(np.quantile(shuffled, 0.99))
    return x @ coefficients, (z_fact - mean) @ coefficients, worth, by_chance


def _ridges(means: Values, covariance: Values) -> list[tuple[Values, Values, Values]]:
    """Return for each strength of the ridge: solution per draw, leverage, covariance of copies.

    The copies of a draw share its parameters, so that least squares over copies needs their means
    and the covariance of all of them.
    """
    found = []
    for ridge in RIDGES:
        solved = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), means.T)
        leverage = np.minimum(np.einsum("ij,ji->i", means, solved), 0.99)
        found.append((solved, leverage / (1.0 - leverage), covariance))
    return found


def _left_out(
    ridges: list[tuple[Values, Values, Values]], means: Values, y: Values
) -> tuple[Values, Values]:
    """Return the worth of the best ridge for each parameter, and its coefficients."""
    best, coefficients = np.full(y.shape[1], -np.inf), np.zeros((means.shape[1], y.shape[1]))
    for solved, pull, covariance in ridges:
        slopes = solved @ y
        fitted = means @ slopes
        aim = y + pull[:, None] * (y - fitted)  # what a draw left out would have to be met by
        spread = np.einsum("ij,ik,kj->j", slopes, covariance, slopes)
        error = (aim**2 - 2.0 * aim * fitted).sum(axis=0) + spread
        worth = 1.0 - error / (y**2).sum(axis=0)
        better = worth > best
        coefficients[:, better] = slopes[:, better]
        best = np.where(better, worth, best)
    return best, coefficients


def _nearness(summaries: Values, at_fact: Values) -> Values:
    """Return Epanechnikov weights of the nearest share ``ACCEPT``, 0 for the others."""
    distance = (((summaries - at_fact) / summaries.std(axis=0)) ** 2).sum(axis=1)
    farthest = np.quantile(distance, ACCEPT)
    return np.maximum(1.0 - distance / max(farthest, 1e-300), 0.0)


def _adjusted(
    logit: Values, summaries: Values, at_fact: Values, weight: Values, known: NDArray[np.bool_]
) -> Values:
    """Return the parameters moved along a weighted local regression to where the facts are."""
    x = np.column_stack([np.ones(len(summaries)), summaries - at_fact])
    root = np.sqrt(weight)[:, None]
    slope = np.linalg.lstsq(x * root, logit[:, known] * root, rcond=None)[0]
    moved = logit.copy()
    moved[:, known] -= x[:, 1:] @ slope[1:]
    return moved


def _summary(
    ranges: Ranges, rows: pd.DataFrame, predicted: Values, known: NDArray[np.bool_]
) -> pd.DataFrame:
    found = []
    for (key, (low, high)), worth, told in zip(ranges.items(), predicted, known):
        bounds = np.percentile(rows[key], [2.5, 50.0, 97.5])
        width = float((bounds[2] - bounds[0]) / (0.95 * (high - low)))
        found.append(
            {
                "parameter": key, "prior_low": low, "prior_high": high, "median": bounds[1],
                "low": bounds[0], "high": bounds[2], "width": width,
                "predicted": max(float(worth), 0.0),
                "informed": bool(told or width < NARROWS),
            }
        )  # fmt: skip
    return pd.DataFrame(found)


# --- the file ------------------------------------------------------------------------------------


def write_posterior(found: Posterior, out: OutputFolder, name: str, origin: dict[str, Any]) -> Path:
    """Write the rows, with where they come from in the file's metadata."""
    words = {"kind": KIND, "summary": found.summary.to_dict("records"), **origin}
    return out.write_parquet(found.rows, name, words)


def read_posterior(path: Path) -> tuple[list[Settings], dict[str, Any]]:
    """Return the draws of a posterior file and its provenance.

    Raises InputError for a file that is none, and for a parameter or value that is not valid.
    """
    valid = "the posterior.parquet of ruralflow calibrate"
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid):
        raise InputError("--posterior", f"{path} cannot be read", valid=valid) from None
    content = (table.schema.metadata or {}).get(b"ruralflow", b"{}")
    origin: dict[str, Any] = json.loads(content)
    if origin.get("kind") != KIND or not table.num_rows:
        raise InputError("--posterior", f"{path} is no posterior", valid=valid)
    draws: list[Settings] = []
    for row in table.to_pylist():
        draws.append({key: _valid(key, value, path) for key, value in row.items()})
    return draws, origin


def _valid(key: str, value: Any, path: Path) -> Any:
    group, _, name = key.partition(".")
    if group in GROUPS and name in fields_of(GROUPS[group]):
        value = round(value) if fields_of(GROUPS[group])[name][0] is int else value
    return validate(group, name, value, path)
