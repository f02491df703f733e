"""Kinks, ties, jumps and choices: the stated conventions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.primitives import comparison
from essence_ad.primitives.comparison import lead
from essence_ad.primitives.primitive import Primitive
from essence_ad.tracing.program import trace

INF, NAN = math.inf, math.nan


def slopes(name: str, *x: Any) -> Any:
    with np.errstate(all="ignore"):
        y, df = D(Dual(Additive))(getattr(essence_ad, name))(x if len(x) > 1 else x[0])
        found = df(np.ones(np.shape(y))[()])
    return tuple(map(float, found)) if len(x) > 1 else float(found)


# "abs at 0: 0" and "max of a tie / maximum(x, 0) at 0: half, half" among the edge points that the project collected from
# other systems; the rest follows the docstring of the family.
CONVENTIONS = [
    ("absolute", (0.0,), 0.0), ("absolute", (-0.0,), 0.0), ("absolute", (-2.0,), -1.0), ("fabs", (0.0,), 0.0), ("absolute", (-INF,), -1.0),
    ("maximum", (1.0, 1.0), (0.5, 0.5)), ("maximum", (0.0, -0.0), (0.5, 0.5)), ("maximum", (2.0, 1.0), (1.0, 0.0)),
    ("minimum", (1.0, 1.0), (0.5, 0.5)), ("minimum", (2.0, 1.0), (0.0, 1.0)), ("maximum", (INF, INF), (0.5, 0.5)),
    ("maximum", (INF, 0.0), (1.0, 0.0)), ("minimum", (-INF, -INF), (0.5, 0.5)), ("maximum", (NAN, 1.0), (NAN, NAN)),
    ("fmax", (NAN, 1.0), (0.0, 1.0)), ("fmax", (1.0, NAN), (1.0, 0.0)), ("fmin", (NAN, 1.0), (0.0, 1.0)), ("fmin", (2.0, 2.0), (0.5, 0.5)),
    ("fmax", (1.0, 2.0), (0.0, 1.0)), ("fmin", (1.0, 2.0), (1.0, 0.0)),
    ("clip", (0.5, 0.0, 1.0), (1.0, 0.0, 0.0)), ("clip", (0.0, 0.0, 1.0), (0.5, 0.5, 0.0)), ("clip", (1.0, 0.0, 1.0), (0.5, 0.0, 0.5)),
    ("clip", (-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)), ("clip", (2.0, 0.0, 1.0), (0.0, 0.0, 1.0)), ("clip", (2.0, 0.0, INF), (1.0, 0.0, 0.0)),
    ("clip", (0.5, 2.0, 1.0), (0.0, 0.0, 1.0)), ("clip", (NAN, 0.0, 1.0), (NAN, NAN, NAN)),
    ("heaviside", (0.0, 0.5), (0.0, 1.0)), ("heaviside", (1.0, 0.5), (0.0, 0.0)), ("sign", (0.0,), 0.0),
]  # fmt: skip


@pytest.mark.parametrize("kind", [float, np.float64, np.asarray])
@pytest.mark.parametrize(("name", "x", "expected"), CONVENTIONS)
def test_slopes_by_convention(name: str, x: tuple[float, ...], expected: Any, kind: Any) -> None:
    np.testing.assert_array_equal(slopes(name, *map(kind, x)), expected)


def test_slopes_of_one_tie_add_up_to_one() -> None:
    x = np.array([-1.0, 0.0, 2.0])
    for name in ("maximum", "minimum", "fmax", "fmin"):
        y, df = D(Dual(Additive))(getattr(essence_ad, name))((x, x))
        first, other = df(np.ones(3))
        np.testing.assert_array_equal(first + other, np.ones(3))


def test_lead() -> None:
    x = np.array([1.0, 2.0, 3.0, NAN, INF, -INF])
    np.testing.assert_array_equal(lead(x, np.array([2.0, 2.0, 2.0, 2.0, INF, -INF])), [0, 0.5, 1, NAN, 0.5, 0.5])
    assert lead(np.ones(2, np.float32), 0.5).dtype == np.float32


# Row "where(x>0, sqrt(x), 0) at 0: 0" of the edge points.
@pytest.mark.parametrize(
    "x", [0.0, np.float64(0.0), np.zeros(3), np.array(0.0)], ids=["float", "scalar", "array", "point"]
)
def test_a_branch_that_is_not_taken_does_not_leak(x: Any) -> None:
    f = trace(lambda x: np.where(x > 0, np.sqrt(x), 0.0), essence_ad.space_of(x))
    for k in (Additive, Dual(Additive)):
        y, df = D(k)(f)(x)
        np.testing.assert_array_equal(df(np.ones(np.shape(x))[()]), np.zeros(np.shape(x)))


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_branch_that_is_not_a_number_does_not_leak() -> None:
    f = trace(lambda x: np.where(x > 0, np.log(x), x * 2), R)
    for k in (Additive, Dual(Additive)):
        assert D(k)(f)(-1.0)[1](1.0) == 2.0 and D(k)(f)(4.0)[1](1.0) == 0.25


POINT = np.array([0.0, 4.0, -1.0, 2.0])
SAFE: list[Any] = [
    (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0, 0.25, 0, 0.5 / math.sqrt(2)]),
    (lambda x: np.where(x > 0, x * np.log(x), 2 * x), [2, 1 + math.log(4), 2, 1 + math.log(2)]),
    (lambda x: np.where(x <= 0, x, 1 / x), [1, -1 / 16, 1, -0.25]),
    (lambda x: np.where(x > 0, np.where(x > 3, np.arcsin(x - 4), np.sqrt(x)), 1.0), [0, 1, 0, 0.5 / math.sqrt(2)]),
    (lambda x: np.sum(np.where(x > 0, np.power(x, -0.5), x)) * np.ones(4) / 4, [1, -1 / 16, 1, -0.5 * 2**-1.5]),
]


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize(("f", "expected"), SAFE)
def test_elements_that_are_not_taken_do_not_leak(f: Any, expected: list[float]) -> None:
    """The branches are infinite, or not numbers, where the other one is taken: in every mode, and when staged."""
    program = trace(f, R[4])
    ones = np.ones(4)
    y, df = D(Dual(Additive))(program)(POINT)
    np.testing.assert_allclose(df(ones), expected)
    np.testing.assert_allclose(np.sum(D(Additive)(program)(POINT)[1](ones)), np.sum(expected))
    staged = trace(lambda x: D(Dual(Additive))(program)(x)[1](ones), R[4])
    np.testing.assert_allclose(staged(POINT), expected)
    assert np.isfinite(D(Additive)(staged)(POINT)[1].matrix()).all()


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_read_elsewhere_too_keeps_its_slope() -> None:
    def f(x: Any) -> Any:
        root = np.sqrt(x)
        return np.where(x > 0, root, 0.0), root

    program = trace(f, R[2])
    y, df = D(Additive)(program)(np.array([0.0, 4.0]))
    first, second = df(np.ones(2))
    np.testing.assert_array_equal(second, [math.inf, 0.25])
    whole = trace(lambda x: np.where(x > 0, np.cumsum(np.square(x)), 0.0), R[2])  # a running total is not elementwise
    np.testing.assert_array_equal(D(Additive)(whole)(np.array([-1.0, 4.0]))[1].matrix(), [[0, 0], [-2, 8]])


def test_a_choice_beside_a_product_on_one_wire() -> None:
    choose = essence_ad.compose(
        essence_ad.where, essence_ad.fork(essence_ad.const(True), essence_ad.sqrt, essence_ad.sin)
    )
    f = essence_ad.cross(essence_ad.identity, choose)
    y, df = D(Dual(Additive))(f)(((1.0, np.ones(2)), 4.0))
    assert df(((1.0, np.ones(2)), 1.0))[1] == 0.25
    spread = essence_ad.fork(essence_ad.proj(1), choose @ essence_ad.proj(0))
    y, df = D(Dual(Additive))(spread)((4.0, (np.ones(2), 3.0)))
    assert df(((np.ones(2), 1.0), 1.0))[0] == 0.25


def test_where_selects_elements_and_spreads() -> None:
    mask = np.array([[True, False], [False, True]])
    f = trace(lambda x, y: np.where(mask, x, y), R[2] * R)
    y, df = D(Dual(Additive))(f)((np.array([1.0, 2.0]), 5.0))
    back, other = df(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert y.tolist() == [[1, 5], [5, 2]] and back.tolist() == [1.0, 4.0] and other == 5.0


def test_a_condition_that_is_traced_selects_too() -> None:
    f = trace(lambda x, y: np.where(x > y, x * y, x), R[3] * R[3])
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0])
    gradient = trace(lambda x: D(Dual(Additive))(f)((x, y))[1](np.ones(3))[0], R[3])
    np.testing.assert_array_equal(gradient(x), [1.0, 1.0, 1.0])
    np.testing.assert_array_equal(D(Dual(Additive))(f)((x, y))[1](np.ones(3))[1], [0.0, 2.0, 0.0])


def test_comparisons_are_flat_and_keep_numpys_dtypes() -> None:
    x = np.array([0.5, NAN])
    assert essence_ad.less((x, 1.0)).tolist() == [True, False]
    assert essence_ad.isnan(x).dtype == bool and essence_ad.floor(1.5) == 1.0
    assert essence_ad.round(decimals=1)(1.26) == 1.3
    y, df = D(Additive)(essence_ad.floor)(1.5)
    assert y == 1.0 and df(1.0) == 0.0
    discrete = [p for p in vars(comparison).values() if isinstance(p, Primitive) and p.rule.discrete]
    assert len(discrete) >= 20


def test_the_sign_of_a_complex_number_turns() -> None:
    z = np.array([3 + 4j])
    y, df = D(Additive)(essence_ad.sign)(z)
    along, across = df(y), df(1j * y)
    np.testing.assert_allclose(along, [0], atol=1e-16)
    np.testing.assert_allclose(across, 1j * y / 5)
    assert D(Additive)(essence_ad.sign)(2.0)[1](1.0) == 0.0
    assert D(Dual(Additive))(essence_ad.absolute)(0j)[1](1.0) == 0


def test_the_size_of_a_complex_number_has_no_bend_at_zero() -> None:
    with np.errstate(all="raise"):
        found = essence_ad.hessian(lambda x: np.abs(x[0] + 1j * x[1]))(np.zeros(2))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))
    bend = essence_ad.hessian(lambda x: np.abs(x[0] + 1j * x[1]))(np.array([3.0, 4.0]))
    np.testing.assert_allclose(bend, np.array([[16.0, -12.0], [-12.0, 9.0]]) / 125)
