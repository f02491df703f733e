"""Indexing, and its adjoint: adding up at the same places.

``x[key]`` is linear in ``x``. Reading one array n times must not cost n arrays on the way back, so contributions that
meet on one wire are added by one call of ``scatter_sum`` (see ``Diagram.propagate``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from essence_ad.batching import deepened, full, lines, shape_of, shifting
from essence_ad.kernel import kernel, scatter_sum
from essence_ad.operation import linear_op
from essence_ad.primitives.primitive import REQUIRED, Linear, Partials, Primitive, on
from essence_ad.spaces import Array


@attrs.frozen
class Slot:
    """The place in a key where an index stands that is itself an argument of the program."""

    number: int


@kernel
def index(x: Any, *, key: Any) -> Any:
    """``x[key]`` for any key that NumPy takes and that is known: numbers, slices, ``...``, ``None``, arrays, masks.

    >>> index(np.arange(6.0).reshape(2, 3), key=(..., [0, 2]))
    array([[0., 2.],
           [3., 5.]])
    """
    return np.asarray(x)[key]


@kernel
def gather(x: Any, *indices: Any, key: Any) -> Any:
    """``x[key]`` where the slots of the key are filled by arrays of integers.

    >>> gather(np.array([1.0, 2.0, 3.0]), np.array([2, 0]), key=(Slot(0),))
    array([3., 1.])
    """
    return np.asarray(x)[_filled(key, indices)]


@kernel
def scatter(v: Any, *indices: Any, key: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint of ``gather``: zeros with ``v`` added where it was read."""
    return scatter_sum(v, keys=(_filled(key, indices),), shape=shape)


@kernel
def replaced(x: Any, value: Any, *indices: Any, key: Any) -> Any:
    """A copy of ``x`` with ``x[key] = value``; where a place is named twice, the last value stands there.

    >>> replaced(np.zeros(3), np.array([1.0, 2.0]), np.array([2, 0]), key=(Slot(0),))
    array([2., 0., 1.])
    """
    y = np.array(x)
    y[_filled(key, indices)] = value
    return y[()]


@kernel
def take(x: Any, indices: Any, *, axis: int | None = None, mode: str = "raise") -> Any:
    """``np.take``, which also sees that its indices are traced where the array is not."""
    return np.take(x, indices, axis=axis, mode=mode)  # type: ignore[call-overload]


def _filled(key: Any, indices: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([np.asarray(indices[part.number]) if isinstance(part, Slot) else part for part in key])


def _index_adjoint(v: Any, space: Array, *, key: Any) -> Any:
    return scatter_sum(v, keys=(key,), shape=space.shape)


def _index_merge(options: Sequence[dict[str, Any]], values: Sequence[Any], space: Array) -> Any:
    return scatter_sum(*values, keys=tuple([o["key"] for o in options]), shape=space.shape)


def _scatter_sum_adjoint(v: Any, *spaces: Array, keys: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple([index(v, key=key) for key in keys])


def _gather_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, key: Any) -> tuple[Any, ...]:
    x, *indices = inputs
    shape = np.shape(x)
    op = linear_op(
        "gather",
        lambda v: gather(v, *indices, key=key),
        lambda v: scatter(v, *indices, key=key, shape=shape),
        x,
        output,
    )
    return op, *[None] * len(indices)


def _scatter_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, key: Any, shape: Any
) -> tuple[Any, ...]:
    v, *indices = inputs
    op = linear_op(
        "scatter",
        lambda w: scatter(w, *indices, key=key, shape=shape),
        lambda w: gather(w, *indices, key=key),
        v,
        output,
    )
    return op, *[None] * len(indices)


def _replaced_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, key: Any) -> tuple[Any, ...]:
    x, value, *indices = inputs
    shape, size = np.shape(x), np.shape(value)
    kind = np.result_type(output)
    nothing = np.zeros(size, kind)[()]
    last = _last(indices, shape, size, key)
    to_x = linear_op(
        "replaced",
        lambda v: replaced(v, nothing, *indices, key=key),
        lambda v: replaced(v, nothing, *indices, key=key),
        x,
        output,
    )
    to_value = linear_op(
        "placed",
        lambda v: replaced(np.zeros(shape, kind)[()], v, *indices, key=key),
        lambda v: gather(v, *indices, key=key) if last is None else np.where(last, gather(v, *indices, key=key), 0),
        value,
        output,
    )
    return (to_x, to_value, *[None] * len(indices))


