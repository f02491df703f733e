"""Operations as Python expressions: brackets where Python needs them, NumPy's meaning where Python's differs."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import C, R, take, to_python
from essence_ad.compiler.python_calls import Written
from essence_ad.primitives import catalogue
from essence_ad.spaces import space_of
from essence_ad.tracing.program import trace
from tests.installed import marks

A, B, ODD = np.array([[0.3, 0.7], [1.1, 0.2]]), np.array([0.6, 0.9]), np.array([0, 1, 1])


def written(f: Callable[..., Any], *examples: Any) -> str:
    """The expression that the function returns."""
    text = str(to_python(f, *examples, simplified=False))
    (last,) = [line for line in text.splitlines() if line.startswith("    return ")]
    return last.removeprefix("    return ")


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x, y: x - (x + y), "x - (x + y)"), (lambda x, y: x - x + y, "x - x + y"),
        (lambda x, y: (x + y) * x, "(x + y) * x"), (lambda x, y: x / (x * y), "x / (x * y)"),
        (lambda x, y: -(x**2), "-x ** 2"), (lambda x, y: (-x) ** 2, "(-x) ** 2"), (lambda x, y: x**3 + y, "x ** 3 + y"),
        (lambda x, y: -(x + y), "-(x + y)"), (lambda x, y: x * -y, "x * -y"), (lambda x, y: (x < y) * x, "(x < y) * x"),
        (lambda x, y: x @ (x * y), "x @ (x * y)"), (lambda x, y: (x + y)[0], "(x + y)[0]"), (lambda x, y: x[:1], "x[:1]"),
        (lambda x, y: x[None, ::-1], "x[None, ::-1]"), (lambda x, y: x[..., 1], "x[..., 1]"), (lambda x, y: x[[1, 0]], "x[[1, 0]]"),
        (lambda x, y: (x + y).T, "(x + y).T"), (lambda x, y: np.reshape(x, (2, 1)), "np.reshape(x, (2, 1))"),
        (lambda x, y: np.sum(x, axis=0), "np.sum(x, axis=0)"), (lambda x, y: np.stack([x, y]), "np.stack([x, y])"),
        (lambda x, y: np.clip(x, 0, 1), "np.clip(x, 0, 1)"), (lambda x, y: x.astype(np.float32), "x.astype(np.float32)"),
        (lambda x, y: np.einsum("i,i", x, y), "np.einsum('i,i', x, y)"), (lambda x, y: np.linalg.norm(x), "np.linalg.norm(x)"),
        (lambda x, y: np.where(x > y, x, 2.5), "np.where(x > y, x, 2.5)"), (lambda x, y: x[np.argmax(y)], "x[np.argmax(y)]"),
        (lambda x, y: 2.0 * x, "2.0 * x"), (lambda x, y: x ** y, "x ** y"), (lambda x, y: -1.5 * x, "-1.5 * x"),
        (lambda x, y: x - -1.5, "x - -1.5"),
    ],
)  # fmt: skip
def test_expressions(f: Callable[..., Any], text: str) -> None:
    assert written(f, R[2], R[2]) == text
    np.testing.assert_array_equal(to_python(f, R[2], R[2], simplified=False).run()(B, A[0]), f(B, A[0]))


@pytest.mark.parametrize(
    ("f", "text", "point"),
    [
        (lambda x, y: x / y, "np.divide(x, y)", (1.0, 0.0)), (lambda x, y: x**y, "np.power(x, y)", (-1.0, 0.5)),
        (lambda x, y: np.square(x), "np.square(x)", (1e200, 0.0)), (lambda x, y: np.sin(x) / y, "np.sin(x) / y", (1.0, 0.0)),
        (lambda x, y: (x + y) / y, "np.divide(x + y, y)", (1.0, 0.0)),
        (lambda x, y: x.astype(np.float32), "np.positive(x).astype(np.float32)", (0.1, 0.0)),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_numbers_of_python_are_treated_as_numpy_does(f: Any, text: str, point: tuple[float, float]) -> None:
    assert written(f, R, R) == text
    found, expected = to_python(f, R, R).run()(*point), f(*map(np.float64, point))
    assert np.array_equal(found, expected, equal_nan=True) and np.result_type(found) == expected.dtype


def test_complex_numbers_lose_their_imaginary_part_by_name() -> None:
    from essence_ad import astype

    assert "np.real(x).astype(np.float64)" in str(to_python(astype(dtype=np.dtype(float)), C[2]))


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: x[0] * x[1], "np.stack([x[1], x[0], 0.0])"),
        (lambda x: np.sum(np.sin(x[1:])), "np.pad(np.cos(x[1:]), (1, 0))"),
        (lambda x: np.sum(np.sin(x[ODD])), "scatter_sum(np.cos(x[rows]), keys=(rows,), shape=(3,))"),
        (lambda x: np.sum(np.sin(x[::2])), "scatter_sum(np.cos(x[::2]), keys=(slice(None, None, 2),), shape=(3,))"),
    ],
)
def test_the_adjoint_of_indexing(f: Any, text: str) -> None:
    from essence_ad import grad

    written_out = to_python(grad(f), R[3])
    assert text.replace("rows", "np.array([0, 1, 1])") in str(written_out).replace("rows", "np.array([0, 1, 1])")
    x = np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(written_out.run()(x), grad(f)(x))


def test_blocks_of_matrices_are_padded() -> None:
    from essence_ad import grad

    f = lambda x: np.sum(np.sin(x[1, 1:])) + x[0, 0]  # noqa: E731
    text, x = to_python(grad(f), R[2, 3]), np.arange(6.0).reshape(2, 3)
    assert "np.pad(" in str(text) and "scatter" not in str(text)
    np.testing.assert_array_equal(text.run()(x), grad(f)(x))


def test_an_operation_without_a_name_in_numpy_is_imported() -> None:
    from essence_ad import ratio

    text = to_python(ratio, R[2], R[2])
    assert "from essence_ad.kernel import ratio" in str(text) and "return ratio(x, y)" in str(text)


def test_an_operation_without_any_name_is_given_with_the_text() -> None:
    from essence_ad import linearize

    text = to_python(linearize(np.linalg.inv, A)[1])
    assert text.names and float(np.max(np.abs(text.run()(A) + np.linalg.inv(A)))) < 1e-12


def test_infix_of_numbers_stays_a_number_of_python() -> None:
    x = Written.atom("x", python=True)
    assert Written.infix("+", x, x).python and not Written.infix("+", x, Written.atom("np.sin(x)")).python


CASES = [
    pytest.param(p.name, i, id=f"{p.name}-{i}", marks=marks(p))
    for p in sorted({id(p): p for p in catalogue().values()}.values(), key=lambda p: p.name)
    for i in range(max(len(p.examples), 1))
]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_every_primitive_is_written_and_gives_its_own_value(name: str, number: int) -> None:
    p = catalogue()[name]
    example = p.examples[number] if p.examples else None
    rng = np.random.default_rng(number)
    low, high = p.domain[0]
    shapes = example.inputs if example else [(2,)] * (p.arity or 1)
    inputs = [
        rng.uniform(*p.domain[min(i, len(p.domain) - 1)], s) if isinstance(s, tuple) else s
        for i, s in enumerate(shapes)
    ]
    options = example.options if example else {}
    if name in ("bitwise_and", "bitwise_or", "bitwise_xor", "invert", "ldexp"):
        inputs = [np.abs(np.round(x)).astype(int) for x in inputs]
    call = p.call(**options)
    program = trace(lambda *xs: _result(call.apply(*xs)), space_of(tuple(inputs)), spread=True)
    assert low <= high and call.name in [op.name for op, _, _ in program.diagram.boxes]
    text = to_python(lambda *xs: _result(call.apply(*xs)), *inputs, simplified=False)
    ast.parse(str(text))
    expected, found = _result(call.apply(*inputs)), text.run()(*inputs)
    for a, b in zip(*[v if isinstance(v, tuple) else (v,) for v in (found, expected)], strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.result_type(a) == np.result_type(b)


def _result(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def test_a_table_that_is_known_takes_traced_integers_when_it_is_read_again() -> None:
    for f in (lambda x: np.interp(x, [0.0, 1.0, 2.0], [1.0, 3.0, 2.0]), lambda x: take(A[0], np.argmax(x)) * x):
        text, x = to_python(f, R[2]), np.array([0.25, 1.75])
        np.testing.assert_allclose(text.run()(x), f(x))
        np.testing.assert_allclose(trace(text.run(), R[2])(x), f(x))
