"""Norms of vectors and matrices.

Conventions: the slope of a norm at 0 is 0, of first and second order; the largest elements (rows, columns, singular
values) share the slope of a norm that is the largest of them; ``ord="nuc"`` has the slope of the singular values that
are not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import behind, lines, shape_of
from essence_ad.diagram import Chain, Op
from essence_ad.kernel import astype, kernel, polar, ratio
from essence_ad.operation import Scale, embed, linear_op
from essence_ad.primitives.primitive import Partials, Primitive, on
from essence_ad.spaces import Array

# ---------------------------------------------------------------------------------------------- norms


@kernel
def norm(x: Any, *, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.linalg.norm``, its options by keyword."""
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def _norm_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, ord: Any, axis: Any, keepdims: bool
) -> Any:
    (x,) = inputs
    shape = np.shape(x)
    summed = len(shape) if axis is None else len(axis) if isinstance(axis, tuple) else 1
    whole = output if keepdims else np.expand_dims(output, axis=_axes(axis, len(shape)))
    if ord is None or ord == "fro" or (ord == 2 and summed == 1):
        weights = ratio(np.conjugate(x), whole)
    elif summed == 1:
        weights = _vector_weights(x, whole, ord, axis)
    else:
        weights = _matrix_weights(x, whole, ord, _axes(axis, len(shape)))
    if weights is None:
        return None
    return (Chain(Scale(weights), embed(x, np.abs(x)), _summed(np.abs(x), output, axis, keepdims)),)


def _vector_weights(x: Any, whole: Any, ord: Any, axis: Any) -> Any:
    """How a norm of vectors moves with each element."""
    size, sign = np.abs(x), np.conjugate(np.sign(x))
    if ord in (np.inf, -np.inf):
        return sign * _shared(np.equal(size, whole), _axes(axis, len(np.shape(x))), whole)
    if ord == 0:
        return None  # the number of elements that are not 0
    if ord == 1:
        return sign
    none = np.logical_or(np.equal(size, 0), np.equal(whole, 0))
    return sign * np.where(none, 0, np.power(np.where(none, 1, size / np.where(none, 1, whole)), ord - 1))


def _matrix_weights(x: Any, whole: Any, ord: Any, axes: tuple[int, ...]) -> Any:
    """How a norm of matrices moves with each element."""
    if ord in (1, -1, np.inf, -np.inf):
        added, compared = axes if abs(ord) == 1 else axes[::-1]
        lines = np.sum(np.abs(x), axis=added, keepdims=True)
        return np.conjugate(np.sign(x)) * _shared(np.equal(lines, whole), (compared,), whole)
    last = np.moveaxis(x, axes, (-2, -1))
    if ord == "nuc":
        slope = polar(last)
    else:
        u, s, v = np.linalg.svd(last, full_matrices=False)
        ends = np.equal(s, (np.max if ord == 2 else np.min)(s, axis=-1, keepdims=True))
        part = np.where(np.equal(s, 0), 0, _shared(ends, (-1,), s))
        slope = (u * part[..., None, :]) @ v
    return np.moveaxis(np.conjugate(slope), (-2, -1), axes)


def _shared(ties: Any, axes: tuple[int, ...], like: Any) -> Any:
    """The part that each of several equal ones has."""
    ties = astype(ties, dtype=np.result_type(like))
    return ties / np.sum(ties, axis=axes, keepdims=True)


def _norm_batched(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    (x,), axis = inputs, options["axis"]
    shape = shape_of(x)
    rank = len(shape) - 1
    if axis is None and rank not in (1, 2):
        if options["ord"] is not None:
            raise ValueError("Improper number of dimensions to norm.")
        y = norm(lines(x), ord=None, axis=1)
        return np.reshape(y, (n, *(1,) * rank)) if options["keepdims"] else y
    places = behind((0, 1)[:rank] if axis is None else axis, rank)
    if axis is None and rank == 1:
        (places,) = places
    return norm(x, ord=options["ord"], axis=places, keepdims=options["keepdims"])


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    return tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def _summed(x: Any, y: Any, axis: Any, keepdims: bool) -> Op:
    shape, axes = np.shape(x), _axes(axis, len(np.shape(x)))

    def spread(v: Any) -> Any:
        return np.broadcast_to(v if keepdims else np.expand_dims(v, axis=axes), shape)

    return linear_op("sum", lambda v: np.sum(v, axis=axes, keepdims=keepdims), spread, x, y)


def _norm_shape(space: Array, *, ord: Any, axis: Any, keepdims: bool) -> Array:
    one = norm(np.ones((1,) * len(space.shape), space.dtype), ord=ord, axis=axis, keepdims=keepdims)
    places = {i % len(space.shape) for i in _axes(axis, len(space.shape))}
    kept = [1 if i in places else n for i, n in enumerate(space.shape) if keepdims or i not in places]
    return Array(tuple(kept), one.dtype)


TALL = np.array([[2.0, 0.5], [0.4, -1.7], [-0.2, 0.3]])

norm_primitive = Primitive(
    "norm", norm, Partials(_norm_facts), options={"ord": None, "axis": None, "keepdims": False}, shape=_norm_shape,
    numpy=(np.linalg.norm,), complex=True, smooth=False, batched=_norm_batched,
    examples=(
        *[on(TALL, ord=ord) for ord in (1, -1, 2, -2, np.inf, -np.inf, 'nuc')], on((2, 3, 2), ord='nuc', axis=(0, 2)),
        on((2, 3, 2), ord=2, axis=(1, 0), keepdims=True), on((2, 3, 2), ord=1, axis=(2, 1), keepdims=True), on((2, 3, 2), ord=-np.inf, axis=(-1, 0)),
        on((3,), ord=0.5), on((3,), ord=-2), on((2, 3), ord=0, axis=1),
        on((3,)), on((2, 3)), on((2, 3), axis=1), on((2, 3), axis=(0, 1), ord="fro", keepdims=True), on((2, 3), axis=0, ord=2, keepdims=True),
        on((3,), ord=1), on((2, 3), ord=np.inf, axis=-1), on((3,), ord=-np.inf), on((2, 3), ord=3, axis=0), on(()), on((2, 3, 2)),
    ),
)  # fmt: skip