def _last(indices: Sequence[Any], shape: tuple[int, ...], size: tuple[int, ...], key: Any) -> Any:
    """For each value whether it stands at its place in the end; ``None`` where no place can be named twice."""
    if not any([isinstance(part, (Slot, list)) or getattr(part, "shape", ()) for part in key]):
        return None
    numbers = np.reshape(np.arange(math.prod(size)), size)[()]
    return np.equal(gather(replaced(np.full(shape, -1)[()], numbers, *indices, key=key), *indices, key=key), numbers)


def _take_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: int | None, mode: str) -> Any:
    x, indices = inputs
    shape = np.shape(x)
    whole = (math.prod(shape),) if axis is None else shape
    place = 0 if axis is None else axis % len(shape)
    key = (slice(None),) * place + (Slot(0),)
    size = whole[place]

    def adjoint(v: Any) -> Any:
        places = indices
        if mode == "wrap":
            places = indices % size
        elif mode == "clip":
            places = np.minimum(np.maximum(indices, 0), size - 1)
        total = scatter(v, places, key=key, shape=whole)
        return total if axis is not None else np.reshape(total, shape)

    return linear_op("take", lambda v: take(v, indices, axis=axis, mode=mode), adjoint, x, output), None


def _along_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: int | None) -> Any:
    x, indices = inputs
    shape = np.shape(x)
    whole = (math.prod(shape),) if axis is None else shape
    place, n = (0 if axis is None else axis % len(whole)), len(whole)
    mesh = np.ix_(*[np.arange(k) for k in whole])
    key = tuple([Slot(0) if i == place else mesh[i] for i in range(n)])

    def adjoint(v: Any) -> Any:
        total = scatter(v, indices, key=key, shape=whole)
        return total if axis is not None else np.reshape(total, shape)

    return linear_op("take_along_axis", lambda v: np.take_along_axis(v, indices, axis=axis), adjoint, x, output), None


# ---------------------------------------------------------------------------------------------- with an added axis


def _layout(key: Any, rank: int, slots: Sequence[int]) -> tuple[int, int]:
    """Where in ``x[key]`` the axes made by arrays of indices stand, and how many: in front where they are separated.

    ``slots`` are the numbers of axes of the indices in slots.

    >>> _layout((slice(None), [0, 1]), 2, ()), _layout(([0], slice(None), 1), 3, ())
    ((1, 1), (0, 1))
    """
    parts = _parts(key)
    widths: list[int | None] = []  # of indices as arrays, None for slices and the like
    consumed, arrays = 0, False
    for part in parts:
        if isinstance(part, Slot):
            widths.append(slots[part.number])
            consumed, arrays = consumed + 1, True
        elif isinstance(part, (list, np.ndarray, bool, np.bool_)):
            array = np.asarray(part)
            mask = array.dtype == bool
            widths.append(1 if mask else array.ndim)
            consumed, arrays = consumed + (array.ndim if mask else 1), True
        else:
            widths.append(0 if isinstance(part, (int, np.integer)) else None)
            consumed += part is not None and part is not Ellipsis
    if not arrays:
        return 0, 0
    width = max([w or 0 for w in widths])
    places = [i for i, w in enumerate(widths) if w is not None]
    if places[-1] - places[0] >= len(places):
        return 0, width
    return sum([rank - consumed if part is Ellipsis else 1 for part in parts[: places[0]]]), width


def _separated(key: Any, slots: Sequence[int] = ()) -> bool:
    """Whether slices stand between arrays of indices, so that their axes come first also behind an added slice."""
    place, width = _layout((slice(None), *_parts(key)), 0, slots)
    return width > 0 and place == 0


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _index_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    (x,), key = inputs, options["key"]
    found = x[(slice(None), *_parts(key))]
    return np.moveaxis(found, _layout(key, 0, ())[1], 0) if _separated(key) else found


def _scatter_sum_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    keys = options["keys"]
    values = [
        np.moveaxis(v, 0, _layout(key, 0, ())[1]) if _separated(key) else v
        for v, key in zip(full(n, lifted, inputs), keys, strict=True)
    ]
    placed = tuple([(slice(None), *_parts(key)) for key in keys])
    return scatter_sum(*values, keys=placed, shape=(n, *options["shape"]))


def _gather_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    (x, *indices), key = inputs, options["key"]
    rank = len(shape_of(x)) - lifted[0]
    ranks = [len(shape_of(i)) - has for has, i in zip(lifted[1:], indices, strict=True)]
    place, width = _layout(key, rank, ranks)
    indices = [deepened(i, width) if has else i for has, i in zip(lifted[1:], indices, strict=True)]
    if not lifted[0]:
        return np.moveaxis(gather(x, *indices, key=key), place, 0)
    if not any(lifted[1:]):
        found = gather(x, *indices, key=(slice(None), *key))
        return np.moveaxis(found, width, 0) if _separated(key, ranks) else found
    found = gather(x, *indices, key=(_each(n, width), *key))
    return np.moveaxis(found, tuple(range(1, 1 + width)), tuple(range(1 + place, 1 + place + width)))


