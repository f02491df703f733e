"""Arrays that are put together: the same array from the plan as from the operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.planning import assembly as module
from essence_ad.planning.assembly import assembly, fits
from essence_ad.primitives import catalogue
from essence_ad.spaces import R, space_of

S = slice(None)
CASES: list[tuple[str, dict[str, Any], list[tuple[int, ...]]]] = [
    ("stack", {"axis": 1}, [(2, 3), (2, 3)]),
    ("concatenate", {"axis": -1}, [(2, 3), (2, 1)]),
    ("scatter_sum", {"keys": (slice(1, None), slice(None, -1)), "shape": (4,)}, [(3,), (3,)]),
    ("scatter_sum", {"keys": ((S, 1), (S, 3)), "shape": (2, 5)}, [(2,), (2,)]),
    ("scatter_sum", {"keys": ((S, 1), (S, slice(0, 3))), "shape": (2, 3)}, [(2,), (2, 3)]),
    ("scatter_sum", {"keys": ((0, 0), (1, 1)), "shape": (2, 2)}, [(), ()]),
    ("scatter_sum", {"keys": ((S, S, None),), "shape": (2, 3)}, [(2, 3, 1)]),
    ("scatter_sum", {"keys": ((..., 1), 0), "shape": (2, 3)}, [(2,), (3,)]),
]


@pytest.mark.parametrize(("name", "options", "shapes"), CASES)
@pytest.mark.parametrize("largest", [1_000_000, 1])
def test_parts_and_gaps_make_the_array(
    name: str, options: dict[str, Any], shapes: list[tuple[int, ...]], largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", largest)
    op = catalogue()[name].call(**options)
    inputs = [np.random.default_rng(i).normal(size=s) for i, s in enumerate(shapes)]
    expected = op.apply(*inputs)
    made = assembly(op, range(len(inputs)), [space_of(x) for x in inputs], expected.shape)
    assert made is not None
    found = np.full(expected.shape, np.nan)
    if made.gaps is None:
        found[...] = 0.0
    for gap in made.gaps or ():
        found[gap] = 0.0
    for wire, key, added in made.parts:
        assert fits(space_of(inputs[wire]), key, expected.shape)  # type: ignore[arg-type]
        found[key] = found[key] + inputs[wire] if added else inputs[wire]
    assert np.array_equal(found, expected)


def test_only_what_overlaps_is_added() -> None:
    op = catalogue()["scatter_sum"].call(keys=((S, 0), (S, 2)), shape=(4, 4))
    made = assembly(op, (5, 6), [R] * 5 + [R[4], R[4]], (4, 4))
    assert made is not None and [added for _, _, added in made.parts] == [False, False]
    assert made.gaps == ((S, slice(1, 2)), (S, slice(3, 4)))


def test_other_operations_put_nothing_together() -> None:
    table = catalogue()
    assert assembly(table["sin"].call(), (0,), [R[3]], (3,)) is None
    assert assembly(table["scatter_sum"].call(keys=([0, 1],), shape=(3,)), (0,), [R[2]], (3,)) is None
    assert assembly(table["concatenate"].call(axis=None), (0,), [R[3]], (3,)) is None
