"""``@compiled``: numba's ``njit`` as this project uses it, one machine-code version of each rule.

Numba compiles a function anew for each type of argument, and takes a literal 0, an int8 and an
int64 for three. Here an integer is an int64 (a key stays a uint64), whoever calls: the model
compiles in a third of the time, and a rule has one version to reason about. Compiled code is
cached on disk (``agents.base.cache`` says where); ``fastmath`` is never used, since it gave wrong
results.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from enum import IntEnum
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
from numba import njit, typeof, types

import agents.base.cache  # noqa: F401 - names the cache folder before anything is compiled

Function = TypeVar("Function", bound=Callable[..., Any])


_njit: Any = njit  # its annotations do not know the options on wrappers


def _common(kind: Any) -> Any:
    """Return the one type as which an argument of type ``kind`` is passed."""
    kind = types.unliteral(kind)
    if isinstance(kind, types.IntEnumMember):
        return types.int64
    if isinstance(kind, types.Integer) and kind != types.uint64:
        return types.int64
    return kind


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call, or load it from the cache.

    What compiled code calls needs no wrapper for Python, which for a small rule takes longer to
    compile than the rule: so there are two dispatchers, one for each kind of caller.
    """
    outer: Any = _njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)(function)
    inner: Any = _njit(
        cache=True, error_model="numpy", no_cfunc_wrapper=True, no_cpython_wrapper=True
    )(_renamed(function))

    def get_call_template(args: Any, kws: Any) -> Any:
        common = [_common(a) for a in args], {k: _common(a) for k, a in kws.items()}
        return inner.get_call_template(*common)

    compile_outer = outer.compile

    def compile_without_collecting(signature: Any) -> Any:
        """Compile with Python's collector paused: it would walk all of numba again and again."""
        ASKED.append((function, getattr(signature, "args", signature)))
        enabled = gc.isenabled()
        gc.disable()
        try:
            return compile_outer(signature)
        finally:
            if enabled:
                gc.enable()

    outer.compile = compile_without_collecting
    outer.get_call_template = get_call_template
    outer.get_overload = inner.get_overload
    outer.typeof_pyval = _typeof
    return outer  # type: ignore[no-any-return]


#: What Python code has called so far in this process: (function, types of its arguments).
ASKED: list[tuple[Any, Any]] = []

#: What numba says of a tuple, by what its items are: it takes 300 microseconds to say so.
_TUPLES: dict[Any, Any] = {}


def _typeof(value: Any) -> Any:
    """Return the numba type of an argument from Python: ``numba.typeof``, many times faster."""
    kind = getattr(value, "_kernel_type", None)
    if kind is not None:
        return kind
    if isinstance(value, IntEnum):
        return types.int64
    if not isinstance(value, tuple):
        return typeof(value)
    signs = _sign(value)
    if signs not in _TUPLES:
        _TUPLES[signs] = typeof(value)
    return _TUPLES[signs]


def _sign(value: Any) -> Any:
    """Return what the type of an item of a tuple depends on."""
    if isinstance(value, tuple):
        return type(value), *map(_sign, value)
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.c_contiguous, value.flags.writeable
    kind = getattr(value, "_kernel_type", None)
    return type(value) if kind is None else id(kind)  # these types are kept for ever


def _renamed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a copy under another name, so that the cache keeps its code apart."""
    copy = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__module__ = function.__module__
    copy.__qualname__ = f"{function.__qualname__}.rule"
    return copy
