"""Published and independently computed values: every case of ``oracles/``, through every mode.

The files name their sources; nothing in them was computed with this project.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, Begin, Cont, D, Dual, R
from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.calculus.hessian import hessian, hvp
from essence_ad.calculus.jacobian import MODES, jacobian
from essence_ad.calculus.linearization import jvp, linearize, vjp
from essence_ad.categories.matrices import Matrices
from essence_ad.structure import leaves
from essence_ad.tracing.program import as_program
from tests.oracles.programs import (
    CHAINS,
    COMBINATORS,
    COMPILER,
    CORPUS,
    ESSENCE,
    FUNCTIONS,
    index_loop,
    index_loop_point,
    straight_line,
)

FORWARD = {
    "Additive": Additive,
    "Begin": Begin(Additive, R),
    "Matrices": Matrices,
}  # arrows that take vectors at the argument
REVERSE = {"Dual": Dual(Additive), "Cont": Cont(Additive, R)}  # arrows that take covectors at the value
LINEAR = {**FORWARD, **REVERSE}


def matrix_by_calls(name: str, df: Any, n: int, m: int) -> Any:
    """The matrix of an arrow from ``n`` to ``m`` numbers, by calling it: with unit vectors or with unit covectors."""
    images = [np.ravel(df(unit[0] if len(unit) == 1 else tuple(unit))) for unit in np.eye(n if name in FORWARD else m)]
    return np.stack(images, axis=1 if name in FORWARD else 0)


def test_nothing_is_missing() -> None:
    assert len(ESSENCE["cases"]) == 7
    assert len(ESSENCE["hessians"]) == 3
    assert len(COMPILER["cost_separators"]) == 14
    assert len(COMPILER["nesting"]) == 4
    assert len(COMPILER["corpus"]) == 30


# ---------------------------------------------------------------------------------------------- the paper's examples

either = pytest.mark.parametrize("programs", [COMBINATORS, FUNCTIONS], ids=["combinators", "functions"])
paper = pytest.mark.parametrize("case", ESSENCE["cases"], ids=[f"{c['f']}{c['x']}" for c in ESSENCE["cases"]])
paper_hessians = pytest.mark.parametrize("case", ESSENCE["hessians"], ids=[c["f"] for c in ESSENCE["hessians"]])
exactly: dict[str, Any] = {"rtol": ESSENCE["tolerance"]["rel"], "atol": ESSENCE["tolerance"]["abs"]}


def point(case: dict[str, Any]) -> Any:
    """The argument of a case: a number, or a tuple of numbers."""
    return case["x"][0] if len(case["x"]) == 1 else tuple(case["x"])


@paper
@pytest.mark.parametrize("name", LINEAR)
def test_values_and_jacobians_in_every_category(case: dict[str, Any], name: str) -> None:
    k = LINEAR[name]
    y, df = D(k)(COMBINATORS[case["f"]])(point(case))
    np.testing.assert_allclose(np.ravel(y), case["value"], **exactly)
    np.testing.assert_allclose(k.linear_map(df).matrix(), case["jacobian"], **exactly)
    by_calls = matrix_by_calls(name, df, len(case["x"]), len(case["value"]))
    np.testing.assert_allclose(by_calls, case["jacobian"], **exactly)


@paper
@either
def test_jacobians_by_every_operator(case: dict[str, Any], programs: dict[str, Any]) -> None:
    f, x = programs[case["f"]], point(case)
    n, m = len(case["x"]), len(case["value"])
    y, df = linearize(f, x)
    np.testing.assert_allclose(np.ravel(y), case["value"], **exactly)
    np.testing.assert_allclose(df.matrix(), case["jacobian"], **exactly)
    for mode in MODES:
        blocks = leaves(jacobian(of_point(f), mode=mode)(x))
        np.testing.assert_allclose(np.reshape(blocks, (m, n)), case["jacobian"], **exactly)
    for j, unit in enumerate(np.eye(n)):
        image = jvp(f, x, unit[0] if n == 1 else tuple(unit))[1]
        np.testing.assert_allclose(np.ravel(image), np.array(case["jacobian"])[:, j], **exactly)
    for i, unit in enumerate(np.eye(m)):
        row = vjp(f, x)[1](unit[0] if m == 1 else tuple(unit))
        np.testing.assert_allclose(np.ravel(row), case["jacobian"][i], **exactly)
    if m == 1:
        np.testing.assert_allclose(np.ravel(grad(of_point(f))(x)), case["jacobian"][0], **exactly)


def of_point(f: Any) -> Any:
    """A function of several numbers as one of their tuple."""
    return lambda p: f(*p) if isinstance(p, tuple) else f(p)


@paper_hessians
@either
def test_the_paper_s_hessians(case: dict[str, Any], programs: dict[str, Any]) -> None:
    f, x, n = programs[case["f"]], point(case), len(case["x"])
    g = of_point(f)
    for second in (hessian(g), *(jacobian(jacobian(g, mode=a), mode=b) for a in MODES for b in MODES)):
        np.testing.assert_allclose(np.reshape(leaves(second(x)), (n, n)), case["hessian"], **exactly)
    for j, unit in enumerate(np.eye(n)):
        column = hvp(f, x, unit[0] if n == 1 else tuple(unit))
        np.testing.assert_allclose(np.ravel(column), np.array(case["hessian"])[:, j], **exactly)


# ---------------------------------------------------------------------------------------------- cost separators


SEPARATORS = [(c, c.get("n", c.get("m"))) for c in COMPILER["cost_separators"]]


@pytest.mark.parametrize(("case", "n"), SEPARATORS, ids=[f"{i}-{c['name']}-{n}" for i, (c, n) in enumerate(SEPARATORS)])
def test_cost_separators_are_right(case: dict[str, Any], n: int) -> None:
    rel = case["tolerance_rel"]
    if case["name"] == "index_loop":
        x = index_loop_point(n)
        value, gradient = value_and_grad(index_loop(n))(x)
        np.testing.assert_allclose(value, case["value"], rtol=rel)
        np.testing.assert_allclose(gradient[:3], case["gradient_head"], rtol=rel)
        np.testing.assert_allclose(gradient[-3:], case["gradient_tail"], rtol=rel)
        np.testing.assert_allclose(np.sum(gradient), case["gradient_sum"], rtol=rel)
        return
    f, x = CHAINS[case["name"]](n), case["x"]
    value, slope = value_and_grad(f)(x)
    np.testing.assert_allclose([value, slope], [case["value"], case["derivative"]], rtol=rel, atol=0)
    np.testing.assert_allclose(jvp(f, x, 1.0), [case["value"], case["derivative"]], rtol=rel, atol=0)
    if case["name"] in ("square_chain", "double_chain") and n == 1000:
        assert slope == 2.0**1000  # exactly, whatever the tolerance


# ---------------------------------------------------------------------------------------------- nesting

NESTED = {
    "perturbation_confusion": lambda d: d(lambda x: x * d(lambda y: x * y)(2))(1),
    "perturbation_confusion_2": lambda d: d(lambda x: x * d(lambda y: x + y)(1))(1),
    "hessian_by_nesting": lambda d: d(d(lambda x: x**3 * np.sin(x)))(0.9),
    "third_by_nesting": lambda d: d(d(d(lambda x: np.exp(x * x))))(0.4),
}


@pytest.mark.parametrize("case", COMPILER["nesting"], ids=[c["name"] for c in COMPILER["nesting"]])
def test_nesting(case: dict[str, Any]) -> None:
    nested = NESTED[case["name"]]
    for derivative in (grad, lambda f: lambda x: jvp(f, x, 1.0)[1], lambda f: lambda x: vjp(f, x)[1](1.0)):
        assert nested(derivative) == pytest.approx(case["value"], rel=1e-12)


# ---------------------------------------------------------------------------------------------- the corpus

corpus = pytest.mark.parametrize("case", CORPUS, ids=[str(c["id"]) for c in CORPUS])


def near(found: Any, expected: Any, rel: float) -> None:
    """Equal within ``rel``, relative to the largest component."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(found, expected, rtol=rel, atol=rel * max(np.max(np.abs(expected)), 1e-12))


