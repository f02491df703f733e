"""Functions of NumPy that are others in disguise: told by shapes alone, or written with functions that have primitives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.kernel import is_overloaded
from essence_ad.tracing import analysis, arrangement, linear_algebra, selection, statistics
from essence_ad.tracing.source import unsupported


def _size(a: Any, axis: Any = None) -> int:
    axes = range(len(a.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return int(np.prod([a.shape[i] for i in axes], dtype=int))


def _result_type(*values: Any) -> Any:
    return np.result_type(*[v.dtype if is_overloaded(v) else v for v in values])


def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    if equal_nan:
        raise unsupported(np.array_equal, "equal_nan=")
    return np.all(np.equal(a1, a2)) if np.shape(a1) == np.shape(a2) else np.False_


def _facts() -> dict[Any, Callable[..., Any]]:
    """What shapes and dtypes tell."""
    return {
        np.shape: lambda a: a.shape,
        np.ndim: lambda a: a.ndim,
        np.size: _size,
        np.iscomplexobj: lambda x: x.dtype.kind == "c",
        np.isrealobj: lambda x: x.dtype.kind != "c",
        np.isreal: lambda x: np.equal(np.imag(x), 0),
        np.iscomplex: lambda x: np.not_equal(np.imag(x), 0),
        np.result_type: _result_type,
        np.copy: lambda a, order="K", subok=False: a,
        np.astype: lambda x, dtype, /, *, copy=True, device=None: x.astype(dtype),
        np.array_equal: _array_equal,
    }


def variant(function: Any, args: Any, options: Any) -> Callable[..., Any] | None:
    """How a function that has a primitive is written where these arguments are not for the primitive."""
    if function in statistics.NEUTRAL:
        return statistics.narrowed(function) if "where" in options or "initial" in options else None
    if function is np.where:
        return table()[np.nonzero] if len(args) == 1 and not options else None
    if function is np.einsum:
        return None if args and isinstance(args[0], str) else analysis.einsum_of_lists
    if function is np.pad:
        mode = {"mode": args[2]} if len(args) > 2 else {}
        return arrangement.padded if arrangement.pads(**mode, **options) else None
    return None


@functools.cache
def table() -> dict[Any, Callable[..., Any]]:
    """Each function with how it is written."""
    found = _facts()
    for family in (linear_algebra, statistics, analysis, arrangement, selection):
        found |= family.table()
    return found
