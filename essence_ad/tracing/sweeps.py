"""Sweeps: a linear program run on all unit vectors of its source at once, and read out as arrays of partial derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.diagram import Diagram
from essence_ad.kernel import is_overloaded
from essence_ad.linear_map import LinearMap, arrays, in_complex_numbers, leaves_of, propagate
from essence_ad.spaces import Array, Product, Space
from essence_ad.tracing.shadow import Shadow, Work
from essence_ad.tracing.sparse import Sparse

LARGE = 1_000_000  #: unit vectors from which on work is counted without patterns
Columns = list[list[Any]]  #: for each array of the source and each of the target a matrix, ``ZERO`` where there is none


def images(f: LinearMap, start: Space, end: Space, *, turned: bool = False) -> Columns:
    """For each array of ``start`` and each of ``end`` the block of the matrix of ``f``, as an array.

    A block has the shape of the array of ``end`` and then that of ``start``; the other way round if ``turned``. Maps
    between real and complex numbers are read out as ``LinearMap.images`` says.

    >>> from essence_ad import R, linearize
    >>> y, df = linearize(lambda x: x * x, np.array([1.0, 2.0]))
    >>> images(df, R[2], R[2])
    [[array([[2., 0.],
           [0., 4.]])]]
    """
    made = []
    ends = arrays(end)
    for j, part in enumerate(arrays(start)):
        row = read_out(sweep(f.diagram, start, end, j), part, ends, turned=turned)
        if part.dtype.kind == "c" and not (all(e.dtype.kind == "c" for e in ends) and any(map(is_overloaded, row))):
            at_i = read_out(sweep(f.diagram, start, end, j, factor=1j), part, ends, turned=turned)
            row = [in_complex_numbers(e, *pair) for e, *pair in zip(ends, row, at_i, strict=True)]
        made.append(row)
    return made


def sweep(d: Diagram, start: Space, end: Space, j: int, *, factor: Any = 1, tally: Work | None = None) -> list[Any]:
    """What the units of array ``j`` of the source become in each array of the target: the columns of a matrix.

    The unit of an array of one component becomes one array, the others a ``Sparse``. With a ``tally`` only the work is
    counted, from shapes and patterns.
    """
    part = arrays(start)[j]
    seed: Any = ZERO
    if part.dim == 1:
        (unit,) = part.units()
        seed = Shadow(part, tally) if tally is not None else unit if factor == 1 else factor * unit
    elif part.dim > LARGE and tally is not None:
        seed = Sparse(part, part.dim, dense=Shadow(Array((part.dim, *part.shape), part.dtype), tally))
    elif part.dim:
        seed = Sparse.identity(part, factor if tally is None else Shadow(Array((), part.dtype), tally, one=True))
    with np.errstate(all="ignore"):  # slopes may be infinite
        return leaves_of(propagate(d, _placed(start, j, seed)), end.pattern)


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


def read_out(columns: list[Any], part: Array, ends: list[Array], *, turned: bool = False) -> list[Any]:
    """Columns that belong to the array ``part`` of the source, as an array for each array of the target."""
    return [_block(value, part, end, turned) for value, end in zip(columns, ends, strict=True)]


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


def matrix_of(value: Any, part: Array, end: Array) -> Any:
    """Columns as a ``Sparse``, also of an array of one component; ``ZERO`` for zero."""
    if isinstance(value, Sparse):
        return value
    if value is ZERO or part.dim != 1:
        return ZERO
    return Sparse(end, 1, dense=np.reshape(value, (1, *end.shape)))
