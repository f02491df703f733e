"""Special functions: those of ``scipy.special``, where SciPy is installed; nothing here imports it before it is called.

A ufunc of SciPy that meets a traced array is found here by its name. SciPy's functions that are not ufuncs (``polygamma``,
``comb``, ``factorial``, and ``logsumexp``, ``softmax``, ``log_softmax`` of ``reductions``) convert their arguments to arrays
first; the functions of the same names in ``essence_ad`` do not. Where an argument has no derivative in closed form (the
order of a Bessel function, the ``a`` of ``gammainc``), asking for it is an error that names it.

Conventions where there is no slope: ``i0e`` and its relatives have slope 0 where ``|x|`` has a kink; ``rel_entr`` and
``kl_div`` have slope 0 in ``y`` at the origin, ``xlogy`` and ``xlog1py`` where both are 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.errors import NotDifferentiableError, UnsupportedError
from essence_ad.kernel import kernel, ratio
from essence_ad.operation import is_discrete
from essence_ad.primitives.primitive import Call, Elementwise, Primitive, on

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
ROOT_PI_OVER_TWO = math.sqrt(math.pi) / 2
ROOT_TWO_PI = math.sqrt(2 * math.pi)


def _scipy(name: str) -> Any:
    """A function of ``scipy.special``, imported when it is called."""

    def function(*arrays: Any) -> Any:
        try:
            import scipy.special
        except ImportError as error:
            raise UnsupportedError(
                f"{name} is computed by SciPy, which is not installed", found=f"{name}(...)", expected="scipy.special",
                remedy="python -m pip install scipy",
            ) from error  # fmt: skip
        result = getattr(scipy.special, name)(*arrays)
        return result[()] if type(result) is np.ndarray else result

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``scipy.special.{name}``."
    return kernel(function)


class PartlyKnown(Elementwise):
    """An elementwise operation with a slope for some of its arguments, ``None`` for those that state none."""

    def __init__(self, names: str, *slopes: Any) -> None:
        super().__init__(*slopes)
        self.names = names.split()
        self.linear = False

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Scaling by each slope; ``NotDifferentiableError`` where one is asked for that is not known."""
        for name, slope, x, want in zip(self.names, self.slopes, inputs, wanted, strict=True):
            if slope is None and want and not is_discrete(x):
                place = "" if call.line is None else f" at {call.line}"
                known = [n for n, s in zip(self.names, self.slopes, strict=True) if s is not None]
                raise NotDifferentiableError(
                    f"{call.name} states no derivative in its argument {name}",
                    found=f"{call.name}({', '.join(self.names)}){place}, with {name} that moves",
                    expected=f"a derivative in {' or '.join(known)} only",
                    remedy=f"keep {name} constant: give it by a closure, or as an integer",
                )  # fmt: skip
        return super().derivative(call, inputs, output, wanted)


# ---------------------------------------------------------------------------------------------- the functions

gamma, gammaln, loggamma, psi, rgamma, beta, betaln, binom = map(
    _scipy, ("gamma", "gammaln", "loggamma", "psi", "rgamma", "beta", "betaln", "binom")
)
polygamma, zeta, gammainc, gammaincc, gammaincinv, gammainccinv, betainc, betaincinv = map(
    _scipy, ("polygamma", "zeta", "gammainc", "gammaincc", "gammaincinv", "gammainccinv", "betainc", "betaincinv")
)
erf, erfc, erfcx, erfi, dawsn, erfinv, erfcinv, ndtr, log_ndtr, ndtri = map(
    _scipy, ("erf", "erfc", "erfcx", "erfi", "dawsn", "erfinv", "erfcinv", "ndtr", "log_ndtr", "ndtri")
)
expit, logit, log_expit, xlogy, xlog1py, entr, rel_entr, kl_div, exp1, expi = map(
    _scipy, ("expit", "logit", "log_expit", "xlogy", "xlog1py", "entr", "rel_entr", "kl_div", "exp1", "expi")
)
j0, j1, jv, y0, y1, yv, i1, iv, k0, k1, kv = map(
    _scipy, ("j0", "j1", "jv", "y0", "y1", "yv", "i1", "iv", "k0", "k1", "kv")
)
i0e, i1e, ive, k0e, k1e, kve = map(_scipy, ("i0e", "i1e", "ive", "k0e", "k1e", "kve"))


@kernel
def inverse_mills(x: Any) -> Any:
    """The density of the normal distribution over its distribution function, right in both tails: the slope of ``log_ndtr``."""
    return math.sqrt(2 / math.pi) / erfcx(x * -math.sqrt(0.5))


