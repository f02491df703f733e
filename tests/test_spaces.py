"""Spaces: values of every container, and the axioms of a vector space on random elements."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import essence_ad
from essence_ad.containers import ZERO, Container
from essence_ad.errors import DTypeError, ShapeError, StructureError
from essence_ad.spaces import Array, C, Product, R, Space, Unit, add, dot, pack, scale, space_of
from essence_ad.structure import leaves

Point = namedtuple("Point", ["x", "y"])


@dataclass
class Layer:
    weight: Any
    bias: Any


@attrs.frozen
class Pair:
    _first: Any
    second: Any


spaces = st.recursive(
    st.sampled_from([R, R[2], R[2, 3], C, C[2], Array((3,), "float32"), R[0]]),
    lambda inner: st.lists(inner, max_size=3).flatmap(
        lambda parts: st.sampled_from(
            [
                Product(tuple(parts)),
                Product(tuple(parts), Container(list)),
                Product(tuple(parts), Container(dict, tuple("abc"[: len(parts)]))),
            ]
        )
    ),
    max_leaves=5,
)


def same(a: Any, b: Any) -> bool:
    return all(np.allclose(x, y) for x, y in zip(leaves(pack(a)), leaves(pack(b)), strict=True))


@given(spaces, st.integers(0, 10**6))
def test_axioms(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = (space.random(rng) for _ in range(3))
    assert same(space.add(a, b), space.add(b, a))
    assert same(space.add(space.add(a, b), c), space.add(a, space.add(b, c)))
    assert same(space.add(a, space.zero()), a)
    assert same(space.add(a, space.scale(-1.0, a)), space.zero())
    assert same(space.scale(2.0, space.add(a, b)), space.add(space.scale(2.0, a), space.scale(2.0, b)))
    assert np.allclose(space.dot(a, b), space.dot(b, a))
    assert np.allclose(space.dot(space.add(a, b), c), space.dot(a, c) + space.dot(b, c), atol=1e-4)  # float32 too
    assert space_of(a).pattern == space.pattern


@given(spaces, st.integers(0, 10**6))
def test_vectors_and_basis(space: Space, seed: int) -> None:
    a = space.random(np.random.default_rng(seed))
    vector = space.to_vector(a)
    assert vector.shape == (space.dim,)
    assert same(space.from_vector(vector), a)
    basis = list(space.basis())
    assert len(basis) == space.dim
    for i, e in enumerate(basis):
        assert np.array_equal(space.to_vector(e), np.eye(space.dim)[i])
        assert np.allclose(space.dot(e, a), vector[i])


@pytest.mark.parametrize(
    "value",
    [
        1.0, np.zeros((2, 3)), (1.0, 2.0), [1.0, np.ones(2)], {"w": 1.0, "b": (2.0,)}, Point(1.0, 2.0),
        Layer(np.ones(2), 1.0), Pair(1.0, [2.0]), (), None, {"a": Layer(Point(1.0, 2.0), None)},
    ],
)  # fmt: skip
def test_containers_come_back(value: Any) -> None:
    space = space_of(value)
    again = space.unpack(space.pack(value))
    assert type(again) is type(value)
    assert same(again, value)
    assert same(space.add(value, value), space.scale(2.0, value))
    assert same(space.check(value), value)


def test_spaces_are_values() -> None:
    assert R[2, 3] == Array((2, 3)) and R * R[2] == Product((R, R[2])) and R**3 == Product((R, R, R))
    assert len({R, R[2], R[2], Unit}) == 3
    assert repr((R * R[2]) * C) == "(R * R[2]) * C"
    assert eval(repr(R.of("float32")[2])) == Array((2,), "float32")
    assert space_of(np.float32(1)).dtype == np.float32 and space_of(3) == R  # type: ignore[attr-defined]
    assert Array((), bool).discrete and Array((), "int32").discrete and not C.discrete


def test_wrong_elements() -> None:
    with pytest.raises(ShapeError):
        R[2].check(np.ones(3))
    with pytest.raises(DTypeError):
        R[2].check(np.ones(2) * 1j)
    with pytest.raises(StructureError):
        R.check((1.0, 2.0))
    with pytest.raises(StructureError):
        (R * R).check((1.0,))
    with pytest.raises(StructureError):
        space_of({"w": 1.0}).check({"v": 1.0})
    with pytest.raises(StructureError):
        space_of("text")
    with pytest.raises(DTypeError):
        space_of(np.array(["a"]))
    with pytest.raises(ShapeError):
        R[3].from_vector(np.ones(4))
    assert (R * R[2]).check([1.0, np.ones(2)])[0] == 1.0  # a list may stand for a tuple
    first, second = space_of({"a": 1.0, "b": 2.0}).check({"b": 2.0, "a": 1.0})
    assert (first, second) == (1.0, 2.0)  # names count, not their order


def test_symbolic_zero() -> None:
    assert add(ZERO, 2.0) == 2.0 and add((1.0, ZERO), (ZERO, 2.0)) == (1.0, 2.0)
    assert scale(3.0, (ZERO, 2.0)) == (ZERO, 6.0) and dot((ZERO, 2.0), (5.0, 3.0)) == 6.0
    assert (R * R[2]).unpack(ZERO)[0] == 0.0
    assert repr(ZERO) == "ZERO"


def test_inputs_are_not_changed() -> None:
    a = np.ones(3)
    space = R[3] * R
    space.add((a, 1.0), (a, 1.0))
    space.scale(2.0, (a, 1.0))
    assert np.array_equal(a, np.ones(3))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays_with_an_arithmetic_of_their_own_are_refused() -> None:
    matrix, masked = np.matrix([[1.0, 2.0], [3.0, 4.0]]), np.ma.array([1.0, 2.0], mask=[False, True])
    for value, name in ((matrix, "numpy's matrix"), (masked, "numpy's MaskedArray"), ((1.0, masked), "MaskedArray")):
        with pytest.raises(StructureError, match=f"an array with an arithmetic of its own(.|\n)*{name}(.|\n)*asarray"):
            space_of(value)
        with pytest.raises(StructureError, match=name):
            pack(value)
    for f in (lambda x: np.sum(x * matrix), lambda x: np.sum(matrix * x), lambda x: np.sum(np.sin(x) + matrix)):
        with pytest.raises(StructureError, match="numpy's matrix"):
            essence_ad.grad(f)(np.ones((2, 2)))
    assert space_of(np.asarray(matrix)) == R[2, 2]
    scipy_sparse = pytest.importorskip("scipy.sparse", reason="sparse arrays are SciPy's")
    with pytest.raises(StructureError, match=r"scipy's csr_array(.|\n)*toarray"):
        essence_ad.grad(lambda x: np.sum(x @ scipy_sparse.csr_array(np.eye(2))))(np.ones(2))
