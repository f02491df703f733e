"""Derived operations: the same in every category, and inverse to each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Begin,
    Both,
    Cont,
    D,
    Dual,
    Functions,
    Matrices,
    R,
    Shapes,
    combinators,
    derived,
    exp,
    morphism,
    mul,
    sum,
)
from essence_ad.control import loops
from essence_ad.lawfulness import same_view
from tests.strategies import linear_programs, points, spaces

CATEGORIES = (Functions, Shapes, Additive, Matrices, Dual(Additive), Cont(Additive), Begin(Matrices), D(Additive), D(Dual(Matrices)),
              Both(Additive, Dual(Matrices)))  # fmt: skip
WITH_SUMS = CATEGORIES[2:]
three = st.tuples(spaces, spaces, spaces)


def agree(k: Any, spoken: Any, program: Any, source: Any, target: Any, x: Any) -> None:
    """The word of a category and the program of the same name are the same arrow."""
    seen = k.observe(spoken, source, target, x), k.observe(k(program), source, target, x)
    assert same_view(*seen), f"{k}: {seen}"


@pytest.mark.parametrize("k", CATEGORIES, ids=repr)
def test_structural_words(k: Any) -> None:
    a, b, c = R, R[2], R * R
    for name, source, target in [
        ("swap", a * b, b * a),
        ("assoc", a * (b * c), (a * b) * c),
        ("unassoc", (a * b) * c, a * (b * c)),
    ]:
        agree(
            k,
            getattr(derived, name)(k),
            getattr(morphism, name),
            source,
            target,
            source.from_vector([0.5] * source.dim),
        )


@pytest.mark.parametrize("k", CATEGORIES, ids=repr)
@given(st.data())
def test_words_with_arrows_are_the_programs_of_the_same_name(k: Any, data: Any) -> None:
    s = morphism.scale
    x = data.draw(points(R**3))
    fs = [s(2.0), s(3.0), s(5.0)]
    arrows = [k(f) for f in fs]
    one, two, many = x[0], x[:2], x
    agree(k, derived.fork(k, *arrows), morphism.fork(*fs), R, R**3, one)
    agree(k, derived.fork(k, *arrows[:2]), morphism.fork(*fs[:2]), R, R**2, one)
    agree(k, derived.fork(k), morphism.fork(), R, R**0, one)
    agree(k, derived.first(k, arrows[0]), combinators.first(fs[0]), R**2, R**2, two)
    agree(k, derived.second(k, arrows[0]), combinators.second(fs[0]), R**2, R**2, two)
    agree(k, derived.cross_i(k, 3, arrows.__getitem__), combinators.cross_i(3, fs.__getitem__), R**3, R**3, many)
    agree(k, derived.fork_i(k, 3, arrows.__getitem__), combinators.fork_i(3, fs.__getitem__), R, R**3, one)
    agree(k, derived.map_(k, arrows[0], 3), loops.map_(fs[0], 3), R**3, R**3, many)


@pytest.mark.parametrize("k", WITH_SUMS, ids=repr)
def test_words_with_sums(k: Any) -> None:
    fs = [morphism.scale(s) for s in (2.0, 3.0, 5.0)]
    arrows = [k(f) for f in fs]
    x = (0.5, 1.0, 1.5)
    agree(k, derived.join(k, *arrows), morphism.join(*fs), R**3, R, x)
    agree(k, derived.join(k, *arrows[:2]), morphism.join(*fs[:2]), R**2, R, x[:2])
    agree(k, derived.join_i(k, 3, arrows.__getitem__), combinators.join_i(3, fs.__getitem__), R**3, R, x)
    agree(k, derived.add(k, *arrows[:2]), morphism.scale(5.0), R, R, 0.5)


@pytest.mark.parametrize("k", WITH_SUMS, ids=repr)
@given(three, st.data())
def test_fork_and_join_have_inverses(k: Any, ends: Any, data: Any) -> None:
    """Rows P25 and P68: fork/unfork and join/unjoin are isomorphisms, both ways round, binary and indexed."""
    a, b, c = ends
    f, g = data.draw(linear_programs(a, b)), data.draw(linear_programs(a, c))
    x = data.draw(points(a))
    kf, kg = k(f), k(g)
    for back, want, target in zip(derived.unfork(k, derived.fork(k, kf, kg)), (kf, kg), (b, c), strict=True):
        assert same_view(k.observe(back, a, target, x), k.observe(want, a, target, x))
    h = k(data.draw(linear_programs(a, b * c)))
    again = derived.fork(k, *derived.unfork(k, h))
    assert same_view(k.observe(again, a, b * c, x), k.observe(h, a, b * c, x))
    indexed = derived.unfork_i(k, 2, h)
    assert same_view(k.observe(derived.fork_i(k, 2, indexed), a, b * c, x), k.observe(h, a, b * c, x))

    y = data.draw(points(a * b))
    j = k(data.draw(linear_programs(a * b, c)))
    again = derived.join(k, *derived.unjoin(k, j))
    assert same_view(k.observe(again, a * b, c, y), k.observe(j, a * b, c, y))
    again = derived.join_i(k, 2, derived.unjoin_i(k, 2, j))
    assert same_view(k.observe(again, a * b, c, y), k.observe(j, a * b, c, y))
    parts = [k(data.draw(linear_programs(space, c))) for space in (a, b)]
    for back, want, source in zip(derived.unjoin(k, derived.join(k, *parts)), parts, (a, b), strict=True):
        point = source.zero()
        assert same_view(k.observe(back, source, c, point), k.observe(want, source, c, point))


def test_three_parts_of_different_kinds() -> None:
    """Row P72: products of different objects, and different arrows on them."""
    f = combinators.cross_i(3, [exp, mul, sum].__getitem__)
    value, shape = Both(Functions, Shapes)(f)
    assert value((0.0, (2.0, 3.0), np.ones(4))) == (1.0, 6.0, 4.0)
    assert shape(R, R * R, R[4]) == R**3
