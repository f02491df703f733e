"""Structural types and their inference at composition."""

from __future__ import annotations

import pytest

from essence_ad.errors import CompositionError
from essence_ad.structure import NUM, Arrow, Unifier, compose_types, leaves, parallel_types, show, substitute, variables


def pair() -> tuple[str, str]:
    return "f", "g"


def test_composition_infers_the_most_general_type() -> None:
    dup, exl = Arrow(0, (0, 0)), Arrow((0, 1), 0)
    assert compose_types(dup, exl, pair) == Arrow(0, 0)
    assert compose_types(dup, Arrow((NUM, NUM), NUM), pair) == Arrow(NUM, NUM)
    assert compose_types(exl, dup, pair) == Arrow((0, 1), (0, 0))
    assert compose_types(Arrow(0, (0, 1)), Arrow((0, 1), (1, 0)), pair) == Arrow(0, (1, 0))


@pytest.mark.parametrize(
    ("f", "g"),
    [
        (Arrow(0, (0, 0)), Arrow(NUM, NUM)),
        (Arrow(0, (0, 0, 0)), Arrow((0, 1), 0)),
        (Arrow(NUM, NUM), Arrow((0, 1), 0)),
        (Arrow(0, (0, (0, 0))), Arrow((0, 0), 0)),  # would need the infinite type a = a × a
    ],
)
def test_what_cannot_fit_is_refused_with_both_boundaries(f: Arrow, g: Arrow) -> None:
    with pytest.raises(CompositionError) as caught:
        compose_types(f, g, pair)
    assert str(f) in str(caught.value) and str(g) in str(caught.value)


def test_needs_of_a_projection_wait_until_the_product_is_known() -> None:
    proj1 = Arrow(0, 1, ((0, 1, 1),))
    assert compose_types(proj1, Arrow(NUM, NUM), pair) == Arrow(0, NUM, ((0, 1, NUM),))
    assert compose_types(Arrow(0, (0, NUM)), proj1, pair) == Arrow(0, NUM)
    with pytest.raises(CompositionError):
        compose_types(Arrow(0, (0,)), proj1, pair)
    with pytest.raises(CompositionError):
        compose_types(Arrow(NUM, NUM), proj1, pair)


def test_parallel_types() -> None:
    sin, dup = Arrow(NUM, NUM), Arrow(0, (0, 0))
    assert parallel_types((sin, dup), "cross", pair) == Arrow((NUM, 0), (NUM, (0, 0)))
    assert parallel_types((sin, dup), "fork", pair) == Arrow(NUM, (NUM, (NUM, NUM)))
    assert parallel_types((sin, Arrow(0, 0)), "join", pair) == Arrow((NUM, NUM), NUM)
    with pytest.raises(CompositionError, match="common domain"):
        parallel_types((sin, Arrow((0, 1), 0)), "fork", pair)
    with pytest.raises(CompositionError, match="common codomain"):
        parallel_types((sin, dup), "join", pair)


def test_unify_is_symmetric_and_idempotent() -> None:
    u = Unifier()
    assert u.unify((0, (1, NUM)), ((NUM, 2), 0))
    assert u.full((0, 1, 2)) == ((NUM, NUM), NUM, NUM)
    assert not Unifier().unify((0, (0, NUM)), (NUM, (1, (1, 1))))
    u = Unifier()
    assert u.unify((0, 1), ((2, NUM), 2))
    assert u.full((0, 1, 2)) == ((2, NUM), 2, 2)


def test_reading_patterns() -> None:
    assert show(((0,), ())) == "(a) × 1"
    assert leaves(((0, 1), (), 2)) == [0, 1, 2]
    assert variables((3, (NUM, 3), 1)) == [3, 1]
    assert substitute((0, (1, NUM)), {0: 5, 1: ()}) == (5, ((), NUM))
