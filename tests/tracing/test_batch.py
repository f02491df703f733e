"""Batches: every primitive over an added axis is that primitive at each element, and the results stacked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from essence_ad.operation import is_discrete
from essence_ad.primitives.primitive import Example, Primitive
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batching
from tests.primitives.test_primitives import PRIMITIVES, Point, each_case

SIZE = 3


def variants(p: Primitive, at: Point, i: int) -> list[Any]:
    """Three elements for an input: like the example, other numbers of its domain at every place."""
    x = at.inputs[i]
    if is_discrete(x):
        return [x] * SIZE if np.ndim(x) == 0 else [x, np.flip(x), x]
    low, high = p.domain[min(i, len(p.domain) - 1)]
    middle = (low + high) / 2
    found = [x]
    for step in (0.1, 0.2):
        moved = x + step * (middle - x)
        if isinstance(p.examples[0].inputs[0] if p.examples else (), tuple):
            moved = np.reshape(np.random.default_rng(i).permutation(np.ravel(moved)), np.shape(x))
        found.append(np.asarray(moved).astype(np.result_type(x))[()])
    return found


def subsets(n: int) -> Iterator[tuple[int, ...]]:
    """Which inputs are batched: any, all but none."""
    for k in range(1, n + 1):
        yield from itertools.combinations(range(n), k)


def parts(value: Any) -> list[Any]:
    return leaves(tuple(value) if isinstance(value, (list, tuple)) else value)


@each_case
def test_a_primitive_over_an_added_axis_is_the_primitive_at_each_element(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    op = p.call(**e.options)
    n = len(at.inputs)
    given = [variants(p, at, i) for i in range(n)]
    for lifted in subsets(n):
        rows = [op.apply(*[given[i][k] if i in lifted else at.inputs[i] for i in range(n)]) for k in range(SIZE)]
        expected = [np.stack(column) for column in zip(*map(parts, rows), strict=True)]
        with Batching(SIZE) as batching:
            inputs = [batching.lift(np.stack(given[i])) if i in lifted else at.inputs[i] for i in range(n)]
            result = parts(op.apply(*inputs))
            shapes = [r.shape for r in result]
            found = [batching.lower(r) for r in result]
        for value, shape, wanted in zip(found, shapes, expected, strict=True):
            assert value.dtype == wanted.dtype
            assert (SIZE, *shape) == value.shape == wanted.shape
            np.testing.assert_allclose(value, wanted, rtol=1e-13, atol=1e-13)


@each_case
def test_a_batch_of_nothing_has_the_shape_of_one(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    op = p.call(**e.options)
    one = parts(op.apply(*at.inputs))
    with Batching(0) as batching:
        result = parts(op.apply(*[batching.lift(np.stack([x])[:0]) for x in at.inputs]))
        found = [batching.lower(r) for r in result]
    assert [(f.shape, f.dtype) for f in found] == [((0, *np.shape(o)), np.result_type(o)) for o in one]


def test_most_primitives_say_how_they_are_batched() -> None:
    silent = sorted(name for name, p in PRIMITIVES.items() if p.way is None)
    assert len(silent) <= 0.2 * len(PRIMITIVES), silent
