"""Tables: the state of a kind of agent as one contiguous array per attribute.

A table class declares its columns:

    class People(Table):
        born: Annotated[Array, Column(np.int32, "months since 2003-01", "month of birth")]

Python code and numba kernels read the same thing, ``people.born[i]``. A kernel gets a table as one
pointer to the addresses of its columns (``agents.base.pointed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_type_hints

import numpy as np
from numba.np import numpy_support
from numpy.typing import DTypeLike, NDArray

from agents.base.pointed import ARRAY_WORDS, ColumnType, Pointed, PointedType

Array = NDArray[Any]
Kind = TypeVar("Kind", bound="Table")


@dataclass(frozen=True)
class Column:
    """Type, unit and meaning of one attribute; ``width`` over 1 gives each row a vector."""

    dtype: DTypeLike
    unit: str
    meaning: str
    width: int = 1


class Table(Pointed):
    """Base of all tables, made of its arrays by position or by name.

    The arrays can be written, but not replaced by others. Raises ValueError for a number of arrays
    other than that of the columns, TypeError for an array that is not contiguous or has another
    type than its column.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._fields = tuple(cls.__annotations__)

    def __init__(self, *arrays: Array, **named: Array) -> None:
        arrays += tuple(named[name] for name in self._fields[len(arrays) :] if name in named)
        if len(arrays) != len(self._fields):
            raise ValueError(f"{type(self).__name__} has {len(self._fields)} columns")
        addresses = np.zeros((len(arrays), ARRAY_WORDS), dtype=np.int64)
        for row, (name, column) in enumerate(columns(type(self)).items()):
            array = np.asarray(arrays[row])
            if array.dtype != np.dtype(column.dtype) or not array.flags.c_contiguous:
                raise TypeError(
                    f"{type(self).__name__}.{name}: a contiguous array of {column.dtype}"
                )
            addresses[row, 0] = array.__array_interface__["data"][0]
            addresses[row, 1 : 1 + min(array.ndim, 2)] = array.shape[:2]
            object.__setattr__(self, name, array)
        object.__setattr__(self, "_addresses", addresses)
        object.__setattr__(self, "_address", addresses.ctypes.data)
        dimensions = tuple(array.ndim for array in self)
        kind: Any = type(self)
        object.__setattr__(self, "_kernel_type", pointed_type(kind, dimensions))

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to replace a column: kernels hold its address."""
        raise AttributeError(f"write into {type(self).__name__}.{name}[:], do not replace it")

    def __iter__(self) -> Iterator[Array]:
        """Iterate over the arrays, in the order of the columns."""
        return (getattr(self, name) for name in self._fields)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, self._fields[0]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle by the arrays; their addresses are taken anew."""
        return type(self), tuple(self)


_COLUMNS: dict[type, dict[str, Column]] = {}


def columns(kind: type) -> dict[str, Column]:
    """Return name -> Column of a table class, in order."""
    if kind not in _COLUMNS:
        hints = get_type_hints(kind, include_extras=True)
        _COLUMNS[kind] = {name: get_args(hints[name])[1] for name in kind._fields}  # type: ignore[attr-defined]
    return _COLUMNS[kind]


def allocate(kind: type[Kind], rows: int) -> Kind:
    """Return a table of ``rows`` rows, all zero."""
    arrays = (
        np.zeros(rows if c.width == 1 else (rows, c.width), dtype=c.dtype)
        for c in columns(kind).values()
    )
    return kind(*arrays)


@cache
def pointed_type(kind: Any, dimensions: tuple[int, ...]) -> PointedType:
    """Return what a table of class ``kind`` is to numba; ``dimensions`` of its arrays."""
    layout: dict[str, tuple[int, Any]] = {}
    for row, ((name, column), ndim) in enumerate(
        zip(columns(kind).items(), dimensions, strict=True)
    ):
        of = numpy_support.from_dtype(np.dtype(column.dtype))
        layout[name] = (row * ARRAY_WORDS, ColumnType(of, ndim))
    return PointedType(f"{kind.__module__}.{kind.__qualname__}", layout)


__all__ = ["Annotated", "Array", "Column", "Table", "allocate", "columns"]
