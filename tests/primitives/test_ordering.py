"""Sorting: the convention where elements are equal, and permutations that are told from their results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import jvp, linearize
from essence_ad.primitives.ordering import searchsorted

NUMBERS = st.lists(st.sampled_from([-1.5, 0.0, 0.25, 2.0]), min_size=1, max_size=9)


@given(NUMBERS)
def test_equal_elements_keep_their_order(numbers: list[float]) -> None:
    x = np.array(numbers)
    _, df = linearize(np.sort, x)
    np.testing.assert_array_equal(df.matrix(), np.eye(len(x))[np.argsort(x, kind="stable")])


@given(NUMBERS, st.data())
def test_a_partition_moves_what_it_moved(numbers: list[float], data: Any) -> None:
    x = np.array(numbers)
    kth = data.draw(st.integers(0, len(x) - 1))
    y, df = linearize(lambda x: np.partition(x, kth), x)
    np.testing.assert_array_equal(y, np.partition(x, kth))
    np.testing.assert_array_equal(df(x), y)
    matrix = df.matrix()
    np.testing.assert_array_equal(matrix @ matrix.T, np.eye(len(x)))


def test_places_do_not_move() -> None:
    x = np.array([0.5, -1.0, 2.0])
    for f in (np.argsort, lambda x: np.argpartition(x, 1), lambda x: searchsorted(x, x)):
        y, dy = jvp(f, x, np.ones(3))
        assert y.dtype == np.intp and not np.any(dy)


def test_axes_are_checked_before_anything_runs() -> None:
    with pytest.raises(Exception, match="sort"):
        jvp(lambda x: np.sort(x, axis=3), np.ones(3), np.ones(3))
    with pytest.raises(Exception, match="partition"):
        jvp(lambda x: np.partition(x, 7), np.ones(3), np.ones(3))
