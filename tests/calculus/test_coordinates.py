"""Elements of spaces as vectors of real numbers."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad import C, R, Unit, space_of
from essence_ad.calculus.coordinates import Coordinates

VALUE = {
    "w": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "z": [5.0 + 6.0j, np.array([7.0 + 8.0j, 9.0])],
    "n": np.arange(2),
    "x": 10.0,
}


def test_there_and_back() -> None:
    c = Coordinates(space_of(VALUE))
    vector = c.vector(VALUE)
    assert vector.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 9.0, 8.0, 0.0, 10.0]
    back = c.value(vector)
    assert back["w"].tolist() == VALUE["w"].tolist()
    assert back["z"][0] == VALUE["z"][0]
    assert back["z"][1].tolist() == VALUE["z"][1].tolist()
    assert back["n"].tolist() == [0, 0]  # integers do not move
    assert back["x"] == 10.0


def test_names() -> None:
    c = Coordinates(space_of(VALUE))
    assert [c.name(i) for i in range(11)] == [
        "['w'][0, 0]", "['w'][0, 1]", "['w'][1, 0]", "['w'][1, 1]", "['z'][0]", "['z'][0].imag",
        "['z'][1][0]", "['z'][1][1]", "['z'][1][0].imag", "['z'][1][1].imag", "['x']",
    ]  # fmt: skip
    with pytest.raises(IndexError):
        c.name(11)


def test_signs_turn_the_bilinear_pairing_into_the_dot_product() -> None:
    c = Coordinates(C[3] * R[2])
    rng = np.random.default_rng(0)
    a, b = c.space.random(rng), c.space.random(rng)
    pairing = np.sum((a[0] * b[0]).real) + np.sum(a[1] * b[1])
    assert np.sum(c.signs * c.vector(a) * c.vector(b)) == pytest.approx(pairing)


def test_facts() -> None:
    assert Coordinates(R[2] * R).real
    assert not Coordinates(R * C).real
    assert Coordinates(R.of("float32")).single_precision
    assert Coordinates(R * C.of("complex64")).single_precision
    assert not Coordinates(R * C).single_precision
    assert Coordinates(Unit).vector(()).shape == (0,)