@kernel
def factorial(x: Any) -> Any:
    """``gamma(x + 1)``, and 0 for negative numbers, as ``scipy.special.factorial`` of an array."""
    return np.where(np.less(x, 0), 0, gamma(np.where(np.less(x, 0), 0, x) + 1.0)).astype(np.result_type(gamma(x)))[()]


@kernel
def comb(n: Any, k: Any) -> Any:
    """The number of ways to choose ``k`` of ``n``, 0 where there is none, as ``scipy.special.comb``."""
    n, k = np.asarray(n), np.asarray(k)
    return np.where((k <= n) & (n >= 0) & (k >= 0), binom(n, k), 0)[()]


# ---------------------------------------------------------------------------------------------- slopes


def _rgamma_slope(x: Any, y: Any) -> Any:
    """By reflection where ``gamma`` has poles, so that it is right at them too."""
    low = np.less(x, 0.5)
    left, right = 1 - np.where(low, x, 0), np.where(low, 1, x)
    turned = gamma(left) * (np.cos(np.pi * left) + left * np.sinc(left) * psi(left)) * -1
    return np.where(low, turned, -psi(right) * np.where(low, 1, y))


def _gammainc_slope(a: Any, x: Any, y: Any) -> Any:
    return np.exp(xlogy(a - 1, x) - x - gammaln(a))


def _gammaincinv_slope(a: Any, y: Any, x: Any) -> Any:
    return np.exp(x + gammaln(a) - xlogy(a - 1, x))


def _betainc_slope(a: Any, b: Any, x: Any, y: Any) -> Any:
    return np.exp(xlogy(a - 1, x) + xlog1py(b - 1, -x) - betaln(a, b))


def _betaincinv_slope(a: Any, b: Any, y: Any, x: Any) -> Any:
    return np.exp(betaln(a, b) - xlogy(a - 1, x) - xlog1py(b - 1, -x))


def _beta_slope(x: Any, other: Any) -> Any:
    return psi(x) - psi(x + other)


def _comb_slope(in_k: bool) -> Callable[..., Any]:
    def slope(n: Any, k: Any, y: Any) -> Any:
        some = np.not_equal(y, 0)
        n, k = np.where(some, n, 1), np.where(some, k, 0)
        return y * (psi(n - k + 1) - psi(k + 1) if in_k else psi(n + 1) - psi(n - k + 1))

    return slope


def _factorial_slope(x: Any, y: Any) -> Any:
    return y * psi(np.where(np.less(x, 0), 0, x) + 1)


def _order(function: Any, first: float, second: float) -> Callable[..., Any]:
    """A Bessel function's slope by its neighbours of lower and higher order."""

    def slope(v: Any, x: Any, y: Any) -> Any:
        return (first * function(v - 1, x) + second * function(v + 1, x)) / 2

    return slope


# ---------------------------------------------------------------------------------------------- the gamma family

POSITIVE, UNIT, TAIL = ((0.3, 3.0),), ((0.1, 0.9),), ((-3.0, 3.0),)
WHOLE = (on(np.array(2), (3,)), on(np.array([[1], [3]]), (2,)), on(np.array(1), 0.5))


def _named(name: str, function: Any, rule: Any, arity: int = 1, also: Sequence[str] = (), **facts: Any) -> Primitive:
    """The record of a function of SciPy."""
    return Primitive(name, function, rule, arity, numpy=tuple([f"scipy.special.{n}" for n in (name, *also)]), **facts)


