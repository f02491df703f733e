"""Elementary functions where they end: poles, branch points, removable gaps; and that their slopes are cheap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual, R
from essence_ad.primitives import elementary
from essence_ad.primitives.elementary import bessel_i, sinc_derivative
from essence_ad.primitives.primitive import Elementwise, Primitive
from essence_ad.tracing.program import trace

FAMILY = {name: p for name, p in vars(elementary).items() if isinstance(p, Primitive)}
INF, NAN = math.inf, math.nan


def slope(name: str, x: Any) -> Any:
    return D(Dual(Additive))(getattr(essence_ad, name))(x)[1](1.0)


def nth(name: str, x: float, order: int) -> Any:
    """A derivative of any order, by nesting."""
    f: Any = getattr(essence_ad, name)
    for _ in range(order):
        f = trace(lambda t, g=f: D(Dual(Additive))(g)(t)[1](1.0), R)
    return f(x)


# The mathematics of each slope at the ends of the function's domain.
ENDS = [
    ("sqrt", 0.0, INF), ("cbrt", 0.0, INF), ("log", 0.0, INF), ("log", INF, 0.0), ("log1p", -1.0, INF), ("log2", 0.0, INF), ("log10", 0.0, INF),
    ("arcsin", 1.0, INF), ("arccos", -1.0, -INF), ("arctanh", 1.0, INF), ("arccosh", 1.0, INF), ("arctan", INF, 0.0),
    ("reciprocal", 0.0, -INF), ("exp", -INF, 0.0), ("exp", INF, INF), ("tanh", INF, 0.0), ("square", 0.0, 0.0), ("sinc", 0.0, 0.0),
    ("expm1", -INF, 0.0), ("exp2", -INF, 0.0), ("sinh", 0.0, 1.0), ("cosh", 0.0, 0.0), ("sin", NAN, NAN), ("sqrt", NAN, NAN),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "expected"), ENDS)
@pytest.mark.parametrize("kind", [float, np.float64, lambda x: np.array([x, 0.5])])
def test_slopes_at_the_ends(name: str, x: float, expected: float, kind: Any) -> None:
    with np.errstate(all="ignore"):  # the value itself is infinite in places, as NumPy warns
        point = kind(x)
        v = 1.0 if np.ndim(point) == 0 else np.array([1.0, 0.0])
        found = D(Dual(Additive))(getattr(essence_ad, name))(point)[1](v)
    np.testing.assert_array_equal(np.ravel(found)[0], expected)


def test_a_slope_warns_of_nothing_where_the_value_does_not() -> None:
    for name in ("sqrt", "cbrt", "arccosh", "arcsin", "sinc"):  # infinite slopes (or none) at ordinary values
        point = {"arccosh": 1.0, "arcsin": 1.0}.get(name, 0.0)
        for mode in (D(Additive), D(Dual(Additive))):
            y, df = mode(getattr(essence_ad, name))(np.array([point]))
            assert np.isfinite(y).all() and df(np.ones(1)).shape == (1,)


def test_roots_of_negative_numbers_are_not_numbers_as_in_numpy() -> None:
    with np.errstate(invalid="ignore"):
        y, df = D(Additive)(essence_ad.sqrt)(-1.0)
    assert np.isnan(y) and np.isnan(df(1.0))


# The row "sinc at 0: first / second, 0 / -pi^2/3" of the edge points that the project collected from other systems.
def test_sinc_is_smooth_at_zero() -> None:
    for order in range(7):
        m = order // 2
        expected = 0.0 if order % 2 else (-1) ** m * math.pi**order / (order + 1)
        assert math.isclose(nth("sinc", 0.0, order), expected, rel_tol=1e-14, abs_tol=1e-14)


def test_derivatives_of_sinc_have_no_seam() -> None:
    x = np.linspace(-4, 4, 4001)
    for order in range(1, 6):
        below = sinc_derivative(x, order=order - 1) if order > 1 else np.sinc(x)
        slopes = np.gradient(below, x, edge_order=2)
        assert np.max(np.abs(slopes - sinc_derivative(x, order=order))[2:-2]) < 2e-4 * math.pi**order
    # the integral form of the same derivative, (pi t)^n cos(pi x t + n pi / 2) averaged over t in [0, 1]
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t, w = (nodes + 1) / 2, weights / 2
    for order in (1, 2, 5):
        exact = ((np.pi * t) ** order * np.cos(np.pi * x[:, None] * t + order * np.pi / 2)) @ w
        np.testing.assert_allclose(sinc_derivative(x, order=order), exact, atol=1e-13 * np.pi**order)
    assert sinc_derivative(np.float32(0.3)).dtype == np.float32


# I_1, I_2 and I_3 from Abramowitz and Stegun, Handbook of Mathematical Functions, tables 9.8 and 9.9, times exp(x).
BESSEL = {
    1: {0.1: 0.0500625260, 1.0: 0.5651591040, 5.0: 24.3356421424},
    2: {1.0: 0.1357476698, 5.0: 17.5056149666},
    3: {1.0: 0.0221684249},
}


@pytest.mark.parametrize(("order", "x"), [(n, x) for n, row in BESSEL.items() for x in row])
def test_bessel_functions(order: int, x: float) -> None:
    assert math.isclose(bessel_i(x, order=order), BESSEL[order][x], rel_tol=1e-8)
    np.testing.assert_allclose(bessel_i(np.array([x, 0.0]), order=0), [np.i0(x), 1.0], rtol=1e-13)


def test_bessel_functions_far_out_and_near_zero() -> None:
    x = np.array([1e-9, 1e-4, 30.0, 200.0, 700.0])
    np.testing.assert_allclose(bessel_i(x, order=0), np.i0(x), rtol=2e-13)
    np.testing.assert_allclose(bessel_i(x[:2], order=1), x[:2] / 2, rtol=1e-8)
    np.testing.assert_allclose(bessel_i(x[:2], order=2), x[:2] ** 2 / 8, rtol=1e-8)
    wronskian = bessel_i(x, order=0) * x - 2 * bessel_i(x, order=1) - bessel_i(x, order=2) * x  # the recurrence, n = 1
    assert np.all(np.abs(wronskian) <= 1e-12 * bessel_i(x, order=0) * np.maximum(x, 1))


# At most this many operations in a slope: the textbook's.
COSTS = {
    "sin": 1, "cos": 2, "tan": 2, "sinh": 1, "cosh": 1, "tanh": 2, "exp": 0, "exp2": 1, "expm1": 1, "log": 1, "log2": 1, "log10": 1, "log1p": 2,
    "sqrt": 1, "square": 1, "reciprocal": 2, "arctan": 3, "arcsin": 4, "arctanh": 3, "deg2rad": 0, "sinc": 1, "cbrt": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_slopes_cost_what_the_textbook_says(name: str) -> None:
    rule = FAMILY[name].rule
    assert isinstance(rule, Elementwise)
    (stated,) = rule.slopes
    if not callable(stated):
        assert COSTS[name] == 0
        return
    program = trace(lambda x, y: stated(x, y), R * R)
    assert len([op for op, ins, _ in program.diagram.boxes if ins and op is not None]) == COSTS[name]


def test_angles_are_linear() -> None:
    assert essence_ad.deg2rad.is_linear and essence_ad.degrees.is_linear
    assert math.isclose(essence_ad.deg2rad.T(180.0), math.pi) and math.isclose(slope("degrees", 0.3), 180 / math.pi)