def _scatter_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    (v, *indices), key, shape = inputs, options["key"], options["shape"]
    (v,) = full(n, lifted[:1], (v,))
    v, indices, key = _at_places(v, indices, key, n, lifted[1:], len(shape))
    return scatter(v, *indices, key=key, shape=(n, *shape))


def _replaced_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    x, value, *indices = inputs
    x, value = full(n, lifted[:2], (x, value))
    value, indices, key = _at_places(value, indices, options["key"], n, lifted[2:], len(shape_of(x)) - 1)
    return replaced(x, value, *indices, key=key)


def _at_places(
    v: Any, indices: list[Any], key: tuple[Any, ...], n: int, lifted: Sequence[bool], rank: int
) -> tuple[Any, list[Any], tuple[Any, ...]]:
    """What is put at the places of a key in each element, with indices and key that put all there at once."""
    ranks = [len(shape_of(i)) - has for has, i in zip(lifted, indices, strict=True)]
    place, width = _layout(key, rank, ranks)
    if not any(lifted):
        return np.moveaxis(v, 0, width) if _separated(key, ranks) else v, indices, (slice(None), *key)
    indices = [deepened(i, width) if has else i for has, i in zip(lifted, indices, strict=True)]
    v = np.moveaxis(v, tuple(range(1 + place, 1 + place + width)), tuple(range(1, 1 + width)))
    return v, indices, (_each(n, width), *key)


def _each(n: int, width: int) -> Any:
    """The index of each element of a batch, beside indices of ``width`` axes."""
    return np.reshape(np.arange(n), (n, *(1,) * width))


def _take_batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    (x, indices), axis, mode = inputs, options["axis"], options["mode"]
    if axis is None:
        x, axis = lines(x) if lifted[0] else np.ravel(x), 0
    place = normalize_axis_index(axis, len(shape_of(x)) - lifted[0])
    if not lifted[1]:
        return take(x, indices, axis=place + 1, mode=mode)
    size = shape_of(x)[place + lifted[0]]
    if mode == "wrap":
        indices = indices % size
    elif mode == "clip":
        indices = np.minimum(np.maximum(indices, 0), size - 1)
    key = (*(slice(None),) * place, Slot(0))
    return _gather_batched(gather, n, lifted, (x, indices), {"key": key})


