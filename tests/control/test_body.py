"""Bodies: what is recorded of a function, with an input for each traced array that it met, and its derivatives."""

from __future__ import annotations

import numpy as np

from essence_ad import R
from essence_ad.containers import ZERO
from essence_ad.control.body import batched, common, linear_at, moves, pulled, pushed, record, run, staged
from essence_ad.spaces import Array, Product
from essence_ad.tracing.tracer import Trace


def test_a_body_is_flat() -> None:
    body = record(lambda c, x: {"a": c[0] * x, "b": (c[1],)}, (R * R, R))
    assert body.diagram.dom_space == Product((R, R, R)) and len(body.diagram.cod) == 2 and body.captured == ()
    assert repr(body.target) == "dict(a: R, b: (R))" or body.target.parts[0] == R
    assert run(body.diagram, (2.0, 5.0, 3.0)) == (6.0, 5.0)


def test_what_is_captured_becomes_an_input() -> None:
    with Trace("outer") as outer:
        a, b = outer.argument(R * R[2])
        body = record(lambda x: a * x + b * (x + 3.0), (R[2],))
        assert len(body.captured) == 2 and {v.shape for v in body.captured} == {(), (2,)}
        given = {id(a): 2.0, id(b): np.ones(2)}
        values = [given[id(v)] for v in body.captured]
        np.testing.assert_array_equal(run(body.diagram, (np.ones(2), *values))[0], [6.0, 6.0])
        other = record(lambda x: x * b, (R[2],))
        (first, second), captured = common((body, other))
        assert len(captured) == 2 and first.dom_space == second.dom_space
        values = [given[id(v)] for v in captured]
        np.testing.assert_array_equal(run(second, (np.full(2, 3.0), *values))[0], [3.0, 3.0])


def test_what_moves() -> None:
    d = staged("f", (R, R, Array((), np.dtype(int))), lambda x, y, n: (x * y, np.floor(x), y + 0 * n, n + 1))
    assert moves(d, (True, False, False)) == (True, False, False, False)
    assert moves(d, (False, True, False)) == (True, False, True, False)
    assert moves(d, (False, False, True)) == (False, False, True, False)


def test_derivatives_of_a_body() -> None:
    d = staged("f", (R, R), lambda x, y: (x * y, np.sin(x), y))
    active = (True, False)
    y, linear = linear_at(d, (2.0, 3.0), active)
    assert y == (6.0, np.sin(2.0), 3.0) and linear.apply((1.0,))[0] == 3.0
    moving = moves(d, active)
    _, tangents = pushed(d, (2.0, 3.0), (10.0,), active, moving)
    assert tangents == [30.0, 10 * np.cos(2.0)]
    assert pulled(d, (2.0, 3.0), (1.0, 1.0), active, moving) == [3.0 + np.cos(2.0)]
    assert ZERO not in pulled(d, (2.0, 3.0), (0.0, 1.0), (True, True), (True, True, True)[:2] + (False,))


def test_batches_of_a_body() -> None:
    d = staged("f", (R[2], R), lambda x, y: (x * y, np.sum(x)))
    over = batched(d, 3, (True, False))
    x = np.arange(6.0).reshape(3, 2)
    first, second = run(over, (x, 2.0))
    np.testing.assert_array_equal(first, 2 * x)
    np.testing.assert_array_equal(second, x.sum(axis=1))
