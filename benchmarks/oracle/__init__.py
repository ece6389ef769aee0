"""The object oracle: the model again, slowly, as plain Mesa agents, to check the arrays by."""

from benchmarks.oracle.compare import COVERED, differences
from benchmarks.oracle.world import OracleModel

__all__ = ["COVERED", "OracleModel", "differences"]
