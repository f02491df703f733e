"""Batching: what a primitive does to arrays with one more, leading axis, as NumPy calls without a loop over it.

A way is ``(function, n, lifted, inputs, options) -> result``: the primitive's function and options, the length of the
added axis, which inputs have it, and the inputs. The result has the axis in front (every part of it, where there are
several). Ways are written with NumPy's functions alone, so they run on traced arrays too. They count axes and know
nothing of derivatives: a derivative is batched by batching the operations that it is made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from essence_ad.kernel import scatter_sum

Way = Callable[[Any, int, Sequence[bool], Sequence[Any], dict[str, Any]], Any]

_AXES = frozenset({"axis", "axis1", "axis2", "source", "destination"})


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of an array or a number."""
    found: tuple[int, ...] = getattr(x, "shape", ())
    return found


def behind(axis: Any, rank: int) -> Any:
    """An axis (or several) of elements of ``rank`` axes, counted behind the added one.

    >>> behind(-1, 2), behind((0, 1), 2)
    (2, (1, 2))
    """
    if isinstance(axis, (tuple, list)):
        return tuple([i + 1 for i in normalize_axis_tuple(axis, rank)])
    return normalize_axis_index(axis, rank) + 1


def deepened(x: Any, rank: int) -> Any:
    """A batch with axes of length one behind the added one, so that its elements have ``rank`` axes."""
    shape = shape_of(x)
    missing = rank + 1 - len(shape)
    return x if missing <= 0 else np.reshape(x, (shape[0], *(1,) * missing, *shape[1:]))


def full(n: int, lifted: Sequence[bool], inputs: Sequence[Any]) -> list[Any]:
    """The inputs with those repeated along the added axis that do not have it."""
    return [x if has else np.broadcast_to(x, (n, *np.shape(x))) for has, x in zip(lifted, inputs, strict=True)]


def lines(x: Any) -> Any:
    """A batch with the elements of each array in one line."""
    shape = shape_of(x)
    return x if len(shape) == 2 else np.reshape(x, (shape[0], math.prod(shape[1:])))


# ---------------------------------------------------------------------------------------------- of any function


def aligned(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For elementwise functions, which broadcast: the axes of the elements are lined up from the last."""
    if len(inputs) == 1:
        return function(*inputs, **options)
    ranks = [len(shape_of(x)) - has for has, x in zip(lifted, inputs, strict=True)]
    rank = max(ranks)
    return function(*[deepened(x, rank) if has else x for has, x in zip(lifted, inputs, strict=True)], **options)


def each(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For functions of one array that work on its last axes and leave those before alone."""
    (x,) = inputs
    return function(x, **options)


def shifting(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For functions whose options count the axes of arrays of one rank."""
    arrays = full(n, lifted, inputs)
    rank = len(shape_of(arrays[0])) - 1
    moved = {k: behind(v, rank) if k in _AXES and v is not None else v for k, v in options.items()}
    return function(*arrays, **moved)


def reducing(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For functions of one array whose ``axis`` may be several, and is all of them where it is ``None``."""
    (x,) = inputs
    rank, axis = len(shape_of(x)) - 1, options["axis"]
    axes = tuple(range(1, rank + 1)) if axis is None else behind(axis, rank)
    return function(x, **{**options, "axis": axes})


def in_line(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For functions of one array that take its elements in one line where ``axis`` is ``None``."""
    if options["axis"] is not None:
        return shifting(function, n, lifted, inputs, options)
    (x,) = inputs
    y = function(lines(x), **{**options, "axis": 1})
    if not options.get("keepdims"):
        return y
    return np.reshape(y, (n, *(1,) * (len(shape_of(x)) - 1)))


# ---------------------------------------------------------------------------------------------- by shape alone


def reshaped(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``reshape``, and for ``ravel``, which has no shape."""
    (x,) = inputs
    given = options.get("shape", -1)
    shape = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    old = shape_of(x)[1:]
    if -1 in shape:
        rest = math.prod([k for k in shape if k != -1])
        shape = tuple([(math.prod(old) // rest if rest else 0) if k == -1 else k for k in shape])
    if math.prod(shape) != math.prod(old):
        raise ValueError(f"cannot reshape array of size {math.prod(old)} into shape {given}")
    if options["order"] != "F":
        return np.reshape(x, (n, *shape))
    turned = np.transpose(x, (0, *range(len(old), 0, -1)))
    return np.transpose(np.reshape(turned, (n, *shape[::-1])), (0, *range(len(shape), 0, -1)))


def reshaped_as(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For functions that reshape by a rule of their own, told by an array without memory: ``squeeze``, ``atleast_2d``."""
    (x,) = inputs
    shape = np.shape(function(np.broadcast_to(0, shape_of(x)[1:]), **options))
    return np.reshape(x, (n, *shape))


def spread(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``broadcast_to``."""
    (x,), given = inputs, options["shape"]
    shape = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(shape_of(x)) - 1 > len(shape):
        raise ValueError("input operand has more dimensions than allowed by the axis remapping")
    return np.broadcast_to(deepened(x, len(shape)), (n, *shape))


# ---------------------------------------------------------------------------------------------- elements somewhere else


def transposed(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``transpose``."""
    (x,), axes = inputs, options["axes"]
    rank = len(shape_of(x)) - 1
    if axes is not None and len(axes) != rank:
        raise ValueError("axes don't match array")
    return np.transpose(x, (0, *(range(rank, 0, -1) if axes is None else behind(tuple(axes), rank))))


def rolled(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``roll``, which takes all elements in one line and puts them back where ``axis`` is ``None``."""
    if options["axis"] is not None:
        return shifting(function, n, lifted, inputs, options)
    (x,), shift = inputs, options["shift"]
    total = sum(shift) if isinstance(shift, (tuple, list)) else shift
    return np.reshape(np.roll(lines(x), total, axis=1), shape_of(x))


def joined(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``concatenate``, in one line where ``axis`` is ``None``."""
    arrays, axis = full(n, lifted, inputs), options["axis"]
    if axis is None:
        return function(*map(lines, arrays), axis=1)
    return function(*arrays, axis=behind(axis, len(shape_of(arrays[0])) - 1))


def stacked(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``stack``, whose ``axis`` is one of the result."""
    arrays = full(n, lifted, inputs)
    return function(*arrays, axis=behind(options["axis"], len(shape_of(arrays[0]))))


def tiled(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``tile``."""
    (x,), given = inputs, options["reps"]
    reps = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    rank = max(len(reps), len(shape_of(x)) - 1)
    return function(deepened(x, rank), (1, *(1,) * (rank - len(reps)), *reps))


def diagonals(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``diag``: matrices with the elements of a line on a diagonal, or the diagonal of matrices."""
    (x,), k = inputs, options["k"]
    rank = len(shape_of(x)) - 1
    if rank == 2:
        return np.diagonal(x, offset=k, axis1=1, axis2=2)
    if rank != 1:
        raise ValueError("Input must be 1- or 2-d.")
    places = np.arange(shape_of(x)[1])
    size = len(places) + abs(k)
    key = (slice(None), places + max(-k, 0), places + max(k, 0))
    return scatter_sum(x, keys=(key,), shape=(n, size, size))


def triangles(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """For ``tril`` and ``triu``, which make a matrix of a line by repeating it."""
    (x,) = inputs
    shape = shape_of(x)
    if len(shape) == 2:
        x = np.broadcast_to(np.reshape(x, (n, 1, shape[1])), (n, shape[1], shape[1]))
    return function(x, **options)
