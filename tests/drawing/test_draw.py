"""``draw``: programs and derivatives, at spaces and points."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import essence_ad as ad
from essence_ad import Additive, D, Dual, R, compose, cos, dup, exl, fork, identity, mul, program, sin
from essence_ad.drawing.draw import draw, names, ones
from essence_ad.errors import NeedsSpaceError, NotAProgramError, OptionError
from essence_ad.spaces import space_of
from tests.drawing.geometry import read, require_readable

f = mul >> fork(cos, sin)


def network(x: Any, y: Any, w: Any) -> Any:
    h = np.tanh(w @ x + y)
    return np.sum(h * h) - np.exp(-y[0])


POINT = (np.ones(3), np.zeros(3), np.eye(3))


def texts(picture: Any, kind: str) -> list[str]:
    return [text for name, text, _ in read(picture.svg).texts if name == kind]


@pytest.mark.parametrize(
    "what", [f, program(lambda x, y: np.cos(x * y)), f.diagram, ad.compile(f, R * R), D(Additive)(f), Additive(exl)],
    ids=["morphism", "function", "diagram", "compiled", "derivative", "linear"],
)  # fmt: skip
def test_all_kinds_of_programs_are_drawn(what: Any) -> None:
    require_readable(draw(what).svg)
    require_readable(draw(what, (1.0, 2.0), values=True).svg)


@pytest.mark.parametrize("mode", ["program", "forward", "reverse", "gradient"])
@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize(
    ("what", "point"), [(f, (3.0, 4.0)), (network, POINT), (dup >> mul, 3.0), (identity, 1.0), (exl, (1.0, 2.0))],
    ids=["cosSinProd", "network", "sqr", "identity", "exl"],
)  # fmt: skip
def test_every_mode_is_readable(what: Any, point: Any, mode: str, values: bool) -> None:
    for copies in (False, True):
        require_readable(draw(what, point, mode=mode, values=values, copies=copies, title="a title").svg)


def test_values_are_those_at_the_point() -> None:
    assert texts(draw(f, (3.0, 4.0), values=True), "value") == ["3", "4", "12", "0.844", "−0.537"]
    shown = texts(draw(dup >> mul, 3.0, values=True, mode="reverse", along=10.0), "value")
    assert sorted(shown) == sorted(["3", "9", "10", "30", "60"])


def test_values_of_derivatives_as_data() -> None:
    forward = D(Additive)(mul)((3.0, 4.0))[1]
    assert texts(draw(forward, (1.0, 0.0), values=True), "value") == ["1", "0", "4", "0", "4"]
    back = D(Dual(Additive))(mul)((3.0, 4.0))[1]
    assert texts(draw(back, 1.0, values=True), "value") == ["1", "3", "4"]
    assert draw(back).counts == Counter(scale=2)


def test_the_linear_part_shares_the_wires_of_the_value_part() -> None:
    scene = draw(f, mode="reverse").scene
    crossing = [(a, b) for a, _, b, _ in scene.edges if not scene.shows[a].linear and scene.shows[b].linear]
    assert len(crossing) == 4  # cos, sin, and both inputs
    back = [(a, b) for a, _, b, _ in scene.edges if scene.shows[a].linear and not scene.shows[b].linear]
    assert not back
    assert "cluster_linear" in draw(f, mode="reverse").dot


def test_names_are_the_users() -> None:
    ends = texts(draw(network, POINT), "end")
    assert ends == ["x", "y", "w", "z"]
    assert texts(draw(lambda p: p["w"] * p["b"], {"w": 1.0, "b": 2.0}), "end") == ["w", "b", "y"]
    ends = texts(draw(f, mode="gradient"), "end")
    assert ends == ["x0", "x1", "y0", "y1", "∂y0/∂x0", "∂y0/∂x1", "∂y1/∂x0", "∂y1/∂x1"]
    assert names("x", R * R[3]) == ["x0", "x1"] and names("x", R) == ["x"]


def test_copies_are_marked_where_asked() -> None:
    assert draw(dup >> mul, copies=True).counts["dup"] == 1 and not draw(dup >> mul).counts["dup"]


def test_five_hundred_boxes_are_drawn_in_full_where_asked() -> None:
    chain = compose(*[dup >> mul, sin] * 250)
    picture = draw(chain, fold=None)
    assert sum(picture.counts.values()) == 500 and picture.crossings == 0
    assert len(read(picture.svg).shapes) == 500 and len(read(draw(chain).svg).shapes) == 1


def test_ones_have_the_shape_of_the_space() -> None:
    assert ones(R) == 1.0 and ones(R * R) == (1.0, 1.0) and ones(R[2]).tolist() == [1.0, 1.0]
    assert ones(space_of(np.zeros((2, 2)))).shape == (2, 2)


def test_mistakes_are_told() -> None:
    with pytest.raises(NeedsSpaceError, match="drawn at a space"):
        draw(network)
    with pytest.raises(OptionError, match="no mode"):
        draw(f, mode="backward")
    with pytest.raises(OptionError, match="at a point"):
        draw(f, R * R, values=True)
    with pytest.raises(OptionError, match="seen in the values"):
        draw(f, (1.0, 2.0), along=1.0)
    with pytest.raises(NotAProgramError, match="takes a program"):
        draw(3.0)


def test_an_operator_of_a_composed_program_has_no_made_up_name() -> None:
    assert draw(ad.vmap(mul >> sin), R[3] * R[3]).look.title == ""
    assert draw(ad.vmap(network), tuple(np.ones((2, *np.shape(part))) for part in POINT)).look.title == "network"


def test_a_matrix_is_drawn_with_a_box_for_each_block() -> None:
    matrix = D(ad.Matrices)(mul)((3.0, 4.0))[1]
    assert sorted(show.label for show in draw(matrix).scene.shows if show.kind == "box") == ["× 3", "× 4"]
    assert draw(D(Dual(ad.Matrices))(mul)((3.0, 4.0))[1]).scene.shows
    assert draw(ad.Matrices(ad.jam)).scene.shows
