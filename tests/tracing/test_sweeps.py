"""Sweeps: linear maps read out as blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, D, R, linearize
from essence_ad.errors import NotLinearError
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Primitive
from essence_ad.spaces import C
from essence_ad.tracing.sweeps import images


def test_every_array_has_its_blocks() -> None:
    def f(p: Any) -> Any:
        return p[0] * p[1], np.sum(p[0]), 2.0 * p[1][0]

    x = (np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    _, df = linearize(f, x)
    source, target = df.named()
    columns = images(df, source, target)
    rows = images(df.T, target, source, turned=True)
    assert [[c.shape for c in column] for column in columns] == [[(3, 3), (3,), (3,)]] * 2
    for i in range(3):
        for j in range(2):
            np.testing.assert_array_equal(columns[j][i], rows[i][j])
    np.testing.assert_array_equal(columns[0][0], np.diag(x[1]))
    np.testing.assert_array_equal(columns[0][2], np.zeros(3))


def test_results_are_nobody_elses() -> None:
    W = np.random.default_rng(0).normal(size=(20, 30))
    kept = W.copy()
    _, df = linearize(lambda x: W @ x, np.ones(30))
    ((block,),) = images(df, R[30], R[20])
    block += 1.0
    np.testing.assert_array_equal(W, kept)


def test_real_parts_of_complex_numbers() -> None:
    z = np.array([1.0 + 2.0j, 3.0j])
    _, df = linearize(lambda t: np.real(t * t), z)
    ((block,),) = images(df, C[2], R[2])
    np.testing.assert_allclose(block, np.diag(2 * z))
    _, df = linearize(np.conjugate, z)
    with pytest.raises(NotLinearError, match="commute"):
        images(df, C[2], C[2])


def test_what_does_not_depend_on_the_source_is_zero() -> None:
    _, df = linearize(lambda x: (np.ones((2, 2)), x), np.ones(3))
    source, target = df.named()
    assert [b.tolist() for b in images(df, source, target)[0]] == [np.zeros((2, 2, 3)).tolist(), np.eye(3).tolist()]


def test_exact_numbers() -> None:
    from fractions import Fraction

    x = np.array([Fraction(1, 3), Fraction(1, 2), Fraction(2), Fraction(3), Fraction(5)])
    _, df = D(Additive)(catalogue_program("square"))(x)
    source, target = df.named()
    ((block,),) = images(df, source, target)
    assert block[0, 0] == Fraction(2, 3) and isinstance(block[0, 0], Fraction) and block[0, 1] == 0


def catalogue_program(name: str) -> Any:
    from essence_ad.morphism import box

    primitive: Primitive = catalogue()[name]
    return box(primitive.call())
