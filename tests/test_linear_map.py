"""Linear maps as data: applied, composed, added, scaled, transposed, placed, and read out."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import Additive, D, LinearMap, R, Unit, cos, dup, fork, inl, jam, join, mul, scale, sin, space_of, zero
from essence_ad.containers import ZERO
from essence_ad.errors import CompositionError, NeedsSpaceError, NotLinearError, ShapeError, StructureError
from essence_ad.linear_map import columns, fits, matrix, require_linear, rows, with_ends
from tests.strategies import linear_programs, points, spaces, typed_linear_programs


def placed(f: Any, space: Any) -> LinearMap:
    return Additive(f).at(space)


@given(typed_linear_programs, st.data())
def test_additive_and_homogeneous(typed: Any, data: Any) -> None:
    """Row P11: what composition and cross make of linear maps is linear."""
    source, target, f = typed
    arrow = Additive(f)
    x, y = data.draw(points(source)), data.draw(points(source))
    s = data.draw(st.floats(-3, 3))

    def at(v: Any) -> Any:
        return target.to_vector(arrow(v))

    assert np.allclose(at(source.add(x, y)), at(x) + at(y))
    assert np.allclose(at(source.scale(s, x)), s * at(x))


@given(typed_linear_programs, st.data())
def test_the_transpose_by_dot_products(typed: Any, data: Any) -> None:
    source, target, f = typed
    arrow = placed(f, source)
    x, w = data.draw(points(source)), data.draw(points(target))
    assert np.isclose(target.dot(w, arrow(x)), source.dot(arrow.T(w), x))
    assert np.array_equal(arrow.T.matrix(), arrow.matrix().T)
    assert np.array_equal(arrow.T.T.matrix(), arrow.matrix())


@given(st.tuples(spaces, spaces, spaces), st.data())
def test_algebra_is_that_of_matrices(ends: Any, data: Any) -> None:
    a, b, c = ends
    f, f2 = [placed(data.draw(linear_programs(a, b)), a) for _ in range(2)]
    g = placed(data.draw(linear_programs(b, c)), b)
    assert np.allclose((g @ f).matrix(), g.matrix() @ f.matrix())
    assert np.allclose((f >> g).matrix(), g.matrix() @ f.matrix())
    assert np.allclose((f + f2).matrix(), f.matrix() + f2.matrix())
    assert np.allclose((3.0 * f).matrix(), 3.0 * f.matrix()) and np.allclose((f * 3.0).matrix(), 3.0 * f.matrix())
    assert np.allclose((-f).matrix(), -f.matrix())
    assert (g @ f).source == a and (g @ f).target == c


@given(typed_linear_programs)
def test_the_matrix_by_either_side(typed: Any) -> None:
    source, target, f = typed
    assert np.allclose(placed(f, source).matrix(), matrix(Additive(f), source, target))


def test_matrices_of_columns_and_rows() -> None:
    m = columns(R * R, [(1.0, np.array([2.0, 3.0])), ZERO], R * R[2])
    assert m.matrix().tolist() == [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]]
    assert columns(R[2], [1.0, 2.0], R).matrix().tolist() == [[1.0, 2.0]]
    assert columns(R[2], [np.array([1.0, 2.0]), ZERO], R[2]).T(np.array([1.0, 1.0])).tolist() == [3.0, 0.0]
    assert columns(R, [(ZERO, 1.0)], None)(2.0) == (0.0, 2.0)
    assert rows(R * R, [(1.0, 2.0), (3.0, 4.0)], R * R).matrix().tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert rows(R, [ZERO], R * R)((5.0, 6.0)) == 0.0
    assert columns(Unit, [], R * R).matrix().shape == (2, 0)


def test_exact_numbers_stay_exact() -> None:
    third = Fraction(1, 3)
    _, df = D(Additive)(fork(dup >> mul, scale(third)) >> mul)(third)
    assert df(Fraction(1)) == Fraction(1, 9)
    entries = df.matrix()
    assert entries.dtype == object and type(entries[0, 0]) is Fraction
    space = space_of((third, np.array([third, third], dtype=object)))
    assert all(type(n) is int for n in space.to_vector(next(iter(space.basis()))))


def test_the_image_of_zero_and_zeros_of_no_known_space() -> None:
    assert Additive(zero)(5.0) == 0.0
    assert Additive(inl)(5.0) == (5.0, 0.0)
    assert placed(inl >> jam, R[2])(np.ones(2)).tolist() == [1.0, 1.0]


def test_results_may_be_changed_and_inputs_are_not() -> None:
    f = placed(dup >> join(scale(2.0), scale(3.0)), R[2])
    x = np.ones(2)
    y = f(x)
    y += 1.0
    assert x.tolist() == [1.0, 1.0] and f(x).tolist() == [5.0, 5.0]


def test_wrong_vectors_and_compositions() -> None:
    _, df = D(Additive)(mul)((np.ones(2), np.ones(2)))
    with pytest.raises(ShapeError, match=r"R\[2\]"):
        df((np.ones(3), np.ones(2)))
    with pytest.raises(StructureError):
        df(np.ones(2))
    with pytest.raises(CompositionError, match="boundaries do not fit"):
        df @ df
    with pytest.raises(NeedsSpaceError, match="no known space"):
        Additive(jam).matrix()
    with pytest.raises(NotLinearError, match=r"D\(Additive\)"):
        require_linear((dup >> mul).diagram, Additive)


def test_known_ends_are_found() -> None:
    _, df = D(Additive)(sin)(np.ones(3))
    d = with_ends(Additive.compose(df, df).diagram)
    assert d.dom_space == R[3] and d.cod_space == R[3]
    assert Additive.cross(df, df).source == R[3] * R[3]
    assert Additive.cross(df, Additive.identity()).source is None
    assert fits(R * R[2], R * R[2]) and not fits(R * R[2], R * R[3]) and not fits(R, R * R)


def test_as_a_value() -> None:
    _, df = D(Additive)(cos)(1.0)
    assert repr(df) == "<linear map R -> R, 1 box>"
    assert df.linear and df.derivative([1.0], df(1.0), [True]) is df
    assert (df + df)(1.0) == 2 * df(1.0)
    with pytest.raises(TypeError):
        df + 1.0
