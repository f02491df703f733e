"""Simplified programs: the paper's own figures, sharing, and the same numbers."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram, collect
from essence_ad.errors import NeedsSpaceError
from essence_ad.morphism import dup, fork
from essence_ad.spaces import Product, R
from essence_ad.tracing.program import trace


def counts(d: Diagram) -> dict[str, int]:
    """Operations by the names of the paper's figures."""
    names = {"multiply": "mul", "scale": "mul", "square": "mul", "negative": "neg", "add": "add", "subtract": "add"}
    return dict(Counter(names.get(op.name, op.name) for op, _, _ in d.boxes if op.name != "const"))


def gradient(f: Any, n: int) -> Diagram:
    argnums: Any = tuple(range(n)) if n > 1 else 0
    return simplify(trace(value_and_grad(f, argnums=argnums), Product((R,) * n) if n > 1 else R).diagram)


@pytest.mark.parametrize(
    ("f", "n", "figure"),
    [
        (lambda x: x * x, 1, {"mul": 1, "add": 1}),
        (lambda x, y: x * x + y * y, 2, {"mul": 2, "add": 3}),
        (lambda x: np.cos(2 * x * x), 1, {"mul": 5, "add": 1, "cos": 1, "sin": 1, "neg": 1}),
        (lambda x, y, z: np.cos(x + y * z), 3, {"mul": 3, "add": 1, "cos": 1, "sin": 1, "neg": 3}),
    ],
)
def test_counts_are_at_most_those_of_the_papers_figures(f: Any, n: int, figure: dict[str, int]) -> None:
    found = counts(gradient(f, n))
    assert all(found[name] <= figure.get(name, 0) for name in found), found


def test_work_is_linear_in_the_program() -> None:
    def chain(n: int) -> Any:
        def f(x: Any) -> Any:
            for _ in range(n):
                x = x * np.sin(x) + 0.1
            return x

        return f

    small, large = (len(gradient(chain(n), 1).boxes) for n in (100, 1000))
    assert 9.5 < large / small < 10.5


def test_equal_work_is_done_once_and_unread_work_never() -> None:
    d = simplify(trace(lambda x: np.sin(x) * np.cos(x) + np.cos(x) * np.sin(x), R).diagram)
    assert counts(d) == {"sin": 1, "cos": 1, "mul": 1, "add": 1}
    d = simplify(trace(lambda x: grad(lambda y: 3.0 * y + x * x)(x), R).diagram)
    assert counts(d) == {}
    assert collect(d.cod, d.evaluate(5.0)) == 3.0


def test_a_program_without_a_space_is_refused() -> None:
    with pytest.raises(NeedsSpaceError):
        simplify((fork(dup, dup) >> dup).diagram)


def test_nan_in_nan_out() -> None:
    d = simplify(trace(lambda x: x - x, R).diagram)
    with np.errstate(invalid="ignore"):
        assert np.isnan(collect(d.cod, d.evaluate(np.inf)))
