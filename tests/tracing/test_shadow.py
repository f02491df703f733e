"""Shadows: work counted from shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.errors import TracingError
from essence_ad.spaces import Array, R, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.shadow import CALL, PRODUCTS, Shadow, Work, shadow
from tests.primitives.test_primitives import CASES, Point


@pytest.mark.parametrize(("p", "e"), CASES)
def test_every_primitive_has_a_shadow(p: Any, e: Any) -> None:
    """Of the spaces that its values have."""
    point = Point(p, e)
    if not point.moving:
        return
    work = Work()
    found = point.f(point.space.unpack(shadow(point.space, work)))
    expected = point.f(point.x)
    for mine, other in zip(leaves(found), leaves(expected), strict=True):
        assert space_of(mine) == space_of(other)
    assert work.calls + work.numbers == 1


@pytest.mark.parametrize(
    ("function", "work"),
    [
        (lambda x: np.sin(x) * x, Work(2, 200)),
        (lambda x: np.sum(x), Work(1, 100)),
        (lambda x: x[::2] + x[1::2], Work(3, 50)),
        (lambda x: x[[1, 2, 3]], Work(1, 3)),
        (lambda x: np.ones((7, 100)) @ x, Work(1, 0, 700)),
        (lambda x: np.einsum("i,j,i->j", x, np.ones(5), x), Work(1, 0, 500)),
        (lambda x: np.reshape(x, (10, 10)).T, Work(2, 0)),
        (lambda x: np.concatenate([x, x]), Work(1, 200)),
    ],
    ids=range(8),
)
def test_counts(function: Any, work: Work) -> None:
    tally = Work()
    function(Shadow(R[100], tally))
    assert tally == work


def test_totals() -> None:
    assert Work(2, 30, 10 * PRODUCTS).total == 2 * CALL + 40
    assert (Work(1, 2, 3, 4) + Work(10, 20, 30, 40)) == Work(11, 22, 33, 44)
    assert Work(1, 2, 3, 4) * 3 == Work(3, 6, 9, 12)
    work = Work(1, 1)
    work.include(Work(1, 2, 3, 4))
    assert work == Work(2, 3, 3, 4)


def test_dtypes_and_several_tallies() -> None:
    first, second = Work(), Work()
    x, y = Shadow(Array((3,), np.float32), first), Shadow(Array((3,), np.complex64), second)
    assert (2.0 * x).dtype == np.float32
    assert (x + y).dtype == np.complex64
    assert (first.calls, second.calls) == (2, 1)


def test_there_are_no_values() -> None:
    with pytest.raises(TracingError, match="from shapes alone"):
        bool(Shadow(R, Work()) > 0)
