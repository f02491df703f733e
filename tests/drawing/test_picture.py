"""Pictures are a category; they are saved, and put on sheets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from essence_ad import Functions, Graphs, add, check_laws, cos, dup, fork, mul, sin, subtract
from essence_ad.drawing.picture import Picture, PictureCategory, Pictures, Sheet
from essence_ad.errors import CompositionError, OptionError
from tests.strategies import typed_programs

f = mul >> fork(cos, sin)


@pytest.mark.parametrize("k", [Pictures, PictureCategory(copies=True)], ids=repr)
def test_drawing_keeps_the_laws(k: Any) -> None:
    assert min(check_laws(k, examples=2).values()) > 0


@settings(max_examples=20)
@given(typed_programs)
def test_a_picture_is_the_graph_of_the_program(typed: Any) -> None:
    picture, graph = Pictures(typed[2]), Graphs(typed[2])
    assert picture.dot == graph.dot and picture.counts == graph.counts
    inner = [show for show in picture.scene.shows if show.kind not in ("input", "output", "zero")]
    assert len(inner) == sum(graph.counts.values())


def test_pictures_are_composed_like_programs() -> None:
    composed = Pictures.compose(Pictures(cos), Pictures(add))
    assert composed.svg == Pictures(add >> cos).svg
    assert (
        Pictures.compose(Pictures.cross(Pictures(cos), Pictures(sin)), Pictures.dup()).dot
        == Pictures(fork(cos, sin)).dot
    )
    with pytest.raises(CompositionError):
        Pictures.compose(Functions(cos), Pictures(add))


def test_a_notebook_shows_the_svg() -> None:
    assert Pictures(f)._repr_svg_() == Pictures(f).svg
    assert repr(Pictures(f)) == "<picture of 3 boxes>" and repr(Pictures(sin)) == "<picture of 1 box>"
    assert isinstance(Pictures(f), Picture) and repr(Pictures) == "Pictures"


@pytest.mark.parametrize(("name", "start"), [("a.svg", "<svg"), ("a.dot", "digraph {"), ("a.mmd", "flowchart LR")])
def test_saving(tmp_path: Path, name: str, start: str) -> None:
    assert Pictures(f).save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    sheet = Sheet([Pictures(f).panel, Pictures(subtract).panel], "two")
    assert sheet.save(str(tmp_path / name)).read_text(encoding="utf-8").startswith(start)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="saved as SVG"):
        Pictures(f).save(tmp_path / "a.png")


def test_a_sheet_has_all_its_pictures_in_every_language() -> None:
    sheet = Sheet([Pictures(dup >> mul).panel, Pictures(sin).panel], "two")
    assert sheet.dot.count("subgraph cluster_") == 2 and "p0In:Out0 -> p0b0:In1" in sheet.dot
    assert sheet.mermaid.count("subgraph") == 2 and repr(sheet) == "<2 pictures: two>"
