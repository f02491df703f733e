"""Sweeps: all unit vectors of a space, or the columns of a matrix, put through a linear program together, as batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.spaces import Array, Product, Space
from essence_ad.tracing.batch import Batching

LARGEST = 1 << 22  #: numbers that one array of a sweep may hold before the sweep is cut into pieces
FEW = 4  #: numbers side by side that are put through one by one, which is faster


def together(function: Callable[..., Any], size: int, *trees: Any) -> Any:
    """The packed results of a function for ``size`` packed vectors at once, with an axis for them in front of all arrays.

    Raises what the function does where it asks for the values themselves: ``TracingError`` or ``UnsupportedError``.

    >>> together(lambda x: (2 * x, ZERO), 3, np.array([1.0, 2.0, 3.0]))
    (array([2., 4., 6.]), ZERO)
    """
    with Batching(size) as batching:
        return each_leaf(batching.lower, function(*[each_leaf(batching.lift, tree) for tree in trees]))


def each_leaf(function: Callable[[Any], Any], tree: Any) -> Any:
    """A packed value with a function done to its arrays; ``ZERO`` stays.

    >>> each_leaf(np.shape, (1.0, (np.ones(2), ZERO)))
    ((), ((2,), ZERO))
    """
    if isinstance(tree, tuple):
        return tuple([each_leaf(function, t) for t in tree])
    return tree if tree is ZERO else function(tree)


def unit_batches(space: Space, most: int) -> Iterator[tuple[int, Any]]:
    """The unit elements in the order of ``units``, up to ``most`` at once: how many, and the packed element of them.

    >>> from essence_ad import R
    >>> [(n, each_leaf(np.shape, tree)) for n, tree in unit_batches(R[5] * R, 3)]
    [(3, ((3, 5), ZERO)), (2, ((2, 5), ZERO)), (1, (ZERO, (1,)))]
    """
    parts = _arrays(space)
    start = 0
    while start < len(parts):
        end = start + 1
        while end < len(parts) and not parts[start].shape and parts[end] == parts[start]:
            end += 1  # numbers of one kind side by side go together
        run = parts[start:end]
        total = run[0].dim if len(run) == 1 else len(run)
        most_here = 1 if parts[start].dtype == object or (not parts[start].shape and total <= FEW) else most
        for first in range(0, total, most_here):
            size = min(most_here, total - first)
            units = np.zeros((size, total), run[0].dtype)
            units[np.arange(size), first + np.arange(size)] = 1
            values: list[Any] = [ZERO] * len(parts)
            if len(run) == 1:
                values[start] = np.reshape(units, (size, *run[0].shape))
            else:
                for i in range(first, first + size) if size == 1 else range(total):
                    values[start + i] = np.ascontiguousarray(units[:, i])
            yield size, _built(space, iter(values))
        start = end


def _arrays(space: Space) -> list[Array]:
    if isinstance(space, Product):
        return [a for part in space.parts for a in _arrays(part)]
    assert isinstance(space, Array)
    return [space]


def _built(space: Space, values: Iterator[Any]) -> Any:
    return tuple([_built(p, values) for p in space.parts]) if isinstance(space, Product) else next(values)
