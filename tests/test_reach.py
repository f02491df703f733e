"""Dead branches: what where, masks, clipping and indices leave out does not spoil what they keep, in ordinary code."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import essence_ad as ad
from essence_ad import R
from essence_ad.reach import Mask, both, chooses, either, jumping, narrowed
from essence_ad.tracing.program import trace

X = np.array([0.0, 4.0])
MASK = np.array([False, True])
POINTS = np.array([[0.0, 1.0], [2.0, 3.0]])


def far(x: Any) -> Any:
    """Differences of all pairs of points."""
    return x[:, None] - x[None]


def root(x: Any) -> Any:
    """A function with an infinite slope at 0, of two steps."""
    return np.exp(np.log(x) * 0.5)


# function, point, gradient
CASES: dict[str, tuple[Any, Any, Any]] = {
    "nested": (lambda x: np.sum(np.where(x > 0, np.where(x > 1, np.log(x), 1 / x), 0)), X, [0, 0.25]),
    "two steps": (lambda x: np.sum(np.where(x > 0, root(x), 0)), X, [0, 0.25]),
    "both branches": (lambda x: np.sum(np.where(x > 0, np.sqrt(x), np.log(1 - x))), X, [-1, 0.25]),
    "read twice": (lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0) + np.where(x > 2, np.sqrt(x), 0)), X, [0, 0.5]),
    "broadcast condition": (lambda x: np.sum(np.where(x[:, :1] > 0, np.sqrt(x), 0)), np.array([[0.0, 0], [4, 4]]), [[0, 0], [0.25, 0.25]]),
    "broadcast branch": (lambda x: np.sum(np.where((x > 0)[:, None], np.sqrt(x)[:, None] * np.ones((2, 3)), 0)), X, [0, 0.75]),
    "one number in many places": (lambda x: np.sum(np.where(x > 5, np.sqrt(x[0]), 0)), X, [0, 0]),
    "a reduction that is not taken": (lambda x: np.where(x[0] > 1, np.sum(np.sqrt(x)), 0), X, [0, 0]),
    "a product that is not taken": (lambda x: np.where(x[1] > 5, np.ones(2) @ np.sqrt(x) + np.mean(np.sqrt(x)), 0), X, [0, 0]),
    "the largest is not taken": (lambda x: np.where(x[1] > 5, np.max(np.sqrt(x)) * 2, x[1]), X, [0, 1]),
    "joined": (lambda x: np.sum(np.where(np.array([1, 1, 0, 1]) > 0, np.concatenate([x, np.sqrt(x)]), 0)), X, [1, 1.25]),
    "stacked": (lambda x: np.sum(np.where(x > 0, np.stack([np.sqrt(x), np.log(x)]), 0)), X, [0, 0.5]),
    "joined after clipping": (lambda x: np.sum(np.sqrt(np.concatenate([np.maximum(x, 0), np.ones(1), x + 5]))), np.array([-1.0, 4]), [0.25, 0.25 + 1 / 6]),
    "select": (lambda x: np.sum(np.select([x > 0], [np.sqrt(x)], 0)), X, [0, 0.25]),
    "maximum": (lambda x: np.sum(np.log(np.maximum(x, 1e-300))), np.array([-1.0, 4]), [0, 0.25]),
    "clip": (lambda x: np.sum(np.arccos(np.clip(x, -1, 1))), np.array([2.0, 0.0]), [0, -1]),
    "clip with arrays": (lambda x: np.sum(np.sqrt(np.clip(x, np.zeros(2), np.full(2, 9.0)))), np.array([-1.0, 4]), [0, 0.25]),
    "fmax": (lambda x: np.sum(np.sqrt(np.fmax(x, 0))), np.array([-1.0, 4]), [0, 0.25]),
    "fmin": (lambda x: np.sum(np.fmin(np.log(x), 0)), np.array([4.0, 0.5]), [0, 2]),
    "clipped before a sum": (lambda x: np.sqrt(np.sum(np.reshape(np.maximum(x, 0), (1, 2)), axis=1))[0], np.array([-1.0, -2]), [0, 0]),
    "rows": (lambda x: np.sum(np.sqrt(np.sum(np.maximum(x, 0) ** 2, axis=1))), np.array([[-1.0, -2], [3, 4]]), [[0, 0], [0.6, 0.8]]),
    "factor": (lambda x: np.sum(np.sqrt(x) * (x > 0)), X, [0, 0.25]),
    "factor of numbers": (lambda x: np.sum((x > 0).astype(float) * np.sqrt(x)), X, [0, 0.25]),
    "one minus a mask": (lambda x: np.sum(np.sqrt(x) * (1 - (x == 0))), X, [0, 0.25]),
    "constant mask": (lambda x: np.sum(MASK * np.sqrt(x)), X, [0, 0.25]),
    "index": (lambda x: np.sum(np.sqrt(x)[MASK]), X, [0, 0.25]),
    "index twice": (lambda x: np.sum(np.sqrt(x)[MASK]) + np.sum(np.sqrt(x)[MASK] ** 2), X, [0, 1.25]),
    "index of rows": (lambda x: np.sum(np.sqrt(x)[MASK, 0]), np.array([[0.0, 0], [4, 0]]), [[0, 0], [0.25, 0]]),
    "distances": (lambda x: np.sum(np.where(np.eye(2) > 0, 0, np.sqrt(np.sum(far(x) ** 2, axis=-1)))), POINTS, np.sqrt([[2.0, 2], [2, 2]]) * [[-1], [1]]),
    "distances by a mask": (lambda x: np.sum(np.sqrt(np.sum(far(x) ** 2, axis=-1)) * ~np.eye(2, dtype=bool)), POINTS, np.sqrt([[2.0, 2], [2, 2]]) * [[-1], [1]]),
    "largest of those taken": (lambda x: np.max(np.where(x > 0, np.log(x), -np.inf)), X, [0, 0.25]),
    "entropy": (lambda x: -np.sum(np.where(x > 0, x * np.log(x), 0)), np.array([0.0, 1.0]), [0, -1]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_out_does_not_leak(name: str) -> None:
    f, x, expected = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's, of values that are not taken
        for mode in ("forward", "reverse"):
            slope = ad.jacobian(f, mode=mode)
            np.testing.assert_allclose(slope(x), expected, atol=1e-12)
            np.testing.assert_allclose(ad.compile(slope, x)(x), expected, atol=1e-12)
        bends = [
            ad.jacobian(ad.jacobian(f, mode=a), mode=b) for a in ("forward", "reverse") for b in ("forward", "reverse")
        ]
        found = [bend(x) for bend in bends] + [ad.compile(bend, x)(x) for bend in bends]
        assert all(np.all(np.isfinite(h)) for h in found)
        for h in found[1:]:
            np.testing.assert_allclose(h, found[0], atol=1e-12)


def test_a_mask_may_be_an_argument() -> None:
    with np.errstate(all="ignore"):
        back = ad.grad(lambda x, keep: np.sum(np.sqrt(x) * keep))(X, MASK)
    np.testing.assert_array_equal(back, [0, 0.25])


@pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")
def test_a_mask_that_depends_on_values_is_an_index_at_the_point() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sqrt(x)[x > 0])

    with np.errstate(all="ignore"):
        for mode in ("forward", "reverse"):
            np.testing.assert_array_equal(ad.jacobian(f, mode=mode)(X), [0, 0.25])
            np.testing.assert_array_equal(ad.jacobian(ad.jacobian(f, mode=mode), mode=mode)(X), [[0, 0], [0, -1 / 32]])


def test_nan_of_what_is_taken_stays() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(ad.grad(lambda x: np.where(x < 0, np.sqrt(x), 0))(-1.0))
        assert np.isnan(ad.grad(lambda x: np.maximum(x, 0))(np.nan))
        assert (
            ad.grad(lambda x: np.sqrt(np.maximum(x, 0)))(0.0) == np.inf
        )  # a tie: half of the slope, which is infinite


def program(f: Any) -> Any:
    return trace(f, R[2]).diagram


def test_only_what_chooses_is_looked_at() -> None:
    for f in (
        lambda x: np.maximum(x, 0),
        lambda x: np.where(x > 0, x, 1),
        lambda x: x * (x > 0),
        lambda x: x[MASK],
        lambda x: MASK * x,
    ):
        d = program(f)
        assert chooses(d, jumping(d))
    for f in (lambda x: np.sin(x) * x, lambda x: 2 * x, lambda x: x[1:], lambda x: np.array([1.0, 0.0]) * x):
        d = program(f)
        assert not chooses(d, jumping(d))


def test_a_mask_is_computed_once_and_when_it_is_asked_for() -> None:
    asked = []
    mask = Mask(lambda: asked.append(1) or MASK)
    other = Mask(lambda: ~MASK)
    agree, any_ = both(mask, other), either(mask, other)
    assert not asked and both(None, mask) is mask and both(mask, None) is mask and either(None, mask) is None
    assert agree is not None and any_ is not None
    assert not np.any(agree()) and np.all(any_()) and len(asked) == 1


def test_a_mask_of_what_was_broadcast_is_narrowed() -> None:
    mask = Mask(lambda: np.array([[False, False], [False, True]]))
    assert narrowed(mask, (2, 2), (2, 2)) is mask and narrowed(None, (2,), ()) is None
    for to, expected in (((2, 1), [[False], [True]]), ((2,), [False, True]), ((), True), ((1, 1), [[True]])):
        small = narrowed(mask, (2, 2), to)
        assert small is not None
        np.testing.assert_array_equal(small(), expected)


def test_a_clipped_value_that_nobody_divides_by_costs_nothing_more() -> None:
    counts = ad.count(lambda x: ad.vjp(lambda x: np.sum(np.maximum(x, 0.0)), x)[1](1.0), np.ones(3))
    assert "greater_equal" not in counts  # the mask
