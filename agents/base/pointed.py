"""What kernels get as one pointer: tables and groups of parameters.

A tuple of arrays or numbers would be passed as hundreds of values to every function that takes it,
and compiling the model took minutes instead of seconds. Here a kernel gets the address of words of
8 bytes, and reading ``table.column`` or ``p.name`` becomes a load from it. The words do not change
while a kernel runs, and LLVM is told so: it reads them once, before a loop.

A column counts its rows from 0 alone. An array of numba's takes -1 for its last row, for which each
access needs the length and a choice: without, the month takes a tenth less.
"""

from __future__ import annotations

import hashlib
import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate, Signature, signature
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_builtin,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np.arrayobj import (
    getitem_array_tuple,
    getitem_arraynd_intp,
    make_array,
    populate_array,
    setitem_array,
)

#: Words of an array: address, first and second length.
ARRAY_WORDS = 3
_WORD = ir.IntType(64)


class Pointed:
    """Base of Python objects that a kernel sees as a pointer.

    ``_address`` is where their words lie, ``_kernel_type`` says what the words are.
    """

    _address: int
    _kernel_type: PointedType


class PointedType(types.Type):
    """The numba type of a ``Pointed``: attribute -> (offset in words, numba type).

    An array takes three words (address, lengths), a number one; a boolean is 0 or 1.
    """

    def __init__(self, name: str, layout: dict[str, tuple[int, Any]]):
        self.layout = layout
        listing = ",".join(f"{attr}@{offset}:{kind}" for attr, (offset, kind) in layout.items())
        # the name goes into every symbol that takes one: short, but another for another layout
        digest = hashlib.sha256(listing.encode()).hexdigest()[:8]
        super().__init__(name=f"{name}#{digest}")


@typeof_impl.register(Pointed)
def _typeof_pointed(value: Pointed, context: Any) -> PointedType:
    return value._kernel_type


@register_model(PointedType)
class _PointedModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any):
        super().__init__(manager, fe_type, _WORD.as_pointer())


@unbox(PointedType)
def _unbox_pointed(kind: Any, value: Any, c: Any) -> NativeValue:
    address = c.pyapi.object_getattr_string(value, "_address")
    number = c.pyapi.long_as_longlong(address)
    c.pyapi.decref(address)
    return NativeValue(c.builder.inttoptr(number, _WORD.as_pointer()))


@infer_getattr
class _PointedAttributes(AttributeTemplate):
    key = PointedType

    def generic_resolve(  # type: ignore[override]
        self, pointed: PointedType, attr: str
    ) -> types.Type | None:
        return pointed.layout[attr][1] if attr in pointed.layout else None


@lower_getattr_generic(PointedType)
def _lower_attribute(context: Any, builder: Any, pointed: PointedType, at: Any, attr: str) -> Any:
    offset, kind = pointed.layout[attr]

    def word(position: int) -> Any:
        value = builder.load(builder.gep(at, [ir.Constant(_WORD, offset + position)]))
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        return value

    if kind == types.float64:
        return builder.bitcast(word(0), ir.DoubleType())
    if kind == types.boolean:
        return builder.icmp_unsigned("!=", word(0), ir.Constant(_WORD, 0))
    if kind == types.int64:
        return word(0)
    array = make_array(kind)(context, builder)
    itemsize = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    shape = [word(1 + dimension) for dimension in range(kind.ndim)]
    step = ir.Constant(_WORD, itemsize)
    strides = [step] if len(shape) == 1 else [builder.mul(shape[1], step), step]
    populate_array(
        array,
        data=builder.inttoptr(word(0), context.get_data_type(kind.dtype).as_pointer()),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=step,
        meminfo=None,
    )
    return array._getvalue()


class ColumnType(types.Array):
    """The numba type of a column: a contiguous array without rows counted from its end.

    A view of it is an array like any other.
    """

    def __init__(self, dtype: Any, ndim: int):
        super().__init__(dtype, ndim, "C", name=f"column({dtype}, {ndim}d)")


register_model(ColumnType)(models.ArrayModel)


@lower_builtin(operator.getitem, ColumnType, types.Integer)
def _get_row(context: Any, builder: Any, sig: Signature, args: Any) -> Any:
    return getitem_arraynd_intp(context, builder, *_from_zero(context, builder, sig, args))


@lower_builtin(operator.getitem, ColumnType, types.BaseTuple)
def _get_cell(context: Any, builder: Any, sig: Signature, args: Any) -> Any:
    return getitem_array_tuple(context, builder, *_from_zero(context, builder, sig, args))


@lower_builtin(operator.setitem, ColumnType, types.Any, types.Any)
def _set_item(context: Any, builder: Any, sig: Signature, args: Any) -> None:
    setitem_array(context, builder, *_from_zero(context, builder, sig, args))


def _from_zero(context: Any, builder: Any, sig: Signature, args: Any) -> tuple[Signature, Any]:
    """Return signature and values of an access, its integers made unsigned: they never wrap."""
    column, index, *rest = sig.args
    at, kinds = args[1], getattr(index, "types", ())
    if isinstance(index, types.Integer):
        at, index = context.cast(builder, at, index, types.intp), types.uintp
    elif kinds and all(isinstance(kind, types.Integer) for kind in kinds):
        parts = zip(cgutils.unpack_tuple(builder, at), kinds, strict=True)
        words = [context.cast(builder, part, kind, types.intp) for part, kind in parts]
        index = types.UniTuple(types.uintp, len(words))
        at = context.make_tuple(builder, index, words)
    return signature(sig.return_type, column, index, *rest), (args[0], at, *args[2:])
