"""Places: integers that say where numbers stand, and what moves them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from essence_ad.tracing.places import as_slice, copies, pick, read, summed


@given(st.integers(0, 20), st.integers(-4, 4).filter(bool), st.integers(0, 6))
def test_evenly_spaced_places_are_slices(first: int, step: int, n: int) -> None:
    places = first + step * np.arange(n)
    if np.any(places < 0):
        return
    key = as_slice(places)
    assert key is not None
    np.testing.assert_array_equal(np.arange(60)[key], places)


@pytest.mark.parametrize("places", [[0, 0], [0, 1, 3], [3, 1, 0], [0, 2, 1], [0, 2, 1, 3], [1, 1, 1]])
def test_others_are_not(places: list[int]) -> None:
    assert as_slice(np.array(places)) is None


@given(arrays(int, st.integers(0, 8), elements=st.integers(0, 9)))
def test_picking(places: Any) -> None:
    values = np.arange(10.0)
    np.testing.assert_array_equal(pick(values, places, 10), values[places])
    assert pick(values, np.arange(10), 10) is values


@pytest.mark.parametrize("shape", [(), (1,), (4,), (3, 1), (3, 4), (1, 1), (2, 3, 4), (2, 1, 1)])
def test_reading_what_is_broadcast(shape: tuple[int, ...]) -> None:
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)[()]
    places = np.array([5, 0, 23, 5])
    np.testing.assert_array_equal(
        np.broadcast_to(read(x, places, (2, 3, 4)), 4), np.broadcast_to(x, (2, 3, 4)).reshape(-1)[places]
    )


@given(
    arrays(int, st.integers(0, 8), elements=st.integers(0, 5)),
    arrays(int, st.integers(0, 8), elements=st.integers(-1, 5)),
)
def test_copies_are_those_of_each_element(rows: Any, taken: Any) -> None:
    """Against the same on dense matrices: one column for each number."""
    found, which = copies(rows, taken)
    dense = np.zeros((6, len(rows)), int)
    dense[rows, np.arange(len(rows))] = 1
    expected = np.where(taken[:, None] < 0, 0, dense[np.maximum(taken, 0)])
    result = np.zeros((len(taken), len(rows)), int)
    result[found, which] = 1
    assert len(found) == expected.sum()
    np.testing.assert_array_equal(result, expected)
    assert np.all(np.diff(found) >= 0)


@given(arrays(int, st.integers(1, 12), elements=st.integers(0, 4)), st.booleans())
def test_sums_at_one_place(places: Any, uniform: bool) -> None:
    values = 2.5 if uniform else np.arange(1.0, 1 + len(places))
    left, found = summed(values, places)
    expected, result = np.zeros(5), np.zeros(5)
    np.add.at(expected, places, values)
    np.add.at(result, left, found)
    assert len(np.unique(left)) == len(left)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    ("places", "values"), [([0, 0, 1, 1], [3.0, 7.0]), ([0, 1, 0, 1], [4.0, 6.0]), ([0, 1, 1, 0], [5.0, 5.0])]
)
def test_sums_where_every_place_has_as_many(places: list[int], values: list[float]) -> None:
    left, found = summed(np.array([1.0, 2.0, 3.0, 4.0]), np.array(places))
    assert (left.tolist(), found.tolist()) == ([0, 1], values)
