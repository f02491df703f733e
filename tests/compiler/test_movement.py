"""What moves numbers about: taking rows late, one name for changes of shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.compiler.simplify import simplify
from essence_ad.spaces import R, Space
from essence_ad.tracing.program import trace

MANY = np.random.default_rng(0).integers(0, 4, 50)


def largest(f: Any, space: Space, name: str) -> int:
    """The size of the largest result of operations of this name."""
    d = simplify(trace(f, space).diagram)
    spaces = d.spaces(space)
    return max((spaces[outs[0]].dim for op, _, outs in d.boxes if op.name == name), default=0)


def test_work_that_depends_on_the_table_alone_is_done_on_the_table() -> None:
    assert largest(lambda x: np.sin(x[MANY]) + x[MANY][:, :1] * np.arange(50.0)[:, None], R[4, 3], "sin") == 12
    assert largest(lambda x: np.sqrt(x[MANY][:, 0] ** 2 + x[MANY][:, 1] ** 2), R[4, 3], "sqrt") == 4


def test_work_that_depends_on_more_is_done_on_the_rows() -> None:
    other = np.arange(50.0)
    assert largest(lambda x: np.sin(x[MANY] * other), R[4], "sin") == 50
    assert largest(lambda x: np.sin(x[MANY] * x[MANY[::-1]]), R[4], "sin") == 50


def test_rows_of_a_longer_array_are_taken_first() -> None:
    few = np.array([1, 2])
    assert largest(lambda x: np.sin(x[few]), R[4], "sin") == 2


def test_changes_of_shape_meet() -> None:
    d = simplify(trace(lambda x: np.expand_dims(x[:, None, :], 0).reshape(3, 2), R[3, 2]).diagram)
    assert not d.boxes
    d = simplify(trace(lambda x: np.squeeze(x[None]) * 2.0, R[3]).diagram)
    assert [op.name for op, _, _ in d.boxes] == ["scale"]
