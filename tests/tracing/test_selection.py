"""Choices: branches that are not taken do not leak, and shapes that depend on values are said so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, grad, jvp, program, vjp
from essence_ad.errors import TracingError, UnsupportedError
from essence_ad.tracing.program import trace

X = np.array([-1.0, 0.0, 4.0])


def by_line(f: Any) -> str | None:
    """The line of a function, or its name."""
    code = getattr(f, "__code__", None)
    return f"line-{code.co_firstlineno}" if code is not None else getattr(f, "__name__", None)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.piecewise(x, [x > 0], [lambda v: np.sqrt(np.abs(v)), 0.0]),
        lambda x: np.select([x > 0], [np.sqrt(np.abs(x))], 0.0),
        lambda x: np.choose([0, 0, 1], [x * 0, np.sqrt(np.abs(x))]),
    ],
    ids=by_line,
)
def test_an_infinite_slope_of_a_branch_that_is_not_taken_does_not_leak(f: Any) -> None:
    _, pullback = vjp(f, X)
    np.testing.assert_allclose(pullback(np.ones(3)), [0, 0, 0.25])


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda x: np.unique(x), "np.unique"),
        (lambda x: np.trim_zeros(x), "np.trim_zeros"),
        (lambda x: np.nonzero(x), "np.nonzero"),
        (lambda x: x.nonzero(), "np.nonzero"),
        (lambda x: np.flatnonzero(x), "np.flatnonzero"),
        (lambda x: np.argwhere(x), "np.argwhere"),
        (lambda x: np.extract(x > 0, x), "np.extract"),
        (lambda x: np.compress(x > 0, x), "np.compress"),
        (lambda x: np.histogram(x), "np.histogram"),
        (lambda x: np.bincount(np.sign(x).astype(int)), "np.bincount"),
        (lambda x: np.real_if_close(x + 1j * x), "np.real_if_close"),
    ],
    ids=by_line,
)
def test_shapes_that_depend_on_values_are_refused_by_name_and_line(f: Any, name: str) -> None:
    with pytest.raises(TracingError) as caught:
        trace(f, R[3])
    assert name in str(caught.value) and "test_selection.py:" in str(caught.value)


def test_places_that_values_decide_do_not_move_and_say_so_by_zeros() -> None:
    for f in (lambda x: np.searchsorted([0.0, 1.0], x), lambda x: np.digitize(x, [0.0, 1.0]), lambda x: np.frexp(x)[1]):
        y, dy = jvp(f, X, np.ones(3))
        np.testing.assert_array_equal(y, f(X))
        assert not np.any(dy)


def test_searching_in_sorted_arrays_that_are_traced() -> None:
    f = lambda x: np.searchsorted(x, [0.5, 9.0], side="right", sorter=np.array([0, 1, 2])) * x[:2]
    np.testing.assert_array_equal(program(f)(X), f(X))


def test_wrong_choices_are_errors() -> None:
    for f, error in (
        (lambda x: np.select([x > 0], [x, x]), ValueError),
        (lambda x: np.select([x], [x]), TypeError),
        (lambda x: np.choose([0, 5, 0], [x, x]), ValueError),
        (lambda x: np.piecewise(x, [x > 0], [1, 2, 3]), ValueError),
        (lambda x: np.digitize(x, [0.0, 2.0, 1.0]), ValueError),
        (lambda x: np.choose([0, 0, 0], [x, x], out=np.zeros(3)), TracingError),
        (lambda x: np.unique(x, axis=0), UnsupportedError),
        (lambda x: np.histogram([1.0], bins=x), UnsupportedError),
    ):
        with pytest.raises(error):
            trace(f, R[3])


def test_numbers_that_are_none_are_replaced_and_do_not_move() -> None:
    x = np.array([np.nan, np.inf, -np.inf, 2.0])
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.nan_to_num(x)))(x), [0, 0, 0, 1])
    np.testing.assert_array_equal(program(np.nan_to_num)(x), np.nan_to_num(x))


def test_closeness_is_that_of_numpy() -> None:
    x = np.array([1.0, np.nan, np.inf, 1.0 + 1e-9])
    y = np.array([1.0, np.nan, np.inf, 1.0])
    for equal_nan in (False, True):
        f = lambda x, n=equal_nan: (np.isclose(x, y, equal_nan=n), np.allclose(x, y, equal_nan=n))
        for a, b in zip(program(f)(x), f(x), strict=True):
            np.testing.assert_array_equal(a, b)
