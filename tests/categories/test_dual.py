"""The dual: copying is addition, projections are injections, and the order turns round; ``D(Dual(k))`` is reverse mode."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Cont,
    D,
    Dual,
    Matrices,
    R,
    Shapes,
    add,
    compose,
    count,
    cross,
    dup,
    exl,
    exp,
    exr,
    fork,
    identity,
    inl,
    inr,
    it,
    jam,
    join,
    mul,
    proj,
    repl,
    scale,
    sin,
    sum,
    sum_,
    swap,
    tanh,
    transpose,
    zero,
)
from essence_ad.categories.dual import DualArrow
from essence_ad.errors import (
    CompositionError,
    EssenceError,
    NeedsSpaceError,
    NotLinearError,
    ShapeError,
    StructureError,
)
from tests.strategies import points, typed_linear_programs, typed_programs

OVER = [Additive, Matrices, Cont(Additive, R), Dual(Additive)]
sqr = dup >> mul


# ---------------------------------------------------------------------------------------------- what it is


@given(typed_linear_programs, st.data())
@pytest.mark.parametrize("k", [Additive, Matrices], ids=repr)
def test_arrows_are_the_transposed_ones(k: Any, typed: Any, data: Any) -> None:
    source, target, f = typed
    dual, plain = Dual(k)(f.at(source)), Additive(f.at(source))
    w = data.draw(points(target))
    assert np.allclose(source.to_vector(dual(w)), source.to_vector(plain.T(w)))
    assert np.allclose(dual.matrix(), plain.matrix())
    assert np.allclose(Dual(k).linear_map(dual).matrix(), plain.matrix())


STRUCTURE = [  # a word, the word that it is in the dual, and the spaces it starts from and ends in
    (exl, inl, R * R, R),
    (exr, inr, R * R, R),
    (dup, jam, R, R * R),
    (jam, dup, R * R, R),
    (inl, exl, R, R * R),
    (inr, exr, R, R * R),
    (identity, identity, R[2], R[2]),
    (swap, swap, R * R[2], R[2] * R),
    (proj(1, 3), proj(1, 3).T, R**3, R),
    (repl(3), sum_(3), R, R**3),
    (it, it.T, R, R**0),
    (zero, zero, R, R),
    (scale(3.0), scale(3.0), R[2], R[2]),
]


@pytest.mark.parametrize(("f", "turned", "source", "target"), STRUCTURE, ids=[repr(row[0]) for row in STRUCTURE])
@pytest.mark.parametrize("k", OVER, ids=repr)
def test_the_structure_turns_round(k: Any, f: Any, turned: Any, source: Any, target: Any) -> None:
    inner = Dual(k)(f).arrow
    assert np.array_equal(k.observe(inner, target, source, None), k.observe(k(turned), target, source, None))


def test_the_order_turns_round() -> None:
    f = fork(scale(2.0), scale(3.0)) >> cross(scale(5.0), identity) >> jam
    arrow = Dual(Additive)(f)
    assert arrow(1.0) == 13.0 and isinstance(arrow, DualArrow)
    assert Dual(Additive).compose(Dual(Additive).scale(2.0), arrow)(1.0) == 26.0


def test_the_dual_of_the_dual_acts_as_the_category_itself() -> None:
    f = fork(scale(2.0), identity).at(R)
    twice = Dual(Dual(Additive))(f)
    assert twice(3.0) == Additive(f)(3.0) == (6.0, 3.0)


def test_the_constructor() -> None:
    k = Dual(Additive)
    arrow = k.arrow(Additive(fork(scale(2.0), scale(3.0)).at(R)))  # a map R -> R * R is here one R * R -> R
    assert k.is_arrow(arrow) and arrow.matrix().tolist() == [[2.0, 3.0]] and arrow.T is arrow.arrow
    assert k.compose(k.scale(2.0), arrow)(1.0) == (4.0, 6.0)
    assert repr(arrow) == "Dual(<linear map R -> R * R, 2 boxes>)"
    for wrong in (3.0, sin, Matrices(jam), arrow):
        with pytest.raises(CompositionError, match="Dual takes arrows of Additive"):
            k.arrow(wrong)
    assert not k.is_arrow(Dual(Matrices)(jam)) and not k.is_arrow(Additive(jam))


# ---------------------------------------------------------------------------------------------- reverse mode


@given(typed_programs, st.data())
@pytest.mark.parametrize("k", [Additive, Matrices], ids=repr)
def test_derivatives_pull_covectors_back(k: Any, typed: Any, data: Any) -> None:
    source, target, f = typed
    x, w = data.draw(points(source)), data.draw(points(target))
    y, df = D(Dual(k))(f)(x)
    z, dg = D(Additive)(f)(x)
    assert np.array_equal(target.to_vector(y), target.to_vector(z))
    assert np.allclose(source.to_vector(df(w)), source.to_vector(dg.T(w)), rtol=1e-12, atol=1e-12)
    assert np.allclose(df.matrix(), dg.matrix(), rtol=1e-12, atol=1e-12)


def test_gradients_in_closed_form() -> None:
    a = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, -0.5]])
    y, df = D(Dual(Additive))(tanh >> sum)(a)
    assert y == np.tanh(a).sum() and np.allclose(df(1.0), 1 - np.tanh(a) ** 2)
    y, df = D(Dual(Additive))(mul >> sum)((a, np.array([1.0, 2.0, 3.0])))
    da, db = df(1.0)
    assert np.array_equal(da, np.broadcast_to([1.0, 2.0, 3.0], (2, 3))) and np.array_equal(db, a.sum(axis=0))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_gradients_keep_the_dtype(dtype: Any) -> None:
    x = np.array([0.5, -1.0], dtype=dtype)
    y, df = D(Dual(Additive))(exp >> sum)(x)
    assert y.dtype == dtype and df(dtype(1)).dtype == dtype and np.allclose(df(dtype(1)), np.exp(x))


def test_numbers_beside_arrays_of_another_dtype() -> None:
    x, s = np.ones(3, dtype=np.float32), 2.0
    _, df = D(Dual(Additive))(mul >> sum)((x, s))
    dx, ds = df(np.float32(1))
    assert dx.dtype == np.float32 and np.array_equal(dx, [2.0, 2.0, 2.0]) and ds == 3.0


def test_fractions_and_dicts() -> None:
    half = Fraction(1, 2)
    _, df = D(Dual(Matrices))(cross(sqr, identity) >> mul)({"a": half, "b": Fraction(3)})
    assert df(Fraction(1)) == {"a": Fraction(3), "b": Fraction(1, 4)}


# ---------------------------------------------------------------------------------------------- memory and cost


def test_results_can_be_written_to_and_share_nothing() -> None:
    """A pullback of sums and views gives arrays that belong to whoever asked."""
    x = np.array([1.0, 2.0, 3.0])
    for f in (sum, dup >> mul >> sum, fork(sum, sum) >> mul, fork(sin, identity) >> add >> sum):
        _, df = D(Dual(Additive))(f)(x)
        first = df(1.0)
        assert first.flags.writeable
        kept = first.copy()
        first += 1e6
        assert np.array_equal(df(1.0), kept) and x.tolist() == [1.0, 2.0, 3.0]
    v = np.ones(3)
    _, df = D(Dual(Additive))(add)((x, x))
    left, right = df(v)
    left += 1.0
    assert right.tolist() == v.tolist() == [1.0, 1.0, 1.0]
    _, df = D(Dual(Additive))(transpose)(np.ones((2, 3)))
    w = np.ones((3, 2))
    df(w)[:] = 0.0
    assert (w == 1.0).all()


@pytest.mark.parametrize("k", OVER, ids=repr)
@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_five_operations_each(n: int, k: Any) -> None:
    arrow = D(Dual(k))(compose(*[sqr] * n))
    assert count(lambda x: arrow(x)[0], 1.0)["multiply"] <= 6 * n
    both = count(lambda x: arrow(x)[1](1.0), 1.0)
    assert set(both) <= {"multiply", "add"} and both.total - n <= 5 * n and both.value == 2.0**n


# ---------------------------------------------------------------------------------------------- wrong calls


@pytest.mark.parametrize("k", OVER, ids=repr)
@pytest.mark.parametrize("f", [sin, mul, fork(identity, sin) >> add, scale(2.0) >> sqr], ids=repr)
def test_what_is_not_linear(k: Any, f: Any) -> None:
    """Also where the transpose of something else in the program would need a space first."""
    with pytest.raises(NotLinearError) as caught:
        Dual(k)(f)
    assert "to do:" in str(caught.value)


def test_transposes_that_need_a_space() -> None:
    with pytest.raises(NeedsSpaceError, match="at"):
        Dual(Additive)(sum)
    assert Dual(Additive)(sum.at(R[3]))(2.0).tolist() == [2.0, 2.0, 2.0]


@pytest.mark.parametrize(
    ("w", "error"),
    [
        (1.0, StructureError),
        ((1.0, 2.0, 3.0), StructureError),
        ((1.0, np.ones(2)), ShapeError),
        (("a", 1.0), StructureError),
    ],
)
def test_covectors_that_do_not_fit(w: Any, error: type[EssenceError]) -> None:
    _, df = D(Dual(Additive))(fork(sin, exp))(0.5)
    with pytest.raises(error):
        df(w)


def test_arrows_that_do_not_fit() -> None:
    k = Dual(Additive)
    _, df = D(k)(sin)(np.ones(3))
    _, dg = D(k)(mul)((1.0, 2.0))
    for make in (lambda: k.compose(df, dg), lambda: k.compose(dg, df), lambda: k.add(df, dg)):
        with pytest.raises(CompositionError, match="boundaries do not fit"):
            make()
    assert k.compose(dg, D(k)(dup)(0.0)[1])(1.0) == 3.0
    assert Shapes(mul)(R * R) == k.linear_map(dg).target
    assert k.linear_map(k(join(scale(2.0), identity)))((1.0, 1.0)) == 3.0
