"""``@compiled``: numba's ``njit`` as this project uses it, one machine-code version of each rule.

Numba compiles a function anew for each type of argument, and takes a literal 0, an int8 and an
int64 for three. Here an integer is an int64 (a key stays a uint64), whoever calls: the model
compiles in a third of the time, and a rule has one version to reason about. Compiled code is
cached on disk (``agents.base.cache`` says where); ``fastmath`` is never used, since it gave wrong
results.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit, types

import agents.base.cache  # noqa: F401 - names the cache folder before anything is compiled

Function = TypeVar("Function", bound=Callable[..., Any])


def _common(kind: Any) -> Any:
    """Return the one type as which an argument of type ``kind`` is passed."""
    kind = types.unliteral(kind)
    if isinstance(kind, types.IntEnumMember):
        return types.int64
    if isinstance(kind, types.Integer) and kind != types.uint64:
        return types.int64
    return kind


def compiled_as(signature: str) -> Callable[[Function], Function]:
    """Compile a function for one ``signature`` (numba's notation) to which arguments are cast.

    For hashes: a Python int over 2^63 would otherwise be another type than a smaller one.
    """
    return njit(signature, cache=True, error_model="numpy")  # type: ignore[return-value]


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call, or load it from the cache."""
    dispatcher: Any = njit(cache=True, error_model="numpy")(function)
    of_types = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        return of_types([_common(a) for a in args], {k: _common(a) for k, a in kws.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher  # type: ignore[no-any-return]
