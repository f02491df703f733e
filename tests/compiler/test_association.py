"""Association: which way to a Jacobian is cheapest, and that all of them give the same one."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import linearize
from essence_ad.compiler.association import Association, Plan, matrix_chain, ways
from essence_ad.tracing.counting import count
from essence_ad.tracing.shadow import Work

# ---------------------------------------------------------------------------------------------- chains


def brute_force(lengths: tuple[int, ...]) -> int:
    """The fewest products over all bracketings, tried one by one."""

    @functools.cache
    def fewest(i: int, j: int) -> int:
        if j == i + 1:
            return 0
        return min(fewest(i, m) + fewest(m, j) + lengths[i] * lengths[m] * lengths[j] for m in range(i + 1, j))

    return fewest(0, len(lengths) - 1)


def products(plan: Plan, lengths: tuple[int, ...]) -> int:
    """The products that the bracketing of a plan needs, counted from the plan's form alone."""
    if plan.factors is None:
        return 0
    first, second = plan.factors
    own = lengths[plan.first] * lengths[first.last] * lengths[plan.last]
    return products(first, lengths) + products(second, lengths) + own


@given(st.lists(st.integers(1, 40), min_size=2, max_size=11).map(tuple))
def test_the_matrix_chain_is_as_short_as_can_be(lengths: tuple[int, ...]) -> None:
    """Against brute force, up to ten matrices."""
    n = len(lengths) - 1

    def single(i: int, j: int) -> list[Plan]:
        return [Plan(i, j, Work())] if j == i + 1 else []

    plan = min(ways(n, single, lengths), key=lambda p: p.work.products)
    assert plan.work.products == products(plan, lengths)
    assert products(matrix_chain(lengths), lengths) == plan.work.products
    assert plan.work.calls == n - 1
    expected = brute_force(lengths)
    assert expected <= plan.work.products <= expected * 1.5 + 16 * n  # totals are rounded to elements


def test_a_known_chain() -> None:
    """Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, section 15.2 (third edition): 15,125 products."""
    plan = matrix_chain([30, 35, 15, 5, 10, 20, 25])
    assert plan.work.products == 15125
    assert repr(plan) == "((0 (1 2)) ((3 4) 5))"


# ---------------------------------------------------------------------------------------------- derivatives

rng = np.random.default_rng(0)


def layers(*sizes: int) -> Any:
    """Layers of tanh and sin between vectors of these sizes."""
    weights = [rng.normal(size=(b, a)) / np.sqrt(a) for a, b in zip(sizes, sizes[1:], strict=False)]

    def network(x: Any) -> Any:
        for w in weights:
            x = np.tanh(w @ np.sin(x))
        return x

    return network


def association(f: Any, x: Any) -> Association:
    return Association(linearize(f, x)[1])


@pytest.mark.parametrize(
    ("sizes", "name"),
    [
        ((20, 200, 300), "forward"),
        ((300, 200, 20), "reverse"),
        ((200, 5, 200), "mixed"),
        ((200, 5, 80, 3, 100), "mixed"),
    ],
)
def test_the_shapes_decide(sizes: tuple[int, ...], name: str) -> None:
    found = association(layers(*sizes), rng.normal(size=sizes[0]))
    assert found.best.name == name
    assert found.best.work.total == min(plan.work.total for plan in found.plans)


CASES = {
    "two waists": (layers(40, 5, 30, 4, 35), rng.normal(size=40)),
    "through one number": (lambda x: np.sin(np.arange(30.0) * np.sum(x * x)), rng.normal(size=40)),
    "several arrays": (
        lambda p: (lambda z: (np.outer(z, z), 3.0 * z))(np.tanh(rng_free @ p["a"]) + p["b"][:3]),
        {"a": rng.normal(size=20), "b": rng.normal(size=10)},
    ),
    "only forward and back": (lambda x: np.cumsum(x) * x, rng.normal(size=12)),
    "a part that does nothing": (lambda x: np.concatenate([x[:2] * 2.0, np.ones(20)]), rng.normal(size=30)),
}  # fmt: skip
rng_free = np.random.default_rng(1).normal(size=(3, 20))


@pytest.mark.parametrize("name", CASES)
def test_every_plan_gives_the_same(name: str) -> None:
    f, x = CASES[name]
    found = association(f, x)
    dense = linearize(f, x)[1].matrix()
    assert len(found.plans) >= 2
    for plan in found.plans:
        rows = [
            [np.reshape(b, (end.dim, part.dim)) for b, end in zip(row, _parts(found.target), strict=True)]
            for row, part in zip(found.blocks(plan), _parts(found.source), strict=True)
        ]
        np.testing.assert_allclose(np.block([list(line) for line in zip(*rows, strict=True)]), dense, atol=1e-12)
    assert (len(found.points) > 2) == (found.plans[-1].name == "mixed")


def _parts(space: Any) -> list[Any]:
    return [a for p in space.parts for a in _parts(p)] if hasattr(space, "parts") else [space]


def test_waists_are_narrower_than_both_ends() -> None:
    found = association(layers(40, 5, 30, 4, 35, 20), rng.normal(size=40))
    assert [space.dim for *_, space in found.points[1:-1]] == [5, 4]
    assert len(association(layers(4, 5, 30), rng.normal(size=4)).points) == 2


def test_what_is_counted_is_what_is_done() -> None:
    """Counted values run through the same sweep call the same primitives, but for those on numbers that are known."""
    f = layers(30, 12, 40)
    found = association(f, rng.normal(size=30))
    for reverse in (False, True):
        work = found.work(0, len(found.points) - 1, reverse)
        assert work.products >= 12 * 30 * 40
        assert work.products <= 2 * 12 * 30 * 40 + 40 * 40 * 12
    value = count(f, rng.normal(size=30))
    assert value["matmul"] == 2


def test_planning_grows_with_the_program_and_not_faster() -> None:
    """Counted by the boxes that are looked at: one sweep each way, and no more where there is no waist."""

    def chain(x: Any, n: int) -> Any:
        for _ in range(n):
            x = np.sin(x) * x
        return x

    for n in (10, 1000):
        found = association(functools.partial(chain, n=n), np.ones(5))
        assert len(found.points) == 2
        assert found.work(0, 1, False).calls <= 4 * n
