"""The product of two categories: one program, both arrows; linear where both are, and no further."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import (
    Additive,
    Begin,
    Both,
    Cont,
    D,
    Dual,
    Functions,
    Graphs,
    Matrices,
    R,
    Shapes,
    add,
    compose,
    cos,
    count,
    cross,
    dup,
    exp,
    fork,
    jam,
    join,
    mul,
    scale,
    sin,
    sum,
)
from essence_ad.categories.product import Pair
from essence_ad.category import BIPRODUCT, CARTESIAN
from essence_ad.errors import CompositionError, NotAdditiveError, NotLinearError, OptionError, StructureError

sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
BOTH = Both(Additive, Dual(Additive))


def test_a_program_goes_to_both() -> None:
    pair = Both(Functions, Graphs)(mag_sqr)
    value, picture = pair
    assert isinstance(pair, Pair) and (pair.first, pair.second) == (value, picture)
    assert value((3.0, 4.0)) == 25.0 and picture.counts == {"multiply": 2, "add": 1}
    assert Both(Functions, Shapes)(exp).second(R[2]) == R[2]
    assert Both(Functions, D(Additive))(mul)((3.0, 4.0))[0] == 12.0
    assert Both(Functions, Functions)(mul)(3.0, 4.0) == (12.0, 12.0)


def test_forward_and_reverse_in_one_run() -> None:
    """The value is computed once, and one derivative is read in both directions."""
    x = np.array([0.5, 1.0, -2.0])
    f = fork(sin, cos) >> mul >> sum
    y, (forward, reverse) = D(BOTH)(f)(x)
    slope = np.cos(2 * x)
    assert np.isclose(y, np.sum(np.sin(2 * x)) / 2)
    assert np.isclose(forward(np.ones(3)), slope.sum()) and np.allclose(reverse(1.0), slope)
    counts = count(lambda x: D(BOTH)(f)(x)[0], x)
    assert counts["cos"] + counts["sin"] <= 4 and counts["multiply"] == 1


def test_nesting_gives_more_than_two() -> None:
    k = Both(BOTH, Both(Matrices, Begin(Additive, R)))
    y, ((forward, reverse), (matrix, begin)) = D(k)(mul)((3.0, 4.0))
    assert y == 12.0 and forward((1.0, 1.0)) == 7.0 and reverse(1.0) == (4.0, 3.0)
    assert matrix.matrix().tolist() == [[4.0, 3.0]] and begin((0.0, 1.0)) == 3.0
    assert repr(k) == "Both(Both(Additive, Dual(Additive)), Both(Matrices, Begin(Additive, R)))"


def test_the_vocabulary_composes_pairs() -> None:
    k = Both(D(Additive), Both(Functions, Shapes))
    f = k.compose(k.primitive(add.form), k.cross(k(sqr), k(sqr)))
    first, (function, shape) = f
    y, df = first((3.0, 4.0))
    assert y == function((3.0, 4.0)) == 25.0 and df.matrix().tolist() == [[6.0, 8.0]] and shape(R * R) == R


def test_pairs_turn_round_where_both_do() -> None:
    pair = Both(Additive, Matrices)(fork(scale(2.0), scale(3.0)).at(R))
    assert pair.linear and not Both(Additive, Functions)(scale(2.0)).linear
    assert [m.tolist() for m in pair.matrix()] == [[[2.0], [3.0]]] * 2
    assert [m.tolist() for m in pair.T.matrix()] == [[[2.0, 3.0]]] * 2
    forward, matrix = pair
    assert forward(1.0) == matrix(1.0) == pair(1.0)[0] == (2.0, 3.0)


def test_what_a_linear_product_has() -> None:
    k = Both(Additive, Cont(Matrices, R))
    f = k.from_linear_map(D(Additive)(mul)((3.0, 4.0))[1])
    assert k.is_linear and k.structure >= BIPRODUCT and k.is_arrow(f)
    assert k.linear_map(f).matrix().tolist() == [[4.0, 3.0]] and k.ends(f) == (R * R, R)
    pushed = k.push(jam.at(R * R).diagram, k(fork(scale(2.0), scale(3.0)).at(R)))
    pulled = k.pull(dup.at(R).diagram, k(join(scale(2.0), scale(3.0)).at(R * R)))
    for arrow in (pushed, pulled):
        assert all(np.array_equal(m, [[5.0]]) for m in arrow.matrix())
        assert all(np.array_equal(m, [[5.0]]) for m in k.observe(arrow, R, R, None))


def test_the_product_has_what_both_have() -> None:
    assert Both(Functions, Additive).structure >= CARTESIAN and "cocartesian" not in Both(Functions, Additive).structure
    assert not Both(Functions, Additive).is_linear and not Both(D(Additive), Additive).is_linear
    assert Both(Additive, BOTH).is_linear
    assert Both(Additive, Matrices) == Both(Additive, Matrices) != Both(Matrices, Additive)


@pytest.mark.parametrize("n", [1, 10, 100, 1000])
def test_nested_squares_cost_what_each_side_costs(n: int) -> None:
    arrow = D(BOTH)(compose(*[sqr] * n))
    counts = count(lambda x: arrow(x)[1].first(1.0) + arrow(x)[1].second(1.0), 1.0)
    assert set(counts) <= {"multiply", "add"} and counts.total - 2 * n <= 10 * n + 1 and counts.value == 2 * 2.0**n


def test_wrong_calls() -> None:
    k = Both(Functions, Shapes)
    with pytest.raises(NotAdditiveError):
        k(jam)
    with pytest.raises(NotLinearError):
        Both(Functions, Additive)(sin)
    for wrong in (
        Functions(sin),
        (Functions(sin), Shapes(sin)),
        Both(Shapes, Functions)(sin),
        Both(Functions, Functions)(sin),
    ):
        with pytest.raises(CompositionError, match="arrows of Both"):
            k.compose(wrong, k.identity())
    with pytest.raises(OptionError, match="category of linear maps"):
        D(k)
    for wrong in (3, "Functions", Functions(sin)):
        with pytest.raises(OptionError, match="two categories"):
            Both(Functions, wrong)
    with pytest.raises(StructureError):
        Both(Functions, Functions)(mul)(1.0)


def test_a_derivative_by_hand_has_both_sides() -> None:
    k = D(BOTH)
    cube = k.arrow(lambda x: (x**3, BOTH.scale(3 * x * x)))
    y, (forward, reverse) = k.compose(k(sin), cube)(0.5)
    expected = 0.75 * np.cos(0.125)
    assert y == np.sin(0.125) and np.isclose(forward(1.0), expected) and np.isclose(reverse(1.0), expected)

    def wrong(x: Any) -> Any:
        return x**3, Additive.scale(3 * x * x)

    with pytest.raises(NotLinearError, match="Both"):
        k.arrow(wrong)(0.5)
