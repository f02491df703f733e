"""Functions of NumPy that are others in disguise mean what NumPy says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import R, program
from essence_ad.errors import TracingError, UnsupportedError
from essence_ad.primitives import by_function
from essence_ad.tracing import rewrites
from essence_ad.tracing.program import trace

X = np.array([[1.5, -2.0, 0.5], [0.25, 4.0, -1.0]])

NEW = np.lib.NumpyVersion(np.__version__) >= "2.1.0"  # where clip's limits have their short names too
LIMITS: dict[str, Any] = {"min": 0, "max": 1} if NEW else {"a_min": 0, "a_max": 1}

CASES: dict[str, Callable[[Any], Any]] = {
    "shape": lambda x: np.shape(x)[0] * x,
    "ndim": lambda x: np.ndim(x) * x,
    "size": lambda x: (np.size(x) * x, np.size(x, 1) * x),
    "iscomplexobj": lambda x: (np.iscomplexobj(x), np.isrealobj(x)),
    "result_type": lambda x: x.astype(np.result_type(x, np.complex64)),
    "zeros_like": lambda x: (
        np.zeros_like(x),
        np.ones_like(x),
        np.ones_like(x, dtype=int),
        np.zeros_like(x, shape=(2,)),
    ),
    "empty_like": lambda x: np.empty_like(x).shape[0] * x,
    "full_like": lambda x: (np.full_like(x, 3), np.full_like(x, x[0, 0]), np.full_like(x, 2.5, dtype=int)),
    "copy": lambda x: np.copy(x),
    "astype": lambda x: np.astype(x, np.float32),
    "clip": lambda x: (
        np.clip(x, -1.0, 1.0),
        np.clip(x, None, 1.0),
        np.clip(x, a_min=0.0, a_max=None),
        np.clip(x, **LIMITS),
    ),
    "array_equal": lambda x: (np.array_equal(x, X), np.array_equal(x, X + 1), np.array_equal(x, x[0])),
    "hstack": lambda x: (np.hstack([x, x]), np.hstack([x[0], 1.0, x[0, 0]])),
    "vstack": lambda x: (np.vstack([x, x[0]]), np.vstack([x[0], x[1]])),
    "divmod": lambda x: (np.divmod(x, 2.0)[0], np.divmod(3.0, x)[1]),
    "average": lambda x: (np.average(x), np.average(x, axis=0), np.average(x, weights=np.abs(X), axis=1)),
    "ptp": lambda x: (np.ptp(x), np.ptp(x, axis=0)),
    "flips": lambda x: (np.fliplr(x), np.flipud(x)),
    "column_stack": lambda x: np.column_stack([x, x[:, 0]]),
    "append": lambda x: (np.append(x, 1.0), np.append(x, x, axis=1), np.append(x, X, axis=0)),
    "broadcast_arrays": lambda x: np.broadcast_arrays(x, x[0], 1.0),
    "diff": lambda x: (np.diff(x), np.diff(x, axis=0), np.diff(x, n=2)),
}


@pytest.mark.parametrize("name", CASES)
def test_rewritten_functions(name: str) -> None:
    f = CASES[name]
    expected, found = f(X), trace(f, R[2, 3])(X)
    pairs = zip(found, expected, strict=True) if isinstance(expected, tuple) else [(found, expected)]
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-15, atol=1e-15)
        assert np.shape(a) == np.shape(b) and np.result_type(a) == np.result_type(b)


def test_places_of_nonzeros_depend_on_values() -> None:
    with pytest.raises(TracingError, match="nonzero"):
        trace(lambda x: np.where(x), R[3])


def test_arguments_that_are_not_written_are_refused() -> None:
    for f in (
        lambda x: np.nansum(x, initial=1.0),
        lambda x: np.quantile(x, 0.5, weights=X[0]),
        lambda x: np.array_equal(x, x, equal_nan=True),
        lambda x: np.polyfit(x, x, 1, full=True),
    ):
        with pytest.raises(UnsupportedError):
            trace(f, R[3])


def test_no_function_has_both_a_primitive_and_a_rewrite() -> None:
    assert len(rewrites.table()) > 20
    assert not set(rewrites.table()) & set(by_function())


def test_primitives_with_options_of_another_meaning_are_written_otherwise() -> None:
    for f in (
        lambda x: (np.sum(x, where=x > 0), np.max(x, initial=9.0), np.mean(x, axis=1, where=X > 0)),
        lambda x: (np.pad(x, 1, mode="mean"), np.pad(x, 1, constant_values=x[0, 0])),
        lambda x: (np.pad(x, ((1, 0), (0, 2)), "linear_ramp", end_values=((1, 2), (3, 4))),),
    ):
        for a, b in zip(program(f)(X), f(X), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-15)
    with pytest.raises(ValueError, match="initial"):
        trace(lambda x: np.max(x, where=x > 0), R[3])
    with pytest.raises(TypeError, match="initial"):
        trace(lambda x: np.mean(x, initial=1.0), R[3])
    assert rewrites.variant(np.sum, (X,), {"axis": 0}) is None and rewrites.variant(np.sin, (X,), {}) is None


def test_places_that_are_not_there_are_errors_when_the_program_runs() -> None:
    for f, good in (
        (lambda q: np.quantile(X, q), 0.5),
        (lambda a: np.choose(np.sign(a).astype(int), [X[0], X[1]]), 1.0),
    ):
        run = program(f)
        np.testing.assert_allclose(run(good), f(good))
        for bad in (-1.0, 1.5) if good == 0.5 else (-1.0,):
            with pytest.raises((IndexError, ValueError)):
                run(bad)
