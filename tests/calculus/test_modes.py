"""Forward and reverse mode are the two choices of category that they are said to be."""

from __future__ import annotations

import pytest

from essence_ad import Additive, Begin, D, Dual, cos, dup, forward, mul, reverse


def test_what_they_are() -> None:
    assert forward == D(Begin(Additive))
    assert reverse == D(Dual(Additive))


def test_forward_takes_a_vector_and_reverse_a_covector() -> None:
    y, push = forward(mul)((3.0, 4.0))
    assert y == 12.0
    assert (push((1.0, 0.0)), push((0.0, 1.0))) == (4.0, 3.0)
    y, pull = reverse(mul)((3.0, 4.0))
    assert y == 12.0
    assert pull(1.0) == (4.0, 3.0)


def test_they_agree_on_numbers() -> None:
    f = dup >> mul >> cos
    assert forward(f)(1.5)[1](1.0) == pytest.approx(reverse(f)(1.5)[1](1.0), rel=1e-15)
