"""Places: where the numbers of a sparse matrix stand, as integers known while staging, and how arrangements move them.

All work here is on integers, done once while a program is staged; what is left at run time are the reads and sums of
``pick`` and ``summed``, and these are slices wherever places are evenly spaced.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from essence_ad.kernel import scatter_sum

Places = Any  #: an array of integers with one axis


def as_slice(places: Places) -> slice | None:
    """The slice that names evenly spaced places, ``None`` for others.

    >>> as_slice(np.array([1, 4, 7])), as_slice(np.array([2, 1, 0])), as_slice(np.array([0, 0]))
    (slice(1, 8, 3), slice(2, None, -1), None)
    """
    if len(places) == 0:
        return slice(0, 0, None)
    first, last = int(places[0]), int(places[-1])
    if len(places) == 1:
        return slice(first, first + 1, None)
    step = int(places[1]) - first
    if step == 0 or last != first + step * (len(places) - 1) or not np.all(np.diff(places) == step):
        return None
    stop = last + (1 if step > 0 else -1)
    return slice(first, None if stop < 0 else stop, None if step == 1 else step)


def pick(values: Any, places: Places, size: int) -> Any:
    """The numbers at some places of an array of one axis with ``size`` elements."""
    key = as_slice(places)
    if key is None:
        return _repeated(values, places, size)
    return values if (key.start, key.stop, key.step) == (0, size, None) else values[key]


def _repeated(values: Any, places: Places, size: int) -> Any:
    """The numbers at places that are not evenly spaced: by broadcasting where they are the same again and again."""
    n = len(places)
    row = 1 + int(np.argmax(places[1:] == places[0])) if places[0] in places[1:] else n
    if 1 < row < n and n % row == 0 and np.array_equal(places[row:], places[:-row]):
        return np.reshape(np.broadcast_to(pick(values, places[:row], size), (n // row, row)), (n,))
    times = int(np.argmax(places != places[0]))
    if times > 1 and n % times == 0 and np.array_equal(places, np.repeat(places[::times], times)):
        column = np.reshape(pick(values, places[::times], size), (n // times, 1))
        return np.reshape(np.broadcast_to(column, (n // times, times)), (n,))
    return values[places]


def read(x: Any, places: Places, shape: tuple[int, ...]) -> Any:
    """The numbers at flat places of ``x`` broadcast to a shape; one number stays one."""
    own = getattr(x, "shape", ())
    if not own:
        return x
    size = math.prod(own)
    if size == 1:
        return np.reshape(x, ())
    if own != shape:
        places = np.broadcast_to(np.reshape(np.arange(size), own), shape).reshape(-1)[places]
    return pick(x if len(own) == 1 else np.reshape(x, (size,)), places, size)


def copies(rows: Places, taken: Places) -> tuple[Places, Places]:
    """Where the numbers at ``rows`` go when each element of a result is the element ``taken`` (-1 for a zero).

    Gives the rows of the result, in order, and which number stands at each.

    >>> copies(np.array([0, 2]), np.array([2, -1, 0, 2]))
    (array([0, 2, 3]), array([1, 0, 1]))
    """
    order = np.argsort(rows, kind="stable")
    known = rows[order]
    first = np.searchsorted(known, taken, "left")
    count = np.where(taken < 0, 0, np.searchsorted(known, taken, "right") - first)
    total = int(count.sum())
    start = np.cumsum(count) - count
    which = np.arange(total) - np.repeat(start - first, count)
    return np.repeat(np.arange(len(taken)), count), order[which]


def summed(values: Any, places: Places) -> tuple[Places, Any]:
    """Numbers with those added that stand at one place: the places that are left, and their numbers.

    ``values`` may be one number, which then stands at every place.

    >>> summed(np.array([1.0, 2.0, 4.0]), np.array([3, 0, 3]))
    (array([0, 3]), array([2., 5.]))
    """
    left, inverse, count = np.unique(places, return_inverse=True, return_counts=True)
    if len(left) == len(places):
        return places, values
    inverse = np.reshape(inverse, -1)
    n, times = len(left), int(count[0])
    if not getattr(values, "shape", ()):
        return left, values * times if np.all(count == times) else values * count
    if not np.all(count == times):
        return left, scatter_sum(values, keys=(inverse,), shape=(n,))
    order = np.reshape(np.argsort(inverse, kind="stable"), (n, times))
    if as_slice(np.reshape(order, -1)) is not None:
        return left, np.sum(np.reshape(values, (n, times)), axis=1)
    if as_slice(np.reshape(order.T, -1)) is not None:
        return left, np.sum(np.reshape(values, (times, n)), axis=0)
    return left, np.sum(np.reshape(values[np.reshape(order, -1)], (n, times)), axis=1)
