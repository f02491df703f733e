"""How operations are written: short, and what NumPy's own functions say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.diagram import Op
from essence_ad.operation import NEGATE, Scale
from essence_ad.primitives import catalogue
from essence_ad.spaces import space_of
from essence_ad.spelling import Names, expression, in_math, into, key_text, operands, scalar

CASES: list[tuple[str, dict[str, Any], list[tuple[int, ...]], str]] = [
    ("transpose", {"axes": None}, [(2, 3)], "x0.T"),
    ("transpose", {"axes": (0, -1, 1)}, [(2, 3, 4)], "x0.transpose(0, 2, 1)"),
    ("swapaxes", {"axis1": -1, "axis2": -2}, [(2, 3)], "x0.T"),
    ("swapaxes", {"axis1": 0, "axis2": 2}, [(2, 3, 4)], "x0.swapaxes(0, 2)"),
    ("matrix_transpose", {}, [(2, 3)], "x0.T"),
    ("reshape", {"shape": (3, -1)}, [(2, 3)], "x0.reshape((3, 2))"),
    ("reshape", {"shape": (3, 2), "order": "F"}, [(2, 3)], ""),
    ("squeeze", {"axis": None}, [(1, 3)], "x0.reshape((3,))"),
    ("expand_dims", {"axis": -1}, [(3,)], "x0[:, None]"),
    ("expand_dims", {"axis": (0, 2)}, [(3,)], "x0[None, :, None]"),
    ("index", {"key": (slice(None), 1)}, [(2, 3)], "x0[:, 1]"),
    ("index", {"key": (0, slice(None))}, [(2, 3)], "x0[0]"),
    ("index", {"key": (slice(1, None, 2),)}, [(3,)], "x0[1::2,]"),
    ("index", {"key": ()}, [(3,)], "x0[()]"),
    ("index", {"key": np.array([0, 0, 1])}, [(3,)], "x0.take(places, 0)"),
    ("index", {"key": (slice(None), np.array([[0, -1], [1, 1]]))}, [(2, 3)], "x0.take(places, 1)"),
    ("index", {"key": (np.array([0, 1]), np.array([0, 1]))}, [(2, 3)], "x0[key]"),
    ("index", {"key": np.array([True, False, True])}, [(3,)], "x0[key]"),
    ("max", {"axis": 1, "keepdims": True}, [(2, 3)], "max_reduce(x0, 1, keepdims=True)"),
    ("scatter_sum", {"keys": ([0, 0],), "shape": (3,)}, [(2,)], "scatter(x0)"),
    ("sum", {"axis": None}, [(3,)], "x0.dot(ones_3)"),
    ("sum", {"axis": 0}, [(2, 3)], "ones_2.dot(x0)"),
    ("sum", {"axis": -1}, [(2, 3)], "x0.dot(ones_3)"),
    ("sum", {"axis": None}, [(2, 3)], "add_reduce(x0, None)"),
    ("sum", {"axis": (0, 2)}, [(2, 3, 4)], "add_reduce(x0, (0, 2))"),
    ("sum", {"axis": 1, "keepdims": True}, [(2, 3)], "add_reduce(x0, 1, keepdims=True)"),
    ("sum", {"axis": None}, [(300,)], "add_reduce(x0, 0)"),
    ("matmul", {}, [(2, 3), (3,)], "x0.dot(x1)"),
    ("matmul", {}, [(2, 2, 3), (3, 4)], ""),
    ("logsumexp", {"axis": 0}, [(2, 3)], ""),
]


@pytest.mark.parametrize(("name", "options", "shapes", "text"), CASES)
def test_text(name: str, options: dict[str, Any], shapes: list[tuple[int, ...]], text: str) -> None:
    op, names = catalogue()[name].call(**options), Names()
    inputs = [np.random.default_rng(i).normal(size=s) for i, s in enumerate(shapes)]
    given = [f"x{i}" for i in range(len(inputs))]
    expected = op.apply(*inputs)
    spaces: list[Any] = [space_of(x) for x in inputs]
    written = expression(op, given, spaces, repr(np.shape(expected)), names)
    assert not text or written == text
    found: dict[str, Any] = dict(zip(given, inputs, strict=True))
    exec(f"y = {written}", names.found, found)
    assert np.allclose(found["y"], expected) and np.shape(found["y"]) == np.shape(expected)
    statement = into(op, given, spaces, space_of(expected), "", names)  # type: ignore[arg-type]
    if statement is not None and np.shape(expected):
        found["out"] = np.full(np.shape(expected), np.nan)
        exec(statement.format("out"), names.found, found)
        assert np.allclose(found["out"], expected)


@pytest.mark.parametrize("key", [np.array([1, 0, -1]), np.array([3]), np.zeros(0, int)])
def test_rows_are_taken_into_memory_only_where_all_are_there(key: Any) -> None:
    op, names, x = catalogue()["index"].call(key=key), Names(), np.arange(6.0).reshape(3, 2)
    out = np.empty((len(key), 2))
    statement = into(op, ["x"], [space_of(x)], space_of(out), "", names)  # type: ignore[list-item, arg-type]
    if key.size and key.max() < 3:
        assert statement is not None
        exec(statement.format("out"), names.found, {"x": x, "out": out})
        assert np.array_equal(out, x[key])
    else:
        assert statement is None


def test_a_choice_is_written_into_memory() -> None:
    names, out = Names(), np.empty(3)
    spaces: list[Any] = [space_of(np.ones(3, bool)), space_of(0.0), space_of(np.ones(3))]
    statement = into(catalogue()["where"].call(), ["c", "a", "b"], spaces, space_of(out), "", names)  # type: ignore[arg-type]
    assert statement is not None
    exec(
        statement.format("out"),
        names.found,
        {"c": np.array([True, False, True]), "a": 5.0, "b": np.arange(3.0), "out": out},
    )
    assert out.tolist() == [5.0, 1.0, 5.0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.int64])
def test_numbers_beside_arrays_change_no_dtype(dtype: Any) -> None:
    names, x = Names(), np.ones(3, dtype)
    for factor in (2, 2.5, np.float64(3.0)):
        op = Scale(factor)
        out: Any = op.shape(space_of(x))
        texts = operands(op, ["x"], [space_of(x)], out, [None], names)  # type: ignore[list-item]
        exec(f"y = multiply({', '.join(texts)})", {**names.found, "multiply": np.multiply}, found := {"x": x})
        assert np.array_equal(found["y"], factor * x) and found["y"].dtype == (factor * x).dtype


def test_numbers_are_python_where_python_has_the_function() -> None:
    names, table = Names(), catalogue()
    assert scalar(table["add"].call(), ["a", "b"], ["a", "b"], names) == "a + b"
    assert scalar(Scale(2.0), ["a"], ["a"], names) == "2.0 * a" and scalar(NEGATE, ["a"], ["a"], names) == "-a"
    assert scalar(table["tanh"].call(), ["(a + b)"], ["a + b"], names) == "tanh(a + b)"
    assert scalar(table["sign"].call(), ["a"], ["a"], names) is None
    assert in_math(table["arctan2"]).__name__ == "atan2" and in_math(table["sinc"]) is None


def test_keys_that_are_no_text() -> None:
    assert key_text([0, 1]) == "" and key_text(np.array([1])) == "" and key_text((..., None)) == "..., None"
    assert key_text((slice(np.int64(1), None),)) == ""


def test_an_operation_without_source_is_named() -> None:
    from essence_ad.errors import UnsupportedError

    class Strange(Op):
        name = "strange"
        line = "model.py, line 3: y = strange(x)"

    with pytest.raises(UnsupportedError, match=r"strange.*model\.py, line 3"):
        expression(Strange(), ["x"], [space_of(1.0)], "()", Names())  # type: ignore[list-item]
