"""Generalized matrices: blocks between products of arrays, over any numbers; composing multiplies."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    C,
    D,
    Dual,
    Matrices,
    R,
    Shapes,
    Unit,
    add,
    compose,
    const,
    count,
    cross,
    cumsum,
    dup,
    exl,
    exp,
    fork,
    identity,
    inl,
    it,
    jam,
    join,
    matmul,
    mul,
    proj,
    real,
    reshape,
    scale,
    sin,
    subtract,
    sum,
    sum_,
    swap,
    zero,
)
from essence_ad.categories.matrices import Matrix
from essence_ad.errors import CompositionError, DTypeError, EssenceError, NotLinearError, ShapeError, StructureError
from tests.strategies import linear_programs, points, spaces, typed_linear_programs, typed_programs

sqr = dup >> mul


# ---------------------------------------------------------------------------------------------- what they are


@given(typed_linear_programs, st.data())
def test_a_matrix_is_that_of_the_function(typed: Any, data: Any) -> None:
    source, target, f = typed
    expected = Additive(f.at(source)).matrix()
    for m in (Matrices(f.at(source)), Matrices(f).at(source)):
        assert (m.source, m.target) == (source, target)
        assert np.allclose(m.matrix(), expected) and np.array_equal(m.T.matrix(), m.matrix().T)
        x, w = data.draw(points(source)), data.draw(points(target))
        assert np.allclose(target.to_vector(m(x)), expected @ source.to_vector(x))
        assert np.allclose(source.to_vector(m.T(w)), expected.T @ target.to_vector(w))


@given(st.tuples(spaces, spaces, spaces), st.data())
def test_composing_multiplies_and_adding_adds(ends: Any, data: Any) -> None:
    a, b, c = ends
    f, f2 = [Matrices(data.draw(linear_programs(a, b)).at(a)) for _ in range(2)]
    g = Matrices(data.draw(linear_programs(b, c)).at(b))
    assert np.allclose(Matrices.compose(g, f).matrix(), g.matrix() @ f.matrix())
    assert np.allclose(Matrices.add(f, f2).matrix(), f.matrix() + f2.matrix())
    assert np.allclose(Matrices.push(Matrices.linear_map(g).diagram, f).matrix(), g.matrix() @ f.matrix())
    assert np.allclose(Matrices.pull(Matrices.linear_map(f).diagram, g).matrix(), g.matrix() @ f.matrix())
    block = np.zeros((b.dim + c.dim, a.dim + b.dim))
    block[: b.dim, : a.dim], block[b.dim :, a.dim :] = f.matrix(), g.matrix()
    assert np.allclose(Matrices.cross(f, g).matrix(), block)


@given(typed_programs, st.data())
def test_derivatives_are_jacobians(typed: Any, data: Any) -> None:
    source, _, f = typed
    x = data.draw(points(source))
    expected = D(Additive)(f)(x)[1].matrix()
    for k in (Matrices, Dual(Matrices)):
        assert np.allclose(D(k)(f)(x)[1].matrix(), expected, rtol=1e-12, atol=1e-12)


def test_blocks_have_the_structure_of_the_program() -> None:
    """A zero block is None, a multiple of the identity a number, a diagonal has one axis, a dense one two."""
    x, a = np.array([1.0, 2.0, 3.0]), np.arange(6.0).reshape(2, 3)
    _, m = D(Matrices)(fork(exl >> sin, swap >> exl >> scale(2.0)))((x, x))
    (first, none), (none2, number) = m.blocks
    assert np.allclose(first, np.cos(x)) and first.ndim == 1 and none is none2 is None and number == 2.0
    _, m = D(Matrices)(matmul)((a, x))
    ((by_matrix, by_vector),) = m.blocks
    assert by_matrix.shape == (2, 6) and np.array_equal(by_vector, a)
    assert repr(m) == "<matrix R[2, 3] * R[3] -> R[2], 2 blocks>"
    assert repr(Matrices(identity.at(R[5]))) == "<matrix R[5] -> R[5], 1 block>"
    assert Matrices(identity.at(R[1000, 1000])).blocks == ((1,),)


CASES: list[tuple[Any, Any, Any]] = [
    (jam, R * R, [[1, 1]]),
    (dup, R, [[1], [1]]),
    (swap, R * R, [[0, 1], [1, 0]]),
    (inl, R, [[1], [0]]),
    (zero, R, [[0]]),
    (proj(2, 3), R**3, [[0, 0, 1]]),
    (sum_(3), R**3, [[1, 1, 1]]),
    (fork(join(scale(2.0), scale(3.0)), join(scale(5.0), scale(7.0))), R * R, [[2, 3], [5, 7]]),
    (cumsum, R[3], [[1, 0, 0], [1, 1, 0], [1, 1, 1]]),
    (sum(axis=0), R[2, 2], [[1, 0, 1, 0], [0, 1, 0, 1]]),
    (reshape(shape=(2, 1)), R[2], [[1, 0], [0, 1]]),
    (add, R[2] * R, [[1, 0, 1], [0, 1, 1]]),
    (subtract, R * R[2], [[1, -1, 0], [1, 0, -1]]),
    (dup >> cross(scale(np.array([2.0, 3.0])), identity) >> jam, R[2], [[3, 0], [0, 4]]),
    (scale(np.array([[1.0], [2.0]])), R, [[1], [2]]),
]


@pytest.mark.parametrize(("f", "space", "entries"), CASES, ids=[repr(row[0]) for row in CASES])
def test_matrices_of_linear_programs(f: Any, space: Any, entries: Any) -> None:
    assert Matrices(f.at(space)).matrix().tolist() == entries
    if space in (R, R * R, R**3) and f not in (add, subtract):
        assert Matrices(f).matrix().tolist() == entries  # at no known space every array is a number


# ---------------------------------------------------------------------------------------------- numbers of any kind


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtypes(dtype: Any) -> None:
    x = np.array([0.5, -1.0], dtype=dtype)
    _, m = D(Matrices)(fork(sqr, scale(3.0)) >> add >> exp)(x)
    assert m.matrix().dtype == m(x).dtype == m.T(x).dtype == dtype
    assert np.allclose(m.matrix(), np.diag((2 * x + 3) * np.exp(x * x + 3 * x)), rtol=1e-5)


@given(st.lists(st.fractions(min_value=-3, max_value=3, max_denominator=9), min_size=1, max_size=5), st.data())
def test_polynomials_over_fractions_have_exact_derivatives(coefficients: list[Fraction], data: Any) -> None:
    """Horner's rule as a program: nothing is rounded, and the numbers stay fractions."""
    x = data.draw(st.fractions(min_value=-2, max_value=2, max_denominator=7))
    f = const(coefficients[0])
    for c in coefficients[1:]:
        f = fork(fork(f, identity) >> mul, const(c)) >> add
    n = len(coefficients) - 1
    value = [c * x ** (n - i) for i, c in enumerate(coefficients)]
    slope = [(n - i) * c * x ** (n - i - 1) for i, c in enumerate(coefficients[:-1])]
    for k in (Matrices, Dual(Matrices)):
        y, m = D(k)(f)(x)
        assert y == reduce_sum(value) and m.matrix()[0, 0] == reduce_sum(slope)
    if n > 0:
        assert type(m.matrix()[0, 0]) is Fraction


