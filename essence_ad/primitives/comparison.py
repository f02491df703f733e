"""Comparisons, rounding and choices: piecewise operations, each with a stated convention where the pieces meet.

``absolute`` has slope 0 at 0; ``maximum`` and ``minimum`` share a tie half and half; ``clip`` has slope one half at a
bound. ``fmax`` and ``fmin`` give the whole slope to the number where the other is NaN. What jumps has derivative zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import aligned, each
from essence_ad.diagram import IDENTITY, Chain, Op
from essence_ad.kernel import astype, kernel, ratio
from essence_ad.operation import LinearOp, Scale, embed, is_discrete, scaled
from essence_ad.primitives.primitive import Discrete, Elementwise, Partials, Primitive, on
from essence_ad.spaces import space_of


@kernel
def lead(x: Any, y: Any) -> Any:
    """1 where ``x`` is greater than ``y``, 0 where it is less, one half at a tie: the slope of ``maximum``.

    >>> lead(np.array([1.0, 2.0, 3.0]), 2.0), lead(np.inf, np.inf)
    (array([0. , 0.5, 1. ]), np.float64(0.5))
    """
    with np.errstate(all="ignore"):
        return np.heaviside(np.where(np.equal(x, y), 0, np.subtract(x, y)), 0.5)


@kernel
def clip(x: Any, low: Any, high: Any) -> Any:
    """``minimum(maximum(x, low), high)``, as ``np.clip``."""
    return np.clip(x, low, high)


def _below(x: Any) -> Any:
    return np.where(np.isnan(x), -np.inf, x)


def _above(x: Any) -> Any:
    return np.where(np.isnan(x), np.inf, x)


def _absolute_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (x,) = inputs
    if is_complex(x):
        return (Chain(Scale(np.conjugate(np.sign(x))), embed(x, output)),)
    return (scaled(np.sign(x), x, output),)


def _sign_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    (x,) = inputs
    if not is_complex(x):
        return None
    size = np.abs(x)  # z / |z| turns: its change is i z / |z| times the imaginary part of conj(z) dz / |z|^2
    turn = Scale(ratio(np.conjugate(output), size))
    part = LinearOp("imag", np.imag, lambda v: v * -1j, (space_of(x),), (space_of(size),))
    return (Chain(turn, part, embed(size, output), Scale(1j * output)),)


def is_complex(x: Any) -> bool:
    """Whether a value holds complex numbers."""
    dtype = getattr(x, "dtype", None)
    return isinstance(x, complex) if dtype is None else dtype.kind == "c"


def _where_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    condition, x, y = inputs
    return None, _chosen(condition, True, x, output), _chosen(condition, False, y, output)


def _chosen(condition: Any, side: bool, x: Any, output: Any) -> Op | None:
    """How a branch enters a choice; a branch that is taken nowhere does not, and what is infinite there cannot leak."""
    if is_discrete(x):
        return None
    if isinstance(condition, (bool, np.bool_, np.ndarray)):
        if np.all(condition) if side else not np.any(condition):
            return embed(x, output, IDENTITY)
        if not np.any(condition) if side else np.all(condition):
            return None
    space = space_of(output)

    def choose(v: Any) -> Any:
        return np.where(condition, v, 0) if side else np.where(condition, 0, v)

    return embed(x, output, LinearOp("where", choose, choose, (space,), (space,)))


# ---------------------------------------------------------------------------------------------- jumps

equal = Primitive("equal", np.equal, Discrete(), 2, complex=True)
not_equal = Primitive("not_equal", np.not_equal, Discrete(), 2, complex=True)
less = Primitive("less", np.less, Discrete(), 2)
less_equal = Primitive("less_equal", np.less_equal, Discrete(), 2)
greater = Primitive("greater", np.greater, Discrete(), 2)
greater_equal = Primitive("greater_equal", np.greater_equal, Discrete(), 2)
logical_and = Primitive("logical_and", np.logical_and, Discrete(), 2)
logical_or = Primitive("logical_or", np.logical_or, Discrete(), 2)
logical_xor = Primitive("logical_xor", np.logical_xor, Discrete(), 2)
logical_not = Primitive("logical_not", np.logical_not, Discrete())
isnan = Primitive("isnan", np.isnan, Discrete(), complex=True)
isfinite = Primitive("isfinite", np.isfinite, Discrete(), complex=True)
isinf = Primitive("isinf", np.isinf, Discrete(), complex=True)
signbit = Primitive("signbit", np.signbit, Discrete())

STEPS = ((-1.9, -1.55),)  # away from the jumps of all of them

floor = Primitive("floor", np.floor, Discrete(), domain=STEPS)
ceil = Primitive("ceil", np.ceil, Discrete(), domain=STEPS)
trunc = Primitive(
    "trunc", np.trunc, Discrete(), numpy=(np.fix,), aliases=("fix",), domain=STEPS
)  # NumPy 2.5 warns of fix
rint = Primitive("rint", np.rint, Discrete(), domain=STEPS)
round = Primitive(
    "round", np.round, Discrete(), options={"decimals": 0}, numpy=(np.around,), domain=((-1.44, -1.36),), smooth=False, batched=each,
    examples=(on(()), on((2, 3)), on((3,), decimals=1), on((0,))),
)  # fmt: skip
sign = Primitive(
    "sign", np.sign, Partials(_sign_facts), domain=((0.3, 2.0),), complex=True, examples=(on(()), on((2, 3)), on((0,)))
)
heaviside = Primitive(
    "heaviside", np.heaviside, Elementwise(0, lambda x, y, z: astype(np.equal(x, 0), dtype=np.result_type(z))), 2
)

MASKS = (on(np.array([True, False, True])), on(np.array(False)), on(np.array([[6, 3]])))
invert = Primitive("invert", np.invert, Discrete(), examples=MASKS)
bitwise_and = Primitive(
    "bitwise_and", np.bitwise_and, Discrete(), 2, examples=(on(np.array([True, False]), np.array(True)),)
)
bitwise_or = Primitive("bitwise_or", np.bitwise_or, Discrete(), 2, examples=(on(np.array([6, 1]), np.array(3)),))
bitwise_xor = Primitive(
    "bitwise_xor", np.bitwise_xor, Discrete(), 2, examples=(on(np.array([6, 1]), np.array([[3], [1]])),)
)

# ---------------------------------------------------------------------------------------------- kinks

absolute = Primitive(
    "absolute", np.absolute, Partials(_absolute_facts, elementwise=True), aliases=("abs",), complex=True, smooth=False,
    examples=(on(()), on(0.5), on((3,)), on((2, 3)), on((0,))),
)  # fmt: skip
fabs = Primitive("fabs", np.fabs, Elementwise(lambda x, y: np.sign(x)), smooth=False)
maximum = Primitive(
    "maximum",
    np.maximum,
    Elementwise(lambda x, y, z: lead(x, y), lambda x, y, z: lead(y, x)),
    2,
    smooth=False,
    reaches=(np.greater_equal, np.less_equal),
)
minimum = Primitive(
    "minimum",
    np.minimum,
    Elementwise(lambda x, y, z: lead(y, x), lambda x, y, z: lead(x, y)),
    2,
    smooth=False,
    reaches=(np.less_equal, np.greater_equal),
)
fmax = Primitive(
    "fmax", np.fmax,
    Elementwise(lambda x, y, z: lead(_below(x), _below(y)), lambda x, y, z: lead(_below(y), _below(x))), 2, smooth=False,
    reaches=(lambda x, y: np.greater_equal(_below(x), _below(y)), lambda x, y: np.less_equal(_below(x), _below(y))),
)  # fmt: skip
fmin = Primitive(
    "fmin", np.fmin,
    Elementwise(lambda x, y, z: lead(_above(y), _above(x)), lambda x, y, z: lead(_above(x), _above(y))), 2, smooth=False,
    reaches=(lambda x, y: np.less_equal(_above(x), _above(y)), lambda x, y: np.greater_equal(_above(x), _above(y))),
)  # fmt: skip
clip_primitive = Primitive(
    "clip", clip,
    Elementwise(
        lambda x, low, high, z: lead(x, low) * lead(high, np.maximum(x, low)),
        lambda x, low, high, z: lead(low, x) * lead(high, np.maximum(x, low)),
        lambda x, low, high, z: lead(np.maximum(x, low), high),
    ),
    3, smooth=False,
    reaches=(
        lambda x, low, high: np.logical_and(np.greater_equal(x, low), np.less_equal(np.maximum(x, low), high)),
        lambda x, low, high: np.logical_and(np.less_equal(x, low), np.less_equal(np.maximum(x, low), high)),
        lambda x, low, high: np.greater_equal(np.maximum(x, low), high),
    ),
)  # fmt: skip
lead_primitive = Primitive("lead", lead, Discrete(), 2, smooth=False, batched=aligned)

CHOICE = np.array([[True], [False], [True]])
where = Primitive(
    "where", np.where, Partials(_where_facts, selects=True), 3, complex=True, reaches=(None, lambda c, x, y: c, lambda c, x, y: np.logical_not(c)),
    examples=(
        on(np.array(True), (), ()), on(np.array([True, False, True]), (3,), (3,)), on(CHOICE, (4,), (3, 1)), on(CHOICE, 0.5, (3, 2)),
        on(np.array(False), (2,), 0.5), on(np.zeros((0, 1), bool), (1,), (0, 2)), on(np.array([2, 0]), (2,), np.array([1, 2])),
    ),
)  # fmt: skip
