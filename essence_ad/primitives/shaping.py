"""Shaping: operations that move, copy, join and cut the elements of arrays. All are linear; each states its adjoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from essence_ad.batching import (
    diagonals,
    each,
    in_line,
    joined,
    reducing,
    reshaped,
    reshaped_as,
    rolled,
    shifting,
    spread,
    stacked,
    tiled,
    transposed,
    triangles,
)
from essence_ad.errors import OptionError
from essence_ad.kernel import kernel, scatter_sum
from essence_ad.operation import linear_op, sum_to
from essence_ad.primitives.primitive import REQUIRED, Linear, Partials, Primitive, on
from essence_ad.spaces import Array

# ---------------------------------------------------------------------------------------------- by shape alone


def reshape(x: Any, *, shape: Any, order: str = "C") -> Any:
    """``np.reshape``, its options by keyword."""
    return np.reshape(x, shape, order)  # type: ignore[call-overload]


def _flat_adjoint(v: Any, space: Array, *, order: str = "C", **options: Any) -> Any:
    return np.reshape(v, space.shape, order)  # type: ignore[call-overload]


def _as_before(v: Any, space: Array, **options: Any) -> Any:
    return np.reshape(v, space.shape)


def _reshaped(space: Array, *, shape: Any, order: str) -> Array:
    known = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    size, rest = math.prod(space.shape), math.prod([n for n in known if n != -1])
    if -1 in known and rest:
        known = tuple([size // rest if n == -1 else n for n in known])
    if math.prod(known) != size or min(known, default=0) < 0:
        raise ValueError(f"cannot reshape array of size {size} into shape {shape}")
    return Array(known, space.dtype)


def _broadcast_adjoint(v: Any, space: Array, *, shape: Any) -> Any:
    return sum_to(v, space.shape)


# ---------------------------------------------------------------------------------------------- axes in another order


def _transpose_adjoint(v: Any, space: Array, *, axes: Any) -> Any:
    if axes is None:
        return np.transpose(v)
    places = normalize_axis_tuple(axes, len(space.shape))
    return np.transpose(v, tuple(sorted(range(len(places)), key=lambda i: places[i])))


def _moveaxis_adjoint(v: Any, space: Array, *, source: Any, destination: Any) -> Any:
    return np.moveaxis(v, destination, source)


def _swapaxes_adjoint(v: Any, space: Array, *, axis1: int, axis2: int) -> Any:
    return np.swapaxes(v, axis1, axis2)


def _rolled(space: Array, *, shift: Any, axis: Any) -> Array:
    np.roll(np.ones((1,) * len(space.shape)), shift, axis=axis)  # what numpy says of the axes
    return space


def _flip_adjoint(v: Any, space: Array, *, axis: Any) -> Any:
    return np.flip(v, axis=axis)


def _roll_adjoint(v: Any, space: Array, *, shift: Any, axis: Any) -> Any:
    back = tuple([-s for s in shift]) if isinstance(shift, (tuple, list)) else -shift
    return np.roll(v, back, axis=axis)


# ---------------------------------------------------------------------------------------------- joining and cutting


@kernel
def concatenate(*arrays: Any, axis: int | None = 0) -> Any:
    """``np.concatenate`` of its arguments."""
    return np.concatenate(arrays, axis=axis)


@kernel
def stack(*arrays: Any, axis: int = 0) -> Any:
    """``np.stack`` of its arguments."""
    return np.stack(arrays, axis=axis)


def _concatenate_adjoint(v: Any, *spaces: Array, axis: int | None) -> tuple[Any, ...]:
    if axis is None:
        ends = np.cumsum([math.prod(s.shape) for s in spaces]).tolist()
        parts = [v[end - math.prod(s.shape) : end] for s, end in zip(spaces, ends, strict=True)]
        return tuple([np.reshape(p, s.shape) for p, s in zip(parts, spaces, strict=True)])
    place = (slice(None),) * normalize_axis_index(axis, len(spaces[0].shape))
    ends = np.cumsum([s.shape[len(place)] for s in spaces]).tolist()
    return tuple([v[(*place, slice(end - s.shape[len(place)], end))] for s, end in zip(spaces, ends, strict=True)])


def _stack_adjoint(v: Any, *spaces: Array, axis: int) -> tuple[Any, ...]:
    place = (slice(None),) * normalize_axis_index(axis, len(spaces[0].shape) + 1)
    return tuple([v[(*place, i)] for i in range(len(spaces))])


def _concatenated(*spaces: Array, axis: int | None) -> Array:
    dtype = np.result_type(*[s.dtype for s in spaces])
    shapes = [s.shape for s in spaces]
    if axis is None:
        return Array((int(np.sum([math.prod(s) for s in shapes])),), dtype)
    place = normalize_axis_index(axis, len(shapes[0]))
    if len({(*s[:place], *s[place + 1 :]) for s in shapes}) > 1 or len({len(s) for s in shapes}) > 1:
        raise ValueError(f"all the input array dimensions except for the concatenation axis {place} must match exactly")
    total = int(np.sum([s[place] for s in shapes]))
    return Array((*shapes[0][:place], total, *shapes[0][place + 1 :]), dtype)


def _stacked(*spaces: Array, axis: int) -> Array:
    shape = spaces[0].shape
    if any(s.shape != shape for s in spaces):
        raise ValueError("all input arrays must have the same shape")
    place = normalize_axis_index(axis, len(shape) + 1)
    return Array((*shape[:place], len(spaces), *shape[place:]), np.result_type(*[s.dtype for s in spaces]))


def _joined_again(*v: Any, indices_or_sections: Any, axis: int) -> Any:
    *parts, _ = v
    return concatenate(*parts, axis=axis)


def sections(*, indices_or_sections: Any, axis: int) -> int:
    """How many parts a splitting gives."""
    return indices_or_sections if isinstance(indices_or_sections, int) else len(indices_or_sections) + 1


# ---------------------------------------------------------------------------------------------- elements somewhere else


def _moved(function: Callable[..., Any]) -> Callable[..., Any]:
    """The adjoint of a function that only copies elements to places: found by letting it move their numbers."""

    def adjoint(v: Any, space: Array, **options: Any) -> Any:
        size = math.prod(space.shape)
        places = function(np.arange(size).reshape(space.shape), **options)
        return np.reshape(scatter_sum(v, keys=(places,), shape=(size,)), space.shape)

    return adjoint


def _diagonal_adjoint(v: Any, space: Array, **options: Any) -> Any:
    return _moved(np.diagonal)(v, space, **options)


def _diag_adjoint(v: Any, space: Array, *, k: int) -> Any:
    return np.diag(v, k=k) if len(space.shape) == 1 else _moved(np.diag)(v, space, k=k)


def _tril_adjoint(v: Any, space: Array, *, k: int) -> Any:
    return sum_to(np.tril(v, k=k), space.shape)


def _triu_adjoint(v: Any, space: Array, *, k: int) -> Any:
    return sum_to(np.triu(v, k=k), space.shape)


# ---------------------------------------------------------------------------------------------- padding

COPYING = ("edge", "reflect", "symmetric", "wrap")


def pad(x: Any, *, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    """``np.pad`` in the modes that are linear but for the constant: ``constant`` and those that copy elements."""
    if mode == "constant":
        return np.pad(x, _widths(pad_width, np.ndim(x)), mode="constant", constant_values=constant_values)
    return np.pad(x, _widths(pad_width, np.ndim(x)), mode=_copying(mode))  # type: ignore[call-overload]


def _copying(mode: str) -> str:
    if mode not in COPYING:
        raise OptionError(
            f"pad has no mode {mode!r} here", found=mode, expected=f"one of {('constant', *COPYING)}",
            remedy="pad with np.concatenate of what you want at the ends",
        )  # fmt: skip
    return mode


def _pad_facts(
    inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, pad_width: Any, mode: str, constant_values: Any
) -> Any:
    (x,) = inputs
    shape = np.shape(x)
    if mode != "constant":
        adjoint = _moved(np.pad)
        pad_width = _widths(pad_width, len(shape))
        forward = lambda v: np.pad(v, pad_width, mode=_copying(mode))  # type: ignore[call-overload]
        return (
            linear_op("pad", forward, lambda v: adjoint(v, Array(shape), pad_width=pad_width, mode=mode), x, output),
        )
    widths = _widths(pad_width, len(shape))
    before = [pair[0] for pair in np.broadcast_to(widths, (len(shape), 2)).tolist()]
    inside = tuple([slice(b, b + n) for b, n in zip(before, shape, strict=True)])
    return (linear_op("pad", lambda v: np.pad(v, widths), lambda v: v[inside], x, output),)


def _padded(function: Any, n: int, lifted: Sequence[bool], inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    (x,), values = inputs, options["constant_values"]
    rank = len(x.shape) - 1
    widths = np.broadcast_to(_widths(options["pad_width"], rank), (rank, 2)).tolist()
    if np.ndim(values):
        values = [(0, 0), *np.broadcast_to(values, (rank, 2)).tolist()]
    return function(x, pad_width=((0, 0), *map(tuple, widths)), mode=options["mode"], constant_values=values)


def _widths(pad_width: Any, ndim: int) -> Any:
    """Widths by axis as a list: NumPy takes a dict only since 2.2."""
    if isinstance(pad_width, dict):
        rows: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            rows[axis] = width if isinstance(width, tuple) else (width, width)
        return rows
    return pad_width


# ---------------------------------------------------------------------------------------------- the primitives


def _linear(name: str, function: Any, adjoint: Any, options: dict[str, Any], *examples: Any, **facts: Any) -> Primitive:
    return Primitive(
        name, function, Linear(adjoint), options=options, examples=examples, complex=True, copies=True, **facts
    )


reshape_primitive = _linear(
    "reshape", reshape, _flat_adjoint, {"shape": REQUIRED, "order": "C"},
    on((2, 3), shape=(3, 2)), on((2, 3), shape=-1), on((), shape=(1, 1)), on((2, 3), shape=(-1, 2), order="F"), on((0, 3), shape=(3, 0)),
    shape=_reshaped, numpy=(np.reshape,), batched=reshaped,
)  # fmt: skip
ravel = _linear(
    "ravel", np.ravel, _flat_adjoint, {"order": "C"}, on((2, 3)), on(()), on((2, 3), order="F"), batched=reshaped
)
expand_dims = _linear(
    "expand_dims",
    np.expand_dims,
    _as_before,
    {"axis": REQUIRED},
    on((2, 3), axis=1),
    on((), axis=0),
    on((2,), axis=(0, -1)),
    batched=reshaped_as,
)
squeeze = _linear(
    "squeeze",
    np.squeeze,
    _as_before,
    {"axis": None},
    on((1, 3, 1)),
    on((1, 3, 1), axis=0),
    on((1, 1), axis=(0, 1)),
    on((2,)),
    batched=reshaped_as,
)
atleast_1d = _linear("atleast_1d", np.atleast_1d, _as_before, {}, on(()), on((2,)), on(0.5), batched=reshaped_as)
atleast_2d = _linear("atleast_2d", np.atleast_2d, _as_before, {}, on(()), on((2,)), on((2, 1)), batched=reshaped_as)
atleast_3d = _linear(
    "atleast_3d", np.atleast_3d, _as_before, {}, on(()), on((2,)), on((2, 3)), on((1, 2, 1)), batched=reshaped_as
)
broadcast_to = _linear(
    "broadcast_to", np.broadcast_to, _broadcast_adjoint, {"shape": REQUIRED},
    on((), shape=(2, 3)), on((3, 1), shape=(2, 3, 4)), on((3,), shape=(3,)), on((1,), shape=(0,)), on((), shape=3), batched=spread,
)  # fmt: skip

transpose = _linear(
    "transpose", np.transpose, _transpose_adjoint, {"axes": None},
    on((2, 3)), on((2, 3, 4), axes=(1, 2, 0)), on((2, 3, 4), axes=(-1, 0, 1)), on((3,)), on(()), numpy=(np.permute_dims,), batched=transposed,
)  # fmt: skip
matrix_transpose = _linear(
    "matrix_transpose", np.matrix_transpose, lambda v, space: np.swapaxes(v, -1, -2), {}, on((2, 3)), on((4, 2, 3)),
    numpy=(np.linalg.matrix_transpose,), batched=each,
)  # fmt: skip
moveaxis = _linear(
    "moveaxis", np.moveaxis, _moveaxis_adjoint, {"source": REQUIRED, "destination": REQUIRED},
    on((2, 3, 4), source=0, destination=-1), on((2, 3, 4), source=(0, 1), destination=(-1, 0)), batched=shifting,
)  # fmt: skip
swapaxes = _linear(
    "swapaxes",
    np.swapaxes,
    _swapaxes_adjoint,
    {"axis1": REQUIRED, "axis2": REQUIRED},
    on((2, 3, 4), axis1=0, axis2=-1),
    batched=shifting,
)
flip = _linear(
    "flip",
    np.flip,
    _flip_adjoint,
    {"axis": None},
    on((2, 3)),
    on((2, 3), axis=1),
    on((2, 3), axis=(0, -1)),
    on((0,)),
    batched=reducing,
)
roll = _linear(
    "roll", np.roll, _roll_adjoint, {"shift": REQUIRED, "axis": None},
    on((2, 3), shift=2), on((2, 3), shift=-1, axis=1), on((2, 3), shift=(1, 2), axis=(0, 1)), shape=_rolled, batched=rolled,
)  # fmt: skip

concatenate_primitive = _linear(
    "concatenate", concatenate, _concatenate_adjoint, {"axis": 0},
    on((2,), (3,)), on((2, 3), (1, 3), (0, 3)), on((2, 1), (2, 3), axis=-1), on((2, 1), (3,), axis=None), on((2,)),
    arity=None, shape=_concatenated, numpy=(np.concatenate,), aliases=("concat",), batched=joined,
)  # fmt: skip
stack_primitive = _linear(
    "stack", stack, _stack_adjoint, {"axis": 0}, on((), ()), on((2, 3), (2, 3), axis=1), on((3,), (3,), (3,), axis=-1), on((2,)),
    arity=None, shape=_stacked, numpy=(np.stack,), batched=stacked,
)  # fmt: skip
CUT = {"indices_or_sections": REQUIRED, "axis": 0}
split = _linear(
    "split", np.split, _joined_again, CUT,
    on((4,), indices_or_sections=2), on((2, 6), indices_or_sections=3, axis=1), on((5,), indices_or_sections=(1, 3)),
    on((3,), indices_or_sections=1), outputs=sections, batched=shifting,
)  # fmt: skip
array_split = _linear(
    "array_split", np.array_split, _joined_again, CUT,
    on((5,), indices_or_sections=2), on((2, 5), indices_or_sections=[2, 2], axis=-1), outputs=sections, batched=shifting,
)  # fmt: skip

tile = _linear(
    "tile",
    np.tile,
    _moved(np.tile),
    {"reps": REQUIRED},
    on((3,), reps=2),
    on((2, 3), reps=(2, 1, 2)),
    on((), reps=3),
    batched=tiled,
)
repeat = _linear(
    "repeat", np.repeat, _moved(np.repeat), {"repeats": REQUIRED, "axis": None},
    on((3,), repeats=2), on((2, 3), repeats=2, axis=0), on((3,), repeats=[2, 0, 1]), on((2, 3), repeats=2), batched=in_line,
)  # fmt: skip
pad_primitive = Primitive(
    "pad", pad, Partials(_pad_facts), options={"pad_width": REQUIRED, "mode": "constant", "constant_values": 0}, numpy=(np.pad,),
    complex=True, batched=_padded, copies=True,
    examples=(
        on((3,), pad_width=1), on((2, 3), pad_width=((1, 0), (2, 1))), on((2, 3), pad_width=(1, 2), constant_values=4.0),
        on((3,), pad_width=2, mode="edge"), on((3, 3), pad_width=2, mode="reflect"), on((3,), pad_width=(2, 1), mode="symmetric"),
        on((2, 2), pad_width=((1, 1), (0, 3)), mode="wrap"), on((2, 0), pad_width=1),
    ),
)  # fmt: skip
diag = _linear(
    "diag", np.diag, _diag_adjoint, {"k": 0}, on((3,)), on((3,), k=-1), on((3, 3)), on((2, 3), k=1), batched=diagonals
)
diagonal = _linear(
    "diagonal", np.diagonal, _diagonal_adjoint, {"offset": 0, "axis1": 0, "axis2": 1},
    on((3, 3)), on((2, 3), offset=1), on((2, 3, 4), axis1=2, axis2=0), batched=shifting,
)  # fmt: skip
tril = _linear("tril", np.tril, _tril_adjoint, {"k": 0}, on((3, 3)), on((2, 3, 4), k=1), on((3,)), batched=triangles)
triu = _linear("triu", np.triu, _triu_adjoint, {"k": 0}, on((3, 3)), on((2, 3, 4), k=-1), on((3,)), batched=triangles)
