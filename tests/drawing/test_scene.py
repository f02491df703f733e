"""Scenes: places, labels, the linear part."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import Graphs, R, add, const, dup, fork, inl, jam, join, mul, scale, sin, subtract
from essence_ad.categories.graphs import GraphCategory
from essence_ad.diagram import Diagram
from essence_ad.drawing.scene import kind_of, label, linear_boxes, named, scene, told
from essence_ad.operation import Scale
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace


def test_every_box_end_and_zero_has_a_place() -> None:
    kinds = [show.kind for show in scene(Graphs(inl >> jam >> sin).drawn).shows]
    assert kinds == ["input", "box", "output"]
    kinds = [show.kind for show in scene(Graphs(inl).drawn).shows]
    assert kinds == ["input", "output", "zero", "output"]
    kinds = [show.kind for show in scene(GraphCategory(True)(dup >> join(scale(2.0), sin >> scale(1.0))).drawn).shows]
    assert kinds == ["input", "copy", "box", "box", "box", "sum", "output"]
    assert [s.kind for s in scene(Graphs(fork(const(2.0), sin) >> mul).drawn).shows][1] == "constant"


def test_wires_lead_from_port_to_port() -> None:
    found = scene(Graphs(dup >> subtract).drawn)
    assert found.edges == [(0, 0, 1, 0), (0, 0, 1, 1), (1, 0, 2, 0)]


@pytest.mark.parametrize(
    ("op", "text", "words"),
    [
        (Scale(2.0), "× 2", "multiply by 2"),
        (Scale(np.zeros((2, 3))), "× array 2×3", "multiply by array 2×3"),
        (mul.form, "×", "multiply"),
        (add.form, "+", "add"),
        (subtract.form, "−", "subtract"),
        (sin.form, "sin", "sin"),
    ],
    ids=lambda v: str(v)[:20],
)
def test_labels(op: object, text: str, words: str) -> None:
    assert (label(op), told(op)) == (text, words)


def test_long_labels_are_shortened_in_the_box_and_told_in_full() -> None:
    d = trace(lambda x: np.transpose(np.reshape(x, (2, 3, 1, 1, 1)), (4, 3, 2, 1, 0)), R[6]).diagram
    shows = [show for show in scene(d).shows if show.kind == "box"]
    assert all(len(show.label) <= 26 for show in shows)
    assert any(len(show.told) > 26 for show in shows)


def test_the_linear_part_is_what_depends_on_the_tangent_alone_or_too() -> None:
    d = trace(lambda x, dx: (np.sin(x), np.cos(x) * dx, 0 * 1.0), R * R).diagram
    d = Diagram(d.dom, (d.cod[0], d.cod[1:]), d.boxes, d.n_wires, d.dom_space)
    start = leaves(d.dom[1])
    assert linear_boxes(d, start) == [int(op.name in ("multiply", "const")) for op, _, _ in d.boxes]
    shows = scene(d, linear_from=start).shows
    assert [s.label for s in shows if s.linear and s.kind in ("input", "output")] == ["x1", "y1", "y2"]
    assert not any(s.linear for s in scene(d).shows)


def test_values_stand_on_wires_by_number() -> None:
    d = Graphs(mul).drawn
    found = scene(d, values=dict(enumerate(d.evaluate((3.0, 4.0)))))
    assert found.values == {0: "3", 1: "4", 2: "12"}
    assert named("y", 2) == ["y0", "y1"] and kind_of(mul.form) == "box"
