"""Derivatives as programs are the derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, D, Dual, R, cos, dup, fork, jacobian, mul, sin
from essence_ad.drawing.derivatives import forward_program, gradient_program, reverse_program, target_of
from essence_ad.errors import NotScalarError
from essence_ad.spaces import Product
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace


def run(d: Any, tree: Any) -> list[Any]:
    env = d.evaluate(tree)
    return [env[w] for w in leaves(d.cod)]


CASES = [(mul >> fork(cos, sin), R * R, (0.5, 2.0)), (dup >> mul, R, 3.0), (fork(sin, cos), R, 0.3)]


@pytest.mark.parametrize(("f", "space", "x"), CASES, ids=["cosSinProd", "sqr", "fork"])
def test_they_compute_value_and_derivative(f: Any, space: Any, x: Any) -> None:
    y, df = D(Additive)(f)(x)
    rng = np.random.default_rng(0)
    dx, dy = space.random(rng), target_of(f, space).random(rng)
    assert run(forward_program(f, space), (x, dx)) == pytest.approx([*np.ravel(y), *np.ravel(df(dx))])
    assert run(reverse_program(f, space), (x, dy)) == pytest.approx(
        [*np.ravel(y), *np.ravel(D(Dual(Additive))(f)(x)[1](dy))]
    )
    matrix = df.matrix()
    assert run(gradient_program(f, space), x) == pytest.approx([*np.ravel(y), *np.ravel(matrix)])


def test_on_arrays() -> None:
    f, space = trace(lambda x, y: np.sum(np.sin(x) * y), R[3] * R[3]), R[3] * R[3]
    x = (np.arange(3.0), np.ones(3))
    rows = run(gradient_program(f, space), x)[1:]
    expected = jacobian(f)(x)
    assert np.allclose(rows[0], np.ravel(expected[0])) and np.allclose(rows[1], np.ravel(expected[1]))
    assert target_of(f, space) == R
    assert run(reverse_program(f, space), (x, 2.0))[1] == pytest.approx(2 * rows[0])


def test_a_gradient_of_many_numbers_is_refused() -> None:
    with pytest.raises(NotScalarError, match="few numbers"):
        gradient_program(sin, R[20])
    assert isinstance(R * R, Product)
