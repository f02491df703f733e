"""The one map out of programs: structure dissolves into wires, without recursion and with exact sharing."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import (
    Additive,
    D,
    Dual,
    assoc,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    exr,
    fork,
    identity,
    inj,
    inl,
    jam,
    join,
    mul,
    proj,
    repl,
    reverse,
    scale,
    sin,
    sum_,
    swap,
)
from essence_ad.functor import Wiring
from essence_ad.morphism import Morphism


def test_structure_costs_no_boxes() -> None:
    f = dup >> cross(identity, dup) >> assoc >> exl >> swap >> exr
    assert f.diagram.boxes == () and f(5.0) == 5.0
    assert (exl >> sin)((0.5, 1.0)) == np.sin(0.5)


def test_a_part_that_occurs_twice_at_the_same_inputs_is_built_once() -> None:
    f: Morphism[float, float] = identity
    for _ in range(200):
        f = fork(f, f) >> mul
    assert len(f.diagram.boxes) == 200
    assert reverse(f)(1.0)[1](1.0) == 2.0**200


def test_deep_nesting_does_not_recurse() -> None:
    f: Morphism[float, float] = sin
    g: Morphism[float, float] = sin
    for _ in range(10_000):
        f, g = fork(f, cos) >> mul, fork(g, cos) >> mul
    assert len(f.diagram.boxes) == 20_001
    assert hash(f) == hash(g) and f == g
    assert np.isfinite(f(0.5))


def test_long_chains_do_not_recurse() -> None:
    n = 100_000
    flat = compose(*[sin] * n)
    rope: Morphism[float, float] = identity
    for _ in range(n):
        rope = rope >> sin
    assert rope == identity >> flat and hash(rope) == hash(identity >> flat)
    assert flat(0.5) == rope(0.5)
    y, df = reverse(flat)(0.5)
    assert np.isfinite(df(1.0)) and len(repr(flat)) == 3 * n + 4 * (n - 1)


def test_a_chain_of_a_million_primitives() -> None:
    n = 1_000_000
    f = compose(*[sin, scale(1.5)] * (n // 2))
    y, df = D(Dual(Additive))(f)(0.5)
    assert y == f(0.5) and 0 <= df(1.0) < 1e300


def test_wires_of_unknown_structure() -> None:
    assert proj(1)((1.0, 2.0, 3.0)) == 2.0
    assert (proj(2) >> proj(0) >> sin)((1.0, 2.0, (0.5, 4.0))) == np.sin(0.5)
    assert dup((1.0, 2.0)) == ((1.0, 2.0), (1.0, 2.0))
    y, df = reverse(proj(2) >> proj(0) >> sin)((1.0, 2.0, (0.5, 4.0)))
    assert df(1.0) == (0.0, 0.0, (np.cos(0.5), 0.0))
    assert scale(2.0)((1.0, (2.0, 3.0))) == (2.0, (4.0, 6.0))


def test_sums_and_zeros() -> None:
    assert Additive(sum_(3))((1.0, 2.0, 3.0)) == 6.0
    assert Additive(inj(1, 3))(4.0) == (0.0, 4.0, 0.0)
    assert Additive(join(scale(2.0), scale(3.0), identity))((1.0, 10.0, 100.0)) == 132.0
    assert Additive(inl >> exr)(4.0) == 0.0
    assert Additive(cross(inl, inl) >> jam)((1.0, 2.0)) == (3.0, 0.0)
    assert Additive(repl(3) >> sum_(3))((1.0, 2.0)) == (3.0, 6.0)
    assert Additive(inl >> jam)(2.0) == 2.0


@pytest.mark.parametrize("name", ["exl", "inl", "dup", "jam", "identity", "swap"])
def test_wirings_turn_round(name: str) -> None:
    import essence_ad

    arrow = getattr(essence_ad, name).form
    assert isinstance(arrow, Wiring)
    assert arrow.T.T == arrow and (arrow.T.dom, arrow.T.cod) == (arrow.cod, arrow.dom)


def test_a_constant_reads_nothing() -> None:
    f = const(2.0) * (exl >> proj(1)) + exr  # the argument's first part is one wire until a tuple stands on it
    assert all(ins == () for op, ins, _ in f.diagram.boxes if op.name == "const")
    assert f(((3.0, 4.0), 5.0)) == 13.0
    assert reverse(f)(((3.0, 4.0), 5.0))[1](1.0) == ((0.0, 2.0), 1.0)
