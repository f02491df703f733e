"""Sweeps: unit vectors in batches, and linear maps read out by them as by one vector after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import C, R, Unit, count, linear_map, linearize, sweep
from essence_ad.containers import ZERO
from essence_ad.errors import TracingError
from essence_ad.linear_map import LinearMap
from essence_ad.operation import LinearOp
from essence_ad.spaces import components
from essence_ad.structure import leaves
from essence_ad.sweep import each_leaf, together, unit_batches
from essence_ad.tracing.program import trace
from tests.strategies import spaces_and_unit

SPACES = [R, R[3], R[2, 3] * R, R**7 * R[5], (R * R) * C[2], C**6, Unit, R[0], R * R[0] * R, R.of("float32")[6]]


def element(tree: Any, i: int) -> Any:
    return each_leaf(lambda leaf: leaf[i], tree)


def assert_the_units(space: Any, most: int) -> None:
    found = [(element(tree, i), n) for n, tree in unit_batches(space, most) for i in range(n)]
    expected = list(space.units())
    assert len(found) == len(expected) and all(n <= most for _, n in found)
    for (unit, _), wanted in zip(found, expected, strict=True):
        for a, b in zip(leaves(space.fill(unit)), leaves(space.fill(wanted)), strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.result_type(a) == np.result_type(b)


@pytest.mark.parametrize("most", [1, 2, 100])
@pytest.mark.parametrize("space", SPACES)
def test_batches_hold_the_unit_elements_in_order(space: Any, most: int) -> None:
    assert_the_units(space, most)


@given(spaces_and_unit, st.integers(1, 9))
def test_batches_of_any_space(space: Any, most: int) -> None:
    assert_the_units(space, most)


def test_exact_numbers_go_alone() -> None:
    assert [n for n, _ in unit_batches(R.of(object)[5], 100)] == [1] * 5


def test_numbers_side_by_side_go_together() -> None:
    assert [n for n, _ in unit_batches(R**9, 100)] == [9]
    assert [n for n, _ in unit_batches(R**sweep.FEW, 100)] == [1] * sweep.FEW
    assert [n for n, _ in unit_batches(R * R[4], 100)] == [1, 4]


def test_zero_stays() -> None:
    y, z = together(lambda x, w: (x + 1, w), 2, np.zeros(2), ZERO)
    assert y.tolist() == [1, 1] and z is ZERO
    with pytest.raises(TracingError):
        together(float, 2, np.zeros(2))


# ---------------------------------------------------------------------------------------------- linear maps

W = np.random.default_rng(1).normal(size=(6, 7))
MAPS = {
    "product": linearize(lambda x: np.tanh(W @ x), np.linspace(-1, 1, 7))[1],
    "parts": linearize(lambda a, b: {"p": a * b, "q": (np.sum(a), W[:2, :3] @ b)}, (np.ones(3), np.arange(3.0)))[1],
    "numbers": linearize(lambda t: [t[0] * t[1], t[5] / t[2], np.stack(t)], [float(i) for i in range(1, 7)])[1],
    "complex": linearize(lambda z: z * z + np.sum(z), np.arange(5.0) + 2j)[1],
    "complex to real": linearize(lambda z: np.abs(z) + np.real(z * z), np.arange(1.0, 6.0) + 2j)[1],
    "real to complex": linearize(lambda x: x * (1 + 2j), np.arange(6.0))[1],
    "single": linearize(lambda x: np.outer(x, x), np.arange(5, dtype=np.float32))[1],
    "indices": linearize(lambda x: x[np.array([0, 0, 4])] + np.sum(x[1:4]), np.arange(5.0))[1],
    "to nothing": linearize(lambda x: x[:0], np.arange(5.0))[1],
    "from nothing": linearize(lambda x: np.sum(x), np.zeros(0))[1],
    "zero": linearize(lambda x: (x, np.ones(2)), np.arange(5.0))[1],
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("largest", [1 << 22, 8])
def test_a_matrix_is_that_of_one_unit_after_another(name: str, largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_map, "LARGEST", largest)
    for f in (MAPS[name], MAPS[name].T):
        source, target = f.named()
        expected = np.stack([components(i) for i in f.images()], axis=1) if source.dim else np.zeros((target.dim, 0))
        np.testing.assert_allclose(f.matrix(), expected, rtol=1e-6 if name == "single" else 1e-12, atol=1e-12)
        assert f.matrix().dtype == expected.dtype
        sizes = [n for n, _ in f.sweeps()]
        assert sum(sizes) == source.dim
        assert largest == 8 or len(sizes) <= max(2, len(leaves(source.pattern)))


def test_one_sweep_takes_as_many_operations_as_one_vector() -> None:
    def f(x: Any) -> Any:
        return np.tanh(W @ np.sin(x)) * W[:, 0]

    def matrix(x: Any) -> Any:
        return linearize(f, x)[1].T.matrix()  # the transpose: a row for each of 6 values

    def one(x: Any) -> Any:
        return linearize(f, x)[1].T(np.ones(6))

    x = np.linspace(0, 1, 7)
    assert count(matrix, x).total <= count(one, x).total + 4
    np.testing.assert_allclose(trace(matrix, R[7])(x), matrix(x))


def test_operations_that_ask_for_values_get_one_vector_after_another() -> None:
    seen = []

    def forward(x: Any) -> Any:
        seen.append([float(v) for v in x])
        return 2 * x

    f = LinearMap(
        linear_map.Diagram(0, 1, [(LinearOp("twice", forward, forward, (R[5],), (R[5],)), (0,), (1,))], 2, R[5], R[5])
    )
    assert f.matrix().tolist() == (2 * np.eye(5)).tolist()
    assert seen == np.eye(5).tolist()


def test_a_matrix_is_an_array_of_its_own() -> None:
    weights = np.eye(3)
    f = linearize(lambda x: weights @ x, np.ones(3))[1]
    m = f.matrix()
    m[...] = 7
    assert f.matrix().tolist() == weights.tolist() == np.eye(3).tolist()
