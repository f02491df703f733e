"""What a loop carries keeps its space, and its structure."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import C, R
from essence_ad.control.body import record
from essence_ad.control.structured import real, rebuilt, require_boolean, same, started, unequal
from essence_ad.errors import DTypeError, ShapeError, StructureError
from essence_ad.spaces import Array, space_of


def test_values_keep_the_structure_they_started_with() -> None:
    assert real({"a": 1, "b": (2, True)}) == {"a": 1.0, "b": (2.0, True)}
    space = space_of({"a": 1.0, "b": (2.0,)})
    assert rebuilt(space, (5.0, 6.0)) == {"a": 5.0, "b": (6.0,)}
    assert list(same("scan", space, {"b": (2.0,), "a": 1.0})) == ["a", "b"]
    assert same("scan", space_of((1.0, 2.0)), [1.0, 2.0]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [(1.0, np.ones(2), ShapeError), (1.0, (1.0,), StructureError), ({"a": 1.0}, {"b": 1.0}, StructureError)],
)
def test_another_space_is_an_error(before: object, after: object, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="scan changes the space"):
        same("scan", space_of(before), after)


def test_reals_widen() -> None:
    init, carry, found = started("scan", 1.0, lambda s: record(lambda c: c * 1j, (s,)), lambda b: b.target)
    assert carry == C and init == 1 + 0j and found.target == C
    with pytest.raises(ShapeError, match="changes the space"):
        started("scan", np.int64(1), lambda s: record(lambda c: c * 0.5, (s,)), lambda b: b.target)


def test_predicates_and_branches() -> None:
    require_boolean(Array((), np.dtype(bool)))
    for space in (R, Array((2,), np.dtype(bool)), R * R):
        with pytest.raises(DTypeError, match="one boolean"):
            require_boolean(space)
    assert "R and R[2]" in str(unequal(R, R[2]))
