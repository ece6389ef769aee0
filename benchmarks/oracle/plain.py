"""Scalar rules as plain Python functions: the same text that numba compiles, run by Python."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba.core.dispatcher import Dispatcher

from agents.base import draws
from agents.base.compiled import Rule

_PLAIN: dict[FunctionType, FunctionType] = {}


def plain(rule: Any) -> Callable[..., Any]:
    """Return the Python function of a compiled ``rule``; the rules that it calls are plain too.

    Keyed draws stay compiled: in Python their unsigned arithmetic would be another text.
    """
    function = rule.py_func
    if function.__module__ == draws.__name__:
        return rule
    if function not in _PLAIN:
        scope = dict(function.__globals__)
        copy = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
        _PLAIN[function] = copy
        for name in function.__code__.co_names:
            if isinstance(scope.get(name), Dispatcher | Rule):
                scope[name] = plain(scope[name])
    return _PLAIN[function]
