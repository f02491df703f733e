"""Reductions over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from essence_ad.primitives.primitive import Linear, Primitive, on


def keep(v: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """A reduced array with its axes of length one put back, so that it broadcasts against what was reduced."""
    if keepdims or (axis is None and not shape):
        return v
    axes = (
        range(len(shape)) if axis is None else [a % len(shape) for a in (axis if isinstance(axis, tuple) else (axis,))]
    )
    return np.reshape(v, tuple([1 if i in axes else n for i, n in enumerate(shape)]))


def _sum_adjoint(v: Any, space: Any, *, axis: Any, keepdims: bool) -> Any:
    return np.broadcast_to(keep(v, space.shape, axis, keepdims), space.shape)


AXIS = {"axis": None, "keepdims": False}

sum = Primitive(
    "sum", np.sum, Linear(_sum_adjoint), options=AXIS, complex=True,
    examples=(on(()), on((3,)), on((2, 3)), on((2, 3), axis=0), on((2, 3), axis=-1, keepdims=True), on((2, 3, 2), axis=(0, 2))),
)  # fmt: skip
_ = math
