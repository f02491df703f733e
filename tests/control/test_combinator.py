"""Bodies that are programs: typed by unification, made flat."""

from __future__ import annotations

import pytest

from essence_ad import add, dup, exl, fork, identity, jam, less, mul, scale, sin, swap
from essence_ad.control.combinator import as_cond, as_scan, as_while, flat
from essence_ad.errors import CompositionError


def test_types_are_found() -> None:
    assert str(as_scan("scan", swap).type) == "num × num -> num × num"
    assert str(as_scan("fold", add).type) == "num × num -> num"
    assert str(as_scan("iterate", identity, 3).type) == "num -> num"
    assert str(as_scan("map_", fork(sin, sin)).type) == "num -> num × num"
    assert str(as_scan("iterate", swap, 3).type) == "num × num -> num × num"
    asked, step, carry = as_while(less, swap)
    assert carry == ("num", "num") and len(asked.dom) == len(step.dom) == 2
    first, second, dom, cod, before = as_cond(less, add, mul)
    assert (dom, cod) == (("num", "num"), "num") and len(first.dom) == len(second.dom) == 2
    assert before == fork(less, identity)


def test_bodies_are_flat() -> None:
    d = flat(fork(exl, mul), ("num", "num"))
    assert len(d.dom) == 2 and len(d.cod) == 2 and [op.name for op, _, _ in d.boxes] == ["multiply"]
    sums = flat(jam, ("num", "num"))
    assert [op.name for op, _, _ in sums.boxes] == ["+"], "sums are boxes"
    assert as_scan("iterate", scale(2.0), 3)(1.0) == 8.0


def test_wrong_types() -> None:
    wrong = (
        lambda: as_scan("scan", add),
        lambda: as_scan("fold", sin),
        lambda: as_while(sin, dup),
        lambda: as_while(less, sin),
        lambda: as_while(dup, sin),
    )
    for make in wrong:
        with pytest.raises(CompositionError):
            make()
