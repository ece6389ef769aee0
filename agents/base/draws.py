"""Luck: every draw is a hash of who asks, for what, and when.

No generator is advanced, so a draw does not depend on the order of agents, on threads, on the
workers of a sweep, or on who else exists. The arm of an experiment never enters the key: the same
household meets the same luck in every arm (common random numbers).

    key = mix(mix(seed*G + 1) + month*G)          one per month
    u   = mix(key + (uid*256 + purpose)*G)        one per agent and decision

with ``mix`` the finaliser of splitmix64 (Steele, Lea and Flood 2014). Every operand and every
shift is an unsigned 64-bit integer: a signed one would give wrong hashes in silence.
"""

from __future__ import annotations

import math

import numpy as np

from agents.base.compiled import compiled

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _S8 = (np.uint64(s) for s in (30, 27, 31, 11, 8))
_ONE = np.uint64(1)
_PURPOSES = np.uint64(256)
#: Months are counted from 2003-01; keys use months from 1903-01, so that burn-in has keys too.
_EPOCH = np.int64(1200)


@compiled
def mix(x):
    """Return the splitmix64 finaliser of the unsigned 64-bit integer ``x``."""
    x = np.uint64(x)
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    return x ^ (x >> _S31)


def month_key(seed: int, month: int) -> np.uint64:
    """Return the key of ``month`` (months since 2003-01, at least -1200) under ``seed``."""
    return np.uint64(_month_key(seed, month))


@compiled
def _month_key(seed, month):
    start = mix(np.uint64(seed) * GOLDEN + _ONE)
    return mix(start + np.uint64(np.int64(month) + _EPOCH) * GOLDEN)


def lifelong_key(seed: int) -> np.uint64:
    """Return the key of draws that hold for a whole life (tastes, talents, places)."""
    return month_key(seed, -int(_EPOCH))


@compiled
def identity(kind, origin, month, ordinal):
    """Return the uid of an agent, fixed at birth by its origin and not by a counter.

    ``kind`` is the kind of agent, ``origin`` the uid of what it comes from (a village, a mother),
    ``month`` that of its birth, ``ordinal`` its number among those born there at that time.
    """
    x = mix(np.uint64(kind) * GOLDEN + _ONE)
    x = mix(x + np.uint64(origin) * GOLDEN)
    x = mix(x + np.uint64(np.int64(month) + _EPOCH) * GOLDEN)
    return mix(x + np.uint64(ordinal) * GOLDEN) >> _S8


@compiled
def uniform(key, uid, purpose):
    """Return the draw in (0, 1) of agent ``uid`` for ``purpose`` (0-255) under ``key``."""
    x = mix(np.uint64(key) + (np.uint64(uid) * _PURPOSES + np.uint64(purpose)) * GOLDEN)
    return (np.float64(x >> _S11) + 0.5) * (1.0 / 9007199254740992.0)


@compiled
def gumbel(key, uid, purpose):
    """Return a standard Gumbel draw (location 0, scale 1): the shock of a logit choice."""
    return -math.log(-math.log(uniform(key, uid, purpose)))


#: Bounds: a little over the standard Gumbel quantile at the end of each 256th of (0, 1).
_GUMBEL_BOUNDS = np.append(-np.log(-np.log(np.arange(1, 256) / 256.0)) + 1e-9, np.inf)


@compiled
def gumbel_at_most(key, uid, purpose):
    """Return a number that ``gumbel(key, uid, purpose)`` does not exceed, at the cost of a look-up.

    An option that loses even with it needs no draw: most of a choice's logarithms.
    """
    return _GUMBEL_BOUNDS[int(uniform(key, uid, purpose) * 256.0)]


@compiled
def _tail(q):
    num = (
        (
            ((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838e00) * q
            - 2.549732539343734e00
        )
        * q
        + 4.374664141464968e00
    ) * q + 2.938163982698783e00
    den = (
        ((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996e00) * q
        + 3.754408661907416e00
    ) * q + 1.0
    return num / den


@compiled
def normal_quantile(u):
    """Return the standard normal quantile of ``u`` in (0, 1), to about 1e-15.

    Rational start of Acklam (2003), then one step of Halley on the error function.
    """
    if u < 0.02425:
        q = math.sqrt(-2.0 * math.log(u))
        x = _tail(q)
    elif u > 0.97575:
        q = math.sqrt(-2.0 * math.log(1.0 - u))
        x = -_tail(q)
    else:
        q = u - 0.5
        r = q * q
        num = (
            (
                (
                    ((-3.969683028665376e01 * r + 2.209460984245205e02) * r - 2.759285104469687e02)
                    * r
                    + 1.383577518672690e02
                )
                * r
                - 3.066479806614716e01
            )
            * r
            + 2.506628277459239e00
        ) * q
        den = (
            (
                ((-5.447609879822406e01 * r + 1.615858368580409e02) * r - 1.556989798598866e02) * r
                + 6.680131188771972e01
            )
            * r
            - 1.328068155288572e01
        ) * r + 1.0
        x = num / den
    error = 0.5 * math.erfc(-x / math.sqrt(2.0)) - u
    step = error * math.sqrt(2.0 * math.pi) * math.exp(0.5 * x * x)
    return x - step / (1.0 + 0.5 * x * step)


@compiled
def normal(key, uid, purpose):
    """Return a standard normal draw."""
    return normal_quantile(uniform(key, uid, purpose))
