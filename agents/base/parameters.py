"""Parameters: declared once, next to the rule that uses them.

A group of parameters is a ``Group`` whose fields are annotated with a ``Parameter``:

    class Remittance(Group):
        remit_share: Annotated[float, Parameter(0.2, 0.5, "share", "...", "...")] = 0.35

so that the same declaration gives the default, the type, the range, the documentation, and a
value that a kernel reads as ``p.remit_share``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
from numba import types

from agents.base.pointed import Pointed, PointedType

Status = Literal["data", "literature", "assumption", "calibrated", "switch"]


@dataclass(frozen=True)
class Parameter:
    """What is known of a parameter.

    low, high : the range to vary; values outside ``hard_low``..``hard_high`` are refused.
    unit, meaning : as printed by ``ruralflow parameters``.
    source : where the default comes from; ``grade`` how sure it is (page, derived, second-hand,
        memory high, memory medium, memory low; empty for an assumption or a switch).
    status : data, literature, assumption, calibrated or switch.
    choices : the valid words, for a parameter that is a word.
    """

    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    meaning: str = ""
    source: str = ""
    status: Status = "assumption"
    grade: str = ""
    hard_low: float | None = None
    hard_high: float | None = None
    choices: tuple[str, ...] = ()

    def bounds(self) -> tuple[float, float]:
        """Return the widest values accepted: by default a wide margin around ``low``..``high``."""
        span = max(self.high - self.low, abs(self.high), abs(self.low))
        low = self.hard_low if self.hard_low is not None else min(0.0, self.low - 10 * span)
        high = self.hard_high if self.hard_high is not None else self.high + 10 * span
        return low, high


def switch(meaning: str, source: str = "") -> Parameter:
    """Return the declaration of a parameter that is true or false."""
    return Parameter(0, 1, "true or false", meaning, source, "switch")


_WORD_TYPES: dict[type, Any] = {float: types.float64, int: types.int64, bool: types.boolean}


@dataclass_transform(frozen_default=True)
class Group(Pointed):
    """A group of parameters: immutable, with the habits of a ``NamedTuple``.

    A kernel reads its numbers and switches through one pointer; words it cannot read. Raises
    TypeError for a name that is no parameter of the group, and for a value given twice.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _field_defaults: ClassVar[dict[str, Any]] = {}
    _kernel_type: ClassVar[PointedType]  # type: ignore[misc]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._fields = tuple(cls.__annotations__)
        cls._field_defaults = {name: getattr(cls, name) for name in cls._fields}
        layout = {
            name: (position, _WORD_TYPES[type(default)])
            for position, (name, default) in enumerate(cls._field_defaults.items())
            if type(default) in _WORD_TYPES
        }
        cls._kernel_type = PointedType(f"{cls.__module__}.{cls.__qualname__}", layout)

    def __init__(self, *values: Any, **named: Any):
        given = dict(zip(self._fields, values))
        wrong = [name for name in named if name in given or name not in self._fields]
        if wrong or len(values) > len(self._fields):
            raise TypeError(f"{type(self).__name__}: {wrong or values} cannot be taken")
        words = np.zeros(len(self._fields), dtype=np.int64)
        for name, value in (self._field_defaults | given | named).items():
            object.__setattr__(self, name, value)
            if name in self._kernel_type.layout:
                position, kind = self._kernel_type.layout[name]
                view = words.view(np.float64) if kind == types.float64 else words
                view[position] = value
        object.__setattr__(self, "_words", words)
        object.__setattr__(self, "_address", words.ctypes.data)

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to change a parameter: other holders of the group rely on it."""
        raise AttributeError(f"{type(self).__name__} is immutable: use _replace({name}=...)")

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self._fields)

    def __getitem__(self, position: Any) -> Any:
        """Return the value, or with a slice the values, at a position among the fields."""
        return tuple(self)[position]

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the values, in the order of the fields."""
        return (getattr(self, name) for name in self._fields)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and tuple(self) == tuple(other)  # type: ignore[call-overload]

    def __hash__(self) -> int:
        return hash((type(self), *self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._asdict()})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by the values."""
        return type(self), tuple(self)

    def _replace(self, **changes: Any) -> Self:
        """Return a group with some values changed."""
        return type(self)(**(self._asdict() | changes))

    def _asdict(self) -> dict[str, Any]:
        """Return name -> value."""
        return {name: getattr(self, name) for name in self._fields}


def declared(group: type) -> dict[str, tuple[type, Any, Parameter]]:
    """Return name -> (type, default, Parameter) of the fields of a parameter group."""
    hints = get_type_hints(group, include_extras=True)
    fields = {}
    for name in group._fields:  # type: ignore[attr-defined]
        hint = hints[name]
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{group.__name__}.{name} is not annotated with a Parameter")
        kind, parameter = get_args(hint)[:2]
        fields[name] = (kind, group._field_defaults[name], parameter)  # type: ignore[attr-defined]
    return fields
