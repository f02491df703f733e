"""The operation of a scan: shapes, inputs of one length, and derivatives that are scans again."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from essence_ad import R
from essence_ad.control.body import staged
from essence_ad.control.scan import Scan
from essence_ad.errors import ShapeError
from essence_ad.operation import is_discrete

BODY = staged("step", (R, R, R), lambda c, x, k: (c * x + k, c))
SCAN = Scan(BODY, 1, 1)


def test_inputs_and_outputs() -> None:
    carry, given = SCAN.apply(1.0, np.array([2.0, 3.0]), 1.0)
    assert carry == 10.0 and given.tolist() == [1.0, 3.0]
    assert SCAN.shape(R, R[2], R) == (R, R[2])
    backwards = Scan(BODY, 1, 1, None, True)
    assert backwards.apply(1.0, np.array([2.0, 3.0]), 1.0)[1].tolist() == [4.0, 1.0]
    assert SCAN.whole and SCAN.holds == (BODY,) and repr(SCAN).startswith("scan(")


def test_lengths_must_agree() -> None:
    two = Scan(staged("step", (R, R, R), lambda c, x, y: (c + x * y,)), 1, 2)
    for xs in ((np.ones(2), np.ones(3)), (1.0, np.ones(3))):
        with pytest.raises(ShapeError, match="leading axis"):
            two.apply(0.0, *xs)
    with pytest.raises(ShapeError, match="the length 4"):
        Scan(BODY, 1, 1, 4).apply(0.0, np.ones(3), 1.0)
    with pytest.raises(ShapeError, match="changes the space"):
        Scan(staged("step", (R, R), lambda c, x: (np.stack([c, x]),)), 1, 1).shape(R, R[3])


def test_the_derivative_is_joint_and_scans() -> None:
    inputs = (1.0, np.array([2.0, 3.0]), 1.0)
    output = SCAN.apply(*inputs)
    d = SCAN.derivative(inputs, output, (True, True, True))
    assert d.linear and d.source == (R, R[2], R)
    dc, dy = d.apply(0.0, np.array([1.0, 0.0]), 0.0)
    assert dc == 3.0 and dy.tolist() == [0.0, 1.0]
    ct = d.T.apply(1.0, np.zeros(2))
    assert ct[0] == 6.0 and ct[1].tolist() == [3.0, 3.0] and ct[2] == 4.0
    assert SCAN.derivative(inputs, output, (False, False, False)) is None
    assert {op.name for op, _, _ in SCAN.tangent((True, True, True)).body.boxes} >= {"multiply"}
    assert SCAN.back((False, True, False)).reverse and not is_discrete(1.0)


def test_other_numbers_run_too() -> None:
    from fractions import Fraction

    carry, given = Scan(staged("step", (R, R), lambda c, x: (c * x, c)), 1, 1).apply(
        Fraction(1, 3), np.array([Fraction(1, 2), Fraction(3)], dtype=object)
    )
    assert carry == Fraction(1, 2) and given[1] == Fraction(1, 6)


def test_a_scan_survives_pickling_of_its_own_state() -> None:
    kind, (made, state) = SCAN.__reduce__()
    again = kind(made, state)
    assert again.apply(1.0, np.array([2.0, 3.0]), 1.0)[0] == 10.0 and pickle is not None
