"""Programs that a type checker must accept, with the types that it must find."""

from typing import Any, assert_type

import essence_ad as ad
from essence_ad import Morphism, compose, cross, fork, join


class Length: ...


class Area: ...


class Weight: ...


def accepted(square: Morphism[Length, Area], weigh: Morphism[Area, Weight], longer: Morphism[Length, Length]) -> None:
    assert_type(square >> weigh, Morphism[Length, Weight])
    assert_type(weigh @ square, Morphism[Length, Weight])
    assert_type(square & longer, Morphism[Length, tuple[Area, Length]])
    assert_type(longer | longer, Morphism[tuple[Length, Length], Length])
    assert_type(longer >> longer >> square >> weigh, Morphism[Length, Weight])
    assert_type(square.T, Morphism[Area, Length])

    assert_type(compose(weigh, square), Morphism[Length, Weight])
    assert_type(fork(square, longer), Morphism[Length, tuple[Area, Length]])
    assert_type(join(longer, longer), Morphism[tuple[Length, Length], Length])
    assert_type(cross(square, weigh), Morphism[tuple[Length, Area], tuple[Area, Weight]])

    assert_type(square + square, Morphism[Length, Area])
    assert_type(2.0 * square - 1.0, Morphism[Length, Area])
    assert_type(-square / 3.0, Morphism[Length, Area])


def untyped() -> None:
    assert_type(ad.sin, Morphism[Any, Any])  # found in the catalogue when the program runs
    assert_type(ad.sin >> ad.cos, Morphism[Any, Any])
    known: Morphism[float, float] = ad.dup >> ad.mul >> ad.sin
    assert_type(known.type.dom, Any)
    assert_type(ad.D(ad.Additive)(known), Any)
