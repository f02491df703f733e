"""The operation of a choice between two bodies."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import R
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
