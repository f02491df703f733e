"""Linear operations: their adjoints, broadcasting and dtypes, and what counts as the same constant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad.containers import ZERO
from essence_ad.diagram import IDENTITY, Chain
from essence_ad.errors import DTypeError, ShapeError
from essence_ad.kernel import astype
from essence_ad.operation import (
    NEGATE,
    Constant,
    LinearOp,
    Scale,
    as_element,
    embed,
    example,
    fault,
    is_discrete,
    key,
    linear_op,
    same,
    scaled,
    sum_to,
)
from essence_ad.spaces import C, Product, R

ONES = np.ones


def paired(a: Any, b: Any) -> float:
    """The dot product that adjoints are taken in: the real part of the bilinear one."""
    return float(np.real(np.sum(np.asarray(a) * np.asarray(b))))


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (2.0, ONES(3)), (ONES((3, 1)), ONES((3, 4))), (ONES(4), ONES((2, 3, 4))), (ONES((1, 1)), ONES((2, 0))),
        (ONES(3, np.float32), ONES(3)), (ONES(3), ONES(3, np.complex128)), (ONES((3, 1), np.float32), ONES((3, 2), np.complex64)),
        (ONES(3, np.complex128), ONES(3)),
    ],
)  # fmt: skip
def test_embedding_and_its_adjoint(source: Any, target: Any) -> None:
    rng = np.random.default_rng(0)
    op = embed(source, target)
    assert op is not IDENTITY and op.T is not None
    x = astype(
        rng.standard_normal(np.shape(source)) + 1j * rng.standard_normal(np.shape(source)), dtype=np.result_type(source)
    )
    v = astype(rng.standard_normal(target.shape) + 1j * rng.standard_normal(target.shape), dtype=target.dtype)
    image, back = op.apply(x), op.T.apply(v)
    assert np.shape(image) == target.shape and np.result_type(image) == target.dtype
    assert np.shape(back) == np.shape(source) and np.result_type(back) == np.result_type(source)
    assert np.isclose(paired(image, v), paired(x, back), rtol=1e-6)


def test_nothing_to_embed() -> None:
    for x, y in [(1.0, 2.0), (ONES(3), ONES(3)), (1.0, np.float64(2.0)), (np.float32(1), np.float32(2))]:
        assert embed(x, y) is IDENTITY and embed(x, y, NEGATE) is NEGATE


def test_summing_back_to_a_shape() -> None:
    v = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(sum_to(v, (3, 1)), v.sum(axis=(0, 2)).reshape(3, 1))
    assert sum_to(v, (2, 3, 4)) is v and sum_to(v, ()) == v.sum()
    assert sum_to(ONES((0, 3)), (1, 3)).tolist() == [[0.0, 0.0, 0.0]]


def test_slopes_that_are_numbers_cost_nothing() -> None:
    assert scaled(0, 1.0, 2.0) is None and scaled(None, 1.0, 2.0) is None and scaled(3.0, np.int64(1), 2.0) is None
    assert scaled(1, 1.0, 2.0) is IDENTITY and scaled(-1, 1.0, 2.0) is NEGATE
    assert scaled(2, 1.0, 2.0) == Scale(2) and scaled(0.5, 1.0, 2.0) == Scale(0.5)


def test_what_cannot_move() -> None:
    assert all(map(is_discrete, [True, np.bool_(True), np.int64(1), np.arange(3)]))
    assert not any(map(is_discrete, [1, 1.0, 1j, np.float32(1), ONES(3)]))  # a Python int counts as a real


def test_scaling_and_negating() -> None:
    s = Scale(np.array([1.0, 2.0]))
    assert s.T is s and s.derivative([1.0], 1.0, [True]) == (s,)
    assert s.shape(R) == R[2] and Scale(2.0).shape(R * R) == R * R and Scale(1j).shape(R[2]) == C[2]
    assert Scale(3.0).apply((1.0, (2.0,))) == (3.0, (6.0,)) and NEGATE.apply((1.0, (2.0,))) == (-1.0, (-2.0,))
    assert NEGATE.T is NEGATE and NEGATE.shape(R[2]) == R[2] and NEGATE.derivative([1.0], 1.0, [True]) == (NEGATE,)
    assert Scale(0.0) != Scale(-0.0) and hash(Scale(2.0)) == hash(Scale(2.0)) and repr(Scale(2.0)) == "scale(2.0)"


def test_a_linear_operation_turns_round() -> None:
    op = LinearOp("double", lambda x: 2 * x, lambda v: v + v, (R[2],), (R[2],))
    assert op.T.name == "doubleᵀ" and op.T.T.name == "double" and op.T.apply(ONES(2)).tolist() == [2.0, 2.0]
    pair = LinearOp("pair", lambda x, y: x + y, lambda v: (v, v), (R, R[2]), (R[2],))
    assert pair.dom == ("num", "num") and pair.cod == "num" and pair.T.cod == ("num", "num") and pair.shape() == R[2]
    assert pair.apply(ZERO, ONES(2)).tolist() == [1.0, 1.0] and pair.T.shape() == (R, R[2])
    whole = LinearOp("sum", lambda t: t[0] + t[1], lambda v: (v, v), (R * R,), (R,))
    assert whole.dom == 0 and whole.T.cod == 0 and whole.apply((1.0, ZERO)) == 1.0
    error = op.fault([ONES(3)], ValueError("no"))
    assert isinstance(error, ShapeError) and "R[2]" in str(error)


def test_a_linear_operation_between_dtypes_casts_back() -> None:
    op = linear_op("double", lambda x: 2 * x, lambda v: 2 * v, ONES(2, np.float32), ONES(2))
    assert isinstance(op, Chain) and op.apply(ONES(2, np.float32)).dtype == np.float64
    assert op.T is not None and op.T.apply(ONES(2)).dtype == np.float32


def test_conversions() -> None:
    assert as_element(ONES(2, np.complex128), R[2]).dtype == np.float64 and as_element(1.0, C) == 1.0
    assert example(R[2] * C)[0].strides == (0,) and example(C) == 1.0


def test_a_constant_is_kept_from_change() -> None:
    value = ONES(2)
    held = Constant(value)
    value[0] = 7.0
    assert held.apply().tolist() == [1.0, 1.0] and not held.apply().flags.writeable
    assert held == Constant(ONES(2)) and hash(held) == hash(Constant(ONES(2))) and held != Constant(ONES(3))
    assert held.derivative([], held.value, []) is None and held.shape() == R[2] and Constant(0.0) != Constant(-0.0)


NAN = float("nan")
DIFFERENT: list[Any] = [
    0.0, -0.0, 0, False, None, NAN, 1, 1.0, True, np.float64(1.0), np.float32(1.0), 1 + 0j, complex(1, -0.0), "1", "a", (1,), [1],
    ONES(2), ONES(2, np.float32), ONES((2, 1)), np.array([1.0, -0.0]), np.array([1.0, 0.0]), {"a": 1}, {"a": 1.0},
    slice(1), slice(1, None), slice(1.0), Ellipsis, np.dtype(float), (slice(None), ONES(2)), float, np.sin,
]  # fmt: skip


def test_same_is_an_equality_of_bits() -> None:
    for i, a in enumerate(DIFFERENT):
        for j, b in enumerate(DIFFERENT):
            assert same(a, b) == (i == j), (a, b)
            assert (key(a) == key(b)) == (i == j) and (i != j or hash(key(a)) == hash(key(b)))
    assert (
        same(NAN, float("nan")) and hash(key(NAN)) == hash(key(float("nan"))) and same(np.float64(NAN), np.float64(NAN))
    )
    assert same((1, [2.0, {"a": ONES(2)}]), (1, [2.0, {"a": ONES(2)}]))
    unhashable = bytearray(b"x")
    assert same(unhashable, unhashable) and not same(unhashable, bytearray(b"x"))


def test_faults_tell_shapes_and_lines() -> None:
    shape = fault("f", [ONES(2), 1.0], ValueError("bad"), line="here.py:3")
    assert isinstance(shape, ShapeError) and "(2,)" in str(shape) and "here.py:3" in str(shape) and "bad" in str(shape)
    assert isinstance(fault("f", [R[2]], TypeError("bad")), DTypeError) and isinstance(
        fault("f", [], IndexError("x")), ShapeError
    )
    assert (
        fault("f", [1.0], RuntimeError("x")) is None
        and fault("f", [1.0], np.linalg.LinAlgError("Singular matrix")) is None
    )
    square = np.linalg.LinAlgError("Last 2 dimensions of the array must be square")
    assert isinstance(fault("inv", [ONES(2)], square), ShapeError)
    assert Product((R, R)) == R * R


def test_a_number_of_python_where_an_array_is_needed_is_told() -> None:
    with pytest.raises(ShapeError, match=r"take_along_axis does not take(.|\n)*give arrays: np\.array\(x\)"):
        essence_ad.take_along_axis(1.0, 0)
    with pytest.raises(
        DTypeError, match=r"bitwise_and does not take(.|\n)*np\.int64\(n\): Python's count as real numbers"
    ):
        essence_ad.bitwise_and(3, 5)
    assert essence_ad.bitwise_and(np.int64(3), np.int64(5)) == 1
    assert fault("own", [np.ones(2)], AttributeError("a mistake of ours")) is None