gamma_primitive = _named("gamma", gamma, Elementwise(lambda x, y: y * psi(x)), domain=POSITIVE)
gammaln_primitive = _named("gammaln", gammaln, Elementwise(lambda x, y: psi(x)), domain=POSITIVE)
loggamma_primitive = _named("loggamma", loggamma, Elementwise(lambda x, y: psi(x)), domain=POSITIVE)
rgamma_primitive = _named("rgamma", rgamma, Elementwise(_rgamma_slope), domain=((-2.4, 2.0),))
psi_primitive = _named("psi", psi, Elementwise(lambda x, y: polygamma(1, x)), aliases=("digamma",), domain=POSITIVE)
polygamma_primitive = _named(
    "polygamma", polygamma, PartlyKnown("n x", None, lambda n, x, y: polygamma(n + 1, x)), 2, domain=(*POSITIVE, (0.4, 3.0)), examples=WHOLE,
)  # fmt: skip
zeta_primitive = _named(
    "zeta", zeta, PartlyKnown("x q", None, lambda x, q, y: -x * zeta(x + 1, q)), 2, ("_zeta",), domain=POSITIVE,
    examples=(on(np.array(2), (3,)), on(np.array([[3], [4]]), (2,)), on(np.array(2), 0.5)),
)  # fmt: skip
beta_primitive = _named(
    "beta", beta, Elementwise(lambda a, b, y: y * _beta_slope(a, b), lambda a, b, y: y * _beta_slope(b, a)), 2, domain=POSITIVE,
)  # fmt: skip
betaln_primitive = _named(
    "betaln", betaln, Elementwise(lambda a, b, y: _beta_slope(a, b), lambda a, b, y: _beta_slope(b, a)), 2, domain=POSITIVE,
)  # fmt: skip
binom_primitive = _named(
    "binom", binom, Elementwise(_comb_slope(False), _comb_slope(True)), 2, domain=((3.1, 5.0), (0.4, 2.9))
)
comb_primitive = Primitive(
    "comb", comb, Elementwise(_comb_slope(False), _comb_slope(True)), 2, domain=((3.1, 5.0), (0.4, 2.9))
)
factorial_primitive = Primitive("factorial", factorial, Elementwise(_factorial_slope), domain=POSITIVE)
gammainc_primitive = _named(
    "gammainc", gammainc, PartlyKnown("a x", None, _gammainc_slope), 2, domain=POSITIVE, examples=WHOLE
)
gammaincc_primitive = _named(
    "gammaincc", gammaincc, PartlyKnown("a x", None, lambda a, x, y: -_gammainc_slope(a, x, y)), 2, domain=POSITIVE, examples=WHOLE,
)  # fmt: skip
gammaincinv_primitive = _named(
    "gammaincinv", gammaincinv, PartlyKnown("a y", None, _gammaincinv_slope), 2, domain=UNIT, examples=WHOLE
)
gammainccinv_primitive = _named(
    "gammainccinv", gammainccinv, PartlyKnown("a y", None, lambda a, y, x: -_gammaincinv_slope(a, y, x)), 2, domain=UNIT, examples=WHOLE,
)  # fmt: skip
BETA = (on(np.array(2), np.array(3), (3,)), on(np.array([[1], [4]]), np.array([2, 1]), 0.5))
betainc_primitive = _named(
    "betainc", betainc, PartlyKnown("a b x", None, None, _betainc_slope), 3, domain=UNIT, examples=BETA
)
betaincinv_primitive = _named(
    "betaincinv", betaincinv, PartlyKnown("a b y", None, None, _betaincinv_slope), 3, domain=UNIT, examples=BETA
)

# ---------------------------------------------------------------------------------------------- the error function

erf_primitive = _named("erf", erf, Elementwise(lambda x, y: TWO_OVER_ROOT_PI * np.exp(-x * x)), complex=True)
erfc_primitive = _named("erfc", erfc, Elementwise(lambda x, y: -TWO_OVER_ROOT_PI * np.exp(-x * x)), complex=True)
erfcx_primitive = _named("erfcx", erfcx, Elementwise(lambda x, y: 2 * x * y - TWO_OVER_ROOT_PI), complex=True)
erfi_primitive = _named("erfi", erfi, Elementwise(lambda x, y: TWO_OVER_ROOT_PI * np.exp(x * x)), complex=True)
dawsn_primitive = _named("dawsn", dawsn, Elementwise(lambda x, y: 1 - 2 * x * y), complex=True)
erfinv_primitive = _named(
    "erfinv", erfinv, Elementwise(lambda x, y: ROOT_PI_OVER_TWO * np.exp(y * y)), domain=((-0.9, 0.9),)
)
erfcinv_primitive = _named(
    "erfcinv", erfcinv, Elementwise(lambda x, y: -ROOT_PI_OVER_TWO * np.exp(y * y)), domain=((0.1, 1.9),)
)
ndtr_primitive = _named("ndtr", ndtr, Elementwise(lambda x, y: np.exp(-0.5 * x * x) / ROOT_TWO_PI), domain=TAIL)
log_ndtr_primitive = _named("log_ndtr", log_ndtr, Elementwise(lambda x, y: inverse_mills(x)), domain=TAIL)
inverse_mills_primitive = Primitive("inverse_mills", inverse_mills, Elementwise(lambda x, y: -y * (x + y)), domain=TAIL)
ndtri_primitive = _named("ndtri", ndtri, Elementwise(lambda x, y: ROOT_TWO_PI * np.exp(0.5 * y * y)), domain=UNIT)
exp1_primitive = _named("exp1", exp1, Elementwise(lambda x, y: np.divide(-np.exp(-x), x)), domain=POSITIVE)
expi_primitive = _named("expi", expi, Elementwise(lambda x, y: np.divide(np.exp(x), x)), domain=POSITIVE)

