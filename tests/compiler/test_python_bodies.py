"""Loops and branches as Python: functions inside the function, and the same numbers and derivatives when read again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import R, cond, fold, grad, iterate, scan, to_python, while_
from essence_ad.compiler.python_bodies import holding
from essence_ad.compiler.simplify import simplify
from essence_ad.primitives import catalogue
from essence_ad.tracing.program import trace

W, X = np.array([[0.1, 0.7, -0.3], [0.2, 0.4, 0.6], [-0.5, 0.3, 0.2]]), np.array([0.5, 1.2, 1.3])
CASES: dict[str, Callable[[Any], Any]] = {
    "cond": lambda x: cond(x[0] > 0.7, lambda x: np.sin(x), lambda x: x * 2.0, x),
    "cond of several": lambda x: cond(x[0] > 0, lambda x, y: (np.sin(x), y), lambda x, y: (x * 2.0, y * y), x, x[0])[0],
    "iterate": lambda x: iterate(lambda y: np.cos(W @ y), 5, x),
    "while": lambda x: while_(lambda s: s[0] < 10.0, lambda s: s * x[1], x),
    "while of several": lambda x: while_(lambda s: s[1] < 4.0, lambda s: (np.sin(s[0]) * x, s[1] + 1.0), (x, 0.0))[0],
    "scan": lambda x: scan(lambda c, a: (c + a, c * a), x[0], x)[1],
    "scan of several": lambda x: scan(lambda c, a: ((c[0] + a[0], c[1] * a[1]), (c[0] * a[0], c[1])), (x[0], x[1]), (x, x * x))[1][0],
    "scan in reverse": lambda x: scan(lambda c, a: (c + a, c * a), x[0], x, reverse=True)[1],
    "fold": lambda x: fold(lambda c, a: c * a + 1.0, x[0], x) * np.ones(3),
    "reads an expression": lambda x: iterate(lambda y: y * (x[0] + 1.0), 3, x),
    "nested": lambda x: iterate(lambda y: cond(y[0] > 0.5, lambda z: z * 0.5, lambda z: z + x, y), 4, x),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bodies_are_written_and_mean_the_same(name: str) -> None:
    f = CASES[name]
    text = to_python(f, R[3])
    assert not text.names and "def " in str(text).split("def f(x):")[1]
    np.testing.assert_array_equal(text.run()(X), f(X))
    back = trace(text.run(), R[3])
    np.testing.assert_array_equal(back(X), f(X))
    assert len(simplify(back.diagram).boxes) <= len(simplify(trace(f, R[3]).diagram).boxes) + 1


@pytest.mark.parametrize("name", CASES)
def test_derivatives_of_loops_are_written_too(name: str) -> None:
    g = grad(lambda x: np.sum(CASES[name](x)))
    np.testing.assert_allclose(to_python(g, R[3]).run()(X), g(X), rtol=1e-12)


def test_a_branch_reads_like_one_written_by_hand() -> None:
    assert str(to_python(CASES["cond"], R[3])) == (
        "import numpy as np\nfrom essence_ad import cond\n\n\ndef f(x):\n"
        "    def if_so(x2):\n        return np.sin(x2)\n"
        "    def otherwise(x3):\n        return 2.0 * x3\n"
        "    t1 = cond(x[0] > 0.7, if_so, otherwise, x)\n    return t1\n"
    )


def test_other_operations_are_left_to_others() -> None:
    assert holding(None, catalogue()["sin"].call(), (0,), (1,)) is False
