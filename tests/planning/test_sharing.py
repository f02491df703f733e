"""Whose memory a result stands in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.operation import Scale
from essence_ad.planning.sharing import looks, owns, ufunc
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Example, Primitive, on
from tests.installed import here

RECORDS = sorted({p.name for p in catalogue().values() if here(p)})


def test_what_is_a_view() -> None:
    table = catalogue()
    assert looks(None) and looks(table["reshape"].call(shape=3)) and looks(table["index"].call(key=slice(1)))
    assert not looks(table["index"].call(key=np.array([0]))) and not looks(table["matmul"].call())
    assert (
        ufunc(table["sin"].call()) is np.sin and ufunc(Scale(2.0)) is np.multiply and ufunc(table["sum"].call()) is None
    )


def examples(p: Primitive) -> tuple[Example, ...]:
    return p.examples or (on(*[(3,)] * (p.arity or 0)), on(*[(2, 3)] * (p.arity or 0)))


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_said_of_memory_holds_for_every_primitive(name: str) -> None:
    record, rng = catalogue()[name], np.random.default_rng(0)
    for e in examples(record):
        low, high = record.domain[0]
        given: Any = [
            x
            if isinstance(x, np.ndarray)
            else rng.uniform(low, high, np.shape(np.empty(x if isinstance(x, tuple) else ())))
            for x in e.inputs
        ]
        op = record.call(**e.options)
        with np.errstate(all="ignore"):
            try:
                found = op.apply(*given)
            except np.linalg.LinAlgError:
                continue  # a point that is not in the domain of a decomposition
        for y in found if isinstance(found, (tuple, list)) else (found,):
            shared = [np.shares_memory(x, y) for x in given if isinstance(y, np.ndarray)]
            assert not any(shared[1:]), "only the first operand may be looked at"
            if any(shared):
                assert looks(op) and ufunc(op) is None and not owns(op)
