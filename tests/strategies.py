"""Hypothesis strategies for spaces, points, and well-typed programs between spaces, linear ones and general ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Begin,
    Both,
    Cont,
    Dual,
    Matrices,
    Morphism,
    R,
    Space,
    Unit,
    add,
    arctan,
    const,
    cos,
    fork,
    identity,
    join,
    mul,
    proj,
    scale,
    sin,
    subtract,
    sum,
    tanh,
)
from essence_ad.instances import MatrixOp
from essence_ad.morphism import box
from essence_ad.spaces import Array, Product

Program = Morphism[Any, Any]

#: the categories of linear maps, the first the one that the others are compared with
LINEAR = (
    Additive,
    Matrices,
    Dual(Additive),
    Dual(Matrices),
    Cont(Additive, R),
    Cont(Matrices, R),
    Cont(Additive, R * R[2]),
    Begin(Additive, R),
    Begin(Matrices, R),
    Begin(Additive, R * R),
    Dual(Cont(Additive, R)),
    Both(Additive, Dual(Matrices)),
)

UNARY = (sin, cos, tanh, arctan)
BINARY = (add, mul, subtract)

spaces = st.sampled_from([R, R[2], R * R, R * R[3], R * (R * R[2]), R[2, 2]])
spaces_and_unit = st.sampled_from([R, R * R, Unit, R[2]])
coefficients = st.integers(-4, 4).map(float)


def points(space: Space) -> st.SearchStrategy[Any]:
    """Elements of a space with moderate components."""
    component = st.floats(-2.0, 2.0, allow_nan=False, width=32)
    return st.lists(component, min_size=space.dim, max_size=space.dim).map(
        lambda v: space.from_vector(np.array(v, dtype=float))
    )


def paths(space: Space) -> Iterator[tuple[Program, Array]]:
    """The projection to each array of a space, with that array's space."""
    if isinstance(space, Product):
        for i, part in enumerate(space.parts):
            for path, start in paths(part):
                yield proj(i, len(space.parts)) >> path, start
    else:
        assert isinstance(space, Array)
        yield identity, space


@st.composite
def linear_programs(draw: Any, source: Space, target: Space, depth: int = 1) -> Program:
    """Linear programs: sums of scalings and matrices, composed."""
    if depth and draw(st.booleans()):
        middle = draw(spaces)
        first: Program = draw(linear_programs(source, middle, depth - 1))
        return first >> draw(linear_programs(middle, target, depth - 1))
    if isinstance(target, Product):
        return fork(*[draw(linear_programs(source, part, 0)) for part in target.parts])
    if isinstance(source, Product):
        return join(*[draw(linear_programs(part, target, 0)) for part in source.parts])
    assert isinstance(source, Array) and isinstance(target, Array)
    if source == target and draw(st.booleans()):
        return scale(draw(coefficients))
    n = source.dim * target.dim
    entries = draw(st.lists(coefficients, min_size=n, max_size=n))
    return box(MatrixOp(np.reshape(entries, (target.dim, source.dim)), source, target))


@st.composite
def programs(draw: Any, source: Space, target: Space, depth: int = 2) -> Program:
    """Programs of smooth primitives, not linear as a rule, with copies and discarded parts."""
    if depth and draw(st.booleans()):
        middle = draw(spaces)
        first: Program = draw(programs(source, middle, depth - 1))
        return first >> draw(programs(middle, target, depth - 1))
    if isinstance(target, Product):
        return fork(*[draw(programs(source, part, 0)) for part in target.parts])
    assert isinstance(target, Array)
    parts = [_shaped(path, start, target) for path, start in paths(source)]
    if not parts:
        return const(np.ones(target.shape)[()])
    f = draw(st.sampled_from(parts)) >> draw(st.sampled_from(UNARY))
    if draw(st.booleans()):
        f = fork(f, draw(st.sampled_from(parts))) >> draw(st.sampled_from(BINARY))
    return f


def _shaped(path: Program, source: Array, target: Array) -> Program:
    if source.shape == target.shape:
        return path
    number = path >> sum if source.shape else path
    if not target.shape:
        return number
    ones = const(np.arange(1.0, target.dim + 1).reshape(target.shape))
    return fork(number, ones) >> mul


typed_programs: st.SearchStrategy[tuple[Space, Space, Program]] = st.tuples(spaces, spaces).flatmap(
    lambda ends: programs(*ends).map(lambda f: (*ends, f))
)
typed_linear_programs: st.SearchStrategy[tuple[Space, Space, Program]] = st.tuples(spaces, spaces).flatmap(
    lambda ends: linear_programs(*ends).map(lambda f: (*ends, f))
)


def differences(f: Any, x: Any, source: Space, target: Space, step: float = 1e-6) -> Any:
    """The matrix of central differences, which knows nothing of derivatives."""
    v = source.to_vector(x)
    columns = []
    for i in range(source.dim):
        e = np.zeros(source.dim)
        e[i] = step
        ahead, behind = f(source.from_vector(v + e)), f(source.from_vector(v - e))
        columns.append((target.to_vector(ahead) - target.to_vector(behind)) / (2 * step))
    return np.stack(columns, axis=1) if columns else np.zeros((target.dim, 0))
