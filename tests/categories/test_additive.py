"""Additive functions: matrices by another name, applied and composed without recursion and without side effects."""

from __future__ import annotations

import dataclasses
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
    LinearMap,
    R,
    add,
    compose,
    conjugate,
    count,
    cross,
    dup,
    exl,
    fork,
    identity,
    inl,
    jam,
    matmul,
    mul,
    real,
    scale,
    sin,
    space_of,
    sum,
    sum_,
    transpose,
)
from essence_ad.errors import CompositionError, DTypeError, EssenceError, NotLinearError, ShapeError, StructureError
from tests.strategies import linear_programs, points, spaces, typed_linear_programs

sqr = dup >> mul


# ---------------------------------------------------------------------------------------------- what it is


@given(typed_linear_programs, st.data())
def test_arrows_are_the_programs_as_functions(typed: Any, data: Any) -> None:
    source, target, f = typed
    x = data.draw(points(source))
    y = target.fill(f.diagram.propagate(source.pack(x)))
    assert np.array_equal(target.to_vector(Additive(f)(x)), target.to_vector(target.unpack(y)))
    assert np.array_equal(target.to_vector(Additive(f.at(source))(x)), target.to_vector(target.unpack(y)))


@given(st.tuples(spaces, spaces, spaces), st.data())
def test_push_and_pull_are_composition(ends: Any, data: Any) -> None:
    a, b, c = ends
    g, f = [Additive(data.draw(linear_programs(*e)).at(e[0])) for e in ((a, b), (b, c))]
    expected = f.matrix() @ g.matrix()
    assert np.allclose(Additive.compose(f, g).matrix(), expected)
    assert np.allclose(Additive.push(f.diagram, g).matrix(), expected)
    assert np.allclose(Additive.pull(g.diagram, f).matrix(), expected)


def test_push_and_pull_at_no_known_space() -> None:
    d = fork(scale(2.0), identity).diagram
    assert Additive.push(d, Additive.scale(3.0))(1.0) == (6.0, 3.0)
    assert Additive.pull(d, Additive.jam())(1.0) == 3.0
    assert Additive.linear_map(Additive.jam()).__class__ is LinearMap


def test_jacobians_against_closed_forms() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal(3)
    _, df = D(Additive)(matmul)((a, b))
    assert np.allclose(df.matrix(), np.hstack([np.kron(np.eye(2), b), a]))
    _, df = D(Additive)(sin >> sum(axis=0))(a)
    assert np.allclose(df.matrix(), np.hstack([np.diag(np.cos(a[0])), np.diag(np.cos(a[1]))]))
    _, df = D(Additive)(transpose)(a)
    assert np.allclose(df(np.arange(6.0).reshape(2, 3)), np.arange(6.0).reshape(2, 3).T)


# ---------------------------------------------------------------------------------------------- kinds of numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_vectors_keep_their_dtype(dtype: Any) -> None:
    x = np.array([0.5, -1.0], dtype=dtype)
    _, df = D(Additive)(sqr >> scale(2.0))(x)
    assert df.source == df.target == space_of(x)
    assert df(x).dtype == df.T(x).dtype == df.matrix().dtype == dtype
    assert np.allclose(df.matrix(), np.diag(4 * x))


def test_complex_derivatives_are_multiplication_by_one_number() -> None:
    z, v = 0.3 + 0.4j, 1.0 - 2.0j
    _, df = D(Additive)(sqr >> sin)(z)
    slope = 2 * z * np.cos(z * z)
    assert np.isclose(df(v), slope * v) and np.isclose(df.T(v), slope * v)
    assert df.source == C


def test_fractions_stay_exact() -> None:
    x = Fraction(2, 3)
    y, df = D(Additive)(fork(sqr, scale(Fraction(3))) >> add)(x)  # x² + 3x
    assert y == Fraction(22, 9) and df(Fraction(1)) == 2 * x + 3
    assert type(df(Fraction(1))) is Fraction and df.matrix().tolist() == [[2 * x + 3]]


def test_python_integers_are_real_numbers() -> None:
    assert Additive(add)((2**62, 2**62)) == 2.0**63
    assert Additive(jam.at(R * R))((1, 2)) == 3.0


# ---------------------------------------------------------------------------------------------- kinds of arguments


@dataclasses.dataclass
class Weights:
    slope: Any
    offset: float


def test_structured_arguments_and_results() -> None:
    w = Weights(np.array([1.0, 2.0]), 3.0)
    f = cross(sum, identity) >> mul
    y, df = D(Additive)(f)(w)
    assert y == 9.0 and df(Weights(np.array([1.0, 0.0]), 1.0)) == 3.0 + 3.0
    gradient = df.T(1.0)
    assert isinstance(gradient, Weights) and gradient.slope.tolist() == [3.0, 3.0] and gradient.offset == 3.0
    assert df.matrix().tolist() == [[3.0, 3.0, 3.0]]


def test_matrices_of_maps_between_named_parts() -> None:
    """Found when a matrix was read by rows: the parts of a dict were taken for those of a tuple."""
    x = {"a": 2.0, "b": np.array([3.0, 4.0])}
    for program, expected in ((mul, [[3.0, 2.0, 0.0], [4.0, 0.0, 2.0]]), (cross(sqr, sum) >> add, [[4.0, 1.0, 1.0]])):
        _, df = D(Additive)(program)(x)
        assert df.matrix().tolist() == expected and df.T.matrix().T.tolist() == expected
        assert set(df.T(np.ones(2) if program is mul else 1.0)) == {"a", "b"}


