"""Sorting: a permutation of the elements that is found at the point, and then is a linear map.

Equal elements keep their order, which is the convention for the derivative where two are equal. Places (``argsort``,
``searchsorted``) are integers, whose derivative is zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from essence_ad.batching import in_line, shape_of
from essence_ad.kernel import kernel
from essence_ad.operation import linear_op
from essence_ad.primitives.primitive import REQUIRED, Discrete, Partials, Primitive, on
from essence_ad.spaces import Array


@kernel
def searchsorted(a: Any, v: Any, *, side: str = "left") -> Any:
    """``np.searchsorted``: how many elements of a sorted array stand before each of these numbers."""
    return np.searchsorted(a, v, side=side)  # type: ignore[call-overload]


def _permutation(x: Any, y: Any, axis: int, in_order: bool) -> Any:
    """Where each element of ``y``, a rearrangement of ``x`` along an axis, was taken from."""
    order = np.argsort(x, axis=axis, kind="stable")
    if in_order:
        return order
    rank = np.argsort(np.argsort(y, axis=axis, kind="stable"), axis=axis, kind="stable")
    return np.take_along_axis(order, rank, axis=axis)


def _facts(in_order: bool) -> Callable[..., Any]:
    def facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: int | None, **options: Any) -> Any:
        (x,) = inputs
        shape, whole = np.shape(x), np.shape(output)
        place = 0 if axis is None else axis
        taken = _permutation(np.reshape(x, whole), output, place, in_order)
        back = np.argsort(taken, axis=place, kind="stable")

        def push(v: Any) -> Any:
            return np.take_along_axis(np.reshape(v, whole), taken, axis=place)

        def pull(v: Any) -> Any:
            return np.reshape(np.take_along_axis(v, back, axis=place), shape)

        return (linear_op("permute", push, pull, x, output),)

    return facts


def _sorted(space: Array, *, axis: int | None, **options: Any) -> Array:
    if axis is None:
        return Array((math.prod(space.shape),), space.dtype)
    normalize_axis_index(axis, len(space.shape))
    return space


def _parted(space: Array, *, kth: Any, axis: int | None, kind: Any) -> Array:
    found = _sorted(space, axis=axis)
    np.partition(np.empty(found.shape[0 if axis is None else axis]), kth)  # what numpy says of the places
    return found


def _places(space: Array, *, axis: int | None, **options: Any) -> Array:
    return Array(_sorted(space, axis=axis).shape, np.intp)


def _found(a: Array, v: Array, *, side: str) -> Array:
    if len(a.shape) != 1:
        raise ValueError("searchsorted searches in an array of one axis")
    return Array(v.shape, np.intp)


def _searched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """By counting where each element has a sorted array of its own; NaN stands last."""
    a, v = inputs
    if not lifted[0]:
        return function(a, v, **options)
    a = np.reshape(a, (n, *(1,) * (len(shape_of(v)) - lifted[1]), shape_of(a)[1]))
    v = np.expand_dims(v, axis=-1)
    last = np.isnan(v)
    if options["side"] == "left":
        before = np.logical_or(np.less(a, v), np.logical_and(last, np.logical_not(np.isnan(a))))
    else:
        before = np.logical_or(np.less_equal(a, v), last)
    return np.sum(before, axis=-1)


SORT = {"axis": -1, "kind": None, "stable": None}
LINES = (
    on((5,)), on((3, 4)), on((3, 4), axis=0), on((2, 3), axis=None), on((1, 3), axis=0), on((0, 2), axis=0), on((2, 0)),
    on((4,), kind="stable"), on((4,), stable=True),
)  # fmt: skip
PLACE = {"kth": REQUIRED, "axis": -1, "kind": "introselect"}

sort = Primitive(
    "sort", np.sort, Partials(_facts(True)), options=SORT, shape=_sorted, complex=True, smooth=False, examples=LINES,
    batched=in_line,
)  # fmt: skip
partition = Primitive(
    "partition", np.partition, Partials(_facts(False)), options=PLACE, shape=_parted, smooth=False,  # complex numbers go by another way
    batched=in_line,
    examples=(on((6,), kth=2), on((6,), kth=3, kind="introselect"), on((3, 5), kth=-2), on((4, 3), kth=(1, 2), axis=0), on((2, 3), kth=4, axis=None)),
)  # fmt: skip
argsort = Primitive(
    "argsort", np.argsort, Discrete(), options=SORT, shape=_places, complex=True, examples=LINES, batched=in_line
)
argpartition = Primitive(
    "argpartition", np.argpartition, Discrete(), options=PLACE, shape=lambda space, kth, axis, kind: _places(space, axis=axis),
    complex=True, examples=(on((6,), kth=2), on((6,), kth=3, kind="introselect"), on((3, 5), kth=1, axis=0)), batched=in_line,
)  # fmt: skip
searchsorted_primitive = Primitive(
    "searchsorted", searchsorted, Discrete(), 2, {"side": "left"}, shape=_found, smooth=False, batched=_searched, examples=(
        on(np.array([-1.0, 0.0, 1.5]), (3,)), on(np.array([-1.0, 0.0, 1.5]), (2, 3), side="right"), on(np.array([]), (2,)),
        on(np.array([0.25, 0.5]), ()),
    ),
)  # fmt: skip
