"""Batches: every primitive over an added axis is that primitive at each element, and the results stacked."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from essence_ad import R
from essence_ad.errors import TracingError, UnsupportedError
from essence_ad.operation import is_discrete
from essence_ad.primitives.ordering import searchsorted
from essence_ad.primitives.primitive import Example, Primitive
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batch, Batching
from essence_ad.tracing.program import trace
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
    for dtype in (np.float64, np.float32, *[np.complex128] * p.complex):
        at = Point(p, e, dtype)
        given = [variants(p, at, i) for i in range(len(at.inputs))]
        for lifted in subsets(len(at.inputs)):
            assert_as_one_by_one(p, e, at, given, lifted)


def assert_as_one_by_one(p: Primitive, e: Example, at: Point, given: list[list[Any]], lifted: tuple[int, ...]) -> None:
    op, n = p.call(**e.options), len(at.inputs)
    rows = [op.apply(*[given[i][k] if i in lifted else at.inputs[i] for i in range(n)]) for k in range(SIZE)]
    expected = [np.stack(column) for column in zip(*map(parts, rows), strict=True)]
    with Batching(SIZE) as batching:
        inputs = [batching.lift(np.stack(given[i])) if i in lifted else at.inputs[i] for i in range(n)]
        result = parts(op.apply(*inputs))
        shapes = [r.shape for r in result]
        found = [batching.lower(r) for r in result]
    close = 1e-13 if at.dtype != np.float32 else 1e-4
    for value, shape, wanted in zip(found, shapes, expected, strict=True):
        assert value.dtype == wanted.dtype
        assert (SIZE, *shape) == value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=close, atol=close)


@each_case
def test_a_batch_of_nothing_has_the_shape_of_one(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    op = p.call(**e.options)
    one = parts(op.apply(*at.inputs))
    with Batching(0) as batching:
        result = parts(op.apply(*[batching.lift(np.stack([x])[:0]) for x in at.inputs]))
        found = [batching.lower(r) for r in result]
    assert [(f.shape, f.dtype) for f in found] == [((0, *np.shape(o)), np.result_type(o)) for o in one]


#: The stated list of primitives that are done element by element.
SILENT = {
    "roots",  # the degree that is left depends on values
}


def test_what_is_done_element_by_element_is_listed() -> None:
    silent = {p.name for p in PRIMITIVES.values() if p.way is None}
    assert SILENT <= silent
    assert len(silent - SILENT) <= 0.03 * len(PRIMITIVES), sorted(
        silent - SILENT
    )  # room for new ones until they say it


def test_searching_in_arrays_of_their_own_is_as_numpy_does_it() -> None:
    nan, inf = np.nan, np.inf
    a = np.array([[-1.0, 0.0, 0.0, nan], [-inf, 2.0, inf, inf], [nan, nan, nan, nan]])
    v = np.array([0.0, -1.0, 2.0, nan, inf, -inf])
    for side in ("left", "right"):
        with Batching(3) as batching:
            found = batching.lower(searchsorted(batching.lift(a), v, side=side))
        assert found.tolist() == [np.searchsorted(row, v, side=side).tolist() for row in a]  # type: ignore[call-overload]


# ---------------------------------------------------------------------------------------------- levels


def test_the_innermost_binds() -> None:
    """What is outside stays as it is inside, and comes out again."""
    x, y = np.arange(3.0), np.arange(4.0)
    with Batching(3) as outer:
        a = outer.lift(x)
        with Batching(4) as inner:
            b = inner.lift(y)
            product = a * b
            assert product.owner is inner and isinstance(product.array, Batch) and product.array.owner is outer
            assert (b * a).owner is inner and np.add(np.ones(2), a).owner is outer
            result = inner.lower(product)
        assert result.owner is outer and result.shape == (4,)
        assert inner.lower(a).shape == (4,)
    np.testing.assert_array_equal(outer.lower(result), np.multiply.outer(x, y))


def test_a_batch_in_a_trace_is_a_constant_and_a_traced_array_may_be_batched() -> None:
    with Batching(3) as batching:
        b = batching.lift(np.arange(3.0))
        f = trace(lambda x: np.sin(x) * b, R)
        assert [op.name for op, _, _ in f.diagram.boxes] == ["sin", "scale"]
        np.testing.assert_allclose(batching.lower(f(2.0)), np.sin(2.0) * np.arange(3.0))

    def f_of_batch(x: Any) -> Any:
        with Batching(3) as batching:
            return batching.lower(np.sum(batching.lift(x), axis=0))

    f = trace(f_of_batch, R[3, 2])
    assert [op.name for op, _, _ in f.diagram.boxes] == ["sum"]
    assert f(np.ones((3, 2))).tolist() == [2, 2, 2]


def test_each_thread_counts_its_own_levels() -> None:
    seen: list[int] = []
    with Batching(2) as batching:
        thread = threading.Thread(target=lambda: seen.append(Batching(2).__enter__().level))
        thread.start()
        thread.join()
        assert batching.level >= 1 and seen == [1]


def test_values_are_not_known() -> None:
    with Batching(2) as batching:
        x = batching.lift(np.ones((2, 3)))
        for use in (
            bool,
            float,
            int,
            complex,
            np.asarray,
            lambda v: v.tolist(),
            lambda v: f"{v:.2f}",
            lambda v: range(v),
        ):
            with pytest.raises(TracingError, match="batched array"):
                use(x[0])
        assert len(x) == 3 and len(list(x)) == 3 and repr(x) == "<batched R[3], 2 elements>"
        with pytest.raises(TracingError, match="in place"):
            x[0] = 1.0
        with pytest.raises(UnsupportedError):
            np.busday_count(x, x)
        x += 1
        assert batching.lower(x)[0, 0] == 2
    with pytest.raises(TracingError, match="after its batch ended"):
        x + 1
