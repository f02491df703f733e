"""Every error tells what was found, what was expected and what to do."""

from __future__ import annotations

import pytest

from essence_ad import errors

KINDS = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.EssenceError)]


@pytest.mark.parametrize("kind", KINDS)
def test_message_has_three_parts(kind: type[errors.EssenceError]) -> None:
    error = kind("something failed", found="this", expected="that", remedy="do it so")
    assert str(error).splitlines() == [
        "something failed",
        "  found:    this",
        "  expected: that",
        "  to do:    do it so",
    ]


def test_kinds_are_also_pythons() -> None:
    assert issubclass(errors.ShapeError, ValueError)
    assert issubclass(errors.CompositionError, TypeError)
    assert issubclass(errors.LawError, AssertionError)
