"""``@compiled`` and ``@rule``: numba's ``njit`` as this project uses it.

Numba compiles a function anew for each type of argument, and takes a literal 0, an int8 and an
int64 for three. Here an integer is an int64 (a key stays a uint64), whoever calls: the model
compiles in a third of the time, and a rule has one version to reason about. A ``@rule`` is the
same inside kernels, and plain Python for Python: what Python asks once a month for each hub, or of
whole arrays, is not worth compiling by itself. Compiled code is cached on disk
(``agents.base.cache`` says where); ``fastmath`` is never used, since it gave wrong results.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numba import njit, typeof, types
from numba.extending import typeof_impl

import agents.base.cache  # noqa: F401 - names the cache folder before anything is compiled

Function = TypeVar("Function", bound=Callable[..., Any])


#: Only a function that calls one of these makes an array. The others need not count who holds
#: the arrays that they look at, which would cost some 10 ns for each row of a table; so kernels may
#: not hand arrays to each other, or those would never be freed.
_ALLOCATING = {"empty", "zeros"}

_njit: Any = njit  # its annotations do not know the options on wrappers


def _common(kind: Any) -> Any:
    """Return the one type as which an argument of type ``kind`` is passed."""
    kind = types.unliteral(kind)
    if isinstance(kind, types.IntEnumMember):
        return types.int64
    if isinstance(kind, types.Integer) and kind != types.uint64:
        return types.int64
    return kind


def compiled(function: Function, inlined: bool = False) -> Function:
    """Compile ``function`` at its first call, or load it from the cache.

    What compiled code calls needs no wrapper for Python, which for a small rule takes longer to
    compile than the rule, and no place in the cache, since its callers contain it: so there are two
    dispatchers, one for each kind of caller.
    """
    options = {
        "error_model": "numpy",
        "no_cfunc_wrapper": True,
        "nogil": True,  # parts run at once (agents.base.parts)
        "_nrt": bool(_ALLOCATING & set(function.__code__.co_names)),
    }
    outer: Any = _njit(**options, cache=True)(function)
    inner: Any = _njit(**options, no_cpython_wrapper=True, forceinline=inlined)(function)

    def get_call_template(args: Any, kws: Any) -> Any:
        common = [_common(a) for a in args], {k: _common(a) for k, a in kws.items()}
        found = inner.get_call_template(*common)
        given = (made.signature.return_type for made in inner.overloads.values())
        if any(isinstance(kind, types.Array) for kind in given):
            raise TypeError(f"{function.__qualname__}: fill an array of the caller, return none")
        return found

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


def inlined(function: Function) -> Function:
    """Compile ``function`` into each of its callers: small, called for each row, given arrays.

    To hand over an array takes some seven words, more than such a function works on.
    """
    return compiled(function, inlined=True)


class Rule:
    """A scalar rule that Python calls as it stands and kernels compile."""

    def __init__(self, function: Callable[..., Any]):
        self.py_func = function
        self.dispatcher = compiled(function)
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__

    def __call__(self, *arguments: Any) -> Any:
        """Return what the rule gives: a number, or an array where it is given arrays."""
        return self.py_func(*arguments)


@typeof_impl.register(Rule)
def _typeof_rule(value: Rule, context: Any) -> Any:
    return types.Dispatcher(value.dispatcher)


def rule(function: Function) -> Function:
    """Return a ``Rule`` of ``function``."""
    return Rule(function)  # type: ignore[return-value]


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
