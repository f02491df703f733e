"""Which axes of a program's arrays move together: what an operation does to each row of them, it does to that row alone.

An operation relates axes of its operands to axes of its result (``sin`` each to the same one, a matrix product the rows
of the first to the rows, and it sums over the inner pair). Axes that are related, directly or not, form a class; where
all operations go along a class row by row, they may be done for some rows at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.lib.stride_tricks import as_strided

from essence_ad.operation import Negate, Scale
from essence_ad.primitives.primitive import Call
from essence_ad.spaces import Array

KEY = -1  #: the number of the operand that a key of integers counts as


class Relation(NamedTuple):
    """Axes of operands, as pairs of operand and axis, that are one axis of the result, or that are summed (``None``)."""

    operands: tuple[tuple[int, int], ...]
    result: int | None


Shape = tuple[int, ...]


def relations(op: Any, ins: Sequence[Array], out: Array) -> list[Relation] | None:
    """How the axes of a result come from those of the operands; ``None`` where nothing is known of the operation."""
    shapes, shape = [s.shape for s in ins], out.shape
    if pointwise(op):
        return _aligned(shapes, shape)
    rule = _RULES.get(op.name) if isinstance(op, Call) else None
    return None if rule is None else rule(op.params, shapes, shape)


def pointwise(op: Any) -> bool:
    """Whether each element of the result depends on those at its place alone, after broadcasting."""
    if isinstance(op, (Scale, Negate)):
        return np.ndim(getattr(op, "factor", 0)) == 0
    function = op.primitive.function if isinstance(op, Call) else None
    ufunc = isinstance(function, np.ufunc) and function.signature is None
    return isinstance(op, Call) and (op.elementwise or ufunc or op.name in ("where", "astype"))


def _aligned(shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
    found = []
    for axis, n in enumerate(shape):
        same = []
        for i, s in enumerate(shapes):
            own = axis - (len(shape) - len(s))
            if own >= 0 and s[own] == n:
                same.append((i, own))
        if same:
            found.append(Relation(tuple(same), axis))
    return found


def _viewed(look: Callable[[Any], Any], shape: Shape) -> list[tuple[int, int]]:
    """Pairs of axes, of an array and of a view of it, that run over the same elements."""
    if 0 in shape or len(shape) > 8:
        return []
    strides = [8 * 101**k for k in range(len(shape))]
    view = look(as_strided(np.zeros(1), shape, strides))
    pairs = []
    for axis, (n, stride) in enumerate(zip(view.shape, view.strides, strict=True)):
        if n > 1 and stride in strides and shape[strides.index(stride)] == n:
            pairs.append((strides.index(stride), axis))
    return pairs


def _view(call: Callable[..., Any]) -> Callable[..., list[Relation]]:
    def rule(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
        return [Relation(((0, a),), b) for a, b in _viewed(lambda x: call(x, **params), shapes[0])]

    return rule


def _reshape(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation] | None:
    """Axes with as many elements before them and as many in them."""
    if params.get("order", "C") != "C":
        return None
    (old,) = shapes
    places = {(math.prod(old[:a]), n): a for a, n in enumerate(old) if n > 1}
    found = []
    for b, n in enumerate(shape):
        a = places.get((math.prod(shape[:b]), n))
        if a is not None:
            found.append(Relation(((0, a),), b))
    return found


def _reduction(params: Any, shapes: Sequence[Shape], shape: Shape, summed: bool) -> list[Relation]:
    (old,) = shapes
    rank = len(old)
    gone = set(range(rank) if params["axis"] is None else normalize_axis_tuple(params["axis"], rank))
    rest = list(range(rank)) if params.get("keepdims") else [a for a in range(rank) if a not in gone]
    found = [Relation(((0, a),), rest.index(a)) for a in range(rank) if a not in gone]
    return found + [Relation(((0, a),), None) for a in sorted(gone) if summed]


def _sum(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
    return _reduction(params, shapes, shape, not params.get("keepdims"))


def _extreme(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
    return _reduction(params, shapes, shape, False)


def _matmul(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
    a, b = shapes
    if len(a) == 1 or len(b) == 1:
        if len(a) == len(b) == 1:
            return [Relation(((0, 0), (1, 0)), None)]
        inner = Relation(((0, len(a) - 1), (1, max(len(b) - 2, 0))), None)
        rest = (
            [(0, i) for i in range(len(a) - 1)] if len(b) == 1 else [(1, i) for i in range(len(b)) if i != len(b) - 2]
        )
        return [inner, *[Relation((place,), i) for i, place in enumerate(rest)]]
    found = _aligned([a[:-2], b[:-2]], shape[:-2])
    n = len(shape)
    return [
        *found, Relation(((0, len(a) - 2),), n - 2), Relation(((1, len(b) - 1),), n - 1),
        Relation(((0, len(a) - 1), (1, len(b) - 2)), None),
    ]  # fmt: skip


def _einsum(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation] | None:
    terms, arrow, result = params["subscripts"].replace(" ", "").partition("->")
    parts = terms.split(",")
    if not arrow or "." in params["subscripts"] or any(len(set(p)) != len(p) for p in parts):
        return None
    lengths: dict[str, int] = {}
    for part, s in zip(parts, shapes, strict=True):
        for letter, n in zip(part, s, strict=True):
            lengths[letter] = max(lengths.get(letter, 1), n)
    found = []
    for letter, n in lengths.items():
        places = tuple(
            [(i, p.index(letter)) for i, p in enumerate(parts) if letter in p and shapes[i][p.index(letter)] == n]
        )
        found.append(Relation(places, result.index(letter) if letter in result else None))
    return found


def _index(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation] | None:
    key = params["key"]
    if is_rows(key):
        return [Relation(((KEY, 0),), 0), *[Relation(((0, a),), a) for a in range(1, len(shape))]]
    if not is_basic(key):
        parts = key if isinstance(key, tuple) else (key,)
        whole = 0
        while isinstance(parts[whole], slice) and parts[whole] == slice(None):
            whole += 1
        return [Relation(((0, a),), a) for a in range(whole)]
    return [Relation(((0, a),), b) for a, b in _viewed(lambda x: x[key], shapes[0])]


def is_rows(key: Any) -> bool:
    """Whether a key takes rows by an array of integers with one axis."""
    key = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    return isinstance(key, np.ndarray) and key.ndim == 1 and key.dtype.kind in "iu"


def taken(key: Any) -> tuple[int, Any] | None:
    """The axis and the places of a key that takes whole parts along one axis by integers, ``None`` for others."""
    parts = key if isinstance(key, tuple) else (key,)
    places = [(a, p) for a, p in enumerate(parts) if isinstance(p, np.ndarray) and p.dtype.kind in "iu"]
    whole = all([isinstance(p, slice) and p == slice(None) for p in parts if not isinstance(p, np.ndarray)])
    return (
        places[0] if whole and len(places) == 1 and len(parts) == 1 + sum(isinstance(p, slice) for p in parts) else None
    )


def is_basic(key: Any) -> bool:
    """Whether a key is made of integers, slices, ``None`` and ``...``, so that it looks at the same memory."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(p is None or p is Ellipsis or isinstance(p, slice) or type(p) is int for p in parts)


