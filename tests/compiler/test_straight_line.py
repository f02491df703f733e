"""Straight-line programs while they are rewritten."""

from __future__ import annotations

import numpy as np

from essence_ad import R, cos, fork, mul, sin
from essence_ad.compiler.straight_line import StraightLine
from essence_ad.diagram import collect
from essence_ad.primitives import catalogue


def test_equal_boxes_are_one_value() -> None:
    g = StraightLine({})
    x, y = g.argument(R), g.argument(R)
    table = catalogue()
    assert g.call(table["sin"], x) == g.call(table["sin"], x) != g.call(table["sin"], y)
    assert g.call(table["add"], x, y) == g.call(table["add"], y, x)
    assert g.call(table["subtract"], x, y) != g.call(table["subtract"], y, x)


def test_constants_are_told_apart_by_their_bits() -> None:
    g = StraightLine({})
    assert g.constant(1.0) == g.constant(1.0)
    assert len({g.constant(0.0), g.constant(-0.0), g.constant(1), g.constant(1.0), g.constant(np.float32(1))}) == 5
    assert g.constant(np.ones(2)) == g.constant(np.ones(2)) != g.constant(np.ones(3))
    assert g.value(g.constant(2.5)) == 2.5 and g.value(g.argument(R)) is None


def test_rules_are_offered_every_box_first() -> None:
    offered = []

    def rule(g: StraightLine, op: object, ins: tuple[int, ...]) -> int | None:
        offered.append(ins)
        return ins[0]

    g = StraightLine({"sin": [rule]})
    x = g.argument(R)
    assert g.call(catalogue()["sin"], x) == x and offered == [(x,)]
    assert g.name(x) == "argument" and g.ins(x) == () and g.op(x) is None


def test_a_diagram_goes_in_and_comes_out() -> None:
    d = (fork(sin, cos) >> mul).diagram
    g = StraightLine({})
    x = g.argument(R)
    cod = g.load(d, [x])
    again = g.diagram(x, cod, R, R)
    assert collect(again.cod, again.evaluate(0.5)) == np.sin(0.5) * np.cos(0.5)
    assert [op.name for op, _, _ in again.boxes] == ["sin", "cos", "multiply"]
