"""Derived combinators of programs: what they are, and that they cost what the plain ones cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import (
    Additive,
    D,
    Matrices,
    cross,
    cross_i,
    dup,
    exp,
    first,
    fork,
    fork_i,
    inj,
    jacobian,
    jam,
    join,
    join_i,
    map_,
    mul,
    proj,
    repl,
    reverse,
    scale,
    second,
    sin,
    sum,
    unfork,
    unfork_i,
    unjoin,
    unjoin_i,
)
from essence_ad.errors import CompositionError, OptionError


def test_indexed_forms_are_the_plain_ones() -> None:
    fs = [scale(2.0), exp, sin]
    assert cross_i(3, fs.__getitem__) == cross(*fs)
    assert fork_i(3, fs.__getitem__) == fork(*fs)
    linear = [scale(2.0), scale(3.0)]
    assert join_i(2, linear.__getitem__) == join(*linear)
    assert map_(exp, 3) == cross(exp, exp, exp)
    assert first(exp)((0.0, 5.0)) == (1.0, 5.0) and second(exp)((5.0, 0.0)) == (5.0, 1.0)


def test_inverses() -> None:
    h = mul >> fork(sin, exp)
    x = (0.5, 2.0)
    assert fork(*unfork(h))(x) == h(x)
    assert fork_i(2, unfork_i(2, h))(x) == h(x)
    j = cross(scale(2.0), scale(3.0)) >> join(scale(5.0), scale(7.0))
    assert Additive(join(*unjoin(j)))((1.0, 1.0)) == Additive(j)((1.0, 1.0)) == 31.0
    assert Additive(join_i(2, unjoin_i(2, j)))((1.0, 1.0)) == 31.0
    assert [str(f.type) for f in unfork(repl(3), 3)] == ["a -> a"] * 3
    assert [Additive(f)(1.0) for f in unjoin(join(scale(1.0), scale(2.0), scale(3.0)), 3)] == [1.0, 2.0, 3.0]
    assert unfork(repl(3), 3) == tuple(repl(3) >> proj(i, 3) for i in range(3))
    assert unjoin(j) == tuple(inj(i, 2) >> j for i in range(2))


def test_fork_after_unfork_evaluates_once() -> None:
    h = mul >> fork(sin, exp)
    assert len(fork(*unfork(h)).diagram.boxes) == len(h.diagram.boxes)


def test_no_parts() -> None:
    assert cross_i(0, lambda i: sin)(()) == () == fork_i(0, lambda i: sin)(5.0)
    assert Additive(join_i(0, lambda i: sin))(()) == 0.0
    assert unfork(scale(2.0), 0) == ()


def test_a_map_has_a_derivative_of_diagonal_structure() -> None:
    """Row P69: fmap is crossI after replI, and its derivative is diagonal, not dense."""

    y, df = D(Matrices)(map_(exp, 3))((0.0, 1.0, 2.0))
    assert df.blocks == tuple(tuple(y[i] if i == j else None for j in range(3)) for i in range(3))
    assert map_(scale(2.0), 3)((1.0, 2.0, 3.0)) == (2.0, 4.0, 6.0)


def test_different_objects() -> None:
    f = cross(exp, mul, sum)
    x = (0.0, (2.0, 3.0), np.ones(4))
    value, pull = reverse(f)(x)
    assert value == (1.0, 6.0, 4.0)
    gradient = pull((1.0, 1.0, 1.0))
    assert gradient[0] == 1.0 and gradient[1] == (3.0, 2.0) and gradient[2].tolist() == [1.0] * 4
    assert jacobian(cross_i(2, [exp, sin].__getitem__))((0.0, 0.0)) == ((1.0, 0.0), (0.0, 1.0))


@pytest.mark.parametrize("wrong", [-1, 2.0, "2", True])
def test_wrong_numbers_of_parts(wrong: Any) -> None:
    for call in (cross_i, fork_i, join_i):
        with pytest.raises(OptionError, match="number of parts"):
            call(wrong, lambda i: sin)
    for inverse in (unfork, unjoin):
        with pytest.raises(OptionError, match="number of parts"):
            inverse(sin, wrong)


def test_wrong_boundaries() -> None:
    with pytest.raises(CompositionError):
        unfork(mul, 2)


def test_joining_what_was_unjoined_repeats_no_work() -> None:
    h = jam >> scale(2.0) >> scale(3.0) >> dup >> cross(scale(4.0), scale(5.0))
    again = join(*unjoin(h))
    assert len(again.diagram.boxes) == len(h.diagram.boxes) == 4
    assert Additive(again)((1.0, 2.0)) == Additive(h)((1.0, 2.0)) == (72.0, 90.0)
    twice = join(h, h)
    assert len(twice.diagram.boxes) < 2 * len(h.diagram.boxes)
    assert Additive(twice)(((1.0, 2.0), (3.0, 4.0))) == (240.0, 300.0)
