"""Elimination on graphs of numbers: every order gives the same Jacobian, and the one that is taken is a cheap one."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import R, compile, cost, jacobian, linearize
from essence_ad.compiler.association import Association
from essence_ad.compiler.elimination import Elimination, Graph, cheapest_order, counted, eliminated, graph_of
from essence_ad.spaces import pack
from essence_ad.structure import leaves


def heart_dipole(x1: Any, x2: Any, x3: Any, x4: Any, x5: Any, x6: Any, x7: Any, x8: Any) -> Any:
    """The human heart dipole problem of MINPACK-2 (Averick, Carter, Moré and Xue 1992), all its constants 1."""
    a, b = x5**2 - x7**2, x6**2 - x8**2
    c, d = x5 * (x5**2 - 3 * x7**2), x7 * (x7**2 - 3 * x5**2)
    e, f = x6 * (x6**2 - 3 * x8**2), x8 * (x8**2 - 3 * x6**2)
    return (
        x1 + x2 - 1, x3 + x4 - 1, x5 * x1 + x6 * x2 - x7 * x3 - x8 * x4 - 1, x7 * x1 + x8 * x2 + x5 * x3 + x6 * x4 - 1,
        x1 * a - 2 * x3 * x5 * x7 + x2 * b - 2 * x4 * x6 * x8 - 1, x3 * a + 2 * x1 * x5 * x7 + x4 * b + 2 * x2 * x6 * x8 - 1,
        x1 * c + x3 * d + x2 * e + x4 * f - 1, x3 * c - x1 * d + x4 * e - x2 * f - 1,
    )  # fmt: skip


def lighthouse(nu: Any, gamma: Any, omega: Any, t: Any) -> Any:
    """The beam of a lighthouse on a quay (Griewank and Walther 2008, section 2.1)."""
    y = nu * np.tan(omega * t) / (gamma - np.tan(omega * t))
    return y, gamma * y


def arm(a: Any, b: Any, c: Any, d: Any) -> Any:
    """The place and direction of a hand on four joints of length one."""
    angles = [a, a + b, a + b + c, a + b + c + d]
    return sum(map(np.cos, angles)), sum(map(np.sin, angles)), angles[-1], np.cos(angles[-1]) * np.sin(angles[0])


FUNCTIONS = {f.__name__: (f, n) for f, n in ((heart_dipole, 8), (lighthouse, 4), (arm, 4))}
each = pytest.mark.parametrize("name", FUNCTIONS)


def association(name: str) -> Association:
    f, n = FUNCTIONS[name]
    return Association(linearize(f, tuple(np.random.default_rng(0).uniform(0.5, 1.0, n)))[1])


@each
def test_every_order_gives_the_same(name: str) -> None:
    found = association(name)
    graph = found.graph
    assert graph is not None
    random = list(np.random.default_rng(1).permutation(graph.inner))
    results = [
        np.array(eliminated(graph, order, found.source, found.target), float).T
        for order in (graph.inner, graph.inner[::-1], random, cheapest_order(graph)[0])
    ]
    f, n = FUNCTIONS[name]
    expected = linearize(f, tuple(np.random.default_rng(0).uniform(0.5, 1.0, n)))[1].matrix()
    for result in results:
        np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-14)


@each
def test_the_order_that_is_taken_needs_no_more_than_forward_and_reverse(name: str) -> None:
    graph = association(name).graph
    assert graph is not None
    works = []
    for order in (graph.inner, graph.inner[::-1]):
        run = Elimination(counted(graph))
        run.take(order)
        works.append(run.products + run.sums)
    _, best = cheapest_order(graph)
    assert best.products + best.sums <= min(works)
    assert best.products > 0


def test_counts_of_a_published_problem() -> None:
    """Products, where those by 1 and -1 are none: forward 48, reverse 60. (Counts in print count these too.)"""
    graph = association("heart_dipole").graph
    assert graph is not None
    forward, reverse = Elimination(counted(graph)), Elimination(counted(graph))
    forward.take(graph.inner)
    reverse.take(graph.inner[::-1])
    assert (forward.products, reverse.products) == (48, 60)
    assert cheapest_order(graph)[1].products <= 48


@given(st.integers(1, 5), st.integers(0, 10_000))
def test_near_the_best_order_of_all(inner: int, seed: int) -> None:
    """Against all orders, one by one, on random graphs."""
    rng = np.random.default_rng(seed)
    n = inner + 4
    edges: dict[int, dict[int, Any]] = {}
    for v in range(2, n):
        before = [u for u in range(min(v, n - 2)) if rng.uniform() < 0.6 and u not in (n - 1, n - 2)] or [v % 2]
        edges[v] = {u: float(rng.uniform(2, 3)) for u in before}
    graph = Graph((0, 1), (n - 2, n - 1), edges)
    assert len(graph.inner) <= inner
    counts = []
    for order in itertools.permutations(graph.inner):
        run = Elimination(counted(graph))
        run.take(order)
        counts.append(run.products + run.sums)
    _, best = cheapest_order(graph)
    assert min(counts) <= best.products + best.sums <= max(1.5 * min(counts), min(counts) + 2)


@each
def test_jacobians_by_elimination(name: str) -> None:
    """Of numbers and of an array, as they are and compiled."""
    f, n = FUNCTIONS[name]
    every = tuple(range(n))
    x = np.random.default_rng(2).uniform(0.5, 1.0, n)

    def of_array(v: Any) -> Any:
        return np.stack(f(*[v[i] for i in range(n)]))

    expected = jacobian(of_array, mode="forward")(x)
    assert cost(of_array, x).chosen == cost(f, *x, argnums=every).chosen == "elimination"
    np.testing.assert_allclose(jacobian(of_array)(x), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(compile(jacobian(of_array), R[n])(x), expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.array(jacobian(f, argnums=every)(*map(float, x)), float), expected, rtol=1e-12)
    compiled = compile(jacobian(f, argnums=every), *[R] * n)(*map(float, x))
    assert all(type(leaf) is float for leaf in leaves(pack(compiled)))
    np.testing.assert_allclose(np.array(compiled), expected, rtol=1e-12, atol=1e-14)


def test_the_cost_tells_the_counts() -> None:
    found = cost(lighthouse, 1.0, 2.0, 0.3, 0.4, argnums=(0, 1, 2, 3))
    assert found.elimination is not None
    assert found.elimination.total <= min(found.forward.total, found.reverse.total)
    assert "Jacobian by elimination" in repr(found)


def test_outputs_that_are_inputs_or_read_again() -> None:
    def f(x: Any, y: Any) -> Any:
        z = x * y
        return z, z * z, x, z, 3.0

    expected = [[2.0, 3.0], [24.0, 36.0], [1.0, 0.0], [2.0, 3.0], [0.0, 0.0]]
    assert np.array(jacobian(f, argnums=(0, 1))(3.0, 2.0), float).tolist() == expected
    x = np.array([3.0, 2.0])
    assert jacobian(lambda v: (v[0] * v[1], v, np.zeros((0, 2))))(x)[1].tolist() == np.eye(2).tolist()


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (np.sin, np.ones(3)),
        (lambda x: np.stack([x[0], x[1] * x[0]]), np.ones(2, np.float32)),
        (lambda x: np.stack([x[0], x[1] * x[0]]), np.ones(2, complex)),
        (lambda x: np.stack([np.sum(x[1:] * x[:-1]), x[0]]), np.ones(5)),
        (lambda x: np.stack([x[i] * x[i - 1] for i in range(400)]), np.ones(400)),
    ],
    ids=["arrays", "single", "complex", "an array inside", "long"],
)
def test_others_are_no_graphs_of_numbers(f: Any, x: Any) -> None:
    df = linearize(f, x)[1]
    found = Association(df)
    assert graph_of(found.diagram, found.source, found.target) is None
    np.testing.assert_allclose(jacobian(f)(x), jacobian(f, mode="forward")(x), rtol=1e-6)


def test_infinite_slopes_stay_where_they_are() -> None:
    j = jacobian(lambda x, y: (np.sqrt(x) * y, x + y), argnums=(0, 1))(0.0, 2.0)
    assert j == ((math.inf, 0.0), (1.0, 1.0))
