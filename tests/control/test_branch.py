"""The operation of a choice between two bodies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, compile, cond, count, grad, hvp, jacobian, jvp, vmap
from essence_ad.control.body import staged
from essence_ad.control.branch import Cond
from essence_ad.errors import DTypeError, StructureError
from essence_ad.spaces import Array

BOOL = Array((), np.dtype(bool))
FIRST = staged("f", (R, R), lambda x, y: (x * y, 1.0))
SECOND = staged("g", (R, R), lambda x, y: (np.sin(x), y))
CHOICE = Cond(FIRST, SECOND)


def test_the_boolean_chooses() -> None:
    assert CHOICE.apply(True, 2.0, 3.0) == (6.0, 1.0)
    assert CHOICE.apply(False, 2.0, 3.0) == (np.sin(2.0), 3.0)
    assert CHOICE.shape(BOOL, R, R) == (R, R)
    with pytest.raises(DTypeError, match="one boolean"):
        CHOICE.shape(R, R, R)
    with pytest.raises(StructureError, match="two branches"):
        Cond(FIRST, staged("g", (R, R), lambda x, y: (x[None], y))).shape(BOOL, R, R)


@pytest.mark.parametrize(
    ("flag", "expected"), [(True, [[3.0, 2.0], [0.0, 0.0]]), (False, [[np.cos(2.0), 0.0], [0.0, 1.0]])]
)
def test_the_derivative_is_that_of_the_branch_taken(flag: bool, expected: list[list[float]]) -> None:
    inputs = (flag, 2.0, 3.0)
    d = CHOICE.derivative(inputs, CHOICE.apply(*inputs), (False, True, True))
    columns = [d.apply(0.0, *v) for v in ((1.0, 0.0), (0.0, 1.0))]
    np.testing.assert_allclose(np.transpose(columns), expected)
    rows = [d.T.apply(*w)[1:] for w in ((1.0, 0.0), (0.0, 1.0))]
    np.testing.assert_allclose(rows, expected)


def test_nothing_moves() -> None:
    assert CHOICE.derivative((True, 2.0, 3.0), CHOICE.apply(True, 2.0, 3.0), (True, False, False)) is None


# ---------------------------------------------------------------------------------------------- over an added axis

ROWS = np.random.default_rng(5).normal(size=(6, 3))


def bent(x: Any) -> Any:
    return cond(x[0] > 0, lambda y: np.linalg.norm(y) * y[1], lambda y: np.sum(y**2), x)


def test_each_element_of_a_batch_takes_its_branch() -> None:
    for f in (bent, grad(bent), jacobian(grad(bent)), lambda x: jvp(bent, x, x)[1], lambda x: hvp(bent, x, x)):
        expected = [f(x) for x in ROWS]
        for _ in range(3):  # as it is, and compiled
            np.testing.assert_allclose(vmap(f)(ROWS), expected, rtol=1e-9)
        assert vmap(f)(ROWS[:0]).shape == (0, *np.shape(expected[0]))
    np.testing.assert_allclose(
        grad(lambda rows: np.sum(np.sin(vmap(bent)(rows))))(ROWS), [np.cos(bent(x)) * grad(bent)(x) for x in ROWS]
    )
    cube = ROWS.reshape(2, 3, 3)
    np.testing.assert_allclose(vmap(vmap(grad(bent)))(cube), [[grad(bent)(x) for x in rows] for rows in cube])


def test_a_branch_over_a_batch_meets_only_elements_that_take_it() -> None:
    matrices = np.stack([np.zeros((2, 2)), np.eye(2), 2 * np.eye(2)])

    def inverse(m: Any) -> Any:
        return cond(m[0, 0] != 0, lambda m: np.linalg.inv(m)[0, 0], lambda m: np.sum(m) + 7, m)

    for _ in range(3):
        assert vmap(inverse)(matrices).tolist() == [7, 1, 0.5]  # NumPy raises for a singular matrix
        assert vmap(grad(inverse))(matrices)[:, 0, 0].tolist() == [1, -1, -0.25]
        assert vmap(inverse)(matrices[:1]).tolist() == [7] and vmap(inverse)(matrices[1:]).tolist() == [1, 0.5]


def test_a_choice_over_a_batch_is_a_few_operations() -> None:
    few, many = ROWS[:2], np.tile(ROWS, (50, 1))
    assert count(vmap(bent), many).total == count(vmap(bent), few).total
    assert len(compile(vmap(bent), many).source) < 2 * len(compile(vmap(bent), few).source)