def _along_batched(
    function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    if options["axis"] is None:
        inputs = [lines(x) if has else np.ravel(x) for has, x in zip(lifted, inputs, strict=True)]
    return shifting(function, n, lifted, inputs, {"axis": 0 if options["axis"] is None else options["axis"]})


# ---------------------------------------------------------------------------------------------- shapes: no place is known


def _gathered(x: Array, *indices: Array, key: Any) -> Array:
    first = [np.zeros(i.shape, np.intp) for i in indices]
    return Array(np.broadcast_to(0, x.shape)[_filled(key, first)].shape, x.dtype)


def _taken(x: Array, indices: Array, *, axis: int | None, mode: str) -> Array:
    if axis is None:
        return Array(indices.shape, x.dtype)
    place = normalize_axis_index(axis, len(x.shape))
    return Array((*x.shape[:place], *indices.shape, *x.shape[place + 1 :]), x.dtype)


def _taken_along(x: Array, indices: Array, *, axis: int | None) -> Array:
    if axis is None:
        return Array(indices.shape, x.dtype)
    place = normalize_axis_index(axis, len(x.shape))
    if len(indices.shape) != len(x.shape):
        raise ValueError("the indices must have as many axes as the array")
    around = np.broadcast_shapes((*x.shape[:place], 1, *x.shape[place + 1 :]), indices.shape)
    return Array(around, x.dtype)


# ---------------------------------------------------------------------------------------------- the primitives

_ROWS, _MASK = np.array([[0, 1], [1, 1]]), np.array([True, False, True])

index_primitive = Primitive(
    "index", index, Linear(_index_adjoint, merge=_index_merge), options={"key": REQUIRED}, complex=True,
    batched=_index_batched, copies=True,
    examples=(
        on((), key=()), on((), key=None), on((3,), key=1), on((3,), key=-1), on((3,), key=slice(None, None, -2)), on((3,), key=_MASK),
        on((3,), key=(None, ..., None)), on((2, 3), key=1), on((2, 3), key=(0, slice(1, None))), on((2, 3), key=(..., 2)),
        on((2, 3), key=_ROWS), on((2, 3), key=(_ROWS, 1)), on((2, 3), key=(slice(None), _MASK)), on((3, 2), key=(_MASK, 1)),
        on((2, 3, 2), key=([0, 1, 1], slice(None), [1, 0, 0])), on((2, 3), key=np.ones((2, 3), bool)), on((0, 3), key=(slice(None), 1)),
    ),
)  # fmt: skip
scatter_sum_primitive = Primitive(
    "scatter_sum", scatter_sum, Linear(_scatter_sum_adjoint), None, {"keys": REQUIRED, "shape": REQUIRED}, complex=True,
    batched=_scatter_sum_batched, adds=True,
    shape=lambda *spaces, keys, shape: Array(shape, np.result_type(*[s.dtype for s in spaces])),
    examples=(
        on((), keys=(1,), shape=(3,)), on((), (2,), (3,), keys=(0, [1, 1], slice(None)), shape=(3,)), on((), keys=((),), shape=()),
        on((2, 2), keys=((..., _ROWS[1]),), shape=(2, 3)), on((2,), (), keys=(_MASK, -1), shape=(3,)),
    ),
)  # fmt: skip
gather_primitive = Primitive(
    "gather", gather, Partials(_gather_facts), None, linear_in=(0,), options={"key": REQUIRED}, shape=_gathered, complex=True,
    batched=_gather_batched, copies=True,
    examples=(
        on((1,), np.array([0]), key=(Slot(0),)), on((3,), _ROWS, key=(Slot(0),)), on((2, 3), _ROWS, key=(slice(None), Slot(0))),
        on((2, 3), np.array([0, 1]), np.array([2, 2]), key=(Slot(0), Slot(1))),
    ),
)  # fmt: skip
scatter_primitive = Primitive(
    "scatter", scatter, Partials(_scatter_facts), None, linear_in=(0,), options={"key": REQUIRED, "shape": REQUIRED}, complex=True,
    batched=_scatter_batched,
    shape=lambda v, *indices, key, shape: Array(shape, v.dtype),
    examples=(
        on((2, 2), _ROWS, key=(Slot(0),), shape=(3,)), on((2,), np.array([0, 1]), np.array([2, 2]), key=(Slot(0), Slot(1)), shape=(2, 3)),
    ),
)  # fmt: skip
replaced_primitive = Primitive(
    "replaced", replaced, Partials(_replaced_facts), None, {"key": REQUIRED}, complex=True, batched=_replaced_batched,
    shape=lambda x, value, *indices, key: x,
    examples=(
        on((3,), (), key=(1,)), on((3,), (2,), key=(slice(None, None, 2),)), on((3,), (2, 2), key=(_ROWS,)), on((), (), key=()),
        on((2, 3), (2,), key=(..., 1)), on((3,), (2,), key=(_MASK,)), on((3,), (2, 2), _ROWS, key=(Slot(0),)), on((3,), (), np.array(1), key=(Slot(0),)),
        on((2, 3), (2,), np.array([0, 1]), np.array([2, 2]), key=(Slot(0), Slot(1))), on((2, 3), (0, 3), key=(slice(0, 0),)),
    ),
)  # fmt: skip
take_primitive = Primitive(
    "take", take, Partials(_take_facts), 2, linear_in=(0,), numpy=(np.take,), options={"axis": None, "mode": "raise"}, shape=_taken, complex=True, batched=_take_batched, copies=True,
    examples=(
        on((1, 3), np.array([0, 0]), axis=0), on((1,), np.array(0)),
        on((3,), np.array(1)), on((2, 3), _ROWS), on((2, 3), _ROWS, axis=1), on((2, 3), np.array([0, -1, 0]), axis=-2),
        on((3,), np.array([4, -4, 1]), mode="wrap"), on((3, 2), np.array([7, -7]), axis=0, mode="clip"),
    ),
)  # fmt: skip
take_along_axis = Primitive(
    "take_along_axis", np.take_along_axis, Partials(_along_facts), 2, linear_in=(0,), options={"axis": -1}, shape=_taken_along, complex=True, batched=_along_batched, copies=True,
    examples=(
        on((1, 3), np.array([[0], [0]]), axis=0), on((3, 1), np.array([[0, 0]]), axis=1),
        on((2, 3), np.array([[2, 0], [1, 1]]), axis=1), on((2, 3), np.array([[1, 0, 1]]), axis=0), on((2, 3), np.array([5, 0]), axis=None),
    ),
)  # fmt: skip
