"""Blocks of generalized matrices: every pair of kinds multiplies and adds as the dense matrices do."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import R, Unit, add, exl, fork, scale, sum
from essence_ad.blocks import Blocks, Row, axes, dense, product, total
from essence_ad.containers import ZERO
from essence_ad.diagram import Diagram
from essence_ad.errors import CompositionError, NeedsSpaceError
from essence_ad.inlining import inline
from essence_ad.morphism import zero
from essence_ad.operation import LinearOp
from essence_ad.spaces import Array
from tests.strategies import typed_linear_programs

SQUARE: dict[str, Any] = {
    "zero": None,
    "one": 1,
    "number": 2.5,
    "diagonal": np.array([2.0, 3.0, 5.0]),
    "dense": np.arange(9.0).reshape(3, 3),
}


@pytest.mark.parametrize(("a", "b"), list(itertools.product(SQUARE, repeat=2)))
def test_square_blocks_act_as_dense_matrices(a: str, b: str) -> None:
    x, y = SQUARE[a], SQUARE[b]
    assert np.array_equal(dense(product(x, y), 3), dense(x, 3) @ dense(y, 3))
    assert np.array_equal(dense(total(x, y, 3), 3), dense(x, 3) + dense(y, 3))


def test_structure_is_kept() -> None:
    """Row P45: block and structured forms are kept."""
    diagonal = SQUARE["diagonal"]
    assert axes(product(2.0, 3.0)) == 0 and axes(product(diagonal, 2.0)) == 1 and axes(product(diagonal, diagonal)) == 1
    assert axes(total(diagonal, 1, 3)) == 1 and axes(total(2.0, 1, 3)) == 0
    assert product(None, diagonal) is None and product(1, diagonal) is diagonal


def test_rectangular_blocks() -> None:
    tall, wide = np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(2, 3)
    assert np.array_equal(product(wide, tall), wide @ tall)
    assert np.array_equal(product(SQUARE["diagonal"], tall), np.diag([2.0, 3.0, 5.0]) @ tall)
    assert np.array_equal(product(2.0, tall), 2 * tall)


def test_any_numbers() -> None:
    half = Fraction(1, 2)
    assert product(half, half) == Fraction(1, 4) and total(half, 1, 1) == Fraction(3, 2)
    assert dense(half, 2).tolist() == [[half, 0], [0, half]]
    m = np.array([[half, 1], [0, half]], dtype=object)
    assert product(m, m).tolist() == [[Fraction(1, 4), 1], [0, Fraction(1, 4)]]
    assert product(2 + 1j, np.array([1j, 1.0])).tolist() == [-1 + 2j, 2 + 1j]


def test_columns_of_a_row() -> None:
    row = Row(R[2], {0: np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])})
    assert [v.tolist() for v in row.vectors(0, 3)] == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    assert row.vectors(1, 2) == [ZERO, ZERO]
    assert Row(R, {0: 5.0}).vectors(0, 1) == [5.0]
    assert [type(v) for v in Row(R, {0: 1}).vectors(0, 1)] == [float]
    assert Row(Array((), np.dtype(object)), {0: 1}).vectors(0, 1) == [1]


@given(typed_linear_programs)
def test_pushing_through_is_the_matrix_of_the_program(typed: Any) -> None:
    source, target, f = typed
    blocks = Blocks.identity(source).through(inline(f.diagram, source.pattern))
    columns = [target.to_vector(target.fill(f.diagram.propagate(unit))) for unit in source.units()]
    assert np.allclose(blocks.dense(), np.stack(columns, axis=1))
    assert np.array_equal(blocks.T.dense(), blocks.dense().T)


@pytest.mark.parametrize("together", [True, False])
def test_one_call_for_all_columns_and_fewer_columns_where_units_are_fewer(together: bool) -> None:
    """Row P42: a matrix is extracted by a basis, all units in one pass; an operation on values gets one after another."""
    calls: list[Any] = []

    def counted(x: Any) -> Any:
        if not together:
            x = np.array(x.tolist())
        calls.extend([x] * getattr(getattr(x, "owner", None), "size", 1))
        return np.sum(x)

    op = LinearOp("total", counted, lambda y: np.full(5, y), (R[5],), (R,))
    one = Diagram(0, 1, [(op, (0,), (1,))], 2)
    assert Blocks.identity(R[5]).through(one).dense().tolist() == [[1.0] * 5]
    assert len(calls) == 5
    calls.clear()
    narrow = Blocks(R, R[5], ((np.arange(5.0).reshape(5, 1),),))
    assert narrow.through(one).dense().tolist() == [[10.0]]
    assert len(calls) == 1
    calls.clear()
    wide = Blocks(R[20], R[5], ((np.ones((5, 20)),),))
    assert wide.through(one).dense().tolist() == [[5.0] * 20]
    assert len(calls) == 5


def test_misfits_and_unknown_zeros() -> None:
    with pytest.raises(CompositionError, match="cannot be added"):
        Blocks.identity(R[2] * R[3]).through(Diagram((0, 0), 0, (), 1))
    with pytest.raises(NeedsSpaceError, match="no known space"):
        Blocks.identity(R).through(zero.diagram)
    assert Blocks.identity(Unit).dense().shape == (0, 0)


@given(st.integers(1, 4))
def test_identity(n: int) -> None:
    assert np.array_equal(Blocks.identity(R[n] * R).dense(), np.eye(n + 1))
    assert np.array_equal(Blocks.identity(R[n] * R).through(exl.diagram).dense(), np.eye(n + 1)[:n])


def test_linear_primitives_of_several_arrays() -> None:
    f = fork(sum, scale(2.0) >> sum) >> add
    blocks = Blocks.identity(R[3]).through(inline(f.diagram, R[3].pattern))
    assert blocks.dense().tolist() == [[3.0, 3.0, 3.0]]