def test_the_target_is_known_where_the_source_is() -> None:
    _, df = D(Additive)(sin)(np.array([0.0, 1.0]))
    twice = Additive.compose(Additive.dup(), df)
    assert np.array_equal(twice.matrix(), np.vstack([df.matrix(), df.matrix()]))


# ---------------------------------------------------------------------------------------------- memory


def test_inputs_are_not_changed_and_results_are_one_s_own() -> None:
    x = np.array([1.0, 2.0])
    for f in (identity, dup, fork(identity, scale(2.0)), dup >> jam, sum_(1).T, inl):
        arrow = Additive(f)
        for part in (p for p in np.atleast_1d(*_arrays(arrow(x)))):
            part += 100.0
        assert x.tolist() == [1.0, 2.0]
    both = Additive(dup)(x)
    both[0][0] = 50.0
    assert both[1].tolist() == [1.0, 2.0]
    _, df = D(Additive)(add)((x, x))
    gradient = df.T(x)
    gradient[0][:] = 7.0
    assert gradient[1].tolist() == x.tolist() == [1.0, 2.0]
    views = Additive(transpose.at(R[2, 2]))(np.ones((2, 2)))
    views += 1.0
    assert (views == 2.0).all()


def _arrays(tree: Any) -> list[Any]:
    return [a for t in tree for a in _arrays(t)] if isinstance(tree, tuple) else [tree]


def test_a_derivative_may_be_applied_again() -> None:
    x = np.array([0.5, 1.0])
    _, df = D(Additive)(fork(sin, sqr) >> mul)(x)
    first = df(np.ones(2))
    kept = first.copy()
    first *= 0.0
    assert np.array_equal(df(np.ones(2)), kept)


# ---------------------------------------------------------------------------------------------- cost


@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_five_operations_each(n: int) -> None:
    arrow = D(Additive)(compose(*[sqr] * n))
    assert count(lambda x: arrow(x)[0], 1.0).calls == {"multiply": n}
    both = count(lambda x: arrow(x)[1](1.0), 1.0)
    assert both["multiply"] + both["add"] - n <= 5 * n and both.value == 2.0**n


# ---------------------------------------------------------------------------------------------- wrong calls


@pytest.mark.parametrize("f", [sin, mul, sqr, fork(identity, sin) >> exl >> sin], ids=repr)
def test_what_is_not_linear_is_told_with_a_way_out(f: Any) -> None:
    with pytest.raises(NotLinearError, match=r"D\(Additive\)"):
        Additive(f)


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.ones(2), StructureError),
        ((1.0, 2.0), ShapeError),
        ((np.ones(2), np.ones(3)), ShapeError),
        ((np.ones(2) * 1j, np.ones(2)), DTypeError),
        ((np.ones(2),), StructureError),
        ({"a": np.ones(2), "b": np.ones(2)}, StructureError),
        (("a", "b"), StructureError),
    ],
    ids=["one array", "numbers", "shape", "complex", "one part", "dict", "text"],
)
def test_vectors_that_do_not_fit(x: Any, error: type[EssenceError]) -> None:
    _, df = D(Additive)(mul)((np.ones(2), np.ones(2)))
    with pytest.raises(error) as caught:
        df(x)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


def test_maps_that_do_not_fit() -> None:
    _, df = D(Additive)(sin)(np.ones(3))
    _, dg = D(Additive)(mul)((1.0, 2.0))
    for make in (
        lambda: df @ dg,
        lambda: dg >> df,
        lambda: df + dg,
        lambda: Additive.compose(df, dg),
        lambda: Additive.add(df, dg),
    ):
        with pytest.raises(CompositionError, match="boundaries do not fit"):
            make()
    for make in (lambda: df @ 3, lambda: df >> 3, lambda: df + 3):  # type: ignore[operator]
        with pytest.raises(TypeError, match="unsupported operand"):
            make()
    with pytest.raises(CompositionError):
        Additive.push(jam.at(R * R).diagram, df)
    with pytest.raises(CompositionError):
        Additive.pull(fork(identity, identity).at(R).diagram, df)


def test_maps_that_turn_a_complex_number_round_have_no_matrix() -> None:
    """Conjugation is linear for real factors only: it can be applied, but no complex number stands for it."""
    z = 1.0 + 2.0j
    _, df = D(Additive)(conjugate >> sqr)(z)
    assert df(1j) == 2 * z.conjugate() * -1j and df.T(1j) == np.conj(2 * z.conjugate() * 1j)
    for ask in (df.matrix, df.T.matrix, Additive(conjugate.at(C[2])).matrix):
        with pytest.raises(NotLinearError, match="real factors only"):
            ask()
    assert D(Additive)(real)(z)[1].matrix().tolist() == [[1.0]]  # v -> Re(1 v)
    assert D(Additive)(conjugate >> conjugate)(z)[1].matrix().tolist() == [[1.0]]


@pytest.mark.parametrize("k", [Begin(Additive, C), Begin(Additive, R), Cont(Additive, C), Dual(Additive)], ids=repr)
def test_complex_vectors_are_told_from_real_ones_in_every_category(k: Any) -> None:
    """Found when the image of 1 was taken to tell what becomes of i."""
    expected = D(Additive)(conjugate)(1.0 + 2.0j)[1](1j)
    assert D(k)(conjugate)(1.0 + 2.0j)[1](1j) == expected == -1j
    whole = Additive(identity.at(C))
    assert Additive.push(conjugate.at(C).diagram, whole)(1j) == -1j
    assert Additive.pull(conjugate.at(C).diagram, whole)(1j) == -1j
