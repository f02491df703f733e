"""SVG: readable, told in words, without ids, the same each time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from essence_ad import Additive, Graphs, cos, cross, dup, exl, fork, join, mul, scale, sin
from essence_ad.drawing.picture import Pictures, Sheet
from essence_ad.drawing.scene import scene
from essence_ad.drawing.svg import Panel, described, document
from tests.drawing.geometry import read, require_readable
from tests.strategies import typed_linear_programs, typed_programs

f = mul >> fork(cos, sin)


@settings(max_examples=25)
@given(typed_programs)
def test_nothing_overlaps_and_no_label_is_clipped(typed: Any) -> None:
    _, _, f = typed
    require_readable(Pictures(f).svg)


@settings(max_examples=25)
@given(typed_linear_programs)
def test_nor_in_linear_programs_and_their_transposes(typed: Any) -> None:
    source, _, f = typed
    arrow = Additive(f.at(source))
    for map_ in (arrow, arrow.T):
        require_readable(Pictures(map_).svg)


def test_what_is_seen_is_what_there_is() -> None:
    found = require_readable(Pictures(f).svg)
    assert [kind for kind, _ in found.shapes] == ["box", "box", "box"]
    assert [text for _, text, _ in found.texts] == ["x0", "x1", "×", "cos", "sin", "y0", "y1"]
    assert found.titles[1:] == ["input x0", "input x1", "multiply", "cos", "sin", "output y0", "output y1"]
    assert len(found.wires) == 5


def test_a_picture_is_told_in_words() -> None:
    panel = Pictures(exl >> sin).panel
    assert described(panel) == "inputs x0, x1; sin #2 of x0; y of sin #2."


def test_texts_are_escaped() -> None:
    d = Graphs(sin).drawn
    s = scene(d, inputs=["<a&b>"])
    svg = document([Panel(s, s.layout(), "x < y & z")], 'a "title" <')
    found = require_readable(svg)
    assert [text for _, text, _ in found.texts][:2] == ["x < y & z", "<a&b>"]


def test_kinds_are_told_apart_by_shape_and_not_by_colour_alone() -> None:
    svg = Pictures(dup >> join(scale(2.0), scale(3.0))).svg
    assert svg.count("<ellipse") == 1 and svg.count('rx="4"') == 2


def test_dark_and_print_have_colours_of_their_own() -> None:
    svg = Pictures(f).svg
    assert "@media screen and (prefers-color-scheme:dark)" in svg and 'class="ground"' in svg


@pytest.mark.parametrize("stacked", [False, True])
def test_panels_stand_beside_each_other_or_below(stacked: bool) -> None:
    panels = [Pictures(f).panel, Pictures(cross(sin, cos)).panel]
    found = require_readable(Sheet(panels, "two", stacked=stacked).svg)
    first, second = found.shapes[0][1], found.shapes[3][1]
    assert (first.bottom < second.top) if stacked else (first.right < second.left)


def test_the_text_is_the_same_each_time() -> None:
    assert Pictures(f).svg == Pictures(mul >> fork(cos, sin)).svg
    assert read(Pictures(f).svg).sheet.right < 500
