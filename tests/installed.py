"""Which primitives can be run here: those of special functions need SciPy."""

from __future__ import annotations

import importlib.util

import pytest

from essence_ad.primitives import special
from essence_ad.primitives.primitive import Primitive

ABSENT = pytest.mark.skip(reason="computed by SciPy, which is not installed")


def here(p: Primitive) -> bool:
    """Whether the library that a primitive is computed by is installed."""
    return p not in vars(special).values() or importlib.util.find_spec("scipy") is not None


def marks(p: Primitive) -> list[pytest.MarkDecorator]:
    """For a case of a test: skipped, with the reason, where the library is not there."""
    return [] if here(p) else [ABSENT]
