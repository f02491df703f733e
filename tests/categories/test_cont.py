"""Continuations: an arrow is composed before what comes after it; the other road to reverse mode, at a linear cost."""

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
    cross,
    dup,
    exl,
    exp,
    fork,
    identity,
    jam,
    join,
    mul,
    scale,
    sin,
    sum,
)
from essence_ad.categories.cont import ContArrow
from essence_ad.errors import CompositionError, DTypeError, EssenceError, NotLinearError, ShapeError, StructureError
from essence_ad.linear_map import columns
from tests.strategies import linear_programs, points, spaces, typed_linear_programs, typed_programs

sqr = dup >> mul
OVER = [Additive, Matrices, Dual(Additive), Begin(Additive, R)]


# ---------------------------------------------------------------------------------------------- what it is


@given(st.tuples(spaces, spaces, spaces), st.data())
@pytest.mark.parametrize("k", OVER, ids=repr)
def test_an_arrow_composes_itself_before_a_continuation(k: Any, ends: Any, data: Any) -> None:
    """``Cont f`` is ``h -> h . f``, for continuations into any space."""
    a, b, r = ends
    f, h = data.draw(linear_programs(a, b)).at(a), data.draw(linear_programs(b, r)).at(b)
    arrow = Cont(k, r)(f)
    expected = Additive(h).matrix() @ Additive(f).matrix()
    assert np.allclose(k.linear_map(arrow(k(h))).matrix(), expected, rtol=1e-10, atol=1e-10)
    assert np.allclose(arrow.matrix(), Additive(f).matrix(), rtol=1e-10, atol=1e-10)


@given(typed_linear_programs, st.data())
def test_over_numbers_an_arrow_takes_covectors_back(typed: Any, data: Any) -> None:
    source, target, f = typed
    w = data.draw(points(target))
    for k in (Additive, Matrices):
        arrow = Cont(k, R)(f.at(source))
        assert np.allclose(source.to_vector(arrow(w)), Additive(f.at(source)).matrix().T @ target.to_vector(w))
        assert np.array_equal(arrow.T.matrix(), Additive(f.at(source)).matrix().T)


def test_the_paper_s_rules() -> None:
    """``dup`` adds two continuations' results, ``jam`` copies one, and composing turns the order round."""
    k = Cont(Additive, R)
    assert k.dup()((2.0, 3.0)) == 5.0 and k.jam()(2.0) == (2.0, 2.0)
    assert k.exl()(2.0) == (2.0, 0.0) and k.inl()((2.0, 3.0)) == 2.0
    assert k.scale(4.0)(2.0) == 8.0
    assert k.compose(k.jam(), k.cross(k.scale(2.0), k.scale(3.0)))(1.0) == (2.0, 3.0)


@given(typed_programs, st.data())
def test_derivatives_pull_covectors_back(typed: Any, data: Any) -> None:
    source, target, f = typed
    x, w = data.draw(points(source)), data.draw(points(target))
    y, df = D(Cont(Additive, R))(f)(x)
    _, dg = D(Dual(Additive))(f)(x)
    assert np.array_equal(target.to_vector(y), target.to_vector(f(x)))
    assert np.allclose(source.to_vector(df(w)), source.to_vector(dg(w)), rtol=1e-12, atol=1e-12)


def test_what_comes_after_decides_how_much_is_done() -> None:
    """A gradient of a function of a function: one pass, although the middle is wide."""
    x = np.array([0.5, 1.0, 2.0])
    _, df = D(Cont(Additive, R))(sin)(x)
    after = Additive(sum.at(R[3]))
    assert np.allclose(df(after).T(1.0), np.cos(x))
    both = columns(R[3], [np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([1.0, 1.0])], R[2])
    _, df = D(Cont(Additive, R[2]))(sin)(x)
    assert np.allclose(df(both).matrix(), both.matrix() * np.cos(x))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_numbers_keep_their_dtype(dtype: Any) -> None:
    x = np.array([0.5, -1.0], dtype=dtype)
    r = {np.float32: R.of("float32"), np.float64: R, np.complex128: C}[dtype]
    _, df = D(Cont(Additive, r))(exp >> sum)(x)
    assert df(dtype(1)).dtype == dtype and np.allclose(df(dtype(1)), np.exp(x))


