"""Elementary functions: trigonometric, hyperbolic, exponential, their inverses, powers and roots.

Each states its slope ``(x, y) -> dy/dx``, written with the result ``y`` where that saves work. ``np.divide`` and not
``/`` divides by arguments: they may be Python numbers, for which ``1 / 0`` is an error and not infinity.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from essence_ad.kernel import kernel
from essence_ad.primitives.primitive import Elementwise, Primitive, on

LN2 = math.log(2)
LOG2E = 1 / math.log(2)
LOG10E = 1 / math.log(10)
DEGREE = math.pi / 180

POSITIVE = ((0.3, 2.0),)
INSIDE = ((-0.9, 0.9),)


@kernel
def sinc_derivative(x: Any, *, order: int = 1) -> Any:
    """The derivative of ``sinc`` of any order, right to rounding everywhere, also at 0.

    By ``x f' + f = cos(pi x)`` differentiated ``order - 1`` times away from 0, by the power series near it.

    >>> sinc_derivative(0.0), round(float(sinc_derivative(0.0, order=2)), 6)
    (np.float64(0.0), -3.289868)
    """
    t = np.pi * np.asarray(x)
    near = np.abs(t) < order + 1
    with np.errstate(all="ignore"):
        series = _sinc_series(np.where(near, t, 0), order)
        far = _sinc_recurrence(np.where(near, 1, t), order)
    return (np.pi**order * np.where(near, series, far)).astype(t.dtype)[()]


def _sinc_series(t: Any, order: int) -> Any:
    total = np.zeros_like(t)
    for power in range(order + order % 2, 3 * order + 40, 2):
        sign = -1.0 if power % 4 else 1.0
        total = total + sign * t ** (power - order) / (math.factorial(power - order) * (power + 1))
    return total


def _sinc_recurrence(t: Any, order: int) -> Any:
    f = np.sin(t) / t
    for n in range(1, order + 1):
        f = (np.sin(t + n * np.pi / 2) - n * f) / t
    return f


@kernel
def bessel_i(x: Any, *, order: int = 1) -> Any:
    """The modified Bessel function of the first kind of an integer order, which is what ``i0`` and its derivatives are.

    The mean of ``exp(x cos t) cos(order t)`` over a circle, whose trapezoidal sum converges faster than any power; the
    part that averages to zero is left out first, so that small arguments keep their digits.

    >>> round(float(bessel_i(1.0)), 12)
    0.565159103992
    """
    x = np.asarray(x)
    points = 128
    angle = np.pi * (np.arange(points) + 0.5) / points
    weight, swing = np.cos(order * angle) / points, x[..., None] * np.cos(angle)
    if order % 2:
        terms = np.sinh(swing)
    elif order:
        terms = 2 * np.sinh(swing / 2) ** 2
    else:
        terms = np.cosh(swing)
    return (terms @ weight).astype(x.dtype)[()]


# trigonometric

sin = Primitive("sin", np.sin, Elementwise(lambda x, y: np.cos(x)), complex=True)
cos = Primitive("cos", np.cos, Elementwise(lambda x, y: -np.sin(x)), complex=True)
tan = Primitive("tan", np.tan, Elementwise(lambda x, y: y * y + 1), domain=((-1.3, 1.3),), complex=True)
arcsin = Primitive(
    "arcsin", np.arcsin, Elementwise(lambda x, y: np.divide(1, np.sqrt(1 - x * x))), domain=INSIDE, aliases=("asin",), complex=True,
)  # fmt: skip
arccos = Primitive(
    "arccos", np.arccos, Elementwise(lambda x, y: np.divide(-1, np.sqrt(1 - x * x))), domain=INSIDE, aliases=("acos",), complex=True,
)  # fmt: skip
arctan = Primitive(
    "arctan", np.arctan, Elementwise(lambda x, y: np.divide(1, x * x + 1)), aliases=("atan",), complex=True
)
sinc = Primitive("sinc", np.sinc, Elementwise(lambda x, y: sinc_derivative(x, order=1)), complex=True)
sinc_derivative_primitive = Primitive(
    "sinc_derivative", sinc_derivative, Elementwise(lambda x, y, order: sinc_derivative(x, order=order + 1)),
    options={"order": 1}, complex=True, examples=(on((3,)), on(0.5, order=2), on((2, 3), order=3), on((0,), order=5)),
)  # fmt: skip

# hyperbolic

sinh = Primitive("sinh", np.sinh, Elementwise(lambda x, y: np.cosh(x)), complex=True)
cosh = Primitive("cosh", np.cosh, Elementwise(lambda x, y: np.sinh(x)), complex=True)
tanh = Primitive("tanh", np.tanh, Elementwise(lambda x, y: 1 - y * y), complex=True)
arcsinh = Primitive(
    "arcsinh", np.arcsinh, Elementwise(lambda x, y: np.divide(1, np.sqrt(x * x + 1))), aliases=("asinh",), complex=True,
)  # fmt: skip
arccosh = Primitive(
    "arccosh", np.arccosh, Elementwise(lambda x, y: np.divide(1, np.sqrt(x - 1) * np.sqrt(x + 1))),
    domain=((1.2, 3.0),), aliases=("acosh",), complex=True,
)  # fmt: skip
arctanh = Primitive(
    "arctanh", np.arctanh, Elementwise(lambda x, y: np.divide(1, 1 - x * x)), domain=INSIDE, aliases=("atanh",), complex=True,
)  # fmt: skip

# exponential and logarithmic

exp = Primitive("exp", np.exp, Elementwise(lambda x, y: y), complex=True)
exp2 = Primitive("exp2", np.exp2, Elementwise(lambda x, y: LN2 * y), numpy=("scipy.special.exp2",), complex=True)
expm1 = Primitive("expm1", np.expm1, Elementwise(lambda x, y: np.exp(x)), numpy=("scipy.special.expm1",), complex=True)
log = Primitive("log", np.log, Elementwise(lambda x, y: np.divide(1, x)), domain=POSITIVE, complex=True)
log2 = Primitive("log2", np.log2, Elementwise(lambda x, y: np.divide(LOG2E, x)), domain=POSITIVE, complex=True)
log10 = Primitive("log10", np.log10, Elementwise(lambda x, y: np.divide(LOG10E, x)), domain=POSITIVE, complex=True)
log1p = Primitive(
    "log1p",
    np.log1p,
    Elementwise(lambda x, y: np.divide(1, x + 1)),
    numpy=("scipy.special.log1p",),
    domain=((-0.6, 2.0),),
    complex=True,
)

# powers and roots

sqrt = Primitive("sqrt", np.sqrt, Elementwise(lambda x, y: np.divide(0.5, y)), domain=POSITIVE, complex=True)
cbrt = Primitive(
    "cbrt", np.cbrt, Elementwise(lambda x, y: np.divide(1 / 3, y * y)), numpy=("scipy.special.cbrt",), domain=POSITIVE
)
square = Primitive("square", np.square, Elementwise(lambda x, y: 2 * x), complex=True)
reciprocal = Primitive("reciprocal", np.reciprocal, Elementwise(lambda x, y: -(y * y)), domain=POSITIVE, complex=True)

# angles

deg2rad = Primitive("deg2rad", np.deg2rad, Elementwise(DEGREE))
rad2deg = Primitive("rad2deg", np.rad2deg, Elementwise(1 / DEGREE))
radians = Primitive("radians", np.radians, Elementwise(DEGREE))
degrees = Primitive("degrees", np.degrees, Elementwise(1 / DEGREE))

# Bessel

i0 = Primitive("i0", np.i0, Elementwise(lambda x, y: bessel_i(x, order=1)), numpy=("scipy.special.i0",))
bessel_i_primitive = Primitive(
    "bessel_i", bessel_i, Elementwise(lambda x, y, order: (bessel_i(x, order=order - 1) + bessel_i(x, order=order + 1)) / 2),
    options={"order": 1}, examples=(on((3,)), on(0.5, order=2), on((2, 3), order=3), on((0,), order=1)),
)  # fmt: skip
