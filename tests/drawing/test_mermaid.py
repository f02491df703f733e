"""Mermaid: the same nodes and wires as text."""

from __future__ import annotations

import re

from essence_ad import R, cos, fork, mul, program, sin
from essence_ad.drawing.draw import draw
from essence_ad.drawing.mermaid import mermaid
from essence_ad.drawing.picture import Pictures


def test_every_place_is_a_node_and_every_wire_an_arrow() -> None:
    scene = Pictures(mul >> fork(cos, sin)).scene
    lines = mermaid(scene)
    nodes = [line for line in lines if "-->" not in line]
    arrows = [re.fullmatch(r"  n(\d+) -->(?:\|(\d)\|)? n(\d+)", line) for line in lines if "-->" in line]
    assert len(nodes) == len(scene.shows) and len(arrows) == len(scene.edges) and all(arrows)
    assert [(int(a[1]), int(a[3])) for a in arrows if a] == [(maker, reader) for maker, _, reader, _ in scene.edges]


def test_the_linear_part_stands_in_a_frame() -> None:
    lines = draw(mul, mode="forward").mermaid.split("\n")
    start, end = lines.index('  subgraph nlinear ["linear map"]'), lines.index("  end")
    assert lines[0] == "flowchart LR" and "dx0" in lines[start + 1]
    assert not [line for line in lines[start + 1 : end] if "-->" in line]


def test_values_are_on_the_arrows_and_texts_are_quoted() -> None:
    text = draw(mul, (3.0, -4.0), values=True).mermaid
    assert '-->|"1, 3"| ' in text and '-->|"2, −4"| ' in text
    assert "index(key=0)" in draw(program(lambda x: x[0]), R[3]).mermaid
