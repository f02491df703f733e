"""``jacobian``: shapes and structures, both modes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import errors
from essence_ad.calculus.gradient import grad
from essence_ad.calculus.jacobian import MODES, jacobian
from essence_ad.compiler.compiled import compile
from essence_ad.linear_map import arrays
from essence_ad.primitives.primitive import Example, Primitive
from essence_ad.spaces import pack, space_of
from essence_ad.structure import leaves
from tests.primitives.test_primitives import CASES, Point

modes = pytest.mark.parametrize("mode", MODES)


@modes
def test_the_paper_s_example(mode: str) -> None:
    """cosSinProd at (2, 3/4): the closed form of section 4's example."""

    def f(x: Any, y: Any) -> Any:
        return np.cos(x * y), np.sin(x * y)

    (a, b), (c, d) = jacobian(f, mode=mode, argnums=(0, 1))(2.0, 0.75)
    s, t = math.sin(1.5), math.cos(1.5)
    np.testing.assert_allclose([[a, b], [c, d]], [[-0.75 * s, -2 * s], [0.75 * t, 2 * t]], rtol=1e-14)


@modes
@pytest.mark.parametrize("shape_in", [(), (1,), (2,), (2, 3), (0,)])
@pytest.mark.parametrize("shape_out", [(), (1,), (4,), (3, 2), (0,)])
def test_shapes(mode: str, shape_in: tuple[int, ...], shape_out: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    a = rng.standard_normal(shape_out + (1,) * len(shape_in))
    b = rng.standard_normal(shape_in)
    axes = tuple(range(len(shape_out), len(shape_out) + len(shape_in)))

    def f(x: Any) -> Any:
        return np.sum(a * (x * b), axis=axes) if axes else a * (x * b)

    j = jacobian(f, mode=mode)(np.ones(shape_in)[()])
    assert np.shape(j) == shape_out + shape_in
    np.testing.assert_allclose(j, a * b, rtol=1e-15)


@modes
def test_structures_nest_value_first(mode: str) -> None:
    def f(p: Any) -> Any:
        return [p["a"] * p["b"], (np.sum(p["b"]), 2.0)]

    b = np.array([2.0, 3.0])
    j = jacobian(f, mode=mode)({"a": 5.0, "b": b})
    assert isinstance(j, list)
    assert isinstance(j[1], tuple)
    np.testing.assert_array_equal(j[0]["a"], b)
    np.testing.assert_array_equal(j[0]["b"], 5.0 * np.eye(2))
    assert j[1][0]["a"] == 0.0
    np.testing.assert_array_equal(j[1][0]["b"], [1.0, 1.0])
    assert j[1][1]["a"] == 0.0
    np.testing.assert_array_equal(j[1][1]["b"], [0.0, 0.0])


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 1000))
def test_modes_agree(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, x = rng.standard_normal((m, n)), rng.standard_normal(n)

    def f(t: Any) -> Any:
        return np.sin(np.sum(a * t, axis=1))

    exact = np.cos(a @ x)[:, None] * a
    for mode in MODES:
        np.testing.assert_allclose(jacobian(f, mode=mode)(x), exact, rtol=1e-12, atol=1e-14)


def test_auto_takes_the_shorter_way() -> None:
    """A map whose adjoint fails is only pushed forward, and one that cannot be pushed is only pulled back."""
    from essence_ad.morphism import box
    from essence_ad.operation import LinearOp

    def fail(v: Any) -> Any:
        raise AssertionError("the longer way was taken")

    one, two = essence_ad.R, essence_ad.R[2]
    tall = box(LinearOp("tall", lambda v: np.stack([v, v]), fail, (one,), (two,)))
    wide = box(LinearOp("wide", fail, lambda v: np.stack([v, v]), (two,), (one,)))
    assert jacobian(essence_ad.sin >> tall)(0.0).tolist() == [1.0, 1.0]
    with pytest.raises(AssertionError):
        jacobian(essence_ad.sin >> tall, mode="reverse")(0.0)
    with pytest.raises(AssertionError):
        jacobian(wide, mode="forward")(np.zeros(2))


@modes
def test_between_real_and_complex_numbers(mode: str) -> None:
    z = np.array([0.3 - 0.2j, 1.0 + 2.0j])
    np.testing.assert_allclose(jacobian(lambda t: t * t, mode=mode)(z), np.diag(2 * z), rtol=1e-15)
    np.testing.assert_allclose(
        jacobian(lambda t: np.exp(1j * t), mode=mode)(np.ones(2)), np.diag(1j * np.exp([1j, 1j]))
    )
    j = jacobian(lambda t: np.real(t * np.conj(t)), mode=mode)(z)
    np.testing.assert_allclose(j, np.diag(2 * np.conj(z)), rtol=1e-15)  # as grad: df/dx - i df/dy
    assert grad(lambda t: np.sum(np.real(t * np.conj(t))))(z) == pytest.approx(np.sum(j, axis=0))


@modes
def test_single_precision_stays(mode: str) -> None:
    assert jacobian(np.sin, mode=mode)(np.ones(2, np.float32)).dtype == np.float32


@modes
def test_results_may_be_changed(mode: str) -> None:
    x = np.ones(2)
    j = jacobian(lambda t: np.sum(t), mode=mode)(x)
    j += 1.0
    assert x.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("mode", ["Forward", "rev", None, 1])
def test_other_modes_are_refused_at_once(mode: Any) -> None:
    with pytest.raises(errors.OptionError, match="'auto', 'forward', 'reverse'"):
        jacobian(np.sin, mode=mode)


def test_bad_input() -> None:
    with pytest.raises(errors.NotAProgramError):
        jacobian(1.0)  # type: ignore[arg-type]
    with pytest.raises(errors.DTypeError, match="in its argument"):
        jacobian(np.sin)(np.arange(3))
    with pytest.raises(errors.DTypeError, match=r"in its value\[1\]"):
        jacobian(lambda x: (x, x > 0))(1.0)
    with pytest.raises(errors.OptionError, match="argnums"):
        jacobian(np.sin, argnums=1)(1.0)


def test_an_argument_without_numbers() -> None:
    assert jacobian(lambda p: 3.0)(()) == ()


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("p", "e"), CASES)
def test_compiled_for_every_primitive(p: Primitive, e: Example, mode: str) -> None:
    """Staged on traced arrays, simplified and written out, it is the same array."""
    point = Point(p, e)
    target = arrays(space_of(point.f(point.x)))
    if not point.moving or any(part.discrete for part in target) or any(a.dim == 0 for a in arrays(point.space)):
        return
    derivative = jacobian(point.f, mode=mode)
    compiled = compile(derivative, point.space)
    for found, expected in zip(leaves(pack(compiled(point.x))), leaves(pack(derivative(point.x))), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)


def test_it_is_compiled_when_it_meets_a_space_again() -> None:
    function = jacobian(lambda x: np.sin(x[1:]) * x[:-1])
    x = np.linspace(0.0, 1.0, 9)
    first, second, third = function(x), function(x), function(x)
    assert function.kept == 1  # type: ignore[attr-defined]
    np.testing.assert_allclose(first, second, rtol=1e-15)
    np.testing.assert_array_equal(second, third)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_program_does_not_grow_with_the_arrays(mode: str) -> None:
    def f(x: Any) -> Any:
        return np.exp(x[1:] * x[:-1]) + x[1:]

    sizes = [len(compile(jacobian(f, mode=mode), essence_ad.R[n]).diagram.boxes) for n in (20, 200)]
    assert sizes[0] == sizes[1] < 20
