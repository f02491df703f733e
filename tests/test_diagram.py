"""Diagrams: evaluation, linear runs, transposes and derivatives on named wires."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, add, cos, cross, dup, fork, jam, mul, scale, sin
from essence_ad.containers import ZERO
from essence_ad.diagram import IDENTITY, Chain, Diagram, Op
from essence_ad.errors import NotDifferentiableError, NotLinearError, ShapeError, StructureError
from essence_ad.primitives.primitive import NEGATE, Scale


def test_a_wire_made_twice_is_a_sum_and_one_made_never_is_zero() -> None:
    d = Diagram((0, 1), (2, 3), [(Scale(2.0), (0,), (2,)), (Scale(3.0), (1,), (2,))], 4)
    assert d.propagate((10.0, 100.0)) == (320.0, ZERO)
    assert d.T.propagate((1.0, 5.0)) == (2.0, 3.0)
    assert d.misfits == ([3], [2])


def test_transposing_twice_gives_the_same_diagram() -> None:
    d = (dup >> cross(scale(2.0), scale(3.0)) >> jam).diagram
    assert d.T.T.boxes == d.boxes and d.T.T.dom == d.dom
    assert d.propagate(1.0) == d.T.propagate(1.0) == 5.0


def test_boxes_are_evaluated_once_and_dead_ones_never() -> None:
    calls: list[str] = []

    class Loud(Op):
        def __init__(self, name: str) -> None:
            self.name = name

        def apply(self, *inputs: Any) -> Any:
            calls.append(self.name)
            return inputs[0]

    d = Diagram(0, (1, 1), [(Loud("a"), (0,), (1,)), (Loud("dead"), (1,), (2,))], 3).pruned()
    d.evaluate(1.0)
    assert calls == ["a"]


def test_linearize_skips_what_does_not_depend_on_the_domain() -> None:
    d = ((sin & (scale(2.0) >> cos)) >> mul).diagram
    linear = d.linearize(d.evaluate(0.5))
    assert linear.is_linear and len(linear.boxes) == 5
    assert np.isclose(linear.propagate(1.0), np.cos(0.5) * np.cos(1.0) - 2 * np.sin(0.5) * np.sin(1.0))


def test_spaces_and_shapes_along_the_wires() -> None:
    d = (fork(sin, cos) >> mul).diagram
    assert d.spaces(R[3])[d.cod] == R[3]
    with pytest.raises(ShapeError):
        mul.diagram.spaces(R[2] * R[3])
    with pytest.raises(StructureError):
        mul.diagram.spaces(R)
    placed = add.diagram.at(R[2, 3] * R[3])
    back = placed.T.propagate(np.ones((2, 3)))
    assert back[0].shape == (2, 3) and np.array_equal(back[1], [2.0, 2.0, 2.0])


def test_wrong_arguments() -> None:
    for wrong in (1.0, (1.0,), (1.0, 2.0, 3.0)):
        with pytest.raises(StructureError):
            mul.diagram.evaluate(wrong)
    with pytest.raises(NotLinearError):
        _ = sin.diagram.T
    with pytest.raises(NotDifferentiableError):
        Op().derivative([1.0], 1.0, [True])


def test_chain_of_linear_operations() -> None:
    chain = Chain(Scale(2.0), IDENTITY, Chain(NEGATE, Scale(3.0)))
    assert chain.apply(1.0) == -6.0 and chain.T.apply(1.0) == -6.0
    assert chain.name == "scale >> negative >> scale"
    assert Chain(IDENTITY).apply(4.0) == 4.0


def test_an_error_of_a_users_operation_is_not_hidden() -> None:
    class Broken(Op):
        def apply(self, *inputs: Any) -> Any:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Diagram(0, 1, [(Broken(), (0,), (1,))], 2).evaluate(1.0)
