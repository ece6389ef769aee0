"""The foundation: luck, tables, parameters, and what makes rows of tables Mesa agents."""

from agents.base.cache import CACHE_DIR
from agents.base.draws import (
    gumbel,
    identity,
    lifelong_key,
    mix,
    month_key,
    normal,
    normal_quantile,
    uniform,
)
from agents.base.parameters import Group, Parameter, declared, switch
from agents.base.tables import Array, Column, Table, allocate, columns

__all__ = [
    "CACHE_DIR",
    "Array",
    "Column",
    "Group",
    "Parameter",
    "Table",
    "allocate",
    "columns",
    "declared",
    "gumbel",
    "identity",
    "lifelong_key",
    "mix",
    "month_key",
    "normal",
    "normal_quantile",
    "switch",
    "uniform",
]
