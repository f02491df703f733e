"""Adding up at places that are known beforehand: where each number goes is found once, not at every call."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.planning.axes import is_basic

LARGEST = 4_000_000  #: numbers of which the places are kept


class Scattering:
    """``scatter_sum`` for known keys and shapes of float64 arrays.

    >>> add = Scattering(([0, 2, 2],), [(3,)], (4,))
    >>> add(np.array([1.0, 2.0, 3.0]))
    array([1., 0., 5., 0.])
    """

    def __init__(self, keys: Sequence[Any], shapes: Sequence[tuple[int, ...]], shape: tuple[int, ...]) -> None:
        self.shape, self.size = shape, math.prod(shape)
        self.parts: list[tuple[Any, Any, bool]] = []  # key, places of the numbers, whether no two are the same
        numbers = np.arange(self.size).reshape(shape)
        for key, given in zip(keys, shapes, strict=True):
            if is_basic(key):
                self.parts.append((key, None, True))
                continue
            places = np.broadcast_to(numbers[key], given).reshape(-1)
            self.parts.append((None, places, len(np.unique(places)) == len(places)))

    def __call__(self, *values: Any) -> Any:
        """Zeros with each value added at its places."""
        total = np.zeros(self.size)
        whole = total.reshape(self.shape)
        for value, (key, places, once) in zip(values, self.parts, strict=True):
            if places is None:
                whole[key] += value
            elif once:
                total[places] += value.reshape(-1)
            else:
                total += np.bincount(places, value.reshape(-1), self.size)
        return whole


def scattering(params: Any, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[Any]) -> Any:
    """A faster ``scatter_sum`` for known keys, ``None`` where there is none."""
    keys, shape = params["keys"], params["shape"]
    if not shape or any(d != np.float64 for d in dtypes) or all(map(is_basic, keys)):
        return None
    if sum(map(math.prod, shapes)) > LARGEST or math.prod(shape) > LARGEST:
        return None
    if any(
        np.shape(np.broadcast_to(np.zeros(()), shape)[key]) != given for key, given in zip(keys, shapes, strict=True)
    ):
        return None
    return Scattering(keys, shapes, shape)
