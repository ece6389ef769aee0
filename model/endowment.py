"""What counties can sell, and when programmes reached them.

Capacity is the share of a county's rural households that can supply a good (grow or make it)
without learning it first; distinctness how far buyers tell it from the same good made elsewhere;
cluster the strength of the industry around it. All three lie in [0, 1].
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.calendar import parse_month
from model.errors import InputError
from model.switches import GOOD_NAMES as GOODS
from model.tabular import bounded, read_table
from model.terrain import Geography

#: Kinds of programme: the state's rural e-commerce counties, the province's, a plan, the post.
PROGRAMMES = ("national", "provincial", "plan", "post")

ENDOWMENT = ("county", "good", "capacity", "distinctness", "cluster", "source", "grade")
PROGRAMME = ("county", "month", "kind", "stations_share", "source", "grade")
#: Manufacturing shares above this percentile of the region's make a cluster (MODEL 2).
CLUSTER_PERCENTILE = 80


def read_endowment(path: Path, ids: pd.Series) -> pd.DataFrame | None:
    """Return the goods of each county (index), or None where the folder has no such file."""
    if not path.exists():
        return None
    text = read_table(path, ENDOWMENT[:5])
    if text.empty:
        raise InputError(path, "no row", valid="at least one good, or no such file")
    table = pd.DataFrame({"county": _county_index(path, text, ids)})
    table["good"] = _words(path, text, "good", GOODS)
    for column in ("capacity", "distinctness", "cluster"):
        table[column] = bounded(path, text, column, 0, 1)
    repeated = table.duplicated(["county", "good"])
    if repeated.any():
        row = text[repeated.to_numpy()].iloc[0]
        raise InputError(path, f"good of county {row['county']}", row["good"], "each good once")
    return _with_sources(table, text)


def read_programme(path: Path, ids: pd.Series) -> pd.DataFrame:
    """Return programme dates by county (index); empty where the folder has no such file.

    ``month`` counts from 2003-01. ``stations_share`` is the share of the county's villages that
    has a station (for ``post``: direct delivery) three years after the date.
    """
    if not path.exists():
        return programme_table()
    text = read_table(path, PROGRAMME[:4])
    table = pd.DataFrame({"county": _county_index(path, text, ids)})
    table["month"] = np.array([parse_month(value, path) for value in text["month"]], dtype=np.int32)
    table["kind"] = _words(path, text, "kind", PROGRAMMES)
    table["stations_share"] = bounded(path, text, "stations_share", 0, 1)
    return _with_sources(table, text)


def programme_table() -> pd.DataFrame:
    """Return programme dates of a region that has none."""
    return pd.DataFrame(
        {
            name: pd.Series(dtype=kind)
            for name, kind in zip(
                PROGRAMME, (np.int16, np.int32, object, float, object, object), strict=True
            )
        }
    )


def goods_by_terrain(
    counties: pd.DataFrame, county: NDArray[np.int16], slope: NDArray[np.float64], p: Geography
) -> pd.DataFrame:
    """Return the goods of a region that names none: by terrain, and clusters by manufacturing.

    Rice and vegetables take the flat share of a county's cells, citrus, camellia and nuts the hilly
    share (capacities are assumptions). A county whose manufacturing share of employment lies above
    the region's 80th percentile has a cluster as strong as that share.
    """
    plain = p.plain_distinctness
    source, rows = "assumption: by terrain", []
    for c in range(len(counties)):
        hilly = float((slope[county == c] > p.hill_degrees).mean())
        flat = 1.0 - hilly
        rows += [
            (c, "rice", 0.3 + 0.6 * flat, 0.0, 0.0, source, ""),
            (c, "vegetables", 0.1 + 0.3 * flat, plain / 2, 0.0, source, ""),
            (c, "citrus", 0.3 * hilly, plain, 0.0, source, ""),
            (c, "camellia", 0.2 * hilly, plain, 0.0, source, ""),
            (c, "nuts", 0.1 * hilly, plain, 0.0, source, ""),
        ]
    share = counties["manuf_share_2010"].to_numpy()
    if not np.isnan(share).all():
        bar = np.nanpercentile(share, CLUSTER_PERCENTILE)
        source = "assumption: manufacturing share of employment above the 80th percentile"
        rows += [
            (int(c), "manufactures", float(share[c]), plain, float(share[c]), source, "")
            for c in np.flatnonzero(share > bar)
        ]
    table = pd.DataFrame(rows, columns=list(ENDOWMENT))
    return table.astype({"county": np.int16})


def _county_index(path: Path, text: pd.DataFrame, ids: pd.Series) -> NDArray[np.int16]:
    index = {str(value): i for i, value in enumerate(ids)}
    for value in text["county"]:
        if value not in index:
            raise InputError(path, "county", value, "ids of counties.csv")
    return np.array([index[value] for value in text["county"]], dtype=np.int16)


def _words(path: Path, text: pd.DataFrame, column: str, valid: tuple[str, ...]) -> pd.Series:
    for value in text[column]:
        if value not in valid:
            raise InputError(path, column, value, ", ".join(valid))
    return text[column]


def _with_sources(table: pd.DataFrame, text: pd.DataFrame) -> pd.DataFrame:
    for column in ("source", "grade"):
        table[column] = text.get(column, "")
    return table


__all__ = [
    "ENDOWMENT",
    "GOODS",
    "PROGRAMMES",
    "goods_by_terrain",
    "programme_table",
    "read_endowment",
    "read_programme",
]


def cluster_strength(endowment: pd.DataFrame, counties: int) -> NDArray[np.float64]:
    """Return (C,) the strength of each county's industrial cluster, 0 to 1."""
    strength = np.zeros(counties)
    np.maximum.at(strength, endowment["county"].to_numpy(), endowment["cluster"].to_numpy())
    return strength
