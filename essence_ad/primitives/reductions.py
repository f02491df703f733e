"""Reductions and running totals over axes.

Conventions: equal largest (smallest) elements share the slope of ``max`` (``min``); ``logsumexp`` of equal infinities
shares equally too; the slope of ``std`` where all are equal is 0; ``prod`` and ``cumprod`` are right where factors are
zero, for nothing is divided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.batching import in_line, reducing, shifting
from essence_ad.diagram import Chain, Op
from essence_ad.kernel import astype, kernel, ratio
from essence_ad.operation import LinearOp, Scale, linear_op
from essence_ad.origin import remembering
from essence_ad.primitives.primitive import Discrete, Linear, Partials, Primitive, Rule, on
from essence_ad.spaces import Array, space_of

# ---------------------------------------------------------------------------------------------- axes


def axes_of(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that an option names, counted from 0; all for ``None``."""
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def keep(v: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """A reduced array with its axes of length one put back, so that it broadcasts against what was reduced."""
    if keepdims or not shape:
        return v
    axes = axes_of(axis, len(shape))
    return np.reshape(v, tuple([1 if i in axes else n for i, n in enumerate(shape)]))


def count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements are reduced to one."""
    return math.prod([shape[i] for i in axes_of(axis, len(shape))])


def spread(v: Any, shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """The adjoint of a sum: a copy for each element that was added."""
    return np.broadcast_to(keep(v, shape, axis, keepdims), shape)


def weighted(weights: Any, x: Any, y: Any, axis: Any, keepdims: bool) -> tuple[Op, ...]:
    """The derivative of a reduction whose result moves by a weighted sum of how its elements move."""
    shape = np.shape(x)
    total = linear_op(
        "sum", lambda v: np.sum(v, axis=axis, keepdims=keepdims), lambda v: spread(v, shape, axis, keepdims), x, y
    )
    return (Chain(Scale(weights), total),)


def reduced(function: Callable[..., Any]) -> Callable[..., Array]:
    """The shape rule of a reduction: its dtype is found on one element."""

    def shape(space: Array, *, axis: Any, keepdims: bool = False, **options: Any) -> Array:
        axes = axes_of(axis, len(space.shape))
        options.pop("ddof", None)
        one = function(np.ones((1,) * len(space.shape), space.dtype), axis=axis, **options)
        dtype = getattr(one, "dtype", space.dtype)  # of exact numbers, Python's own come out
        if keepdims:
            return Array(tuple([1 if i in axes else n for i, n in enumerate(space.shape)]), dtype)
        return Array(tuple([n for i, n in enumerate(space.shape) if i not in axes]), dtype)

    return shape


def running(function: Callable[..., Any]) -> Callable[..., Array]:
    """The shape rule of a running total: along one axis, or of all elements in one line."""

    def shape(space: Array, *, axis: int | None) -> Array:
        one = function(np.ones((1,) * len(space.shape), space.dtype), axis=axis)
        return Array((math.prod(space.shape),) if axis is None else space.shape, one.dtype)

    return shape


# ---------------------------------------------------------------------------------------------- kernels


@kernel
def logsumexp(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The logarithm of the sum of exponentials, without overflow.

    >>> logsumexp(np.array([1000.0, 1000.0])).round(6), logsumexp(np.array([-np.inf, -np.inf]))
    (np.float64(1000.693147), np.float64(-inf))
    """
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(all="ignore"):
        finite = np.where(np.isfinite(top), top, 0).astype(np.result_type(x), copy=False)
        result = np.log(np.sum(np.exp(x - finite), axis=axis, keepdims=True)) + finite
    return result if keepdims else np.reshape(result, np.shape(np.sum(x, axis=axis)))[()]


@kernel
def softmax(x: Any, *, axis: Any = None) -> Any:
    """The part of each exponential in their sum, which is the slope of ``logsumexp``; equal infinities share equally.

    >>> softmax(np.array([0.0, np.log(3.0)])).round(12), softmax(np.array([-np.inf, -np.inf]))
    (array([0.25, 0.75]), array([0.5, 0.5]))
    """
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(all="ignore"):
        weight = np.exp(np.where(np.equal(x, top), 0, x - top)).astype(np.result_type(x), copy=False)
    return weight / np.sum(weight, axis=axis, keepdims=True)


@kernel
def log_softmax(x: Any, *, axis: Any = None) -> Any:
    """The logarithm of ``softmax``, without overflow.

    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return x - logsumexp(x, axis=axis, keepdims=True)


@kernel
def recurrence(a: Any, b: Any, *, axis: int = 0) -> Any:
    """The sequence ``h[i] = a[i] h[i - 1] + b[i]`` from zero, along an axis, in about log2(n) passes.

    >>> recurrence(np.array([5.0, 2.0, 2.0]), np.array([1.0, 0.0, 3.0]))
    array([1., 2., 7.])
    """
    a, h = np.moveaxis(np.asarray(a), axis, 0), np.moveaxis(np.array(b), axis, 0)
    step, n = 1, len(h)
    while step < n:
        h = np.concatenate([h[:step], h[step:] + a[step:] * h[:-step]])
        a = np.concatenate([a[:step], a[step:] * a[:-step]])
        step *= 2
    return np.moveaxis(h, 0, axis)


@kernel
def count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """``np.count_nonzero``, always an integer of NumPy."""
    return np.asarray(np.count_nonzero(x, axis=axis, keepdims=keepdims))[()]


def shifted(x: Any, axis: int, first: float) -> Any:
    """Each element where its successor stands, and a number in the first place."""
    return _before(x, axis, first, slice(None, -1), 0)


def shifted_back(x: Any, axis: int, last: float) -> Any:
    """Each element where its predecessor stands, and a number in the last place."""
    return _before(x, axis, last, slice(1, None), 1)


def _before(x: Any, axis: int, fill: float, part: slice, at_end: int) -> Any:
    shape = list(x.shape)
    place = (slice(None),) * (axis % len(shape))
    shape[len(place)] = 1 if shape[len(place)] else 0
    edge = np.full(shape, fill, x.dtype)
    parts = [x[(*place, part)], edge] if at_end else [edge, x[(*place, part)]]
    return np.concatenate(parts, axis=axis)


# ---------------------------------------------------------------------------------------------- rules


def _sum_adjoint(v: Any, space: Array, *, axis: Any, keepdims: bool) -> Any:
    return spread(v, space.shape, axis, keepdims)


def _mean_adjoint(v: Any, space: Array, *, axis: Any, keepdims: bool) -> Any:
    return spread(np.divide(v, count(space.shape, axis)), space.shape, axis, keepdims)


def _extreme_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any, keepdims: bool) -> Any:
    (x,) = inputs
    ties = astype(np.equal(x, keep(output, np.shape(x), axis, keepdims)), dtype=np.result_type(output))
    return weighted(np.divide(ties, np.sum(ties, axis=axis, keepdims=True)), x, output, axis, keepdims)


def _logsumexp_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any, keepdims: bool) -> Any:
    return weighted(softmax(inputs[0], axis=axis), inputs[0], output, axis, keepdims)


def _softmax_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any) -> Any:
    def push(v: Any) -> Any:
        scaled = output * v
        return scaled - output * np.sum(scaled, axis=axis, keepdims=True)

    return (linear_op("softmax", push, push, inputs[0], output),)


def _log_softmax_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any) -> Any:
    parts = np.exp(output)

    def push(v: Any) -> Any:
        return v - np.sum(parts * v, axis=axis, keepdims=True)

    def pull(v: Any) -> Any:
        return v - parts * np.sum(v, axis=axis, keepdims=True)

    return (linear_op("log_softmax", push, pull, inputs[0], output),)


def _prod_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any, keepdims: bool) -> Any:
    (x,) = inputs
    shape = np.shape(x)
    if count(shape, axis) == 0:
        return None
    axes = axes_of(axis, len(shape))
    rest = [i for i in range(len(shape)) if i not in axes]
    order = [*rest, *axes]
    line = np.reshape(np.transpose(x, order), (*[shape[i] for i in rest], count(shape, axis)))
    before = shifted(np.cumprod(line, axis=-1), -1, 1.0)
    after = np.flip(shifted(np.cumprod(np.flip(line, axis=-1), axis=-1), -1, 1.0), axis=-1)
    others = np.reshape(before * after, [shape[i] for i in order])
    back = sorted(range(len(order)), key=lambda i: order[i])
    return weighted(np.transpose(others, back), x, output, axis, keepdims)


def _variance_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any, ddof: float, keepdims: bool
) -> Any:
    (x,) = inputs
    return _spread_facts(x, output, _off_mean(x, axis) * 2.0 / float(count(np.shape(x), axis) - ddof), axis, keepdims)


def _deviation_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: Any, ddof: float, keepdims: bool
) -> Any:
    (x,) = inputs
    shape = np.shape(x)
    weights = ratio(_off_mean(x, axis), keep(output, shape, axis, keepdims) * float(count(shape, axis) - ddof))
    return _spread_facts(x, output, weights, axis, keepdims)


def _off_mean(x: Any, axis: Any) -> Any:
    return x - np.mean(x, axis=axis, keepdims=True)


def _spread_facts(x: Any, y: Any, weights: Any, axis: Any, keepdims: bool) -> tuple[Op, ...]:
    """A weighted sum; of complex numbers, the real part of the one with conjugated weights."""
    space = space_of(x)
    assert isinstance(space, Array)
    if space.dtype.kind != "c":
        return weighted(weights, x, y, axis, keepdims)
    shape, real = space.shape, Array(space.shape, np.zeros(0, space.dtype).real.dtype)
    part = LinearOp("real", np.real, lambda v: astype(v, dtype=space.dtype), (space,), (real,))
    total = LinearOp(
        "sum",
        lambda v: np.sum(v, axis=axis, keepdims=keepdims),
        lambda v: spread(v, shape, axis, keepdims),
        (real,),
        (space_of(y),),
    )
    return (Chain(Scale(np.conjugate(weights)), part, total),)


def _cumsum_adjoint(v: Any, space: Array, *, axis: int | None) -> Any:
    place = 0 if axis is None else axis
    total = np.flip(np.cumsum(np.flip(v, axis=place), axis=place), axis=place)
    return np.reshape(total, space.shape)


def _cumprod_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, axis: int | None) -> Any:
    (x,) = inputs
    shape, whole = np.shape(x), np.shape(output)
    if not math.prod(whole):
        return None
    place = 0 if axis is None else axis
    line = np.reshape(x, whole)
    before = shifted(output, place, 1.0)
    turned = np.flip(shifted_back(line, place, 0.0), axis=place)

    def push(v: Any) -> Any:
        return recurrence(line, before * np.reshape(v, whole), axis=place)

    def pull(v: Any) -> Any:
        return np.reshape(before * np.flip(recurrence(turned, np.flip(v, axis=place), axis=place), axis=place), shape)

    return (linear_op("cumprod", push, pull, x, output),)


class _Recurrence(Rule):
    """Linear in what is added, and in the factors once the result is known."""

    def derivative(self, call: Any, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """The same recurrence, started by how either argument moves."""
        (a, b), axis = inputs, call.params["axis"]
        turned = np.flip(shifted_back(a, axis, 0.0), axis=axis)
        before = shifted(output, axis, 0.0)

        def push(v: Any) -> Any:
            return recurrence(a, v, axis=axis)

        def pull(v: Any) -> Any:
            return np.flip(recurrence(turned, np.flip(v, axis=axis), axis=axis), axis=axis)

        step = linear_op("recurrence", push, pull, b, output)
        return remembering((Chain(Scale(before), step), step), call, inputs, output, wanted)


# ---------------------------------------------------------------------------------------------- the primitives

AXIS = {"axis": None, "keepdims": False}
AXES = (
    on(()), on((3,)), on((2, 3)), on((2, 3), axis=0), on((2, 3), axis=-1, keepdims=True), on((2, 3, 2), axis=(0, -1)),
    on((2, 3), axis=(1, 0), keepdims=True), on((0, 3), axis=1), on((2, 3), axis=()),
)  # fmt: skip
MOMENTS = {"axis": None, "ddof": 0, "keepdims": False}

sum = Primitive(
    "sum", np.sum, Linear(_sum_adjoint), options=AXIS, shape=reduced(np.sum), complex=True, examples=(*AXES, on((0,))),
    batched=reducing, adds=True,
)  # fmt: skip
mean = Primitive(
    "mean",
    np.mean,
    Linear(_mean_adjoint),
    options=AXIS,
    shape=reduced(np.mean),
    complex=True,
    examples=AXES,
    batched=reducing,
)
prod = Primitive(
    "prod", np.prod, Partials(_prod_facts), options=AXIS, shape=reduced(np.prod), complex=True, examples=(*AXES, on((0,))),
    batched=reducing,
)  # fmt: skip
max = Primitive(
    "max", np.max, Partials(_extreme_facts), options=AXIS, shape=reduced(np.max), numpy=(np.amax,), aliases=("amax",),
    smooth=False, examples=AXES, batched=reducing,
)  # fmt: skip
min = Primitive(
    "min", np.min, Partials(_extreme_facts), options=AXIS, shape=reduced(np.min), numpy=(np.amin,), aliases=("amin",),
    smooth=False, examples=AXES, batched=reducing,
)  # fmt: skip
LARGER = (
    on((3,)), on((2, 3)), on((2, 3), axis=0), on((3, 2), axis=-1, keepdims=True, ddof=1), on((2, 3, 2), axis=(0, -1), ddof=0.5),
    on((0, 3), axis=1),
)  # fmt: skip
var = Primitive(
    "var",
    np.var,
    Partials(_variance_facts),
    options=MOMENTS,
    shape=reduced(np.var),
    complex=True,
    examples=LARGER,
    batched=reducing,
)
std = Primitive(
    "std",
    np.std,
    Partials(_deviation_facts),
    options=MOMENTS,
    shape=reduced(np.std),
    complex=True,
    examples=LARGER,
    batched=reducing,
)
logsumexp_primitive = Primitive(
    "logsumexp", logsumexp, Partials(_logsumexp_facts), options=AXIS, shape=reduced(logsumexp), examples=(*AXES, on(0.5)), batched=reducing,
)  # fmt: skip
softmax_primitive = Primitive(
    "softmax", softmax, Partials(_softmax_facts), options={"axis": None}, shape=lambda space, axis: space,
    examples=(on((3,)), on((2, 3)), on((2, 3), axis=0), on((2, 3, 2), axis=(0, -1)), on((0, 3), axis=1)), batched=reducing,
)  # fmt: skip
log_softmax_primitive = Primitive(
    "log_softmax", log_softmax, Partials(_log_softmax_facts), options={"axis": None}, shape=lambda space, axis: space,
    examples=(on((3,)), on((2, 3)), on((2, 3), axis=0), on((2, 3, 2), axis=(0, -1)), on((0, 3), axis=1)), batched=reducing,
)  # fmt: skip

RUNNING = (on((3,)), on((2, 3)), on((2, 3), axis=0), on((2, 5), axis=-1), on(()), on((0,)))
cumsum = Primitive(
    "cumsum", np.cumsum, Linear(_cumsum_adjoint), options={"axis": None}, shape=running(np.cumsum), complex=True, examples=RUNNING,
    batched=in_line,
)  # fmt: skip
cumprod = Primitive(
    "cumprod", np.cumprod, Partials(_cumprod_facts), options={"axis": None}, shape=running(np.cumprod), complex=True, examples=RUNNING,
    batched=in_line,
)  # fmt: skip
recurrence_primitive = Primitive(
    "recurrence", recurrence, _Recurrence(), 2, linear_in=(1,), options={"axis": 0}, complex=True, batched=shifting,
    examples=(on((4,), (4,)), on((2, 5), (2, 5), axis=-1), on((1,), (1,)), on((3, 2), (3, 2), axis=0)),
)  # fmt: skip

any = Primitive("any", np.any, Discrete(), options=AXIS, shape=reduced(np.any), examples=AXES, batched=reducing)
all = Primitive("all", np.all, Discrete(), options=AXIS, shape=reduced(np.all), examples=AXES, batched=reducing)
argmax = Primitive(
    "argmax", np.argmax, Discrete(), options=AXIS, shape=reduced(np.argmax), examples=AXES[:5], batched=in_line
)
argmin = Primitive(
    "argmin", np.argmin, Discrete(), options=AXIS, shape=reduced(np.argmin), examples=AXES[:5], batched=in_line
)
count_nonzero_primitive = Primitive(
    "count_nonzero", count_nonzero, Discrete(), options=AXIS, numpy=(np.count_nonzero,), shape=lambda space, **o: Array(reduced(np.sum)(space, **o).shape, np.intp),
    examples=AXES, batched=reducing,
)  # fmt: skip
