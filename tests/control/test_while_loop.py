"""The operations of ``while_``: the loop, the loop of what moves, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import R, grad, hvp, jacobian, jvp, vmap, while_
from essence_ad.control.body import staged
from essence_ad.control.while_loop import Pull, While
from essence_ad.errors import DTypeError, ShapeError
from essence_ad.spaces import Array

INT = Array((), np.dtype(int))
LESS = staged("less", (R, INT, R), lambda c, n, a: (c < 50.0,))
LOOP = While(LESS, staged("step", (R, INT, R), lambda c, n, a: (c * a, n + 1)), 2)


def test_a_loop_carries_until_the_predicate_fails() -> None:
    assert LOOP.apply(1.0, np.int64(0), 3.0) == (81.0, 4)
    assert LOOP.apply(60.0, np.int64(0), 3.0) == (60.0, 0)
    assert LOOP.shape(R, INT, R) == (R, INT)
    with pytest.raises(DTypeError, match="one boolean"):
        While(staged("p", (R,), lambda c: (c,)), staged("f", (R,), lambda c: (c,)), 1).shape(R)
    with pytest.raises(ShapeError, match="changes the space"):
        While(staged("p", (R,), lambda c: (c < 1,)), staged("f", (R,), lambda c: (c[None],)), 1).shape(R)


def test_what_moves_is_carried_beside_the_values() -> None:
    active = (True, False, True)
    tangent = LOOP.tangent(active)
    arranged = tangent.arranged((1.0, np.int64(0), 3.0), (1.0, 0.0))
    c, n, dc = tangent.loop.apply(*arranged)
    assert (c, n, dc) == (81.0, 4, 81.0)
    assert LOOP.push((1.0, np.int64(0), 3.0), (0.0, 0.0, 1.0), active)[0] == 4 * 27.0
    assert LOOP.active((False, False, True)) == (True, False, True)


def test_the_way_back() -> None:
    pull = Pull(LOOP, (True, False, True))
    assert pull.apply(1.0, np.int64(0), 3.0, 1.0) == (81.0, 108.0)
    assert pull.shape(R, INT, R, R) == (R, R)
    found = LOOP.pull((1.0, np.int64(0), 3.0), (2.0, 0.0), (False, False, True))
    assert found[2] == 216.0


def test_the_derivative_of_the_way_back() -> None:
    pull = Pull(LOOP, (True, False, True))
    inputs = (1.0, np.int64(0), 3.0, 1.0)
    output = pull.apply(*inputs)
    d = pull.derivative(inputs, output, (True, False, True, True))
    # c a**4: the pullback of t is (t a**4, 4 t c a**3)
    images = [d.apply(*v) for v in ((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))]
    np.testing.assert_allclose(images, [(0.0, 108.0), (108.0, 108.0), (81.0, 108.0)])
    turned = [d.T.apply(*w) for w in ((1.0, 0.0), (0.0, 1.0))]
    np.testing.assert_allclose([[row[i] for i in (0, 2, 3)] for row in turned], np.transpose(images))


# ---------------------------------------------------------------------------------------------- over an added axis

SQUARES = np.array([0.5, 2.0, 100.0, 9.0, 4.0])


def root(a: Any) -> Any:
    """By Newton's method, in a number of steps of its own for each number."""
    return while_(lambda c: abs(c * c - a) > 1e-9, lambda c: 0.5 * (c + a / c), 1.0 + a)


def test_each_element_of_a_batch_has_its_own_number_of_steps() -> None:
    for f in (root, grad(root), lambda a: jvp(root, a, 2.0)[1], lambda a: hvp(root, a, 1.0)):
        expected = [f(a) for a in SQUARES]
        for _ in range(3):  # as it is, and compiled
            np.testing.assert_allclose(vmap(f)(SQUARES), expected, rtol=1e-12)
        assert vmap(f)(SQUARES[:0]).shape == (0,)
    np.testing.assert_allclose(jacobian(vmap(root))(SQUARES), np.diag([grad(root)(a) for a in SQUARES]), atol=1e-12)
    np.testing.assert_allclose(vmap(vmap(grad(root)))(SQUARES[:4].reshape(2, 2)).ravel(), vmap(grad(root))(SQUARES[:4]))


def test_what_has_ended_is_not_run_on() -> None:
    table = np.arange(5.0)

    def total(n: Any, x: Any) -> Any:
        return while_(
            lambda c: c[0] < n, lambda c: (c[0] + 1, c[1] + np.take(table * x, c[0])), (np.int64(0), 0.0 * x)
        )[1]

    n, x = np.array([0, 5, 2, 3, 1, 4]), np.linspace(1, 2, 6)  # the index 5 is out of range
    np.testing.assert_allclose(vmap(total)(n, x), [total(*pair) for pair in zip(n, x, strict=True)])
    slope = grad(total, argnums=1)
    np.testing.assert_allclose(vmap(slope)(n, x), [slope(*pair) for pair in zip(n, x, strict=True)])


def test_loops_in_loops_over_a_batch() -> None:
    def nested(a: Any) -> Any:
        return while_(
            lambda c: c[0] < a, lambda c: (c[0] + 1, while_(lambda d: d < 10 * c[0], lambda d: d * 2, c[1])), (0.0, a)
        )[1]

    a = np.array([1.0, 3.0, 5.0, 0.0])
    np.testing.assert_allclose(vmap(nested)(a), [nested(x) for x in a])
    np.testing.assert_allclose(vmap(grad(nested))(a), [grad(nested)(x) for x in a])
