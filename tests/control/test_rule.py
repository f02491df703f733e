"""A call of a function with rules as an operation."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import R
from essence_ad.control.rule import Moved, Ruled
from essence_ad.errors import NotDifferentiableError, ShapeError


def product(x, y):
    return x * y


RULES = {"vjp": lambda v, x, y: lambda w: (w * y, np.sum(w * x))}
OP = Ruled(product, RULES, (R[2], R), R[2])
X = np.array([1.0, 2.0])


def test_a_call_has_its_function_and_spaces() -> None:
    assert OP.apply(X, 3.0).tolist() == [3.0, 6.0] and OP.name == "custom_product" and OP.whole
    assert OP.shape(R[2], R) == R[2]
    with pytest.raises(ShapeError, match="other spaces"):
        OP.shape(R[3], R)
    assert OP == Ruled(product, RULES, (R[2], R), R[2]) and hash(OP) == hash(Ruled(product, {}, (R[2], R), R[2]))
    assert OP != Ruled(product, {}, (R[2], R), R[2])


def test_the_derivative_goes_both_ways() -> None:
    d = OP.derivative((X, 3.0), OP.apply(X, 3.0), (True, True))
    assert d.apply(np.array([1.0, 0.0]), 1.0).tolist() == [4.0, 2.0]
    by_x, by_y = d.T.apply(np.array([1.0, 1.0]))
    assert by_x.tolist() == [3.0, 3.0] and by_y == 3.0
    only = OP.derivative((X, 3.0), OP.apply(X, 3.0), (False, True))
    assert only.apply(np.ones(2), 1.0).tolist() == [1.0, 2.0], "what is not wanted is held"
    assert OP.derivative((X, 3.0), OP.apply(X, 3.0), (False, False)) is None


def test_a_rule_as_a_box_has_no_derivative() -> None:
    pull = Moved(OP, "pull", (True, True))
    by_x, by_y = pull.apply(X, 3.0, OP.apply(X, 3.0), np.ones(2))
    assert by_x.tolist() == [3.0, 3.0] and by_y == 3.0 and pull.shape() == (R[2], R)
    with pytest.raises(NotDifferentiableError, match="test_rule.py:"):
        pull.derivative((X,), X, (True,))
    assert pull == Moved(OP, "pull", (True, True)) != Moved(OP, "push", (True, True))