def reduce_sum(numbers: list[Fraction]) -> Fraction:
    total = Fraction(0)
    for number in numbers:
        total += number
    return total


def test_arrays_of_fractions() -> None:
    half, third = Fraction(1, 2), Fraction(1, 3)
    x = np.array([half, third], dtype=object)
    y, m = D(Matrices)(sqr)(x)
    assert y.tolist() == [Fraction(1, 4), Fraction(1, 9)]
    assert m.matrix().tolist() == [[1, 0], [0, Fraction(2, 3)]]
    a = np.array([[half, third], [third, half]], dtype=object)
    _, m = D(Matrices)(matmul)((a, x))
    assert m.matrix().tolist() == [[half, third, 0, 0, half, third], [0, 0, half, third, third, half]]
    inverse = Matrices(join(scale(half), scale(third)))
    assert inverse.matrix().tolist() == [[half, third]] and inverse((Fraction(1), Fraction(3))) == Fraction(3, 2)
    product = Matrices.compose(Matrices.scale(half), Matrices.scale(third))
    assert product.matrix().tolist() == [[Fraction(1, 6)]]


def test_complex_matrices_are_not_conjugated() -> None:
    m = Matrices(fork(scale(2j), scale(3.0)).at(C))
    assert m.matrix().tolist() == [[2j], [3.0]] and m.T.matrix().tolist() == [[2j, 3.0]]
    assert m(1j) == (-2.0, 3j)
    with pytest.raises(NotLinearError, match="real factors only"):
        Matrices(real.at(C))


# ---------------------------------------------------------------------------------------------- spaces that are not known


def test_a_matrix_at_no_known_space_waits() -> None:
    m = Matrices.compose(Matrices.jam(), Matrices.cross(Matrices.scale(2.0), Matrices.scale(3.0)))
    assert repr(m) == "<matrix at no known space>" and (m.source, m.target) == (None, None)
    assert m.matrix().tolist() == [[2.0, 3.0]] and m((1.0, 10.0)) == 32.0
    assert m.at(R[2] * R[2]).matrix().tolist() == [[2, 0, 3, 0], [0, 2, 0, 3]]
    assert m((np.ones(2), np.ones(2))).tolist() == [5.0, 5.0]
    assert Matrices.compose(Matrices.exr(), Matrices.exl()).matrix().tolist() == [[0.0, 1.0, 0.0]]


