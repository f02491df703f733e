"""Axes that move together: for every operation, rows of the operands give those rows of the result, or summands of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad.planning.axes import KEY, is_basic, is_rows, relations
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Scale
from essence_ad.spaces import space_of

ROWS = np.array([2, 0, 1, 1])
CASES: list[tuple[str, dict[str, Any], list[tuple[int, ...]], int]] = [  # with how many axes are related
    ("sin", {}, [(3, 4)], 2),
    ("add", {}, [(3, 4), (4,)], 2),
    ("multiply", {}, [(3, 1), (4,)], 2),
    ("where", {}, [(3, 4), (3, 1), (4,)], 2),
    ("transpose", {"axes": None}, [(2, 3, 4)], 3),
    ("transpose", {"axes": (1, 2, 0)}, [(2, 3, 4)], 3),
    ("swapaxes", {"axis1": 0, "axis2": -1}, [(2, 3, 4)], 3),
    ("moveaxis", {"source": 0, "destination": -1}, [(2, 3, 4)], 3),
    ("expand_dims", {"axis": 1}, [(3, 4)], 2),
    ("squeeze", {"axis": 1}, [(3, 1, 4)], 2),
    ("reshape", {"shape": (3, 2, 2)}, [(3, 4)], 1),
    ("reshape", {"shape": (12,)}, [(3, 4)], 0),
    ("sum", {"axis": 0}, [(3, 4)], 2),
    ("sum", {"axis": None}, [(3, 4)], 2),
    ("sum", {"axis": 1, "keepdims": True}, [(3, 4)], 1),
    ("max", {"axis": -1}, [(3, 4)], 1),
    ("matmul", {}, [(3, 4), (4, 5)], 3),
    ("matmul", {}, [(3, 4), (4,)], 2),
    ("matmul", {}, [(4,), (4, 5)], 2),
    ("matmul", {}, [(4,), (4,)], 1),
    ("matmul", {}, [(2, 3, 4), (4, 5)], 4),
    ("matmul", {}, [(3, 4), (2, 4, 5)], 4),
    ("einsum", {"subscripts": "kij,nkj->nki"}, [(2, 3, 4), (5, 2, 4)], 4),
    ("index", {"key": (slice(None), 1)}, [(3, 4)], 1),
    ("index", {"key": (slice(None), None, slice(1, 3))}, [(3, 4)], 1),
    ("index", {"key": ROWS}, [(3, 4)], 2),
    ("index", {"key": (slice(None), np.array([[0, 1], [1, 1]]))}, [(3, 4)], 1),
    ("scatter_sum", {"keys": ((slice(None), 1), (slice(None), slice(1, 3))), "shape": (3, 4)}, [(3,), (3, 2)], 1),
    ("concatenate", {"axis": 1}, [(3, 4), (3, 2)], 1),
    ("stack", {"axis": 1}, [(3, 4), (3, 4)], 2),
]


def rows(x: Any, axis: int, part: slice) -> Any:
    return x[(slice(None),) * axis + (part,)]


@pytest.mark.parametrize(("name", "options", "shapes", "count"), CASES, ids=lambda v: v if isinstance(v, str) else None)
def test_rows_give_rows(name: str, options: dict[str, Any], shapes: list[tuple[int, ...]], count: int) -> None:
    op = catalogue()[name].call(**options)
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=s) for s in shapes]
    out = np.asarray(op.apply(*inputs))
    related = relations(op, [space_of(x) for x in inputs], space_of(out))  # type: ignore[misc]
    assert related is not None and len([r for r in related if r.operands]) == count
    for relation in related:
        part, params = slice(0, 2), dict(op.params)
        given = list(inputs)
        for i, axis in relation.operands:
            if i == KEY:
                params["key"] = params["key"][part]
            else:
                given[i] = rows(given[i], axis, part)
        if "shape" in params and relation.result is not None:
            params["shape"] = tuple(2 if i == relation.result else n for i, n in enumerate(params["shape"]))
        found = catalogue()[name].call(**params).apply(*given)
        if relation.result is not None:
            assert np.allclose(found, rows(out, relation.result, part))
        else:
            rest = [rows(x, a, slice(2, None)) for x, a in ((given, 0),) if False]
            other = list(inputs)
            for i, axis in relation.operands:
                other[i] = rows(other[i], axis, slice(2, None))
            assert np.allclose(found + op.apply(*other), out) and not rest


def test_what_is_not_known_is_not_claimed() -> None:
    table, space = catalogue(), space_of(np.ones((3, 4)))
    assert relations(table["cumsum"].call(axis=0), [space], space) is None  # type: ignore[list-item, arg-type]
    assert relations(Scale(np.ones((3, 4))), [space], space) is None  # type: ignore[list-item, arg-type]
    assert relations(Scale(2.0), [space], space) is not None  # type: ignore[list-item, arg-type]


def test_kinds_of_keys() -> None:
    assert is_rows(ROWS) and is_rows((ROWS,)) and not is_rows((ROWS, 1)) and not is_rows(np.array([True, False]))
    assert is_basic((None, ..., 1, slice(2))) and not is_basic(ROWS) and not is_basic([0, 1])
