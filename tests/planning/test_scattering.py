"""Adding up at places that are known: the same as ``scatter_sum``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.kernel import scatter_sum
from essence_ad.planning.scattering import scattering

S, F = slice(None), np.dtype(np.float64)
CASES: list[tuple[tuple[Any, ...], tuple[int, ...]]] = [
    (([0, 2, 2],), (4,)),
    (([0, 2, 1],), (4,)),
    (([-1, 0, -1],), (3,)),
    (((S, np.array([[0, 1], [1, 1]])),), (3, 2)),
    (([0, 0], (1, 1), (S, [0, 0])), (2, 2)),
    ((np.array([True, False, True]),), (3, 2)),
    (((np.array([0, 1]), np.array([1, 1])),), (2, 2)),
]


@pytest.mark.parametrize(("keys", "shape"), CASES)
def test_sums(keys: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=np.zeros(shape)[key].shape) for key in keys]
    made = scattering({"keys": keys, "shape": shape}, [np.shape(v) for v in values], [F] * len(values))
    assert made is not None
    first = made(*values)
    assert np.allclose(first, scatter_sum(*values, keys=keys, shape=shape), rtol=1e-15, atol=0)
    assert not np.shares_memory(first, made(*values))


def test_nan_goes_where_it_belongs() -> None:
    made = scattering({"keys": ([0, 0, 1],), "shape": (3,)}, [(3,)], [F])
    assert np.array_equal(made(np.array([1.0, np.nan, 2.0])), [np.nan, 2.0, 0.0], equal_nan=True)


def test_others_are_left_to_numpy() -> None:
    assert scattering({"keys": (slice(1),), "shape": (3,)}, [(1,)], [F]) is None
    assert scattering({"keys": ([0],), "shape": (3,)}, [(1,)], [np.dtype(np.float32)]) is None
    assert scattering({"keys": ([0, 1],), "shape": (3,)}, [()], [F]) is None
