"""Linear operations remember how they were made, and are made again in the same way."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from essence_ad import R, linearize, vjp
from essence_ad.errors import NotPicklableError
from essence_ad.linear_map import columns
from essence_ad.operation import LinearOp, embed, linear_op
from essence_ad.origin import made_at, made_at_point, made_held
from essence_ad.primitives import catalogue
from essence_ad.spaces import space_of
from essence_ad.structure import leaves
from tests.installed import here

X, W = np.array([[0.3, 0.7], [1.1, 0.2]]), np.array([[1.0, 2.0], [3.0, -1.0]])


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def test_a_linear_primitive_at_spaces_is_made_again() -> None:
    op = made_at(catalogue()["sum"].call(axis=0), (R[2, 2],))
    for found in (op, again(op), again(again(op).T).T):
        assert np.allclose(found.apply(X), [1.4, 0.9]) and found.T.apply(np.ones(2)).tolist() == [[1, 1], [1, 1]]


def test_a_bilinear_one_with_an_argument_held_is_made_again() -> None:
    op = again(made_held(catalogue()["matmul"].call(), 1, W, R[2], R[2]))
    assert op.apply(np.ones(2)).tolist() == [3.0, 2.0] and op.T.apply(np.ones(2)).tolist() == [4.0, 1.0]


def test_a_derivative_at_a_point_is_made_again() -> None:
    call = catalogue()["inv"].call()
    op = again(made_at_point(call, (W,), np.linalg.inv(W), (True,), 0, 0))
    np.testing.assert_allclose(op.apply(X), -np.linalg.inv(W) @ X @ np.linalg.inv(W))


def test_broadcasts_casts_and_columns_are_made_again() -> None:
    assert again(embed(1.0, np.zeros(2))).apply(3.0).tolist() == [3.0, 3.0]
    assert again(columns(R[2], [np.ones(3), np.arange(3.0)], R[3]))(np.ones(2)).tolist() == [1.0, 2.0, 3.0]


def test_functions_in_memory_are_not() -> None:
    op = linear_op("mine", lambda v: 2 * v, lambda v: 2 * v, X, X)
    assert isinstance(op, LinearOp)
    with pytest.raises(
        NotPicklableError, match=r"mine cannot be pickled(.|\n)*linearize there; or pickle the matrix\(\)"
    ):
        pickle.dumps(op)


CASES = [
    (p.name, i)
    for p in sorted({id(p): p for p in catalogue().values() if here(p)}.values(), key=lambda p: p.name)
    if not p.rule.discrete
    for i in range(min(len(p.examples), 3) or 1)
]


@pytest.mark.parametrize(("name", "number"), CASES, ids=str)
def test_the_derivative_of_every_primitive_is_pickled_in_both_directions(name: str, number: int) -> None:
    p = catalogue()[name]
    example = p.examples[number] if p.examples else None
    rng = np.random.default_rng(number)
    shapes = example.inputs if example else [(2,)] * (p.arity or 1)
    domains = [p.domain[min(i, len(p.domain) - 1)] for i in range(len(shapes))]
    point = [rng.uniform(*d, s)[()] if isinstance(s, tuple) else s for d, s in zip(domains, shapes, strict=True)]
    moved = [i for i, x in enumerate(point) if np.asarray(x).dtype.kind == "f"]
    call = p.call(**(example.options if example else {}))

    def f(*xs: Any) -> Any:
        full = list(point)
        for i, x in zip(moved, xs, strict=True):
            full[i] = x
        y = call.apply(*full)
        return tuple(y) if isinstance(y, list) else y

    x = tuple(point[i] for i in moved) if len(moved) > 1 else point[moved[0]]
    function = (lambda v: f(*v)) if len(moved) > 1 else f
    y, df = linearize(function, x)
    _, pullback = vjp(function, x)
    v = space_of(x).from_vector(rng.standard_normal(space_of(x).dim))
    w = space_of(y).from_vector(rng.standard_normal(space_of(y).dim))
    for found, expected in ((again(df)(v), df(v)), (again(df).T(w), df.T(w)), (again(pullback)(w), pullback(w))):
        for a, b in zip(leaves(found), leaves(expected), strict=True):
            np.testing.assert_array_equal(a, b)