def test_what_is_known_of_a_matrix_is_kept() -> None:
    _, m = D(Matrices)(sin)(np.array([0.0, np.pi]))
    twice = Matrices.compose(Matrices.dup(), m)
    assert np.allclose(twice.matrix(), [[1, 0], [0, -1], [1, 0], [0, -1]]) and twice.target == R[2] * R[2]
    beside = Matrices.compose(Matrices.exl(), Matrices.cross(m, Matrices.identity()))
    assert np.allclose(beside.at(R[2] * R).matrix(), [[1, 0, 0], [0, -1, 0]])
    assert np.array_equal(Matrices(inl.at(R[2])).matrix()[:2], np.eye(2))
    assert Matrices(inl.at(R[2])).blocks[0] == (1,)


def test_spaces_without_components() -> None:
    assert Matrices(it).at(R[2]).matrix().shape == (0, 2) and Matrices(it).at(R[2]).T.matrix().shape == (2, 0)
    assert Matrices(identity.at(R[0])).matrix().shape == (0, 0)
    _, m = D(Matrices)(sin >> sum)(np.zeros(0))
    assert m.matrix().shape == (1, 0) and m.T(1.0).shape == (0,)
    _, m = D(Matrices)(const(2.0))(())
    assert (m.source, m.matrix().shape) == (Unit, (1, 0))
    _, m = D(Matrices)(const(np.ones(2)))(3.0)
    assert m.matrix().tolist() == [[0.0], [0.0]] and m.blocks == ((None,),)


# ---------------------------------------------------------------------------------------------- memory and cost


def test_inputs_are_not_changed_and_results_are_one_s_own() -> None:
    x, dx = np.array([1.0, 2.0]), np.array([1.0, 1.0])
    for f in (identity, sin, fork(sin, identity) >> mul, dup >> exl):
        _, m = D(Matrices)(f)(x)
        y, full = m(dx), m.matrix()
        kept = y.copy()
        y += 5.0
        full += 5.0
        assert x.tolist() == [1.0, 2.0] and dx.tolist() == [1.0, 1.0]
        assert np.array_equal(m(dx), kept) and not np.array_equal(m.matrix(), full)


@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_five_operations_each(n: int) -> None:
    arrow = D(Matrices)(compose(*[sqr] * n))
    both = count(lambda x: arrow(x)[1](1.0), 1.0)
    assert set(both) <= {"multiply", "add"} and both.total - n <= 5 * n and both.value == 2.0**n
    assert count(lambda x: arrow(x)[0], 1.0)["multiply"] <= 4 * n


def test_a_matrix_is_multiplied_not_run_again() -> None:
    """A Jacobian that was composed applies at the cost of its entries, whatever the program did."""
    _, m = D(Matrices)(compose(*[sin] * 50))(0.5)
    assert count(lambda v: m(v), 1.0).total == 1
    _, df = D(Additive)(compose(*[sin] * 50))(0.5)
    assert count(lambda v: df(v), 1.0).total == 50


# ---------------------------------------------------------------------------------------------- wrong calls


@pytest.mark.parametrize("f", [sin, mul, sqr, scale(2.0) >> sqr], ids=repr)
def test_what_is_not_linear(f: Any) -> None:
    with pytest.raises(NotLinearError, match=r"D\(Matrices\)"):
        Matrices(f)


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (1.0, StructureError),
        ((1.0, 2.0), ShapeError),
        ((np.ones(2), np.ones(3)), ShapeError),
        ((np.ones(2) * 1j, np.ones(2)), DTypeError),
        ((np.ones(2),), StructureError),
        (("a", "b"), StructureError),
    ],
    ids=["number", "numbers", "shape", "complex", "one part", "text"],
)
def test_vectors_that_do_not_fit(x: Any, error: type[EssenceError]) -> None:
    _, m = D(Matrices)(mul)((np.ones(2), np.ones(2)))
    with pytest.raises(error) as caught:
        m(x)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


def test_matrices_that_do_not_fit() -> None:
    k = Matrices
    wide, narrow, two = k(scale(2.0).at(R[3])), k(scale(2.0).at(R)), k(jam.at(R * R))
    for make in (
        lambda: k.compose(wide, narrow),
        lambda: k.compose(wide, k.scale(2.0), narrow),
        lambda: k.compose(two, k.scale(2.0), narrow),
        lambda: k.add(wide, narrow),
        lambda: wide.at(R[2]),
        lambda: k(jam).at(R * R[3]),
        lambda: k(jam.at(R[2] * R[3])),
        lambda: k.push(jam.at(R * R).diagram, narrow),
        lambda: k.observe(narrow, R, R * R, None),
    ):
        with pytest.raises((CompositionError, ShapeError)) as caught:
            make()
        assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))
    with pytest.raises(EssenceError):
        k(jam).at(R)
    with pytest.raises(EssenceError):
        k(sum_(3)).at(R * R)
    assert isinstance(two, Matrix) and Shapes(jam)(R * R) == two.target
