"""Quiet calls: no warnings inside, the caller's own settings outside, at any depth and in any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from essence_ad.compiler.quiet import quietly

ZERO = np.float64(0.0)


def test_nothing_is_said_inside_and_nothing_changed_outside() -> None:
    with np.errstate(all="raise"):
        assert np.isneginf(quietly(np.log, (ZERO,)))
        with pytest.raises(FloatingPointError):
            np.log(ZERO)


def test_calls_may_be_nested_and_may_fail() -> None:
    def outer(x: np.float64) -> float:
        return float(quietly(np.log, (x,))) + float(np.log(x))

    with np.errstate(all="raise"):
        assert quietly(outer, (ZERO,)) == -np.inf
        with pytest.raises(TypeError):
            quietly(np.log, ("text",))
        assert quietly(outer, (ZERO,)) == -np.inf


def test_threads_do_not_meet() -> None:
    def work(_: int) -> bool:
        with np.errstate(all="raise"):
            return all(np.isneginf(quietly(np.log, (np.zeros(100),))).all() for _ in range(200))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(16)))
