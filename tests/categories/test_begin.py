"""Beginnings: an arrow is composed after what comes before it; forward mode carries vectors along."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Begin,
    C,
    Cont,
    D,
    Dual,
    Matrices,
    R,
    compose,
    count,
    dup,
    exl,
    exp,
    fork,
    identity,
    jam,
    join,
    matmul,
    mul,
    scale,
    sin,
    sum,
)
from essence_ad.categories.begin import BeginArrow
from essence_ad.errors import CompositionError, DTypeError, EssenceError, NotLinearError, ShapeError, StructureError
from essence_ad.linear_map import columns
from tests.strategies import linear_programs, points, spaces, typed_linear_programs, typed_programs

sqr = dup >> mul
OVER = [Additive, Matrices, Dual(Additive), Cont(Additive, R)]


# ---------------------------------------------------------------------------------------------- what it is


@given(st.tuples(spaces, spaces, spaces), st.data())
@pytest.mark.parametrize("k", OVER, ids=repr)
def test_an_arrow_composes_itself_after_a_beginning(k: Any, ends: Any, data: Any) -> None:
    """``Begin f`` is ``g -> f . g``, for beginnings from any space."""
    r, a, b = ends
    g, f = data.draw(linear_programs(r, a)).at(r), data.draw(linear_programs(a, b)).at(a)
    arrow = Begin(k, r)(f)
    expected = Additive(f).matrix() @ Additive(g).matrix()
    assert np.allclose(k.linear_map(arrow(k(g))).matrix(), expected, rtol=1e-10, atol=1e-10)
    assert np.allclose(arrow.matrix(), Additive(f).matrix(), rtol=1e-10, atol=1e-10)


@given(typed_linear_programs, st.data())
def test_over_numbers_an_arrow_takes_vectors_along(typed: Any, data: Any) -> None:
    source, target, f = typed
    x = data.draw(points(source))
    for k in (Additive, Matrices):
        arrow = Begin(k, R)(f.at(source))
        assert np.allclose(target.to_vector(arrow(x)), Additive(f.at(source)).matrix() @ source.to_vector(x))
        assert np.array_equal(arrow.T.matrix(), Additive(f.at(source)).matrix().T)


def test_the_structure_is_that_of_functions() -> None:
    k = Begin(Additive, R)
    assert k.dup()(2.0) == (2.0, 2.0) and k.jam()((2.0, 3.0)) == 5.0
    assert k.exl()((2.0, 3.0)) == 2.0 and k.inl()(2.0) == (2.0, 0.0)
    assert k.compose(k.jam(), k.cross(k.scale(2.0), k.scale(3.0)))((1.0, 10.0)) == 32.0


@given(typed_programs, st.data())
def test_derivatives_carry_vectors_along(typed: Any, data: Any) -> None:
    source, target, f = typed
    x, dx = data.draw(points(source)), data.draw(points(source))
    y, df = D(Begin(Additive, R))(f)(x)
    _, dg = D(Additive)(f)(x)
    assert np.array_equal(target.to_vector(y), target.to_vector(f(x)))
    assert np.allclose(target.to_vector(df(dx)), target.to_vector(dg(dx)), rtol=1e-12, atol=1e-12)


def test_several_directions_at_once() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 0.5])
    directions = [(np.ones((2, 3)), np.zeros(3)), (np.zeros((2, 3)), np.ones(3))]
    space = R[2, 3] * R[3]
    _, df = D(Begin(Additive, R[2]))(matmul)((a, b))
    moved = df(columns(R[2], directions, space))
    expected = [da @ b + a @ db for da, db in directions]
    assert np.allclose(moved.matrix(), np.stack(expected, axis=1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_numbers_keep_their_dtype(dtype: Any) -> None:
    x = np.array([0.5, -1.0], dtype=dtype)
    r = {np.float32: R.of("float32"), np.float64: R, np.complex128: C}[dtype]
    _, df = D(Begin(Additive, r))(exp)(x)
    assert df(x).dtype == dtype and np.allclose(df(x), np.exp(x) * x)


def test_fractions_and_dicts() -> None:
    half = Fraction(1, 2)
    _, df = D(Begin(Matrices, R))(mul)({"a": half, "b": Fraction(3)})
    assert df({"a": Fraction(1), "b": Fraction(2)}) == Fraction(4)
    assert df.matrix().tolist() == [[Fraction(3), half]]


def test_inputs_are_not_changed_and_results_are_one_s_own() -> None:
    x, dx = np.ones(3), np.ones(3)
    for f in (identity, sin, fork(sin, identity) >> mul):
        _, df = D(Begin(Additive, R))(f)(x)
        y = df(dx)
        y += 5.0
        assert (x == 1.0).all() and (dx == 1.0).all() and not np.array_equal(df(dx), y)


# ---------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize("k", OVER[:3], ids=repr)
@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_five_operations_each(n: int, k: Any) -> None:
    arrow = D(Begin(k, R))(compose(*[sqr] * n))
    both = count(lambda x: arrow(x)[1](1.0), 1.0)
    assert set(both) <= {"multiply", "add"} and both.total - n <= 5 * n and both.value == 2.0**n
    assert count(lambda x: arrow(x)[0], 1.0).calls == {"multiply": n}


# ---------------------------------------------------------------------------------------------- wrong calls


def test_arrows_show_what_they_are() -> None:
    f = Begin(Additive, R)(dup.at(R))
    assert repr(f) == "<beginnings of R over Additive: R -> R * R>" and isinstance(f, BeginArrow)
    assert repr(Begin(Matrices, R[2]).jam()) == "<beginnings of R[2] over Matrices: ? -> ?>"
    assert (f.source, f.target) == (R, R * R) and Begin(Additive) == Begin(Additive, R) != Begin(Additive, R[1])
    assert not Begin(Additive, R).is_arrow(Begin(Matrices, R)(dup)) and not Begin(Additive, R).is_arrow(Additive(dup))


@pytest.mark.parametrize("f", [sin, mul, fork(identity, sin) >> exl >> sin], ids=repr)
def test_what_is_not_linear(f: Any) -> None:
    with pytest.raises(NotLinearError, match=r"D\(Begin\(Additive, R\)\)"):
        Begin(Additive, R)(f)


@pytest.mark.parametrize(
    ("g", "error"),
    [
        (1.0, StructureError),
        ((1.0, np.ones(2)), ShapeError),
        ((1.0, 2j), DTypeError),
        (Additive(scale(2.0).at(R)), CompositionError),
        (Additive(identity.at(R * R)), CompositionError),
        (Matrices(dup), StructureError),
        (sin, StructureError),
        ("g", StructureError),
    ],
    ids=["structure", "shape", "dtype", "another end", "another start", "another category", "a program", "text"],
)
def test_beginnings_that_do_not_fit(g: Any, error: type[EssenceError]) -> None:
    with pytest.raises(error) as caught:
        Begin(Additive, R)(join(scale(2.0), identity).at(R * R))(g)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


def test_vectors_only_where_beginnings_start_in_a_number() -> None:
    f = Begin(Additive, R[2])(scale(2.0).at(R))
    with pytest.raises(StructureError, match="takes arrows of Additive"):
        f(1.0)
    assert f(Additive(sum.at(R[2]))).matrix().tolist() == [[2.0, 2.0]]


def test_arrows_that_do_not_fit() -> None:
    k = Begin(Additive, R)
    wide, narrow = k(scale(2.0).at(R[3])), k(dup.at(R))
    for make in (
        lambda: k.compose(wide, narrow),
        lambda: k.add(wide, narrow),
        lambda: k.compose(narrow, Begin(Matrices, R).dup()),
    ):
        with pytest.raises(CompositionError):
            make()
    assert k.compose(k(jam.at(R * R)), narrow)(1.0) == 2.0
