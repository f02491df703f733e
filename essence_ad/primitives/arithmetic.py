"""Arithmetic: the ufuncs of two arguments and their relatives, powers, lengths and angles, and complex parts.

Conventions where there is no slope: ``hypot``, ``arctan2`` and ``angle`` have slope 0 at the origin, of second order
too; ``logaddexp`` at two equal infinities shares equally, as everywhere where its arguments are equal; ``x ** 0`` has
slope 0 in ``x`` also at 0, and ``0 ** y`` slope 0 in ``y`` for ``y > 0``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.batching import each
from essence_ad.diagram import Chain, Op
from essence_ad.kernel import astype, kernel, ratio
from essence_ad.operation import LinearOp, Scale, embed
from essence_ad.primitives.primitive import REQUIRED, Discrete, Elementwise, Linear, Partials, Primitive, on
from essence_ad.spaces import Array, space_of

POSITIVE, NONZERO, ANY = (0.3, 2.0), (0.5, 2.5), (-2.0, 2.0)
LN2 = math.log(2)


@kernel
def share(x: Any, y: Any) -> Any:
    """The part ``exp(x) / (exp(x) + exp(y))`` that ``x`` has in ``logaddexp``: one half where the two are equal.

    >>> share(0.0, 0.0), share(-np.inf, -np.inf), share(np.inf, 0.0)
    (np.float64(0.5), np.float64(0.5), np.float64(1.0))
    """
    with np.errstate(all="ignore"):
        return np.divide(1, 1 + np.exp(np.where(np.equal(x, y), 0, np.subtract(y, x))))


@kernel
def fraction(x: Any) -> Any:
    """The first part of ``np.modf``: the digits behind the point, with the sign of the number.

    >>> fraction(np.array([1.25, -3.5]))
    array([ 0.25, -0.5 ])
    """
    return np.modf(x)[0]


@kernel
def mantissa(x: Any) -> Any:
    """The first part of ``np.frexp``: the number divided by the power of two that brings it between a half and one.

    >>> mantissa(12.0), exponent(12.0)
    (np.float64(0.75), np.int32(4))
    """
    return np.frexp(x)[0]


@kernel
def exponent(x: Any) -> Any:
    """The second part of ``np.frexp``: the power of two that ``mantissa`` divides by."""
    return np.frexp(x)[1]


# ---------------------------------------------------------------------------------------------- slopes


def _base_slope(raise_to: Any) -> Any:
    def slope(x: Any, y: Any, z: Any) -> Any:
        if isinstance(y, (int, float, np.number)):  # an exponent that is known
            if y in (0, 1):
                return 1 if y else 0
            return 2 * x if y == 2 else y * raise_to(x, y - 1)
        base = np.where(
            np.logical_and(np.equal(y, 0), np.logical_not(np.abs(x) > 0)), 1, x
        )  # 0 (or NaN) to the power 0
        return y * raise_to(base, y - 1)

    return slope


def _exponent_slope(x: Any, y: Any, z: Any) -> Any:
    return z * np.log(np.where(np.logical_and(np.equal(x, 0), np.real(y) > 0), 1, x))


def _bent(x: Any, y: Any) -> Any:
    """``x / (x x + y y)``, 0 at the origin, without overflow."""
    length = np.hypot(x, y)
    return ratio(ratio(x, length), length)


def _over(x: Any, y: Any) -> Any:
    """``1 / y``, 0 at the origin: the slope of ``ratio(x, y)`` in ``x``."""
    both = np.logical_and(np.equal(x, 0), np.equal(y, 0))
    return np.where(both, 0, np.divide(1, np.where(both, 1, y)))


def _quotient(x: Any, y: Any, z: Any) -> Any:
    """The integer that a remainder ``z`` left, which ``x / y`` may miss by rounding."""
    return np.rint(np.divide(x - z, y))


def _ldexp_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
    x, n = inputs
    space = space_of(output)
    scale = LinearOp("ldexp", lambda v: np.ldexp(v, n), lambda v: np.ldexp(v, n), (space,), (space,))
    return embed(x, output, scale), None


def _astype_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, dtype: Any) -> Any:
    return (embed(inputs[0], output),) if np.dtype(dtype).kind in "fc" else None


def _angle_facts(inputs: Sequence[Any], output: Any, wanted: Sequence[Any], *, deg: bool) -> Any:
    (x,) = inputs
    space = space_of(x)
    assert isinstance(space, Array)
    if space.dtype.kind != "c":
        return None
    size = np.abs(x)
    turn = ratio(ratio(np.conjugate(x), size), size)
    steps: list[Op] = [Scale(turn * (180 / math.pi) if deg else turn), _imaginary(x, output)]
    return (Chain(*steps),)


def _imaginary(x: Any, y: Any) -> Op:
    return LinearOp("imag", np.imag, lambda v: _imag_adjoint(v, space_of(x)), (space_of(x),), (space_of(y),))


def _imag_adjoint(v: Any, space: Any) -> Any:
    return v * (-1j if space.dtype.kind == "c" else 0)


# ---------------------------------------------------------------------------------------------- the primitives

add = Primitive("add", np.add, Elementwise(1, 1), 2, complex=True)
subtract = Primitive("subtract", np.subtract, Elementwise(1, -1), 2, aliases=("sub",), complex=True)
multiply = Primitive(
    "multiply", np.multiply, Elementwise(lambda x, y, z: y, lambda x, y, z: x), 2, linear_in=(0, 1), aliases=("mul",), complex=True,
)  # fmt: skip
divide = Primitive(
    "divide", np.divide, Elementwise(lambda x, y, z: np.divide(1, y), lambda x, y, z: np.divide(-z, y)), 2, linear_in=(0,),
    aliases=("div", "true_divide"), domain=(ANY, NONZERO), complex=True,
)  # fmt: skip
negative = Primitive("negative", np.negative, Elementwise(-1), aliases=("neg",), complex=True)
positive = Primitive("positive", np.positive, Elementwise(1), complex=True)

power = Primitive(
    "power", np.power, Elementwise(_base_slope(np.power), _exponent_slope), 2, aliases=("pow",), domain=(POSITIVE, ANY), complex=True,
)  # fmt: skip
float_power = Primitive(
    "float_power", np.float_power, Elementwise(_base_slope(np.float_power), _exponent_slope), 2, domain=(POSITIVE, ANY), complex=True,
)  # fmt: skip

hypot = Primitive("hypot", np.hypot, Elementwise(lambda x, y, z: ratio(x, z), lambda x, y, z: ratio(y, z)), 2)
arctan2 = Primitive(
    "arctan2", np.arctan2, Elementwise(lambda y, x, z: _bent(x, y), lambda y, x, z: -_bent(y, x)), 2,
    aliases=("atan2",), domain=(ANY, NONZERO),
)  # fmt: skip
ratio_primitive = Primitive(
    "ratio", ratio, Elementwise(lambda x, y, z: _over(x, y), lambda x, y, z: -ratio(z, y)), 2, domain=(ANY, NONZERO), complex=True,
)  # fmt: skip

logaddexp = Primitive(
    "logaddexp", np.logaddexp, Elementwise(lambda x, y, z: share(x, y), lambda x, y, z: share(y, x)), 2
)
logaddexp2 = Primitive(
    "logaddexp2", np.logaddexp2,
    Elementwise(lambda x, y, z: share(LN2 * x, LN2 * y), lambda x, y, z: share(LN2 * y, LN2 * x)), 2,
)  # fmt: skip
share_primitive = Primitive(
    "share", share, Elementwise(lambda x, y, z: z * share(y, x), lambda x, y, z: -z * share(y, x)), 2,
)  # fmt: skip

remainder = Primitive(
    "remainder", np.remainder, Elementwise(1, lambda x, y, z: -_quotient(x, y, z)), 2,
    aliases=("mod",), domain=((1.1, 1.9), (0.51, 0.54)), smooth=False,
)  # fmt: skip
fmod = Primitive(
    "fmod", np.fmod, Elementwise(1, lambda x, y, z: -_quotient(x, y, z)), 2, domain=((-1.9, -1.64), (0.51, 0.54)), smooth=False,
)  # fmt: skip
floor_divide = Primitive("floor_divide", np.floor_divide, Discrete(), 2, domain=(ANY, NONZERO), smooth=False)
copysign = Primitive(
    "copysign", np.copysign, Elementwise(lambda x, y, z: np.sign(x) * np.copysign(1, y), 0), 2, smooth=False,
)  # fmt: skip
ldexp = Primitive(
    "ldexp", np.ldexp, Partials(_ldexp_facts, elementwise=True), 2, linear_in=(0,),
    examples=(on((), np.array(3)), on((3,), np.array([-1, 0, 2])), on((3, 1), np.array([1, 2])), on(0.5, np.array([1, 2]))),
)  # fmt: skip

fraction_primitive = Primitive("fraction", fraction, Elementwise(1), domain=((1.1, 1.9),))
mantissa_primitive = Primitive(
    "mantissa", mantissa, Elementwise(lambda x, y: np.ldexp(astype(1.0, dtype=np.result_type(y)), -exponent(x))), domain=((1.1, 1.9),)
)  # fmt: skip
exponent_primitive = Primitive("exponent", exponent, Discrete(), domain=((1.1, 1.9),), batched=each)

EACH = (on(()), on((3,)), on((2, 3)), on((0,)))
astype_primitive = Primitive(
    "astype", astype, Partials(_astype_facts, elementwise=True), options={"dtype": REQUIRED}, complex=True, batched=each,
    examples=(on((3,), dtype="float64"), on((), dtype="complex128"), on((2, 0), dtype="float64")),
)  # fmt: skip
real = Primitive(
    "real", np.real, Linear(lambda v, space: v, elementwise=True), complex=True, examples=EACH, batched=each
)
imag = Primitive("imag", np.imag, Linear(_imag_adjoint, elementwise=True), complex=True, examples=EACH, batched=each)
conjugate = Primitive(
    "conjugate", np.conjugate, Linear(lambda v, space: np.conjugate(v), symmetric=True, elementwise=True), aliases=("conj",), complex=True, examples=EACH,
)  # fmt: skip
angle = Primitive(
    "angle", np.angle, Partials(_angle_facts), options={"deg": False}, domain=(POSITIVE,), complex=True, batched=each,
    examples=(*EACH, on((3,), deg=True)),
)  # fmt: skip
