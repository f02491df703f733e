"""Diagrams in diagrams made flat: without recursion, with sharing, at any structure of the argument."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    D,
    Dual,
    Functions,
    R,
    cross,
    derived,
    dup,
    exl,
    fork,
    identity,
    jam,
    join,
    mul,
    proj,
    scale,
    sin,
    sum_,
)
from essence_ad.diagram import Diagram
from essence_ad.errors import StructureError
from essence_ad.inlining import explicit, inline, nested, run, unfold
from essence_ad.wires import Sum
from tests.strategies import LINEAR, points, typed_linear_programs, typed_programs


def test_an_arrow_in_a_box_is_written_out() -> None:
    arrow = Functions.compose(Functions(sin), Functions.compose(Functions.exl(), Functions.dup()))
    assert [str(op) for op, _, _ in arrow.diagram.boxes] == ["sin"]
    assert not nested(arrow.diagram)


def test_a_product_on_one_wire_becomes_wires() -> None:
    d = Functions.compose(Functions.primitive(mul.form), Functions.identity()).diagram
    assert len(d.boxes) == 3  # two projections: nothing says what stands on the wire
    assert [str(op) for op, _, _ in inline(d, (0, 0)).boxes] == ["multiply"]
    assert run(d, (3.0, 4.0)) == 12.0


@pytest.mark.parametrize("call", [sin, Functions(sin), D(Additive)(sin), D(Dual(Additive))(sin)], ids=repr)
def test_a_product_that_meets_an_operation_on_one_array_is_told(call: Any) -> None:
    with pytest.raises(StructureError, match="sin takes one array") as caught:
        call((1.0, 2.0))
    assert "a product" in str(caught.value) and "cross" in str(caught.value)


def test_a_diagram_is_unfolded_once_for_a_structure() -> None:
    d = identity.diagram
    assert unfold(d, (1.0, 2.0)) is unfold(d, (3.0, 4.0))
    assert unfold(d, 1.0) is d


@pytest.mark.parametrize("k", [Functions, *LINEAR, D(Additive), D(Dual(Additive))], ids=repr)
def test_deep_nesting_of_the_vocabulary_does_not_recurse(k: Any) -> None:
    n = 5_000
    deep = functools.reduce(k.compose, [k.scale(1.0)] * n)
    shallow = k.compose(*[k.scale(1.0)] * n)
    seen = [k.observe(arrow, R, R, 2.0) for arrow in (deep, shallow)]
    assert np.allclose(
        np.hstack([np.ravel(s) for s in _leaves(seen[0])]), np.hstack([np.ravel(s) for s in _leaves(seen[1])])
    )


def _leaves(tree: Any) -> list[Any]:
    return [leaf for t in tree for leaf in _leaves(t)] if isinstance(tree, tuple) else [tree]


h = cross(scale(2.0), scale(3.0)) >> jam >> scale(5.0) >> dup >> cross(scale(7.0), scale(2.0))


def test_fork_after_unfork_and_join_after_unjoin_cost_nothing() -> None:
    """Row P25: the isomorphisms must not duplicate work (his follow-up of 2020 leaves it open)."""
    arrow = Additive(h)
    plain = len(Additive.compose(arrow).diagram.boxes)
    assert len(derived.fork(Additive, *derived.unfork(Additive, arrow)).diagram.boxes) <= plain + 2
    assert len(derived.join(Additive, *derived.unjoin(Additive, arrow)).diagram.boxes) <= plain + 2
    general = D(Additive)(fork(sin, sin) >> mul >> fork(sin, scale(2.0)))
    assert len(derived.fork(D(Additive), *derived.unfork(D(Additive), general)).diagram.boxes) == len(
        general.diagram.boxes
    )


@given(typed_linear_programs, st.data())
def test_sharing_changes_no_value(typed: Any, data: Any) -> None:
    source, target, f = typed
    arrow = Additive(f)
    twice = Additive.compose(Additive.jam(), Additive.cross(arrow, arrow), Additive.dup())
    x = data.draw(points(source))
    assert np.allclose(target.to_vector(twice(x)), 2 * target.to_vector(arrow(x)))


@given(typed_programs, st.data())
def test_a_program_in_a_box_says_the_same(typed: Any, data: Any) -> None:
    source, target, f = typed
    x = data.draw(points(source))
    wrapped = Functions.compose(Functions.identity(), Functions(f))
    assert np.array_equal(target.to_vector(wrapped(x)), target.to_vector(f(x)), equal_nan=True)


def test_sums_as_boxes() -> None:
    d = explicit(join(scale(2.0), scale(3.0)).diagram)
    assert sorted(str(op) for op, _, _ in d.boxes) == ["+", "scale(2.0)", "scale(3.0)"]
    assert not any(d.misfits)
    assert d.evaluate((1.0, 10.0))[d.cod] == 32.0
    three = explicit(sum_(3).diagram)
    assert [type(op) for op, _, _ in three.boxes][-1] is Sum
    assert three.evaluate((1.0, 2.0, 3.0))[three.cod] == 6.0
    same = (proj(0, 2) >> sin).diagram
    assert explicit(same) is same


def test_a_repeated_wire_of_the_domain_is_a_sum_too() -> None:
    d = explicit(Diagram((0, 0), 0, (), 1))
    assert d.evaluate((1.0, 2.0))[d.cod] == 3.0
    assert exl((1.0, 2.0)) == 1.0
