"""Hypothesis profiles: ``dev`` by default, ``ci`` for a full run, ``thorough`` now and then (HYPOTHESIS_PROFILE)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("dev", max_examples=50, derandomize=True, **_COMMON)
settings.register_profile("ci", max_examples=500, derandomize=True, **_COMMON)
settings.register_profile("thorough", max_examples=5000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(autouse=True)
def _numpy_prints_as_before() -> Iterator[None]:
    """What a test, or a notebook in it, sets of NumPy's way of printing is gone after it."""
    with np.printoptions():
        yield
