"""Discrete Fourier transforms along one axis: linear maps, each with its adjoint stated once.

The transforms of complex sequences are symmetric matrices. Those of real sequences (``rfft``, ``ihfft``) and those to
real sequences (``hfft``, ``irfft``) are real-linear and each other's adjoints but for weights: half of the spectrum
stands for the whole, so that all frequencies but 0 and, of an even length, the highest count twice. Transforms over
several axes are these one after another, as NumPy computes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from essence_ad.batching import shifting
from essence_ad.primitives.primitive import Linear, Primitive, on
from essence_ad.spaces import Array

OPTIONS = {"n": None, "axis": -1, "norm": None}


def resized(x: Any, n: int, axis: int) -> Any:
    """A sequence cut, or continued with zeros, to a length: the adjoint of what a transform does to its argument."""
    length = x.shape[axis]
    if length == n:
        return x
    place = [slice(None)] * len(x.shape)
    if length > n:
        place[axis] = slice(0, n)
        return x[tuple(place)]
    shape = list(x.shape)
    shape[axis] = n - length
    return np.concatenate([x, np.zeros(shape, x.dtype)], axis=axis)


def weights(n: int, axis: int, space: Array) -> Any:
    """How often each frequency of the half spectrum stands in the whole one, along an axis."""
    count = np.full(n // 2 + 1, 2.0)
    count[0] = 1
    if n % 2 == 0:
        count[-1] = 1
    shape = [1] * len(space.shape)
    shape[axis] = len(count)
    return count.reshape(shape).astype(_dtype(space, "f"))


def _dtype(space: Array, kind: str) -> Any:
    """The real or complex dtype of the precision that NumPy computes in."""
    real = space.dtype if space.dtype.kind in "fc" else np.dtype(np.float64)
    one = np.zeros(0, real)
    return (one.real if kind == "f" else one + np.zeros(0, np.complex64)).dtype


def _shape(kind: str, length: Callable[[int], int]) -> Callable[..., Array]:
    def shape(space: Array, *, n: int | None, axis: int, norm: str | None) -> Array:
        place = normalize_axis_index(axis, len(space.shape))
        points = _length(kind, space, n, place)
        if points < 1:
            raise ValueError(f"a transform of {points} points")
        if kind == "r" and space.dtype.kind == "c":
            raise TypeError("a real sequence is needed")
        made = "f" if kind == "h" else "c"
        return Array((*space.shape[:place], length(points), *space.shape[place + 1 :]), _dtype(space, made))

    return shape


def _length(kind: str, space: Array, n: int | None, axis: int) -> int:
    """The number of points of a transform: of a half spectrum, an even number by default."""
    given = space.shape[axis]
    return n if n is not None else 2 * (given - 1) if kind == "h" else given


def _adjoint(back: Callable[..., Any], kind: str, before: bool = False) -> Callable[..., Any]:
    """A transform back, with weights before it or behind it, and the length of the argument restored."""

    def adjoint(v: Any, space: Array, *, n: int | None, axis: int, norm: str | None) -> Any:
        place = normalize_axis_index(axis, len(space.shape))
        points = _length(kind, space, n, place)
        if kind == "c":
            found = back(v, n=points, axis=place, norm=norm)
        elif before:
            found = back(v / weights(points, place, space), n=points, axis=place, norm=norm)
        else:
            found = back(np.real(v), n=points, axis=place, norm=norm) * weights(points, place, space)
        return resized(found, space.shape[place], place)

    return adjoint


LENGTHS = (on((4,)), on((3,)), on((2, 5), n=3), on((2, 3), n=6, axis=0), on((3, 2), axis=0, norm="ortho"), on((2, 4), norm="forward"), on((1,)))  # fmt: skip
HALVES = (on((4,)), on((3,)), on((2, 4), n=5), on((4, 2), n=4, axis=0), on((3, 2), axis=0, norm="ortho"), on((2, 4), n=3, norm="forward"))  # fmt: skip

fft = Primitive(
    "fft", np.fft.fft, Linear(_adjoint(np.fft.fft, "c")), options=OPTIONS, shape=_shape("c", lambda n: n), complex=True, examples=LENGTHS, batched=shifting,
)  # fmt: skip
ifft = Primitive(
    "ifft", np.fft.ifft, Linear(_adjoint(np.fft.ifft, "c")), options=OPTIONS, shape=_shape("c", lambda n: n), complex=True, examples=LENGTHS, batched=shifting,
)  # fmt: skip
rfft = Primitive(
    "rfft", np.fft.rfft, Linear(_adjoint(np.fft.hfft, "r", before=True)), options=OPTIONS, shape=_shape("r", lambda n: n // 2 + 1), examples=LENGTHS, batched=shifting,
)  # fmt: skip
ihfft = Primitive(
    "ihfft", np.fft.ihfft, Linear(_adjoint(np.fft.irfft, "r", before=True)), options=OPTIONS, shape=_shape("r", lambda n: n // 2 + 1), examples=LENGTHS, batched=shifting,
)  # fmt: skip
hfft = Primitive(
    "hfft", np.fft.hfft, Linear(_adjoint(np.fft.rfft, "h")), options=OPTIONS, shape=_shape("h", lambda n: n), complex=True, examples=HALVES, batched=shifting,
)  # fmt: skip
irfft = Primitive(
    "irfft", np.fft.irfft, Linear(_adjoint(np.fft.ihfft, "h")), options=OPTIONS, shape=_shape("h", lambda n: n), complex=True, examples=HALVES, batched=shifting,
)  # fmt: skip