@corpus
def test_corpus(case: dict[str, Any]) -> None:
    f, x, n = of_point(straight_line(case)), tuple(case["x"]), case["n_in"]
    tolerance = COMPILER["corpus_tolerance"]
    value, gradient = value_and_grad(f)(x)
    near(f(x), case["value"], tolerance["value_rel"])
    near(value, case["value"], tolerance["value_rel"])
    near(gradient, case["gradient"], tolerance["gradient_rel"])
    for mode in MODES:
        near(jacobian(f, mode=mode)(x), case["gradient"], tolerance["gradient_rel"])
    near(np.reshape(leaves(hessian(f)(x)), (n, n)), case["hessian"], tolerance["hessian_rel"])
    for v in np.eye(n):
        near(hvp(f, x, tuple(v)), np.array(case["hessian"]) @ v, tolerance["hessian_rel"])


@corpus
@pytest.mark.parametrize("name", LINEAR)
def test_corpus_in_every_category(case: dict[str, Any], name: str) -> None:
    k, tolerance = LINEAR[name], COMPILER["corpus_tolerance"]
    value, df = D(k)(as_program(straight_line(case), tuple(case["x"])))(point(case))
    near(value, case["value"], tolerance["value_rel"])
    near(k.linear_map(df).matrix()[0], case["gradient"], tolerance["gradient_rel"])
    near(matrix_by_calls(name, df, case["n_in"], 1)[0], case["gradient"], tolerance["gradient_rel"])