# ---------------------------------------------------------------------------------------------- logistic, entropies

expit_primitive = _named("expit", expit, Elementwise(lambda x, y: y * expit(-x)))
log_expit_primitive = _named("log_expit", log_expit, Elementwise(lambda x, y: expit(-x)))
logit_primitive = _named("logit", logit, Elementwise(lambda x, y: np.divide(1, x * (1 - x))), domain=UNIT)
xlogy_primitive = _named(
    "xlogy", xlogy, Elementwise(lambda x, y, z: np.log(y), lambda x, y, z: ratio(x, y)), 2, domain=POSITIVE
)
xlog1py_primitive = _named(
    "xlog1py", xlog1py, Elementwise(lambda x, y, z: np.log1p(y), lambda x, y, z: ratio(x, 1 + y)), 2, domain=POSITIVE
)
entr_primitive = _named("entr", entr, Elementwise(lambda x, y: -np.log(x) - 1), domain=POSITIVE)
rel_entr_primitive = _named(
    "rel_entr", rel_entr, Elementwise(lambda x, y, z: np.log(ratio(x, y)) + 1, lambda x, y, z: -ratio(x, y)), 2, domain=POSITIVE,
)  # fmt: skip
kl_div_primitive = _named(
    "kl_div", kl_div, Elementwise(lambda x, y, z: np.log(ratio(x, y)), lambda x, y, z: 1 - ratio(x, y)), 2, domain=POSITIVE,
)  # fmt: skip

# ---------------------------------------------------------------------------------------------- Bessel functions

ORDERS = (on(np.array(2), (3,)), on(np.array([[0], [1], [3]]), (2,)), on(np.array(0), 0.5))

j0_primitive = _named("j0", j0, Elementwise(lambda x, y: -j1(x)))
j1_primitive = _named("j1", j1, Elementwise(lambda x, y: (j0(x) - jv(2, x)) / 2))
jv_primitive = _named("jv", jv, PartlyKnown("v x", None, _order(jv, 1, -1)), 2, domain=POSITIVE, examples=ORDERS)
y0_primitive = _named("y0", y0, Elementwise(lambda x, y: -y1(x)), domain=POSITIVE)
y1_primitive = _named("y1", y1, Elementwise(lambda x, y: (y0(x) - yv(2, x)) / 2), domain=POSITIVE)
yv_primitive = _named(
    "yv", yv, PartlyKnown("v x", None, _order(yv, 1, -1)), 2, ("yn",), domain=POSITIVE, examples=ORDERS
)
i1_primitive = _named("i1", i1, Elementwise(lambda x, y: (np.i0(x) + iv(2, x)) / 2))
iv_primitive = _named("iv", iv, PartlyKnown("v x", None, _order(iv, 1, 1)), 2, domain=POSITIVE, examples=ORDERS)
k0_primitive = _named("k0", k0, Elementwise(lambda x, y: -k1(x)), domain=POSITIVE)
k1_primitive = _named("k1", k1, Elementwise(lambda x, y: (k0(x) + kv(2, x)) / -2), domain=POSITIVE)
kv_primitive = _named("kv", kv, PartlyKnown("v x", None, _order(kv, -1, -1)), 2, domain=POSITIVE, examples=ORDERS)
i0e_primitive = _named("i0e", i0e, Elementwise(lambda x, y: i1e(x) - np.sign(x) * y), domain=POSITIVE)
i1e_primitive = _named("i1e", i1e, Elementwise(lambda x, y: (i0e(x) + ive(2, x)) / 2 - np.sign(x) * y), domain=POSITIVE)
ive_primitive = _named(
    "ive", ive, PartlyKnown("v x", None, lambda v, x, y: _order(ive, 1, 1)(v, x, y) - np.sign(x) * y), 2, domain=POSITIVE, examples=ORDERS,
)  # fmt: skip
k0e_primitive = _named("k0e", k0e, Elementwise(lambda x, y: y - k1e(x)), domain=POSITIVE)
k1e_primitive = _named("k1e", k1e, Elementwise(lambda x, y: y - (k0e(x) + kve(2, x)) / 2), domain=POSITIVE)
kve_primitive = _named(
    "kve", kve, PartlyKnown("v x", None, lambda v, x, y: _order(kve, -1, -1)(v, x, y) + y), 2, domain=POSITIVE, examples=ORDERS,
)  # fmt: skip
