"""Ways to batch, by themselves; what every primitive makes of them is tested in ``tracing/test_batch.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import batching
from essence_ad.batching import behind, deepened, full, lines

X = np.arange(24.0).reshape(2, 3, 4)


def test_axes_are_counted_behind_the_added_one() -> None:
    assert behind(0, 2) == 1 and behind(-1, 2) == 2 and behind((1, -2), 2) == (2, 1)
    with pytest.raises(np.exceptions.AxisError):
        behind(2, 2)
    with pytest.raises(np.exceptions.AxisError):
        behind(-3, 2)  # the added axis itself


def test_elements_get_axes_of_length_one_in_front() -> None:
    assert deepened(X, 4).shape == (2, 1, 1, 3, 4)
    assert deepened(X, 2) is X and deepened(X, 1) is X


def test_what_has_not_the_axis_is_repeated() -> None:
    a, b, c = full(2, [True, False, False], [X, np.ones(3), 2.0])
    assert a is X and b.shape == (2, 3) and c.tolist() == [2.0, 2.0]


def test_lines_have_one_axis_behind_the_added_one() -> None:
    assert (
        lines(X).shape == (2, 12) and lines(np.zeros(2)).shape == (2, 1) and lines(np.zeros((0, 3, 4))).shape == (0, 12)
    )
    assert lines(X[0]) is not None and lines(X[:, 0]).base is not None


@pytest.mark.parametrize(
    ("way", "options"),
    [
        (batching.reshaped, {"shape": (5,), "order": "C"}),
        (batching.reshaped, {"shape": (-1, 5), "order": "C"}),
        (batching.spread, {"shape": (4,)}),
        (batching.transposed, {"axes": (0,)}),
        (batching.transposed, {"axes": (0, 2)}),
    ],
)
def test_what_an_element_does_not_fit_a_batch_does_not_either(way: Any, options: dict[str, Any]) -> None:
    """With the added axis the sizes could fit by accident."""
    with pytest.raises((ValueError, IndexError)):
        way(None, 2, [True], [X], options)


def test_fortran_order_is_that_of_each_element() -> None:
    found = batching.reshaped(np.reshape, 2, [True], [X], {"shape": (4, 3), "order": "F"})
    np.testing.assert_array_equal(found, [x.reshape((4, 3), order="F") for x in X])
