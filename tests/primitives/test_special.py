"""Special functions: SciPy's own functions in traced code, published derivatives, tails, poles, and what is refused."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import essence_ad as ad
from essence_ad.errors import EssenceError, NotDifferentiableError, TracingError, UnsupportedError
from essence_ad.primitives import by_function, catalogue, standing_for
from essence_ad.primitives.special import inverse_mills
from tests.derivatives import check

scipy_special: Any = pytest.importorskip("scipy.special", reason="the values of special functions are SciPy's")
sp = scipy_special

X = np.array([0.7, 1.9, 0.3])
P = np.array([0.2, 0.85, 0.5])
Q = np.array([0.4, 0.3, 0.6])
SIGNED = np.array([-1.3, 0.4, 2.2])
Z = np.array([0.7 + 0.3j, 1.9 - 0.5j])

# ---------------------------------------------------------------------------------------------- every function, called as SciPy's

ONE = {
    "gamma": X, "gammaln": X, "loggamma": X, "psi": X, "digamma": X, "rgamma": SIGNED, "erf": SIGNED, "erfc": SIGNED, "erfcx": SIGNED,
    "erfi": SIGNED, "dawsn": SIGNED, "erfinv": P, "erfcinv": X, "ndtr": SIGNED, "log_ndtr": SIGNED, "ndtri": P, "j0": SIGNED, "j1": SIGNED,
    "y0": X, "y1": X, "i0": SIGNED, "i1": SIGNED, "i0e": SIGNED, "i1e": SIGNED, "k0": X, "k1": X, "k0e": X, "k1e": X, "expit": SIGNED,
    "logit": P, "log_expit": SIGNED, "entr": X, "exp1": X, "expi": X, "expm1": SIGNED, "log1p": X, "cbrt": X, "exp2": SIGNED, "sinc": SIGNED,
}  # fmt: skip
TWO = dict.fromkeys(("beta", "betaln", "xlogy", "xlog1py", "rel_entr", "kl_div"), (X, P)) | {"binom": (X + 3, P)}
WITH_ORDER = {
    name: (order, X) for order in (2, 0.5) for name in ("jv", "jn", "yv", "iv", "kv", "ive", "kve", "gammainc", "gammaincc")
} | {"gammaincinv": (2.5, P), "gammainccinv": (2.5, P), "zeta": (2.5, X)}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_argument(name: str) -> None:
    check(getattr(sp, name), ONE[name])
    check(lambda x: getattr(sp, name)(x), ONE[name][1])


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_arguments(name: str) -> None:
    check(getattr(sp, name), *TWO[name])
    check(lambda x, y: getattr(sp, name)(x[:, None], y), *TWO[name])


@pytest.mark.parametrize("name", WITH_ORDER)
def test_functions_with_an_order(name: str) -> None:
    order, x = WITH_ORDER[name]
    check(lambda x: getattr(sp, name)(order, x), x)
    check(lambda x: getattr(sp, name)(np.array([[1.0], [3.0]]) + 0.5, x), x)


def test_functions_with_several() -> None:
    for name in ("betainc", "betaincinv"):
        check(lambda x, name=name: getattr(sp, name)(1.5, 2.5, x), P)
    check(lambda x: sp.yn(2, x) + sp.yn(np.array([[0], [1]]), x), X)
    check(lambda n: ad.comb(n, 2), X + 3)
    check(lambda x: ad.factorial(x), X)
    check(lambda x: ad.polygamma(1, x) + ad.polygamma(np.array([[0], [2]]), x), X)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfcx", "erfi", "dawsn"])
def test_complex_arguments(name: str) -> None:
    check(getattr(sp, name), Z)


@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv", "kve"])
def test_bessel_functions_of_complex_arguments(name: str) -> None:
    check(lambda z: getattr(sp, name)(1.5, z), Z)


def test_every_record_is_called_here() -> None:
    named = {key.rpartition(".")[2] for key in by_function() if isinstance(key, str)}
    called = {*ONE, *TWO, *WITH_ORDER, "betainc", "betaincinv", "polygamma", "_zeta", "yn"}
    assert named <= called and len(named) > 55
    assert all(standing_for(getattr(sp, name)) is not None for name in {*ONE, *TWO} - {"sinc"})


def test_sums_of_exponentials() -> None:
    x = np.array([[0.3, -1.0, 2.0], [0.1, 0.4, -0.7]])
    for axis in (None, 0, -1):
        for ours, theirs in ((ad.logsumexp, sp.logsumexp), (ad.softmax, sp.softmax), (ad.log_softmax, sp.log_softmax)):
            np.testing.assert_allclose(ours(axis=axis)(x), theirs(x, axis=axis), rtol=1e-14)
            check(lambda x, ours=ours, axis=axis: ours(axis=axis)(x), x)


# ---------------------------------------------------------------------------------------------- published values, tails and poles


def test_published_values() -> None:
    euler = 0.5772156649015329  # the constants of Abramowitz and Stegun, chapter 6
    assert math.isclose(ad.grad(sp.gamma)(1.0), -euler)
    assert math.isclose(ad.grad(sp.psi)(1.0), math.pi**2 / 6)
    assert math.isclose(ad.grad(ad.grad(sp.gammaln))(0.5), math.pi**2 / 2)
    assert math.isclose(ad.grad(sp.erf)(0.0), 2 / math.sqrt(math.pi))
    assert math.isclose(ad.grad(sp.j1)(0.0), 0.5) and ad.grad(sp.j0)(0.0) == 0


def test_bessel_functions_have_slopes_where_torch_has_silent_zeros() -> None:
    x = 1.7
    for name, slope in {
        "j0": -sp.j1(x), "j1": sp.jvp(1, x), "y0": -sp.y1(x), "y1": sp.yvp(1, x), "i0": sp.i1(x), "i1": sp.ivp(1, x), "k0": -sp.k1(x),
        "k1": sp.kvp(1, x),
    }.items():  # fmt: skip
        f = getattr(sp, name)
        assert math.isclose(ad.grad(f)(x), slope, rel_tol=1e-13)
        assert math.isclose(ad.jvp(f, x, 1.0)[1], slope, rel_tol=1e-13)
        assert ad.grad(ad.grad(f))(x) != 0


def test_tails() -> None:
    assert ad.grad(sp.log_ndtr)(-1e6) == pytest.approx(1e6) and ad.grad(ad.grad(sp.log_ndtr))(-50.0) == pytest.approx(
        -1, abs=1e-3
    )
    assert ad.grad(sp.log_ndtr)(100.0) == 0 and ad.grad(ad.grad(sp.log_ndtr))(100.0) == 0
    assert ad.grad(sp.expit)(40.0) == pytest.approx(math.exp(-40)) and ad.grad(sp.expit)(-800.0) == 0
    assert ad.grad(ad.grad(sp.expit))(1000.0) == 0 and ad.grad(sp.log_expit)(-1000.0) == 1
    assert inverse_mills(0.0) == pytest.approx(math.sqrt(2 / math.pi))


def test_poles() -> None:
    np.testing.assert_allclose(ad.grad(lambda x: np.sum(sp.rgamma(x)))(np.array([0.0, -1.0, -2.0])), [1, -1, 2])
    bent = ad.grad(ad.grad(sp.rgamma))(0.0)  # 1 / gamma(x) = x + euler x^2 + ...
    assert math.isclose(bent, 2 * 0.5772156649015329)


def test_zeros_of_entropies() -> None:
    assert ad.grad(lambda y: sp.xlogy(0.0, y))(0.0) == 0 and ad.grad(ad.grad(lambda y: sp.xlogy(0.0, y)))(0.0) == 0
    assert ad.grad(lambda y: sp.rel_entr(0.0, y))(2.0) == 0 and ad.grad(lambda y: sp.kl_div(0.0, y))(2.0) == 1
    assert ad.grad(lambda x: sp.gammainc(1.0, x))(0.0) == 1  # 1 - exp(-x)
    assert ad.grad(ad.grad(lambda x: sp.gammainc(1.0, x)))(0.0) == -1
    assert ad.grad(sp.entr)(0.0) == math.inf


def test_values_of_counting_functions_are_those_of_scipy() -> None:
    n, k = np.array([5.0, 3.0, 2.0, -1.0]), np.array([2.0, 5.0, -1.0, 1.0])
    np.testing.assert_array_equal(ad.comb(n, k), sp.comb(n, k))
    np.testing.assert_allclose(
        ad.factorial(np.array([0.0, 4.0, -2.0, 0.5])), sp.factorial(np.array([0.0, 4.0, -2.0, 0.5]))
    )
    np.testing.assert_array_equal(ad.grad(lambda n: np.sum(ad.comb(n, k)))(n)[1:], np.zeros(3))


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("f", "name", "argument"),
    [
        (lambda v: sp.jv(v, 1.0), "jv", "v"), (lambda v: sp.kve(v, 1.0), "kve", "v"), (lambda a: sp.gammainc(a, 1.0), "gammainc", "a"),
        (lambda a: sp.betainc(a, 1.0, 0.5), "betainc", "a"), (lambda b: sp.betainc(1.0, b, 0.5), "betainc", "b"), (lambda s: sp.zeta(s, 1.0), "zeta", "x"),
    ],
)  # fmt: skip
def test_arguments_without_a_derivative_are_named(f: Any, name: str, argument: str) -> None:
    for ask in (ad.grad(f), lambda x: ad.jvp(f, x, 1.0)):
        with pytest.raises(
            NotDifferentiableError, match=f"{name} states no derivative in its argument {argument}"
        ) as error:
            ask(1.5)
        assert "test_special.py:" in str(error.value)


def test_an_order_that_is_an_integer_does_not_move() -> None:
    back = ad.grad(lambda x, n: np.sum(sp.jv(n, x)))(X, np.array([0, 1, 2]))
    np.testing.assert_allclose(back, sp.jvp(np.array([0, 1, 2]), X))


def test_functions_that_are_not_known_are_named() -> None:
    for f, name in ((sp.ellipk, "scipy.special.ellipk"), (lambda x: sp.zeta(x), "_riemann_zeta")):
        with pytest.raises(UnsupportedError, match=name):
            ad.grad(f)(0.5)


def test_functions_of_scipy_written_in_python_name_ours() -> None:
    for f, ours in (
        (lambda x: sp.logsumexp(x, axis=0), "essence_ad.logsumexp"), (lambda x: sp.softmax(x)[0], "essence_ad.softmax"),
        (lambda x: sp.log_softmax(x)[0], "essence_ad.log_softmax"), (lambda x: sp.polygamma(1, x)[0], "essence_ad.polygamma"),
        (lambda x: sp.comb(x, 1)[0], "essence_ad.comb"), (lambda x: sp.multigammaln(x, 2), "multigammaln takes no traced arrays"),
    ):  # fmt: skip
        with pytest.raises(TracingError, match=ours) as error:
            ad.grad(f)(X)
        assert "test_special.py:" in str(error.value)


def test_scipy_is_imported_when_one_of_its_functions_is_called_and_not_before() -> None:
    code = (
        "import sys, numpy as np, essence_ad as ad\n"
        "ad.grad(lambda x: np.sum(np.tanh(x)))(np.ones(3)); ad.gammaln\n"
        "assert 'scipy' not in sys.modules\n"
        "ad.gammaln(2.0)\n"
        "assert 'scipy.special' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(EssenceError, match="pip install scipy"):
        catalogue()["erfcx"].function(1.0)


def test_the_page_lists_the_functions_that_are_known() -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "special.md").read_text(encoding="utf-8")
    listed = set(page.split("```text\n")[1].split("```")[0].split())
    named = {key.rpartition(".")[2] for key in by_function() if isinstance(key, str)} - {"_zeta"}
    ours = {"comb", "factorial", "logsumexp", "softmax", "log_softmax"}  # which are not ufuncs of SciPy
    same = {"digamma", "jn", "sinc"}  # other names of the same objects, and NumPy's own
    assert listed == named | ours | same
    assert all(hasattr(sp, name) for name in listed) and ours <= set(catalogue())
