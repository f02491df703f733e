"""Sweeps: a linear map run on all unit vectors of its source at once, and read out as arrays of partial derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.kernel import is_overloaded
from essence_ad.linear_map import LinearMap, arrays, in_complex_numbers, leaves_of, propagate
from essence_ad.spaces import Array, Product, Space
from essence_ad.tracing.sparse import Sparse

Blocks = list[list[Any]]


def images(f: LinearMap, start: Space, end: Space, *, turned: bool = False) -> Blocks:
    """For each array of ``start`` and each of ``end`` the block of the matrix of ``f``.

    A block has the shape of the array of ``end`` and then that of ``start``; the other way round if ``turned``. Maps
    between real and complex numbers are read out as ``LinearMap.images`` says.

    >>> from essence_ad import R, linearize
    >>> y, df = linearize(lambda x: x * x, np.array([1.0, 2.0]))
    >>> images(df, R[2], R[2])
    [[array([[2., 0.],
           [0., 4.]])]]
    """
    made: Blocks = []
    ends = arrays(end)
    with np.errstate(all="ignore"):  # slopes may be infinite
        for j, part in enumerate(arrays(start)):
            row = _pushed(f, start, j, 1, end, turned)
            if part.dtype.kind == "c" and not (row and all(e.dtype.kind == "c" for e in ends) and _unknown(row)):
                turned_by_i = _pushed(f, start, j, 1j, end, turned)
                row = [in_complex_numbers(e, *pair) for e, *pair in zip(ends, row, turned_by_i, strict=True)]
            made.append(row)
    return made


def _unknown(values: list[Any]) -> bool:
    """Whether some values are not known, so that nothing about them can be checked."""
    return any(map(is_overloaded, values))


def _pushed(f: LinearMap, start: Space, j: int, factor: Any, end: Space, turned: bool) -> list[Any]:
    """What the units of array ``j``, times a number, become in each array of the target."""
    part = arrays(start)[j]
    image: Any = ZERO
    if part.dim == 1:
        (unit,) = part.units()
        image = propagate(f.diagram, _placed(start, j, unit if factor == 1 else factor * unit))
    elif part.dim:
        image = propagate(f.diagram, _placed(start, j, Sparse.identity(part, factor)))
    return [_block(v, part, e, turned) for v, e in zip(leaves_of(image, end.pattern), arrays(end), strict=True)]


def _placed(space: Space, j: int, value: Any) -> Any:
    """The packed tree that has a value in the place of array ``j``, and is zero elsewhere."""
    if not isinstance(space, Product):
        return value
    parts = []
    for p in space.parts:
        n = len(arrays(p))
        parts.append(_placed(p, j, value) if 0 <= j < n else ZERO)
        j -= n
    return tuple(parts)


def _block(value: Any, part: Array, end: Array, turned: bool) -> Any:
    shape = part.shape + end.shape if turned else end.shape + part.shape
    if value is ZERO or (part.dim != 1 and not isinstance(value, Sparse)):  # a zero that no vector was needed for
        return Array(shape, end.dtype).fill(ZERO)
    if isinstance(value, Sparse):
        value = value.matrix(turned=turned)
    own = getattr(value, "shape", ())
    return _owned(value if own == shape else np.reshape(value, shape))


def _owned(value: Any) -> Any:
    """An array that shares no memory with another: whoever gets it may change it."""
    return value.copy() if isinstance(value, np.ndarray) and value.base is not None else value
