"""The C backend: NumPy's numbers, of every primitive that it takes, and a clear refusal of the others."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from essence_ad import R, compile, grad, hvp, value_and_grad, vjp
from essence_ad.backends import c
from essence_ad.errors import DTypeError, EssenceError, ShapeError, UnsupportedError
from essence_ad.primitives import catalogue
from essence_ad.spaces import pack, space_of
from essence_ad.structure import leaves
from tests.primitives.test_primitives import PRIMITIVES, Point, examples

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="the C backend needs a C compiler on the machine"
)
TAKEN = [*c.FUNCTIONS, *c.INFIX, *c.TESTS, *c.MOVES, "astype", "sum", "mean", "einsum", "scatter_sum", "concatenate", "stack", "tensordot",
         *[name for name, *_ in c.CONTRACTIONS]]  # fmt: skip


def same(found: Any, expected: Any) -> None:
    left, right = leaves(pack(found)), leaves(pack(expected))
    assert len(left) == len(right)
    for a, b in zip(left, right, strict=True):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def moved(f: Any, x: Any) -> Any:
    """The value and, where it can move, what ones pull back."""
    y, back = vjp(f, x)
    spaces = list(map(space_of, leaves(pack(y))))
    ones = [np.ones(s.shape)[()] for s in spaces]  # type: ignore[attr-defined]
    if any(s.discrete for s in spaces):
        return y, y
    return y, back(tuple(ones) if isinstance(y, tuple) else ones[0])


@needs_compiler
@pytest.mark.parametrize("name", sorted(set(TAKEN)))
def test_every_primitive_that_it_takes(name: str) -> None:
    points = [Point(PRIMITIVES[name], e) for e in examples(PRIMITIVES[name])]
    taken = []
    for p in points:
        try:
            c.write(compile(both_of(p), [p.x]).form)
        except UnsupportedError as error:
            assert "C backend" in str(error) and 'backend="numpy"' in str(error)
        else:
            taken.append(p)
    assert taken, name
    together = compile(
        lambda xs: [both_of(p)([x]) for p, x in zip(taken, xs, strict=True)], [p.x for p in taken], backend="c"
    )
    same(together([p.x for p in taken]), [moved(p.f, p.x) for p in taken])


def both_of(p: Point) -> Any:
    return lambda x: moved(p.f, x[0])


@needs_compiler
def test_derivatives_of_a_layer_and_of_a_valley() -> None:
    rng = np.random.default_rng(3)
    w, x, b = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4)

    def layer(p: Any) -> Any:
        w, x, b = p
        return np.sum(np.tanh(w @ x + b))

    def valley(x: Any) -> Any:
        return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    point = (w, x, b)
    f = compile(value_and_grad(layer), point, backend="c")
    same(f(point), value_and_grad(layer)(point))
    same(compile(lambda x, v: hvp(valley, x, v), b, b, backend="c")(b, b + 1), hvp(valley, b, b + 1))
    assert "tanh(" in f.source and f.is_linear is False
    same(grad(lambda p: f(p)[0])(point), grad(layer)(point))  # a compiled program is a program


@needs_compiler
@settings(max_examples=15)
@given(
    st.lists(st.sampled_from(["sin", "exp", "square", "tanh", "negative"]), min_size=1, max_size=8), st.floats(-2, 2)
)
def test_chains_of_numbers(names: list[str], x: float) -> None:
    def f(x: Any) -> Any:
        for name in names:
            x = 0.5 * getattr(np, name)(x) * x - 0.25
        return x

    same(compile(value_and_grad(f), R, backend="c")(x), value_and_grad(f)(x))


@needs_compiler
def test_infinity_and_nan_are_numpys() -> None:
    def f(x: Any) -> Any:
        return (
            np.log(x),
            1.0 / x,
            np.maximum(x, 0.5),
            np.minimum(x, 0.5),
            np.sqrt(x),
            np.sign(x),
            x * np.nan,
            x + np.inf,
            np.hypot(x, -0.0),
        )

    x = np.array([0.0, -0.0, -1.0, np.nan, np.inf, -np.inf, 2.0])
    with np.errstate(all="ignore"):
        found, expected = compile(f, R[7], backend="c")(x), f(x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.array_equal(np.signbit(a[~np.isnan(a)]), np.signbit(b[~np.isnan(b)]))


@needs_compiler
def test_arguments_are_converted_or_refused_and_never_changed() -> None:
    f = compile(lambda a, x: (a @ x, np.transpose(a) * 2.0), R[2, 3], R[3], backend="c")
    a, x = np.arange(6.0).reshape(2, 3), np.arange(3.0)
    expected = a @ x, a.T * 2
    for given_a in (a, np.asfortranarray(a), np.repeat(a, 2, axis=1)[:, ::2], a.astype(np.float32), a.astype(int)):
        for given_x in (x, np.arange(5.0)[::2] / 2, [0, 1, 2], x[::-1][::-1]):
            same(f(given_a, np.asarray(given_x)), expected)
    assert np.array_equal(x, np.arange(3.0))
    with pytest.raises(ShapeError):
        f(a, np.ones(4))
    with pytest.raises(DTypeError):
        f(a, np.ones(3, complex))
    first, second = f(a, x), f(a, x + 1)
    assert first[0] is not second[0] and np.array_equal(first[0], expected[0])


def test_what_it_does_not_take_is_named_with_the_line() -> None:
    with pytest.raises(UnsupportedError, match=r"cannot write inv \(in test_c.py:\d+\)"):
        compile(np.linalg.inv, R[3, 3], backend="c")
    with pytest.raises(UnsupportedError, match="float32"):
        compile(np.sin, R.of("float32")[3], backend="c")
    with pytest.raises(UnsupportedError, match="more than"):
        compile(lambda x: np.sin(x) @ np.cos(x), R[c.LARGE], backend="c")
    assert "inv" in catalogue()


def test_all_errors_are_its_own() -> None:
    for p in PRIMITIVES.values():
        point = Point(p, examples(p)[0])
        try:
            d = compile(point.f, point.x).form
        except EssenceError:
            continue
        try:
            c.write(d)
        except UnsupportedError as error:
            assert "C backend" in str(error)


def test_choices_that_gcc_12_vectorizes_wrongly() -> None:
    def f(y: Any) -> Any:
        return np.sum(np.fmax(np.floor(y), np.log1p(y)))

    y = np.array([[1.0, -0.65, -0.57], [-0.41, 0.021, 1.5], [-0.3, -0.0579, 1.3]])
    slopes = np.where(np.log1p(y) > np.floor(y), 1 / (1 + y), 0.0)
    np.testing.assert_allclose(compile(grad(f), R[3, 3], backend="c")(y), slopes)
