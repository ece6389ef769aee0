"""Tables: the state of a kind of agent as one contiguous array per attribute.

A table class declares its columns:

    class People(Table):
        born: Annotated[Array, Column(np.int32, "months since 2003-01", "month of birth")]

Python code and numba kernels read the same thing, ``people.born[i]``. A kernel gets a table as one
pointer to the addresses of its columns. As a tuple of arrays it would be passed as some five
hundred values to every function that takes it, and compiling the model took minutes instead of
seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_type_hints

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np import numpy_support
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Kind = TypeVar("Kind", bound="Table")

#: What a kernel finds for each column: address, first and second length.
_WORDS = 3


@dataclass(frozen=True)
class Column:
    """Type, unit and meaning of one attribute; ``width`` over 1 gives each row a vector."""

    dtype: DTypeLike
    unit: str
    meaning: str
    width: int = 1


class Table:
    """Base of all tables, made of its arrays by position or by name.

    The arrays can be written, but not replaced by others. Raises ValueError for a number of arrays
    other than that of the columns, TypeError for an array that is not contiguous or has another
    type than its column.
    """

    _fields: ClassVar[tuple[str, ...]] = ()
    _address: int
    _kernel_type: TableType

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._fields = tuple(cls.__annotations__)

    def __init__(self, *arrays: Array, **named: Array) -> None:
        arrays += tuple(named[name] for name in self._fields[len(arrays) :] if name in named)
        if len(arrays) != len(self._fields):
            raise ValueError(f"{type(self).__name__} has {len(self._fields)} columns")
        addresses = np.zeros((len(arrays), _WORDS), dtype=np.int64)
        for row, (name, column) in enumerate(columns(type(self)).items()):
            array = np.asarray(arrays[row])
            if array.dtype != np.dtype(column.dtype) or not array.flags.c_contiguous:
                raise TypeError(
                    f"{type(self).__name__}.{name}: a contiguous array of {column.dtype}"
                )
            addresses[row, 0] = array.ctypes.data
            addresses[row, 1 : 1 + min(array.ndim, 2)] = array.shape[:2]
            object.__setattr__(self, name, array)
        object.__setattr__(self, "_addresses", addresses)
        object.__setattr__(self, "_address", addresses.ctypes.data)
        object.__setattr__(self, "_kernel_type", _type_of(self))

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


# -- how numba sees a table ----------------------------------------------------------------------


class TableType(types.Type):
    """The numba type of a table class: its columns' names, types and numbers of dimensions."""

    def __init__(self, name: str, layout: tuple[tuple[str, str, int], ...]):
        self.layout = layout
        listing = ",".join(f"{column}:{dtype}:{ndim}" for column, dtype, ndim in layout)
        super().__init__(name=f"Table({name};{listing})")

    def column(self, attr: str) -> tuple[int, types.Array] | None:
        """Return (position, array type) of a column; None where there is no such column."""
        for position, (name, dtype, ndim) in enumerate(self.layout):
            if name == attr:
                return position, types.Array(numpy_support.from_dtype(np.dtype(dtype)), ndim, "C")
        return None


def _type_of(table: Table) -> TableType:
    kind = type(table)
    layout = tuple(
        (name, np.dtype(column.dtype).str, array.ndim)
        for (name, column), array in zip(columns(kind).items(), table, strict=True)
    )
    return TableType(f"{kind.__module__}.{kind.__qualname__}", layout)


@typeof_impl.register(Table)
def _typeof_table(table: Table, context: Any) -> TableType:
    return table._kernel_type


@register_model(TableType)
class _TableModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any):
        super().__init__(manager, fe_type, ir.IntType(64).as_pointer())


@unbox(TableType)
def _unbox_table(kind: Any, table: Any, c: Any) -> NativeValue:
    address = c.pyapi.object_getattr_string(table, "_address")
    value = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.inttoptr(value, ir.IntType(64).as_pointer()))


@infer_getattr
class _TableAttributes(AttributeTemplate):
    key = TableType

    def generic_resolve(  # type: ignore[override]
        self, table: TableType, attr: str
    ) -> types.Type | None:
        found = table.column(attr)
        return found[1] if found else None


@lower_getattr_generic(TableType)
def _column_of_table(context: Any, builder: Any, kind: TableType, table: Any, attr: str) -> Any:
    found = kind.column(attr)
    assert found is not None
    position, array_type = found
    word = ir.IntType(64)

    def read(offset: int) -> Any:
        return builder.load(builder.gep(table, [ir.Constant(word, position * _WORDS + offset)]))

    array = make_array(array_type)(context, builder)
    itemsize = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
    shape = [read(1 + d) for d in range(array_type.ndim)]
    step = ir.Constant(word, itemsize)
    strides = [step] if len(shape) == 1 else [builder.mul(shape[1], step), step]
    populate_array(
        array,
        data=builder.inttoptr(read(0), context.get_data_type(array_type.dtype).as_pointer()),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=step,
        meminfo=None,
    )
    return array._getvalue()


__all__ = ["Annotated", "Array", "Column", "Table", "allocate", "columns"]
