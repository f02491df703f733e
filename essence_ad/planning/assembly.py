"""Arrays that are put together from parts: where each part goes, so that it may be made there in the first place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.planning.axes import is_basic
from essence_ad.primitives.primitive import Call
from essence_ad.spaces import Array

ASSEMBLED = frozenset({"stack", "concatenate", "scatter_sum"})  #: operations that put their inputs together
LARGEST = 1_000_000  #: elements up to which it is found out which of them some part covers


class Assembly(NamedTuple):
    """The parts of an array in order, each with its key; one that overlaps an earlier part is added."""

    parts: tuple[tuple[int, Any, bool], ...]  #: wire, key, whether it is added
    gaps: tuple[Any, ...] | None  #: keys of what no part covers, ``None`` where that is not known


def assembly(op: Any, ins: Sequence[int], spaces: Sequence[Any], shape: tuple[int, ...]) -> Assembly | None:
    """How a box puts its inputs together, ``None`` for a box that does not."""
    if not isinstance(op, Call) or not shape:
        return None
    if op.name == "stack":
        (axis,) = normalize_axis_tuple(op.params["axis"], len(shape))
        return Assembly(tuple([(w, _at(axis, i), False) for i, w in enumerate(ins)]), ())
    if op.name == "concatenate" and op.params["axis"] is not None:
        (axis,) = normalize_axis_tuple(op.params["axis"], len(shape))
        ends = np.cumsum([spaces[w].shape[axis] for w in ins]).tolist()
        keys = [_at(axis, slice(end - spaces[w].shape[axis], end)) for w, end in zip(ins, ends, strict=True)]
        return Assembly(tuple([(w, key, False) for w, key in zip(ins, keys, strict=True)]), ())
    if op.name == "scatter_sum" and all(map(is_basic, op.params["keys"])):
        return _covered(ins, op.params["keys"], shape)
    return None


def _at(axis: int, part: Any) -> Any:
    return (*[slice(None)] * axis, part) if axis else part


def _covered(ins: Sequence[int], keys: Sequence[Any], shape: tuple[int, ...]) -> Assembly:
    """Which parts overlap, and what none covers; axes that every part covers whole count as one element."""
    looked = list(shape)
    for axis in range(len(shape)):
        if all([_whole(key, axis, len(shape)) for key in keys]):
            looked[axis] = 1
    if math.prod(looked) > LARGEST:
        return Assembly(tuple([(w, key, True) for w, key in zip(ins, keys, strict=True)]), None)
    covered, written = np.zeros(looked, bool), np.zeros(looked, bool)
    parts = []
    for w, key in zip(ins, keys, strict=True):
        added = bool(np.any(covered[key]))
        parts.append((w, key, added))
        covered[key] = True
        if not added:
            written[key] = True
    return Assembly(tuple(parts), _gaps(~written, shape))


def _whole(key: Any, axis: int, rank: int) -> bool:
    parts = key if isinstance(key, tuple) else (key,)
    if any(p is None or p is Ellipsis for p in parts):
        return False
    return axis >= len(parts) or (isinstance(parts[axis], slice) and parts[axis] == slice(None))


def _gaps(open_: Any, shape: tuple[int, ...]) -> tuple[Any, ...] | None:
    """Keys of the elements that are open, where they stand along one axis."""
    if not open_.any():
        return ()
    axes = [a for a, n in enumerate(open_.shape) if n > 1]
    if open_.all() or len(axes) != 1:
        return (slice(None),) if open_.all() else None
    line = open_.reshape(-1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(np.int8), [0]])))
    return tuple([_at(axes[0], slice(int(a), int(b))) for a, b in edges.reshape(-1, 2)])


def fits(space: Array, key: Any, shape: tuple[int, ...]) -> bool:
    """Whether a part of a space fills what its key takes of an array of the shape."""
    return bool(np.broadcast_to(np.zeros(()), shape)[key].shape == space.shape)
