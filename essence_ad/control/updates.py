"""``update``: a changed copy of an array, for what NumPy writes as ``x[index] = value``."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.containers import describe
from essence_ad.errors import DTypeError, OptionError, ShapeError
from essence_ad.kernel import astype
from essence_ad.primitives.indexing import Slot, replaced, scatter
from essence_ad.spaces import Array, space_of
from essence_ad.tracing import source
from essence_ad.tracing.calls import is_abstract, static

WAYS = ("set", "add")


def update(x: Any, index: Any, value: Any, *, op: str = "set") -> Any:
    """A copy of ``x`` with ``x[index] = value``, or with ``op="add"`` the value added there: ``x.at[index].set(value)`` of JAX.

    The index is any that NumPy takes; numbers and arrays of integers in it may be traced. The value broadcasts to the
    shape of ``x[index]`` and takes the dtype of ``x``. Where an index names a place twice, the last value is set, and all
    are added. ``x`` is not changed.

    Raises ``DTypeError`` where the value's dtype does not fit ``x``, ``ShapeError`` where its shape does not,
    ``OptionError`` for another ``op``.

    >>> import numpy as np
    >>> from essence_ad import grad
    >>> update(np.zeros(3), 1, 5.0), update(np.ones(3), [0, 0], 1.0, op="add")
    (array([0., 5., 0.]), array([3., 1., 1.]))
    >>> grad(lambda x: np.sum(update(x, slice(1, None), x[0]) ** 2))(np.array([1.0, 2.0, 3.0]))
    array([6., 0., 0.])
    """
    if op not in WAYS:
        raise OptionError(
            "update does not know this op", found=source.found(f"op={op!r}"), expected=f"one of {', '.join(map(repr, WAYS))}",
            remedy="leave it out to set; for another operation update with what x[index] becomes",
        )  # fmt: skip
    space = space_of(x)
    if not isinstance(space, Array):
        raise ShapeError(
            "update takes an array", found=source.found(describe(x)), expected="one array",
            remedy="update a part of the product and build it again",
        )  # fmt: skip
    key, indices = _key(index)
    value = _placed(value, space, _shape(space, key, indices))
    if not isinstance(x, (np.ndarray, np.generic)) and not hasattr(x, "dtype"):
        x = space.dtype.type(x)
    if op == "set":
        return replaced(x, value, *indices, key=key)
    return x + scatter(value, *indices, key=key, shape=space.shape)


def _key(index: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """An index as a tuple whose traced parts are slots, and those parts."""
    key: list[Any] = []
    indices: list[Any] = []
    for part in index if type(index) is tuple else (index,):
        if is_abstract(part) and part.dtype.kind in "iu":
            key.append(Slot(len(indices)))
            indices.append(part)
        else:
            known = static(part)
            key.append(np.asarray(known) if isinstance(known, list) else known)
    return tuple(key), indices


def _shape(space: Array, key: tuple[Any, ...], indices: list[Any]) -> tuple[int, ...]:
    """The shape of ``x[index]``."""
    first = [np.zeros(np.shape(i), np.intp) for i in indices]
    filled = tuple([first[part.number] if isinstance(part, Slot) else part for part in key])
    try:
        found: tuple[int, ...] = np.broadcast_to(0, space.shape)[filled].shape
    except IndexError as error:
        raise ShapeError(
            f"update cannot index an array of shape {space.shape}", found=source.found(f"index {filled}"),
            expected=f"an index that NumPy takes: {error}", remedy="change the index",
        ) from error  # fmt: skip
    return found


def _placed(value: Any, space: Array, shape: tuple[int, ...]) -> Any:
    """A value in the shape and dtype of the place where it goes."""
    found = space_of(value if not isinstance(value, (list, tuple)) else np.asarray(value))
    assert isinstance(found, Array)
    weak = type(value) is int and space.dtype.kind != "b"
    if not weak and not np.can_cast(found.dtype, space.dtype, "same_kind"):
        raise DTypeError(
            "update would change the kind of a number", found=source.found(f"{found.dtype} into {space.dtype}"),
            expected=f"a value of dtype {space.dtype}", remedy="convert x or the value with astype",
        )  # fmt: skip
    if weak or found.dtype != space.dtype:
        value = space.dtype.type(value) if weak else astype(value, dtype=space.dtype)
    if found.shape == shape:
        return value
    try:
        return np.broadcast_to(value, shape)
    except ValueError as error:
        raise ShapeError(
            "update got a value that does not fit its place", found=source.found(f"shape {found.shape}"),
            expected=f"shape {shape}, or one that broadcasts to it", remedy="change the value's shape, or the index",
        ) from error  # fmt: skip
