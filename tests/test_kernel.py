"""Kernels that several families share, and how traced arrays answer them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from essence_ad.kernel import astype, kernel, ratio, scatter_sum


def test_a_kernel_lets_its_arguments_answer() -> None:
    @kernel
    def twice(x: Any, *, n: int = 2) -> Any:
        return x * n

    class Traced:
        def __essence_call__(self, function: Any, args: Any, options: Any) -> Any:
            return function, args, options

    traced = Traced()
    assert twice(3.0) == 6.0 and twice(3.0, n=3) == 9.0
    assert twice(traced, n=4) == (twice, (traced,), {"n": 4}) and twice.__name__ == "twice"


def test_conversions() -> None:
    assert astype(1 + 2j, dtype=float) == 1.0 and astype(np.ones(2), dtype="float32").dtype == np.float32
    assert astype(2.5, dtype=complex) == 2.5 + 0j and astype(np.array([1.9]), dtype=int).tolist() == [1]


def test_ratio() -> None:
    inf, nan = math.inf, math.nan
    found = ratio(np.array([0.0, 1.0, nan, 0.0]), np.array([0.0, 0.0, 0.0, nan]))
    np.testing.assert_array_equal(found, [0.0, inf, nan, nan])
    assert ratio(np.float32(1), np.float32(3)).dtype == np.float32 and ratio(0j, 0.0) == 0j and ratio(0.0, 0.0) == 0.0


def test_scatter_sum() -> None:
    total = scatter_sum(1.0, np.array([2.0, 3.0]), np.float64(5.0), keys=(0, np.array([1, 1]), -1), shape=(3,))
    assert total.tolist() == [1.0, 5.0, 5.0]
    assert scatter_sum(np.float32(1), keys=((),), shape=()).dtype == np.float32
    rows = scatter_sum(np.ones((2, 3)), keys=((slice(None), np.array([0, 0, 1])),), shape=(2, 2))
    assert rows.tolist() == [[2, 1], [2, 1]]
    assert scatter_sum(1 + 1j, 1.0, keys=(0, 0), shape=(1,)).tolist() == [2 + 1j]
    mask = np.array([True, False, True])
    assert scatter_sum(np.ones(2), 5.0, keys=(mask, mask), shape=(3,)).tolist() == [6, 0, 6]
    with pytest.raises(ValueError, match="shorter|longer"):
        scatter_sum(1.0, keys=(0, 1), shape=(2,))
