"""Programs as text, equality, and diagrams made into combinators again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad import (
    Additive,
    add,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    exp,
    exr,
    fork,
    identity,
    it,
    join,
    mul,
    proj,
    reverse,
    scale,
    sin,
    swap,
    zero,
)
from essence_ad.morphism import Morphism, to_combinators

unary = st.recursive(
    st.sampled_from([sin, cos, exp, dup >> mul, identity >> sin]),
    lambda inner: st.one_of(
        st.builds(lambda f, g: f >> g, inner, inner),
        st.builds(lambda f, g: fork(f, g) >> mul, inner, inner),
        st.builds(lambda f, g: fork(f, g) >> swap >> add, inner, inner),
        st.builds(lambda f, g: dup >> cross(f, g) >> add, inner, inner),
        st.builds(lambda f, g: f >> dup >> cross(g, identity) >> mul, inner, inner),
        st.builds(lambda f: fork(f, const(0.5), identity) >> fork(proj(0), proj(1, 3)) >> mul, inner),
        st.builds(lambda f: f + 0.5 * f, inner),
    ),
    max_leaves=8,
)
linear = st.recursive(
    st.sampled_from([identity, scale(2.0), zero, dup >> join(identity, scale(3.0))]),
    lambda inner: st.one_of(
        st.builds(lambda f, g: f >> g, inner, inner),
        st.builds(lambda f, g: fork(f, g) >> join(scale(2.0), identity), inner, inner),
        st.builds(lambda f, g: dup >> cross(f, g) >> swap >> exl, inner, inner),
    ),
    max_leaves=8,
)


def paste(f: Morphism[Any, Any]) -> Any:
    return eval(repr(f), dict(vars(essence_ad)))


@given(unary)
def test_text_can_be_pasted_back(f: Morphism[Any, Any]) -> None:
    assert paste(f) == f and hash(paste(f)) == hash(f)


@given(unary, st.floats(-1, 1))
def test_diagrams_become_the_same_combinators_program(f: Morphism[Any, Any], x: float) -> None:
    g = to_combinators(f)
    with np.errstate(all="ignore"):
        assert np.array_equal(g(x), f(x), equal_nan=True)
        assert len(g.diagram.boxes) == len(f.diagram.boxes)
        assert paste(g) == g
        # the boxes may stand in another order, and so the sums
        assert np.allclose(reverse(g)(x)[1](1.0), reverse(f)(x)[1](1.0), rtol=1e-12, atol=0, equal_nan=True)


@given(linear)
def test_linear_diagrams_and_their_transposes_become_combinators(f: Morphism[Any, Any]) -> None:
    for g in (f, f.T):
        again = to_combinators(g)
        assert Additive(again)(1.5) == Additive(g)(1.5)
        assert paste(again) == again
    assert Additive(f.T)(1.0) == Additive(f)(1.0)  # one number in, one out: the matrix is its own transpose


def test_equality_ignores_brackets_and_sees_everything_else() -> None:
    f, g, h = sin, cos, exp
    assert (f >> g) >> h == f >> (g >> h) == compose(h, g, f)
    assert f >> g != g >> f and fork(f, g) != cross(f, g) and scale(2.0) != scale(3.0)
    assert const(np.ones(2)) == const(np.ones(2)) != const(np.ones(3))
    assert fork(f >> g, h) != fork(f, g >> h)
    assert {f >> g: 1}[compose(g, f)] == 1
    assert f != "sin"


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (dup >> mul >> cos, "dup >> multiply >> cos"),
        ((sin >> cos) & (exp >> (dup >> mul)), "fork(sin >> cos, exp >> dup >> multiply)"),
        (cross(exl, exr) >> mul, "cross(exl, exr) >> multiply"),
        (essence_ad.sum(axis=0) >> sin, "sum(axis=0) >> sin"),
        (it, "it"),
        (proj(1) | proj(0), "join(proj(1), proj(0))"),
        ((scale(2.0) >> dup).T, "jam >> scale(2.0)"),
    ],
)
def test_text(f: Morphism[Any, Any], text: str) -> None:
    assert repr(f) == text


def test_shared_wires_are_named_once() -> None:
    f: Morphism[Any, Any] = identity
    for _ in range(60):
        f = f >> dup >> mul
    assert len(repr(to_combinators(f))) < 60 * 20
