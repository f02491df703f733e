"""Arithmetic at the points where slopes are a convention, and with arguments of mixed kinds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, C, D, Dual, R
from essence_ad.primitives.arithmetic import share
from essence_ad.primitives.primitive import Elementwise
from essence_ad.tracing.program import trace

INF, NAN = math.inf, math.nan
KINDS = [float, np.float64, np.asarray]


def slopes(name: str, *x: Any) -> Any:
    """The slope in each argument, as numbers."""
    with np.errstate(all="ignore"):
        y, df = D(Dual(Additive))(getattr(essence_ad, name))(x if len(x) > 1 else x[0])
        found = df(np.ones(np.shape(y))[()])
    return tuple(map(float, found)) if len(x) > 1 else float(found)


# Rows of the edge points that the project collected from other systems, with the value it calls sensible, and what
# follows from the mathematics beside them.
CONVENTIONS = [
    ("power", (0.0, 2.0), (0.0, 0.0)), ("power", (0.0, 1.0), (1.0, 0.0)), ("power", (0.0, 0.0), (0.0, -INF)),
    ("power", (0.0, 0.5), (INF, 0.0)), ("power", (3.0, 0.0), (0.0, math.log(3))), ("power", (-2.0, 2.0), (-4.0, NAN)),
    ("power", (INF, 0.0), (0.0, INF)), ("power", (NAN, 0.0), (0.0, NAN)), ("float_power", (0.0, 2.0), (0.0, 0.0)),
    ("hypot", (0.0, 0.0), (0.0, 0.0)), ("hypot", (0.0, -2.0), (0.0, -1.0)), ("hypot", (3e200, 4e200), (0.6, 0.8)),
    ("arctan2", (0.0, 0.0), (0.0, 0.0)), ("arctan2", (0.0, -1.0), (-1.0, 0.0)), ("arctan2", (1e-200, 0.0), (0.0, -1e200)),
    ("arctan2", (3e200, 4e200), (1.6e-201, -1.2e-201)),
    ("logaddexp", (-INF, -INF), (0.5, 0.5)), ("logaddexp", (INF, INF), (0.5, 0.5)), ("logaddexp", (-INF, 1.0), (0.0, 1.0)),
    ("logaddexp", (INF, 1.0), (1.0, 0.0)), ("logaddexp", (1000.0, -1000.0), (1.0, 0.0)), ("logaddexp2", (-INF, -INF), (0.5, 0.5)),
    ("divide", (1.0, 0.0), (INF, -INF)), ("divide", (0.0, 0.0), (INF, NAN)), ("multiply", (0.0, 3.0), (3.0, 0.0)),
    ("ratio", (0.0, 0.0), (0.0, 0.0)), ("copysign", (0.0, -1.0), (0.0, 0.0)), ("copysign", (2.0, -0.0), (-1.0, 0.0)),
    ("remainder", (1.0, 0.1), (1.0, -9.0)), ("fmod", (1.0, 0.1), (1.0, -9.0)), ("remainder", (-1.0, 3.0), (1.0, 1.0)),
    ("fmod", (-7.0, 3.0), (1.0, 2.0)),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "x", "expected"), CONVENTIONS)
def test_slopes_by_convention(name: str, x: tuple[float, ...], expected: tuple[float, ...], kind: Any) -> None:
    np.testing.assert_allclose(slopes(name, *map(kind, x)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("exponent", "at_zero", "at_three"),
    [(0, 0.0, 0.0), (1, 1.0, 1.0), (2, 0.0, 6.0), (3, 0.0, 27.0), (2.5, 0.0, 2.5 * 3**1.5)],
)
@pytest.mark.parametrize("number", [int, float, np.float64, np.float32])
def test_known_exponents(exponent: float, at_zero: float, at_three: float, number: Any) -> None:
    if number is int and exponent != int(exponent):
        return
    f = essence_ad.identity ** number(exponent)
    for x, expected in [(0.0, at_zero), (3.0, at_three), (np.array([0.0, 3.0]), [at_zero, at_three])]:
        y, df = D(Dual(Additive))(f)(x)
        np.testing.assert_allclose(df(np.ones(np.shape(x))[()]), expected, rtol=1e-6)


def second(name: str, x: float, y: float) -> Any:
    """The matrix of second derivatives, by nesting."""
    f = getattr(essence_ad, name)
    gradient = trace(lambda a, b: D(Dual(Additive))(f)((a, b))[1](1.0), R * R)
    with np.errstate(all="ignore"):
        return D(Additive)(gradient)((x, y))[1].matrix()


def test_second_derivatives_are_not_spoilt_by_the_conventions() -> None:
    x = 2.0
    np.testing.assert_allclose(second("power", x, 0.0), [[0, 1 / x], [1 / x, math.log(x) ** 2]])  # of x ** y at y = 0
    np.testing.assert_allclose(second("power", 0.0, 2.0), [[2, 0], [0, 0]])
    np.testing.assert_allclose(second("logaddexp", 1.0, 1.0), [[0.25, -0.25], [-0.25, 0.25]])
    np.testing.assert_allclose(second("logaddexp", -INF, -INF), [[0.25, -0.25], [-0.25, 0.25]])
    np.testing.assert_allclose(second("hypot", 3.0, 4.0), np.array([[16, -12], [-12, 9]]) / 125)
    np.testing.assert_allclose(second("arctan2", 1.0, 2.0), np.array([[-4, -3], [-3, 4]]) / 25)


def test_shares_stay_exact_where_one_argument_dwarfs_the_other() -> None:
    assert share(-800.0, 0.0) == np.exp(-800.0) == 0.0 and share(0.0, -40.0) == 1.0
    assert math.isclose(share(-40.0, 0.0), math.exp(-40.0), rel_tol=1e-14)
    assert np.isnan(share(NAN, 0.0))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "hypot", "logaddexp", "maximum", "power"])
def test_float_beside_arrays_of_single_precision(name: str) -> None:
    y, df = D(Dual(Additive))(getattr(essence_ad, name))((0.5, np.ones(3, np.float32)))
    first, other = df(np.ones(3, np.float32))
    assert y.dtype == np.float32 and other.dtype == np.float32 and np.shape(first) == ()


def test_whole_numbers_do_not_move() -> None:
    y, df = D(Additive)(essence_ad.multiply)((np.arange(3), np.ones(3)))
    np.testing.assert_array_equal(df((np.zeros(3, int), np.ones(3))), [0.0, 1.0, 2.0])
    assert D(Additive)(essence_ad.multiply)((2, 3.0))[1]((1.0, 0.0)) == 3.0  # a Python int counts as a real


def test_real_numbers_in_complex_arithmetic() -> None:
    x, z = 2.0, 1 + 3j
    y, df = D(Dual(Additive))(essence_ad.multiply)((x, z))
    back, other = df(1j)
    assert y == x * z and back == (1j * z).real and other == 1j * x
    assert not np.iscomplexobj(back)


def test_holomorphic_gradients_are_the_derivative_itself() -> None:
    z = 0.3 + 0.4j
    for name, expected in [
        ("exp", np.exp(z)),
        ("sin", np.cos(z)),
        ("square", 2 * z),
        ("reciprocal", -1 / z**2),
        ("sqrt", 0.5 / np.sqrt(z)),
    ]:
        assert np.isclose(D(Dual(Additive))(getattr(essence_ad, name))(z)[1](1.0 + 0j), expected)
    assert np.isclose(D(Dual(Additive))(essence_ad.power)((z, 2.0 + 0j))[1](1.0 + 0j)[0], 2 * z)


def test_parts_of_complex_numbers_are_real_linear() -> None:
    z = np.array([3 + 4j, 0j])
    expected = {
        "real": [1, 1],
        "imag": [-1j, -1j],
        "conjugate": [1, 1],
        "absolute": [0.6 - 0.8j, 0],
        "angle": [(-4 - 3j) / 25, 0],
    }
    for name, slope in expected.items():
        y, df = D(Dual(Additive))(getattr(essence_ad, name))(z)
        np.testing.assert_allclose(df(np.ones(2, y.dtype)), np.array(slope, complex) * 1, atol=1e-15)
    np.testing.assert_allclose(D(Dual(Additive))(essence_ad.conj)(z)[1](np.array([1j, 2])), [-1j, 2])
    assert slopes("imag", 2.0) == 0.0 and slopes("real", 2.0) == 1.0 and slopes("angle", 2.0) == 0.0


def test_real_and_imaginary_parts_transpose_at_a_space() -> None:
    assert essence_ad.real.at(C).T(2.0) == 2.0 and essence_ad.imag.at(C).T(2.0) == -2j
    assert essence_ad.conjugate.T(1j) == -1j


def test_conversion_has_the_slope_of_the_identity_unless_it_rounds() -> None:
    y, df = D(Dual(Additive))(essence_ad.astype(dtype="float32"))(np.ones(2))
    assert y.dtype == np.float32 and df(np.ones(2, np.float32)).dtype == np.float64
    y, df = D(Dual(Additive))(essence_ad.astype(dtype="int64"))(np.array([1.5]))
    assert y.tolist() == [1] and not np.any(df(np.zeros(1, int)))


def test_scaling_by_powers_of_two_keeps_the_dtype() -> None:
    f = trace(lambda x: np.ldexp(x, np.array([1, -1])), R.of("float32")[2])
    y, df = D(Dual(Additive))(f)(np.ones(2, np.float32))
    assert y.tolist() == [2.0, 0.5] and df(np.ones(2, np.float32)).dtype == np.float32


# How many operations the slopes in both arguments take together, at most.
COSTS = {"add": 0, "subtract": 0, "multiply": 0, "divide": 3, "hypot": 2, "logaddexp": 2, "maximum": 2, "arctan2": 7}


@pytest.mark.parametrize("name", COSTS)
def test_slopes_cost_what_the_textbook_says(name: str) -> None:
    rule = getattr(essence_ad, name).form.primitive.rule
    assert isinstance(rule, Elementwise)
    program = trace(lambda x, y, z: tuple([s(x, y, z) if callable(s) else 1.0 for s in rule.slopes]), R**3)
    assert len([op for op, ins, _ in program.diagram.boxes if ins and op is not None]) <= COSTS[name]
