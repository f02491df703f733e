"""Accumulation step by step."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from essence_ad import Diagram, cos, dup, fork, jvp, mul, sin, vjp
from essence_ad.drawing.steps import Steps, _spans, _timed, steps
from essence_ad.errors import OptionError
from essence_ad.spaces import dot
from essence_ad.structure import leaves
from tests.drawing.geometry import require_readable

f = mul >> fork(cos, sin)
POINT = (3.0, 4.0)


def network(x: Any, w: Any) -> Any:
    return np.sum(np.tanh(w @ x) * x[0])


def ends(found: Steps, which: str) -> list[Any]:
    d = found.scene.diagram
    assert isinstance(d, Diagram)
    last = found.steps[-1]
    if which == "tangent":
        return [last.tangents[w] for w in leaves(d.cod)]
    return [last.cotangents[w] for w in leaves(d.dom)]


def test_forward_ends_with_the_jvp_and_reverse_with_the_vjp() -> None:
    dx, dy = (1.0, -2.0), (0.5, 3.0)
    assert ends(steps(f, POINT, along=dx), "tangent") == pytest.approx(jvp(f, POINT, dx)[1])
    assert ends(steps(f, POINT, mode="reverse", back=dy), "cotangent") == pytest.approx(vjp(f, POINT)[1](dy))


def test_on_arrays() -> None:
    x = (np.arange(3.0), np.eye(3))
    back = ends(steps(network, x, mode="reverse"), "cotangent")
    for found, expected in zip(back, vjp(network, x)[1](1.0), strict=True):
        assert np.allclose(found, expected)


@pytest.mark.parametrize("cut", [1, 2])
def test_wherever_the_two_meet_they_meet_at_the_same_number(cut: int) -> None:
    dx, dy = (1.0, -2.0), (0.5, 3.0)
    expected = dot(dy, tuple(jvp(f, POINT, dx)[1]))
    text = steps(f, POINT, mode="mixed", along=dx, back=dy, cut=cut).steps[-1].text
    assert text == f"tangents meet cotangents at the cut: {expected:.3g}".replace("-", "−")


def test_pure_modes_are_mixed_mode_at_the_ends() -> None:
    n = 3
    forward, reverse = steps(f, POINT), steps(f, POINT, mode="reverse")
    late, early = steps(f, POINT, mode="mixed", cut=n), steps(f, POINT, mode="mixed", cut=0)
    assert forward.steps == late.steps and reverse.steps == early.steps
    assert [len(s) for s in (forward, reverse)] == [n + 1, 2 * n + 2]


def test_each_step_adds_to_the_one_before() -> None:
    found = steps(f, POINT, mode="reverse")
    known = [len(s.values) + len(s.cotangents) for s in found.steps]
    assert known == sorted(known) and known[0] == 2 and known[-1] > 6
    assert [s.box for s in found.steps] == [-1, 0, 1, 2, -1, 2, 1, 0]


@pytest.mark.parametrize("mode", ["forward", "reverse", "mixed"])
@pytest.mark.parametrize(("what", "x"), [(f, POINT), (network, (np.ones(3), np.eye(3)))], ids=["cosSinProd", "network"])
def test_every_step_can_be_read(what: Any, x: Any, mode: str) -> None:
    found = steps(what, x, mode=mode)
    sizes = set()
    for sheet in found:
        read = require_readable(sheet.svg)
        sizes.add((read.sheet.right, read.sheet.bottom))
    assert len(sizes) == 1, "pictures of one slider are of one size"


def test_one_step_is_marked_at_a_time() -> None:
    found = steps(f, POINT)
    assert [sheet.svg.count(' now"') for sheet in found] == [0, 1, 1, 1]
    assert len(found[1:]) == 3 and len(list(found)) == len(found)


def test_the_animation_shows_the_last_step_where_nothing_moves() -> None:
    found = steps(f, POINT, mode="reverse")
    root = ElementTree.fromstring(found.svg)
    seen = [
        (e.get("class"), e.text)
        for e in root.iter("{http://www.w3.org/2000/svg}text")
        if e.get("opacity") == "1" and e.get("class") in ("value", "linear value", "caption")
    ]
    last = found.steps[-1]
    assert sorted(t for kind, t in seen if kind == "value") == sorted(last.above.values())
    assert sorted(t for kind, t in seen if kind == "linear value") == sorted(last.below.values())
    assert [t for kind, t in seen if kind == "caption"] == [last.text]
    times = [float(t) for keys in re.findall(r'keyTimes="([^"]*)"', found.svg) for t in keys.split(";")]
    assert times and all(0 <= t < 1 for t in times)
    assert ' id="' not in found.svg


def test_a_slider_has_every_step() -> None:
    found = steps(f, POINT)
    assert repr(found.slider()) == f"<a slider of {len(found)} steps>"
    html = found.slider()._repr_html_()
    assert html.count("<svg") == len(found) == 4 and 'max="3"' in html
    assert html.count("display:block") == 1  # the last one


def test_spans_and_times() -> None:
    assert _spans(["a", "a", "b", None]) == [("a", 0, 2), ("b", 2, 3), (None, 3, 4)]
    assert _timed(0, 4, 7) == "" and 'values="0;1;0" keyTimes="0;0.2;0.4"' in _timed(2, 4, 10)


def test_other_modes_and_cuts_are_refused() -> None:
    with pytest.raises(OptionError, match="no mode"):
        steps(f, POINT, mode="backward")
    for mode, cut in (("mixed", 9), ("forward", 1)):
        with pytest.raises(OptionError, match="turns after"):
            steps(f, POINT, mode=mode, cut=cut)
    assert steps(dup >> mul, 2.0).mermaid.startswith("flowchart") and steps(f, POINT).dot.startswith("digraph")
