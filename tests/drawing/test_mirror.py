"""A program and its adjoint: one picture and its mirror image."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import essence_ad as ad
from essence_ad import D, Dual, R, cos, cross, dup, fork, jam, join, mul, scale, sin, vjp
from essence_ad.drawing.mirror import adjoint_box, draw_adjoint
from essence_ad.drawing.text import number
from essence_ad.errors import OptionError
from essence_ad.operation import Scale
from tests.drawing.geometry import read, require_readable

sqr = dup >> mul
CASES: dict[str, tuple[Any, Any]] = {
    "cosSinProd": (mul >> fork(cos, sin), (3.0, 4.0)),
    "magSqr": (cross(sqr, sqr) >> ad.add, (3.0, 4.0)),
    "linear": (dup >> join(scale(2.0), scale(3.0)), 5.0),
    "jam": (jam, (1.0, 2.0)),
    "three": (fork(sin, cos, ad.exp), 0.5),
    "network": (lambda x, w: np.sum(np.tanh(w @ x) - x[0]), (np.ones(3), np.eye(3))),
}


def panels(svg: str, wide: float) -> tuple[list[Any], list[Any]]:
    shapes = read(svg).shapes
    return shapes[: len(shapes) // 2], shapes[len(shapes) // 2 :]


@pytest.mark.parametrize("name", CASES)
def test_the_second_is_the_first_in_a_mirror(name: str) -> None:
    sheet = draw_adjoint(*CASES[name])
    found = require_readable(sheet.svg)
    first, second = panels(sheet.svg, found.sheet.right)
    assert len(first) == len(second) > 0
    middles = [(a.left + a.right + b.left + b.right) / 2 for (_, a), (_, b) in zip(first, second, strict=True)]
    assert max(middles) - min(middles) < 0.5
    for (kind, a), (other, b) in zip(first, second, strict=True):
        assert (a.top, a.bottom) == pytest.approx((b.top, b.bottom))
        kinds = {kind.split()[0], other.split()[0]}
        assert kinds in ({"copy", "sum"}, {"box"}, {"fold"}), f"{kind} faces {other}"


@pytest.mark.parametrize("name", CASES)
def test_copies_and_sums_share_their_letters(name: str) -> None:
    text = draw_adjoint(*CASES[name]).svg
    groups = re.findall(
        r'<g class="(\w+)[^"]*"><title>[^<]*</title>.*?(?:<text class="mark"[^>]*>(\w)</text>)?</g>', text
    )
    marked = [(kind, mark) for kind, mark in groups if mark]
    for letter in {mark for _, mark in marked}:
        assert sorted(kind for kind, mark in marked if mark == letter) == ["copy", "sum"]
    assert len(marked) == len([kind for kind, _ in groups if kind in ("copy", "sum")])


@pytest.mark.parametrize("name", ["cosSinProd", "magSqr", "three"])
def test_the_cotangents_are_those_of_the_dual(name: str) -> None:
    f, x = CASES[name]
    y, pullback = vjp(f, x)
    back = pullback(tuple(1.0 for _ in y) if isinstance(y, tuple) else 1.0)
    values = [text for kind, text, _ in read(draw_adjoint(f, x).svg).texts if kind == "value"]
    assert {number(v) for v in np.ravel(back)} <= set(values)
    assert D(Dual(ad.Additive))(f)(x)[0] == y


def test_a_cotangent_may_be_given() -> None:
    values = [t for kind, t, _ in read(draw_adjoint(mul, (3.0, 4.0), along=10.0).svg).texts if kind == "value"]
    assert values == ["3", "4", "12", "40", "30", "10"]


def test_boxes_say_their_slopes() -> None:
    assert adjoint_box(mul.form, (0, 1), (2,), [3.0, 4.0, 12.0]).name == "× 4, × 3"
    assert adjoint_box(Scale(2.0), (0,), (1,), [3.0, 6.0]).name == "× 2"
    assert adjoint_box(ad.add.form, (0, 1), (2,), [3.0, 4.0, 7.0]).kind == "copy"
    assert adjoint_box(ad.subtract.form, (0, 1), (2,), [3.0, 4.0, -1.0]).name == "1, −1"
    assert adjoint_box(ad.floor.form, (0,), (1,), [0.5, 0.0]).name == "0"


def test_text_forms_run_backward() -> None:
    sheet = draw_adjoint(mul >> sin, (3.0, 4.0), title="f")
    assert re.search(r"p1n4 -->\|1\| p1n3", sheet.mermaid) and repr(sheet) == "<2 pictures: f and its adjoint>"
    assert sheet.dot.count("subgraph") == 2


def test_a_point_is_needed() -> None:
    with pytest.raises(OptionError, match="at a point"):
        draw_adjoint(mul, R * R)


@pytest.mark.parametrize("name", CASES)
def test_below_each_other_every_box_stands_below_its_own(name: str) -> None:
    found = require_readable(draw_adjoint(*CASES[name], stacked=True).svg)
    half = len(found.shapes) // 2
    for (_, a), (_, b) in zip(found.shapes[:half], found.shapes[half:], strict=True):
        assert a.left == pytest.approx(min(b.left, b.right)) and a.bottom < b.top
    ends = {text: where for name, text, where in found.texts if name == "end"}
    for end, where in ends.items():
        if f"d{end}" in ends:
            assert abs(where.left + where.right - ends[f"d{end}"].left - ends[f"d{end}"].right) < 12
