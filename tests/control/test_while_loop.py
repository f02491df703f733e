"""The operations of ``while_``: the loop, the loop of what moves, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import R
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
