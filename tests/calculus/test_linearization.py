"""``linearize``, ``jvp`` and ``vjp``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import C, R, errors
from essence_ad.calculus.gradient import grad
from essence_ad.calculus.linearization import jvp, linearize, vjp
from essence_ad.calculus.modes import reverse
from essence_ad.linear_map import LinearMap
from essence_ad.spaces import pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import program

numbers = st.floats(-2, 2)


def f(x: Any, y: Any) -> Any:
    """Two arguments, two results of different kinds."""
    return {"product": x * y, "list": [np.sin(x), 3.0]}


@given(numbers, numbers, numbers, numbers)
def test_both_directions_of_one_derivative(x: float, y: float, dx: float, dy: float) -> None:
    value, image = jvp(f, (x, y), (dx, dy))
    assert value == f(x, y)
    assert image["product"] == pytest.approx(y * dx + x * dy, abs=1e-15)
    assert image["list"] == pytest.approx([math.cos(x) * dx, 0.0])
    value, pullback = vjp(f, (x, y))
    assert value == f(x, y)
    back = pullback({"product": 2.0, "list": [5.0, 7.0]})
    assert back == pytest.approx((2 * y + 5 * math.cos(x), 2 * x))
    value, df = linearize(f, (x, y))
    assert df((dx, dy)) == image
    assert df.T({"product": 2.0, "list": [5.0, 7.0]}) == back


def test_linearize_gives_a_linear_map() -> None:
    value, df = linearize(essence_ad.mul, (3.0, 4.0))
    assert isinstance(df, LinearMap)
    assert value == 12.0
    assert (df.source, df.target) == (R * R, R)
    assert df.matrix().tolist() == [[4.0, 3.0]]
    assert ((df + df) * 0.5)((1.0, 1.0)) == 7.0


def test_a_derivative_costs_no_more_calls_of_the_function() -> None:
    calls = []

    def g(x: Any) -> Any:
        calls.append(1)
        return x * x

    _, df = linearize(g, 3.0)
    assert [df(1.0), df(2.0), df.T(1.0)] == [6.0, 12.0, 6.0]
    assert len(calls) == 1


@pytest.mark.parametrize(
    "g",
    [lambda p: p[0] * p[1], lambda x, y: x * y, essence_ad.mul, program(lambda x, y: x * y), np.multiply],
    ids="abcde",
)
def test_one_tuple_or_several_arguments(g: Any) -> None:
    assert jvp(g, (3.0, 4.0), (1.0, 10.0)) == (12.0, 34.0)
    assert vjp(g, (3.0, 4.0))[1](1.0) == (4.0, 3.0)
    assert linearize(g, (3.0, 4.0))[1]((1.0, 10.0)) == 34.0


def test_jvp_of_grad() -> None:
    def g(x: Any, y: Any) -> Any:
        return x * x * y

    assert jvp(grad(g), (3.0, 5.0), (1.0, 0.0)) == (30.0, 10.0)
    assert jvp(grad(essence_ad.mul), (3.0, 5.0), (1.0, 0.0)) == ((5.0, 3.0), (0.0, 1.0))


def test_linear_maps_take_traced_arrays() -> None:
    """The direction of a derivative is differentiated, too."""
    assert grad(lambda v: jvp(np.sin, 0.3, v * v)[1])(2.0) == pytest.approx(4 * math.cos(0.3))
    assert grad(lambda w: vjp(np.sin, w)[1](w * w))(2.0) == pytest.approx(4 * math.cos(2.0) - 4 * math.sin(2.0))
    _, df = linearize(np.sin, 0.3)
    assert grad(lambda v: df(v) ** 2)(1.0) == pytest.approx(2 * math.cos(0.3) ** 2)
    _, pullback = vjp(np.sin, 0.3)
    assert grad(lambda v: pullback(v) ** 2)(1.0) == pytest.approx(2 * math.cos(0.3) ** 2)


def test_complex_directions() -> None:
    z, dz = 0.3 + 0.4j, 1.0 - 2.0j
    assert jvp(lambda t: t * t, z, dz)[1] == pytest.approx(2 * z * dz)
    assert jvp(lambda t: np.real(t * np.conj(t)), z, dz)[1] == pytest.approx(2 * (z.real * dz.real + z.imag * dz.imag))
    assert jvp(lambda t: np.exp(1j * t), 0.3, 2.0)[1] == pytest.approx(2j * np.exp(0.3j))


def test_arrays() -> None:
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    value, df = linearize(lambda x: x * a, np.array([5.0, 6.0]))
    np.testing.assert_array_equal(value, np.array([5.0, 6.0]) * a)
    np.testing.assert_array_equal(df(np.array([1.0, 0.0])), [[1.0, 0.0], [3.0, 0.0]])
    np.testing.assert_array_equal(df.T(np.ones((2, 2))), [4.0, 6.0])


@pytest.mark.parametrize(
    ("x", "dx", "error"),
    [
        (1.0, (1.0,), errors.StructureError),
        ((1.0, 2.0), 1.0, errors.StructureError),
        ((1.0, 2.0), (1.0,), errors.StructureError),
        ({"a": 1.0}, {"b": 1.0}, errors.StructureError),
        ({"a": 1.0}, (1.0,), errors.StructureError),
        (np.ones(2), [1.0, 1.0], errors.StructureError),
        (np.ones(2), np.ones(3), errors.ShapeError),
        (np.ones(2), 1.0, errors.ShapeError),
        (1.0, np.ones(1), errors.ShapeError),
        (1.0, 1j, errors.DTypeError),
        (1.0, "text", errors.StructureError),
    ],
)
def test_directions_that_do_not_fit_are_refused(x: Any, dx: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        jvp(lambda t: t, x, dx)


@pytest.mark.parametrize(("w", "error"), [((1.0, 2.0), errors.StructureError), (np.ones(3), errors.ShapeError)])
def test_covectors_that_do_not_fit_are_refused(w: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        vjp(lambda t: t * t, np.ones(2))[1](w)


@pytest.mark.parametrize(
    "operator", [lambda g, x: linearize(g, x), lambda g, x: jvp(g, x, x), lambda g, x: vjp(g, x)], ids="abc"
)
def test_bad_input(operator: Any) -> None:
    with pytest.raises(errors.DTypeError, match="a Python int counts as a real"):
        operator(lambda t: t * t, np.arange(3))
    with pytest.raises(errors.NotAProgramError):
        operator(3.0, 1.0)


def test_inputs_are_not_changed() -> None:
    x, dx, w = np.arange(3.0), np.ones(3), np.ones(3)
    for array in (x, dx, w):
        array.flags.writeable = False
    jvp(lambda t: t * np.sin(t), x, dx)
    vjp(lambda t: t * np.sin(t), x)[1](w)
    assert x.tolist() == [0.0, 1.0, 2.0]


def structures() -> st.SearchStrategy[Any]:
    """Nested tuples, lists and dicts of small arrays."""
    arrays = st.lists(st.integers(1, 3), max_size=2).map(
        lambda shape: np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)[()]
    )
    return st.recursive(
        arrays,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        ),
        max_leaves=6,
    )


@given(structures(), st.integers(0, 1000))
def test_the_pullback_is_the_transpose_on_every_structure(x: Any, seed: int) -> None:
    def g(point: Any) -> Any:
        parts = leaves(pack(point))
        total = sum([np.sum(part * part) for part in parts], 0.0)
        return {"each": [np.sin(part) * total for part in parts], "again": point}

    rng = np.random.default_rng(seed)
    y, df = linearize(lambda *p: g(p[0]), x)
    assert df.source == space_of(x)
    assert df.target == space_of(y)
    v, w = df.source.random(rng), df.target.random(rng)
    image, back = df(v), vjp(lambda *p: g(p[0]), x)[1](w)
    assert space_of(image) == space_of(y)
    assert space_of(back) == space_of(x)
    assert df.target.dot(w, image) == pytest.approx(df.source.dot(back, v), rel=1e-10, abs=1e-10)


def test_matrices_between_real_and_complex_numbers() -> None:
    """The same by rows and by columns; mixed structures too."""
    x = np.array([0.3, -0.4])
    np.testing.assert_allclose(linearize(lambda t: np.sum(np.exp(1j * t)), x)[1].matrix(), [1j * np.exp(1j * x)])
    z = 1.0 + 2.0j
    parts = linearize(lambda t: (np.real(t), np.imag(t), t * t), z)[1].matrix()
    np.testing.assert_allclose(parts, [[1.0], [-1.0j], [2 * z]])
    mixed = linearize(lambda t, s: (np.real(t) * s, t * s), (z, 3.0))[1]
    np.testing.assert_allclose(mixed.matrix(), [[3.0, 1.0], [3.0, z]])
    np.testing.assert_allclose(linearize(lambda t, s: np.real(t) * s, (z, 3.0))[1].matrix(), [[3.0, 1.0]])


def test_integer_directions_do_not_wrap_around() -> None:
    """2¹⁰⁰ is 0 in 64 bits; a direction is an element of a real space, whatever numbers it is written with."""

    def chain(x: Any) -> Any:
        for _ in range(100):
            x = x + x
        return x

    one = np.int64(1)
    assert jvp(chain, 1.0, one)[1] == 2.0**100
    assert vjp(chain, 1.0)[1](one) == 2.0**100
    assert jvp(chain, np.ones(2), np.array([1, 0]))[1].tolist() == [2.0**100, 0.0]


def test_integers_at_a_known_real_space_move() -> None:
    f = program(lambda x: x * x, R[3])
    value, df = reverse(f)(np.arange(3))
    assert value.tolist() == [0.0, 1.0, 4.0]
    assert df(np.ones(3)).tolist() == [0.0, 2.0, 4.0]
    g = program(lambda z: 1j * z, C)
    assert reverse(g)(2.0)[1](1.0) == 1j
