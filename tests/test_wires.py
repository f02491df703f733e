"""Operations that only arrange wires: each is linear, and its transpose undoes the arrangement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import C, R
from essence_ad.containers import ZERO
from essence_ad.diagram import IDENTITY, Diagram
from essence_ad.errors import NeedsSpaceError
from essence_ad.linear_map import LinearMap
from essence_ad.wires import Copy, Injection, Pack, Projection, Sum, Unpack

NESTED = (0, (1, 2))


def test_packing_and_unpacking_are_inverse() -> None:
    assert Pack(NESTED).apply(1.0, 2.0, 3.0) == (1.0, (2.0, 3.0))
    assert Unpack(NESTED).apply((1.0, (2.0, 3.0))) == (1.0, 2.0, 3.0)
    assert Unpack((0,)).apply((5.0,)) == 5.0
    assert Unpack(NESTED).apply(ZERO) == (ZERO, ZERO, ZERO)
    assert Unpack(NESTED).apply((1.0, ZERO)) == (1.0, ZERO, ZERO)
    assert Pack(()).apply() == ()


def test_shapes() -> None:
    assert Pack(NESTED).shape(R, R[2], R[3]) == R * (R[2] * R[3])
    assert Unpack(NESTED).shape(R * (R[2] * R[3])) == (R, R[2], R[3])
    assert Sum(2).shape(R[2], R[2]) == R[2]
    assert Copy(2).shape(R[2]) == (R[2], R[2])


def test_sums_skip_zeros_and_add_products() -> None:
    assert Sum(3).apply(1.0, ZERO, 2.0) == 3.0
    assert Sum(2).apply((1.0, 2.0), (10.0, ZERO)) == (11.0, 2.0)
    assert Sum(2).apply(ZERO, ZERO) is ZERO
    assert Copy(3).apply(2.0) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("op", "source", "matrix"),
    [
        (Pack((0, 1)), R * R, [[1.0, 0.0], [0.0, 1.0]]),
        (Sum(2), R * R, [[1.0, 1.0]]),
        (Copy(2), R, [[1.0], [1.0]]),
        (Unpack((0, 1)), R * R, [[1.0, 0.0], [0.0, 1.0]]),
    ],
    ids=lambda value: str(value),
)
def test_each_is_linear_and_has_its_transpose(op: Any, source: Any, matrix: Any) -> None:
    assert op.linear
    ins = tuple(range(len(op.dom))) if isinstance(op.dom, tuple) else (0,)
    outs = tuple(range(len(ins), len(ins) + (len(op.cod) if isinstance(op.cod, tuple) else 1)))
    single_in, single_out = not isinstance(op.dom, tuple), not isinstance(op.cod, tuple)
    target = R if len(matrix) == 1 else R * R
    d = Diagram(ins[0] if single_in else ins, outs[0] if single_out else outs, [(op, ins, outs)], 8, source, target)
    assert LinearMap(d).matrix().tolist() == matrix
    assert LinearMap(d.T).matrix().tolist() == np.transpose(matrix).tolist()
    assert type(op.T.T) is type(op)


def test_derivatives() -> None:
    assert Sum(2).derivative([1.0, 2.0], 3.0, [True, True]) == (IDENTITY, IDENTITY)
    pack = Pack((0, 1))
    assert pack.derivative([1.0, 2.0], (1.0, 2.0), [True, True]) is pack


def test_parts_and_their_places() -> None:
    third = Projection(2, 3)
    turned = Injection(2, 3)
    assert third.apply((1.0, 2.0, 3.0)) == 3.0 and turned == third.T and third == turned.T
    assert third.T.apply(5.0) == (ZERO, ZERO, 5.0) and Projection(2).derivative([(1, 2, 3)], 3, [True]) == (third,)
    assert Projection(1).at(R * C) == Projection(1, 2) and Projection(1).shape(R * C) == C
    with pytest.raises(NeedsSpaceError, match="length"):
        _ = Projection(1).T
