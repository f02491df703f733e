"""Broken laws as two pictures."""

from __future__ import annotations

from typing import Any

import pytest

from essence_ad import Dual, Functions, check_laws, dup, exl, jam, mul, swap
from essence_ad.categories.additive import AdditiveCategory
from essence_ad.diagram import Diagram
from essence_ad.drawing.failure import draw_failure, worded
from essence_ad.errors import LawError, OptionError
from tests.drawing.geometry import require_readable


class WrongProjection(AdditiveCategory):
    """The projections are mixed up."""

    def exl(self) -> Any:
        return self.exr()


class NoSum(AdditiveCategory):
    """``jam`` forgets its second argument."""

    def jam(self) -> Any:
        return self.exl()


class Twice(AdditiveCategory):
    """The first of several boxes is run twice."""

    def diagram(self, d: Diagram) -> Any:
        again = d.boxes[:1] if len(d.boxes) > 1 else ()
        return super().diagram(Diagram(d.dom, d.cod, [*d.boxes, *again], d.n_wires, d.dom_space, d.cod_space))


def failure(k: Any) -> LawError:
    with pytest.raises(LawError) as caught:
        check_laws(k)
    return caught.value


@pytest.mark.parametrize(
    ("k", "law", "words"),
    [
        (WrongProjection(), "dup then exl and exr", ["dup", "exl", "exr", "identity"]),
        (NoSum(), "jam after inr", ["inr", "jam", "identity"]),
    ],
    ids=["exl", "jam"],
)
def test_both_sides_are_drawn_with_the_name_of_the_law(k: Any, law: str, words: list[str]) -> None:
    error = failure(k)
    assert error.law == law
    sheet = draw_failure(error)
    found = require_readable(sheet.svg)
    said = [text for _, text, _ in found.texts]
    assert f"{law}: left side" in said and "right side" in said
    assert [text for name, text, _ in found.texts if not name] == words
    assert f"seen: {error.found}" in said and f"seen: {error.expected}" in said
    assert repr(sheet) == f"<2 pictures: {law} does not hold>"
    assert sheet.dot.count("subgraph") == 2 and sheet.mermaid


def test_a_functor_that_disagrees_is_told_from_a_law() -> None:
    sheet = draw_failure(failure(Twice()))
    said = [text for _, text, _ in require_readable(sheet.svg).texts]
    assert "by the functor" in said and not [t for t in said if t.startswith("left side")]


def test_laws_between_two_categories_are_drawn_too() -> None:
    class WrongDual(Dual):
        def exl(self) -> Any:
            return self.exr()

    error = failure(WrongDual(AdditiveCategory()))
    assert error.sides is not None
    require_readable(draw_failure(error).svg)


def test_structure_stands_in_boxes() -> None:
    assert [op.name for op, _, _ in worded(dup >> swap >> mul).boxes] == ["dup", "swap", "multiply"]
    assert worded(dup >> exl).boxes[0][2] == worded(dup >> exl).boxes[1][1]
    assert [op.name for op, _, _ in worded(dup >> jam).boxes] == ["dup", "jam"]
    assert not (dup >> exl).diagram.boxes


def test_other_errors_are_refused() -> None:
    with pytest.raises(OptionError, match="no law to draw"):
        draw_failure(LawError("nothing", found="", expected="", remedy=""))
    with pytest.raises(OptionError, match="no law to draw"):
        draw_failure(ValueError("nothing"))  # type: ignore[arg-type]
    assert check_laws(Functions, examples=1)