def test_fractions_and_dicts() -> None:
    half = Fraction(1, 2)
    _, df = D(Cont(Matrices, R))(mul)({"a": half, "b": Fraction(3)})
    assert df(Fraction(2)) == {"a": Fraction(6), "b": Fraction(1)}
    assert df.matrix().tolist() == [[Fraction(3), half]]


def test_results_are_one_s_own() -> None:
    x = np.ones(3)
    for f in (sum, fork(sin, identity) >> mul >> sum):
        _, df = D(Cont(Additive, R))(f)(x)
        g = df(1.0)
        assert g.flags.writeable
        kept = g.copy()
        g += 5.0
        assert np.array_equal(df(1.0), kept) and (x == 1.0).all()
    w = np.ones(3)
    g = Cont(Additive, R)(identity.at(R[3]))(w)
    g += 1.0
    assert (w == 1.0).all()


# ---------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize("k", OVER[:3], ids=repr)
@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_five_operations_each(n: int, k: Any) -> None:
    """The paper's instance over functions splits continuations at every ``dup``: 4ⁿ calls of the last one."""
    arrow = D(Cont(k, R))(compose(*[sqr] * n))
    both = count(lambda x: arrow(x)[1](1.0), 1.0)
    assert set(both) <= {"multiply", "add"} and both.total - n <= 5 * n and both.value == 2.0**n
    assert count(lambda x: arrow(x)[0], 1.0).calls == {"multiply": n}


# ---------------------------------------------------------------------------------------------- wrong calls


def test_arrows_show_what_they_are() -> None:
    f = Cont(Additive, R)(dup.at(R))
    assert repr(f) == "<continuations of R over Additive: R -> R * R>" and isinstance(f, ContArrow)
    assert repr(Cont(Matrices, R[2]).jam()) == "<continuations of R[2] over Matrices: ? -> ?>"
    assert (f.source, f.target) == (R, R * R) and Cont(Additive) == Cont(Additive, R) != Cont(Additive, R[1])
    assert not Cont(Additive, R).is_arrow(Cont(Matrices, R)(dup)) and not Cont(Additive, R).is_arrow(Additive(dup))


@pytest.mark.parametrize("f", [sin, mul, fork(identity, sin) >> exl >> sin], ids=repr)
def test_what_is_not_linear(f: Any) -> None:
    with pytest.raises(NotLinearError, match=r"D\(Cont\(Additive, R\)\)"):
        Cont(Additive, R)(f)


@pytest.mark.parametrize(
    ("h", "error"),
    [
        (1.0, StructureError),
        ((1.0, np.ones(2)), ShapeError),
        ((1.0, 2j), DTypeError),
        (Additive(scale(2.0).at(R)), CompositionError),
        (Additive(fork(exl, exl).at(R * R)), CompositionError),
        (Matrices(jam), StructureError),
        (sin, StructureError),
        ("h", StructureError),
    ],
    ids=["structure", "shape", "dtype", "another start", "another end", "another category", "a program", "text"],
)
def test_continuations_that_do_not_fit(h: Any, error: type[EssenceError]) -> None:
    with pytest.raises(error) as caught:
        Cont(Additive, R)(fork(scale(2.0), identity).at(R))(h)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


def test_covectors_only_where_continuations_end_in_a_number() -> None:
    f = Cont(Additive, R[2])(scale(2.0).at(R))
    with pytest.raises(StructureError, match="takes arrows of Additive"):
        f(1.0)
    assert f(Additive(sum.at(R[2]).T)).matrix().tolist() == [[2.0], [2.0]]


def test_arrows_that_do_not_fit() -> None:
    k = Cont(Additive, R)
    wide, narrow = k(scale(2.0).at(R[3])), k(cross(identity, identity).at(R * R))
    for make in (
        lambda: k.compose(wide, narrow),
        lambda: k.add(wide, narrow),
        lambda: k.compose(narrow, Cont(Matrices, R).dup()),
    ):
        with pytest.raises(CompositionError):
            make()
    assert k.compose(k(join(scale(2.0), scale(3.0))), narrow)(1.0) == (2.0, 3.0)
