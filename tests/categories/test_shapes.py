"""Shapes: what a program would give, for every program, without running it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    C,
    D,
    R,
    Shapes,
    Space,
    Unit,
    add,
    compose,
    const,
    cos,
    cross,
    dup,
    exl,
    exp,
    fork,
    identity,
    inl,
    it,
    jam,
    join,
    matmul,
    mul,
    proj,
    repl,
    reshape,
    scale,
    sin,
    space_of,
    sum,
    swap,
    zero,
)
from essence_ad.categories.shapes import Shape
from essence_ad.diagram import Op
from essence_ad.errors import CompositionError, EssenceError, NeedsSpaceError, OptionError, ShapeError, StructureError
from essence_ad.morphism import box
from essence_ad.spaces import fits
from tests.strategies import points, typed_linear_programs, typed_programs


@given(typed_programs, st.data())
def test_the_space_is_that_of_the_value(typed: Any, data: Any) -> None:
    source, target, f = typed
    found = Shapes(f)(source)
    assert fits(found, target) and fits(found, space_of(f(data.draw(points(source)))))


@given(typed_linear_programs)
def test_linear_programs_too(typed: Any) -> None:
    source, target, f = typed
    assert fits(Shapes(f)(source), target)


CASES: list[tuple[Any, Space, Space]] = [
    (identity, R[2, 3], R[2, 3]),
    (mul, R[2, 1] * R[3], R[2, 3]),
    (matmul, R[2, 3] * R[3, 4], R[2, 4]),
    (sum(axis=0), R[2, 3], R[3]),
    (sum(axis=1, keepdims=True), R[2, 3], R[2, 1]),
    (reshape(shape=(3, 2)), R[2, 3], R[3, 2]),
    (swap, R[2] * (R * C), (R * C) * R[2]),
    (proj(1), R * R[5] * R, R),
    (repl(2), R[3] * R, (R[3] * R) ** 2),
    (it, R[7], Unit),
    (jam, R[2] * R[2], R[2]),
    (join(scale(2.0), scale(3.0), identity), R[2] ** 3, R[2]),
    (inl >> jam, R[2], R[2]),
    (inl >> exl, R[2], R[2]),
    (scale(np.ones((2, 1))), R[3], R[2, 3]),
    (const(np.ones((2, 2))), Unit, R[2, 2]),
    (fork(const(1.0), identity), R[3], R * R[3]),
    (exp, R[0], R[0]),
]


@pytest.mark.parametrize(("f", "source", "target"), CASES, ids=[repr(row[0]) for row in CASES])
def test_spaces_of_values(f: Any, source: Space, target: Space) -> None:
    assert Shapes(f)(source) == target
    if isinstance(source, type(R * R)) and source.parts:
        assert Shapes(f)(*source.parts) == target


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_dtypes_are_those_of_numpy(dtype: str) -> None:
    """Numbers of Python take the dtype of the arrays beside them."""
    x = np.ones(3, dtype=dtype)
    for f in (
        sin,
        dup >> mul,
        scale(2.0),
        scale(2.0) >> sin,
        scale(2),
        fork(identity, identity) >> add,
        sum,
        scale(2j),
    ):
        assert Shapes(f)(space_of(x)) == space_of(np.asarray(f(x))), f
    assert Shapes(mul)(R.of("float32")[2] * C) == C[2]


def test_containers_are_taken_apart() -> None:
    space = space_of({"a": 1.0, "b": np.ones(3)})
    assert Shapes(mul)(space) == R[3]
    assert fits(Shapes(dup)(space), space**2)


def test_nothing_is_computed() -> None:
    calls = []

    class Loud(Op):
        name = "loud"

        def apply(self, *inputs: Any) -> Any:
            calls.append(inputs)
            return inputs[0]

        def shape(self, *spaces: Space) -> Any:
            return spaces[0]

    assert Shapes(box(Loud()) >> sin)(R[10**6, 10**6]) == R[10**6, 10**6]
    assert not calls


def test_the_vocabulary_and_derivatives() -> None:
    k = Shapes
    arrow = k.compose(k.primitive(matmul.form), k.cross(k.identity(), k(sum(axis=0))))
    assert arrow(R[2, 3] * R[4, 3]) == R[2] and isinstance(arrow, Shape)
    assert k.jam()(R * R) == R and k.zero().run(R) is None
    _, df = D(Additive)(mul)((np.ones(2), np.ones(2)))
    assert Shapes(df)(R[2] * R[2]) == R[2]
    assert Shapes(compose(*[cos] * 5000))(R[2]) == R[2]
    assert repr(Shapes(cross(sin, cos))) == "<space -> space; 2 boxes>" and repr(k(sin)) == "<space -> space; 1 box>"


@pytest.mark.parametrize(
    ("f", "source", "error", "word"),
    [
        (mul, R[2] * R[3], ShapeError, "multiply"),
        (matmul, R[2, 3] * R[2], ShapeError, "matmul"),
        (dup >> matmul, R[2, 3], ShapeError, "matmul"),
        (reshape(shape=(4,)), R[3], ShapeError, "reshape"),
        (jam, R * R[3], ShapeError, "cannot be added"),
        (jam, (R * R) * R, StructureError, "proj"),
        (join(scale(1.0), scale(1.0)), R[1] * R[3], ShapeError, "cannot be added"),
        (mul, R, StructureError, "proj"),
        (mul, R**3, StructureError, "3 parts"),
        (sin, R * R, StructureError, "sin takes one array"),
        (proj(5), R * R, StructureError, "proj"),
        (sin.at(R[2]), R[3], StructureError, "sent to"),
        (inl, R, NeedsSpaceError, "zero"),
        (zero, R, NeedsSpaceError, "zero"),
        (fork(identity, zero), R, NeedsSpaceError, "zero"),
    ],
)  # fmt: skip
def test_spaces_that_do_not_fit(f: Any, source: Space, error: type[EssenceError], word: str) -> None:
    with pytest.raises(error, match=word) as caught:
        Shapes(f)(source)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


@pytest.mark.parametrize("wrong", [2.0, np.ones(3), "R", (R, R), None])
def test_arguments_are_spaces(wrong: Any) -> None:
    with pytest.raises(OptionError, match="takes spaces"):
        Shapes(sin)(wrong)
    with pytest.raises(OptionError, match="takes spaces"):
        Shapes(mul)(R, wrong)


def test_wrong_arrows() -> None:
    for wrong in (Additive(jam), sin, R):
        with pytest.raises(CompositionError, match="arrows of Shapes"):
            Shapes.compose(wrong)

    class Silent(Op):
        name = "silent"

    with pytest.raises(NeedsSpaceError, match="silent states no shape rule"):
        Shapes(box(Silent()))(R)
