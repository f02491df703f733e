"""Array-like values: every operator, method and function means what it means for an array."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import C, R, scale, sin
from essence_ad.errors import ShapeError
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import kernel
from essence_ad.tracing.counting import count
from essence_ad.tracing.program import trace
from essence_ad.tracing.protocol import Overloaded

X = np.array([[1.5, -2.0, 0.5], [0.25, 4.0, -1.0]])
V = np.array([2.0, 3.0, -1.0])
M = np.array([[2.0, 1.0], [1.0, 3.0]])

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv, "%": operator.mod,
    "**": lambda a, b: abs(a) ** b, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
    "!=": operator.ne, "divmod": divmod,
}  # fmt: skip


def agrees(f: Callable[[Any], Any], x: Any, space: Any) -> None:
    """A traced function and a counted one are the function: values, shapes, dtypes."""
    y = f(x)
    for found in (trace(f, space)(x), count(f, x).value):
        for a, b in zip(*[z if isinstance(z, (tuple, list)) else (z,) for z in (found, y)], strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.result_type(a) == np.result_type(b) and np.shape(a) == np.shape(b)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("other", [2, 2.5, np.float64(1.5), V, [1.0, 2.0, 3.0], np.array(2.0)], ids=repr)
def test_operators(name: str, other: Any) -> None:
    apply = OPERATORS[name]
    agrees(lambda x: apply(x, other), X, R[2, 3])
    if not isinstance(other, list):
        agrees(lambda x: apply(other, x), X, R[2, 3])
    agrees(lambda x: apply(x, x), X, R[2, 3])


def test_matrix_products() -> None:
    for f in (
        lambda x: x @ V,
        lambda x: M @ x,
        lambda x: x.T @ M,
        lambda x: x @ x.T,
        lambda x: x.dot(V),
        lambda x: np.dot(M, x),
    ):
        agrees(f, X, R[2, 3])


def test_unary_operators() -> None:
    for f in (lambda x: -x, lambda x: +x, lambda x: abs(x), lambda x: ~(x > 0.0), lambda x: abs(-x)):
        agrees(f, X, R[2, 3])


def test_python_rounds_numbers() -> None:
    for f in (lambda x: round(x, 1), lambda x: round(x)):
        assert trace(f, R)(0.27) == f(0.27)


def test_logic() -> None:
    for f in (
        lambda x: (x > 0.0) & (x < 2.0),
        lambda x: (x > 0.0) | (x < -1.5),
        lambda x: (x > 0.0) ^ (x < 1.0),
        lambda x: np.logical_not(x > 0.0),
        lambda x: (x > 0.0).any(),
        lambda x: (x > 0.0).all(axis=0),
        lambda x: np.where(x > 0.0, x, 0.0),
    ):
        agrees(f, X, R[2, 3])


METHODS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: (x.sum(), x.sum(0), x.sum(axis=1, keepdims=True)),
    "prod": lambda x: (x.prod(), x.prod(axis=0)),
    "mean": lambda x: (x.mean(), x.mean(1), x.mean(axis=(0, 1), keepdims=True)),
    "var": lambda x: (x.var(), x.var(axis=0), x.var(ddof=1), x.var(axis=1, keepdims=True)),
    "std": lambda x: (x.std(), x.std(1)),
    "max": lambda x: (x.max(), x.max(axis=0), x.max(1, keepdims=True)),
    "min": lambda x: (x.min(), x.min(axis=-1)),
    "argmax": lambda x: (x.argmax(), x.argmax(axis=0)),
    "argmin": lambda x: (x.argmin(), x.argmin(axis=1)),
    "cumsum": lambda x: (x.cumsum(), x.cumsum(axis=1)),
    "reshape": lambda x: (
        x.reshape(3, 2),
        x.reshape((6,)),
        x.reshape(-1),
        x.reshape(1, -1),
        x.reshape(3, 2, order="F"),
    ),
    "ravel": lambda x: (x.ravel(), x.flatten(), x.ravel("F")),
    "transpose": lambda x: (x.T, x.transpose(), x.transpose(1, 0), x.transpose((0, 1)), x.mT),
    "swapaxes": lambda x: (x.swapaxes(0, 1), x[None].swapaxes(0, -1)),
    "squeeze": lambda x: (x[None].squeeze(), x[:, None].squeeze(axis=1)),
    "dot": lambda x: x.dot(V),
    "clip": lambda x: (x.clip(0.0, 1.0), x.clip(max=1.0), x.clip(min=0.0)),
    "take": lambda x: (x.take([0, 2], axis=1), x.take(3)),
    "trace": lambda x: (x.trace(), x.trace(1), x.trace(offset=-1)),
    "diagonal": lambda x: (x.diagonal(), x.diagonal(1)),
    "round": lambda x: (x.round(), x.round(1)),
    "astype": lambda x: (x.astype(np.float32), x.astype("int64"), x.astype(float), x.astype(complex)),
    "copy": lambda x: (x.copy(), copy.copy(x), copy.deepcopy(x)),
    "conj": lambda x: (x.conj(), x.conjugate(), x.real),
    "properties": lambda x: x * x.size + x.ndim + len(x) + x.shape[0] + x.nbytes,
    "flat": lambda x: sum(x.flat),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    agrees(METHODS[name], X, R[2, 3])


def test_complex_parts() -> None:
    z = np.array([1 + 2j, -0.5j, 3.0])
    for f in (
        lambda z: z.real,
        lambda z: z.imag,
        lambda z: z.conj(),
        lambda z: np.real(z),
        lambda z: abs(z),
        lambda z: z.var(),
    ):
        agrees(f, z, C[3])


def test_matrices_have_two_axes() -> None:
    with pytest.raises(ShapeError, match="two axes"):
        trace(lambda x: x.mT, R[3])


def test_own_kernels_are_recorded() -> None:
    index = catalogue()["index"].function
    assert [op.name for op, _, _ in trace(lambda x: index(x, key=1), R[3]).diagram.boxes] == ["index"]

    @kernel
    def stranger(x):
        return x

    with pytest.raises(TypeError, match="stranger"):
        trace(lambda x: stranger(x), R)


def test_morphisms_beside_traced_arrays_stay_morphisms() -> None:
    made = []
    trace(lambda x: made.append((sin * 2.0, sin(x))) or x, R)
    assert made[0][0] == sin >> scale(2.0)
    assert trace(lambda x: sin(x) * 2.0, R)(0.5) == np.sin(0.5) * 2.0


def test_arrays_compare_by_value_and_hash_by_identity() -> None:
    seen = []
    trace(lambda x: seen.append((hash(x) == hash(x), {x: 1}[x])) or x, R)
    assert seen == [(True, 1)]


def test_a_subclass_says_what_a_call_means() -> None:
    class Named(Overloaded):
        """An expression as text."""

        shape, dtype = (), np.dtype(float)

        def __init__(self, text: str) -> None:
            self.text = text

        def bind(self, primitive: Any, inputs: Any, params: Any) -> Any:
            return Named(f"{primitive.name}({', '.join(getattr(x, 'text', repr(x)) for x in inputs)})")

    x = Named("x")
    assert (2 * np.sin(x) - x).text == "subtract(multiply(2, sin(x)), x)"
    assert np.sum(x).text == "sum(x)"
    with pytest.raises(TypeError, match="packbits"):
        np.packbits(x)
    with pytest.raises(NotImplementedError):
        bool(x)
