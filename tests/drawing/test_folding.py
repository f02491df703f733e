"""Long programs made short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import Graphs, R, add, compose, cos, cross, dup, exr, fork, mul, sin
from essence_ad.categories.graphs import label
from essence_ad.diagram import Diagram
from essence_ad.drawing.draw import draw
from essence_ad.drawing.folding import Fold, folded, runs
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace
from tests.strategies import typed_programs

sqr = dup >> mul


def unfolded(d: Diagram) -> list[Any]:
    """The boxes of a folded diagram, written out."""
    out: list[Any] = []
    for box in d.boxes:
        out += unfolded(Diagram(0, 0, box[0].boxes, d.n_wires)) if isinstance(box[0], Fold) else [box]
    return out


@given(typed_programs, st.integers(1, 6))
def test_no_box_is_lost_and_none_is_read_before_it_is_made(typed: Any, most: int) -> None:
    d = Graphs(typed[2]).drawn
    short = folded(d, most)
    assert [b[1:] for b in unfolded(short)] == [b[1:] for b in d.boxes]
    assert len(short.boxes) <= max(most, 1) + 1
    made = set(leaves(short.dom)) | set(d.misfits[0])
    for _, ins, outs in short.boxes:
        assert set(ins) <= made
        made.update(outs)
    assert set(leaves(short.cod)) <= made


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (compose(*[sqr] * 100), ["multiply 100 times"]),
        (compose(*[cos >> sqr] * 50), ["(cos · multiply) 50 times"]),
        (compose(sin, *[sqr] * 100), ["multiply 100 times", "sin"]),
        (compose(*[sqr] * 100, sin), ["sin", "multiply 100 times"]),
        (cross(compose(*[sqr] * 40), compose(*[cos] * 40)) >> add, ["multiply 40 times", "cos 40 times", "add"]),
        (compose(*[fork(mul, exr)] * 30) >> mul, ["multiply 31 times"]),
    ],
    ids=["sqr", "cos sqr", "then sin", "sin then", "two", "with an outer wire"],
)
def test_repeated_runs_are_one_box(f: Any, names: list[str]) -> None:
    short = folded(Graphs(f).drawn, 10)
    found = [op.name for op, _, _ in short.boxes]
    assert sorted(found) == sorted(names)


def test_what_does_not_repeat_is_cut_in_pieces() -> None:
    rng = np.random.default_rng(0)

    def f(x: Any) -> Any:
        for _ in range(200):
            x = [np.sin, np.cos, np.exp, np.tanh, lambda v: v * v, lambda v: v + v][rng.integers(6)](x)
        return x

    short = folded(trace(f, R).diagram, 10)
    assert len(short.boxes) <= 12
    assert all(len(ins) == len(outs) == 1 for _, ins, outs in short.boxes)
    assert all("boxes: " in op.name or "times" in op.name for op, _, _ in short.boxes)
    kinds = {label(op) for op, _, _ in short.boxes[0][0].boxes}
    assert any(kind in short.boxes[0][0].name for kind in kinds), "a box says what is in it"
    assert sum(len(op.boxes) for op, _, _ in short.boxes) >= 10


def test_short_programs_are_as_they_are() -> None:
    assert not runs(Graphs(sqr >> sin).drawn)
    picture = draw(compose(*[sqr] * 20))
    assert len(picture.scene.shows) == 22 and len(draw(compose(*[sqr] * 20), fold=5).scene.shows) == 3
    assert len(draw(compose(*[sqr] * 90), fold=None).scene.shows) == 92


def test_the_value_part_and_the_linear_part_are_folded_apart() -> None:
    scene = draw(compose(*[sqr] * 100), mode="reverse").scene
    folds = [show for show in scene.shows if show.kind == "fold"]
    assert len(folds) >= 2 and {show.linear for show in folds} == {False, True}
    assert any(text.endswith(" wires") for text in scene.values.values())
    assert len(scene.shows) < 40