def _scatter_sum(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation] | None:
    found: dict[int, list[tuple[int, int]]] = {}
    for i, key in enumerate(params["keys"]):
        if not is_basic(key):
            return None
        for a, b in _viewed(lambda x, key=key: x[key], shape):  # type: ignore[misc]
            if b < len(shapes[i]) and shapes[i][b] == shape[a]:
                found.setdefault(a, []).append((i, b))
    return [Relation(tuple(places), a) for a, places in found.items() if len(places) == len(shapes)]


def _concatenate(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation] | None:
    if params["axis"] is None:
        return None
    (axis,) = normalize_axis_tuple(params["axis"], len(shape))
    return [Relation(tuple([(i, a) for i in range(len(shapes))]), a) for a in range(len(shape)) if a != axis]


def _stack(params: Any, shapes: Sequence[Shape], shape: Shape) -> list[Relation]:
    (axis,) = normalize_axis_tuple(params["axis"], len(shape))
    rest = [a for a in range(len(shape)) if a != axis]
    return [Relation(tuple([(i, own) for i in range(len(shapes))]), a) for own, a in enumerate(rest)]


_RULES: dict[str, Callable[..., list[Relation] | None]] = {
    "transpose": _view(np.transpose),
    "swapaxes": _view(np.swapaxes),
    "moveaxis": _view(np.moveaxis),
    "matrix_transpose": _view(np.matrix_transpose),
    "expand_dims": _view(np.expand_dims),
    "squeeze": _view(np.squeeze),
    "reshape": _reshape,
    "sum": _sum,
    "max": _extreme,
    "min": _extreme,
    "matmul": _matmul,
    "einsum": _einsum,
    "index": _index,
    "scatter_sum": _scatter_sum,
    "concatenate": _concatenate,
    "stack": _stack,
}
