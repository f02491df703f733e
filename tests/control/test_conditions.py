"""``cond`` and ``while_``: one branch is run, a loop ends where values say, and both have derivatives of every order."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Begin,
    Cont,
    D,
    Dual,
    Graphs,
    R,
    Shapes,
    add,
    check_derivatives,
    compile,
    cond,
    const,
    cos,
    count,
    dup,
    fork,
    grad,
    hessian,
    hvp,
    identity,
    jacobian,
    jvp,
    less,
    mul,
    program,
    scale,
    sin,
    value_and_grad,
    vjp,
    vmap,
    while_,
)
from essence_ad.errors import CompositionError, DTypeError, OptionError, ShapeError, StructureError, TracingError
from essence_ad.tracing.program import trace


def root(a: Any) -> Any:
    return while_(lambda x: abs(x * x - a) > 1e-13 * a, lambda x: 0.5 * (x + a / x), a)


def growing(a: Any, b: Any) -> Any:
    def body(c: Any) -> Any:
        return {"x": np.sin(c["x"]) * a + c["x"] + b, "n": c["n"] + 1, "k": c["k"] * c["x"]}

    c = while_(lambda c: c["x"] < 3.0, body, {"x": a, "n": np.int64(0), "k": 1.0})
    return c["x"] * c["k"]


def branches(x: Any, b: Any) -> Any:
    return cond(np.sum(x) > 0, lambda y: {"s": np.sin(y * b), "b": b}, lambda y: {"s": y * y, "b": b * b}, x)


# ---------------------------------------------------------------------------------------------- while_


def test_a_loop_ends_where_the_predicate_says() -> None:
    assert root(2.0) == pytest.approx(math.sqrt(2))
    assert while_(lambda c: c < 0, lambda c: c + 1, 5.0) == 5.0
    value = while_(lambda c: c[0] < 3, lambda c: [c[0] + 1, c[1] * 2], (0, 1.0))
    assert value == (3.0, 8.0) and isinstance(value, tuple)


def test_derivatives_of_a_root_in_all_modes_and_orders() -> None:
    slopes = [0.5 * 2**-0.5, -0.25 * 2**-1.5, 0.375 * 2**-2.5, -0.9375 * 2**-3.5]
    f = root
    for slope in slopes:
        assert jvp(f, 2.0, 1.0)[1] == pytest.approx(slope, rel=1e-8)
        assert vjp(f, 2.0)[1](1.0) == pytest.approx(slope, rel=1e-8)
        f = grad(f)
    assert jacobian(jacobian(root, mode="reverse"), mode="reverse")(2.0) == pytest.approx(slopes[1])
    assert jacobian(jacobian(root, mode="forward"), mode="reverse")(2.0) == pytest.approx(slopes[1])
    assert grad(lambda a: jvp(root, a, a)[1])(2.0) == pytest.approx(slopes[0] + 2 * slopes[1])


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 2.0), st.floats(0.05, 2.0))
def test_the_derivative_is_that_of_the_steps_taken(a: float, b: float) -> None:
    x, n = a, 0
    while x < 3.0:
        x, n = math.sin(x) * a + x + b, n + 1

    def unrolled(a: Any, b: Any) -> Any:
        x, k = a, 1.0
        for _ in range(n):
            x, k = np.sin(x) * a + x + b, k * x
        return x * k

    assert growing(a, b) == pytest.approx(float(unrolled(a, b)))
    np.testing.assert_allclose(grad(growing, argnums=(0, 1))(a, b), grad(unrolled, argnums=(0, 1))(a, b), rtol=1e-8)
    second = [grad(lambda p, f=f: sum(grad(f, argnums=(0, 1))(*p)))((a, b)) for f in (growing, unrolled)]
    np.testing.assert_allclose(*second, rtol=1e-7, atol=1e-9)
    for argnums in (0, 1):
        found = [
            hvp(lambda z, f=f, i=argnums: f(*((z, b), (a, z))[i]), (a, b)[argnums], 1.0) for f in (growing, unrolled)
        ]
        assert found[0] == pytest.approx(found[1], rel=1e-7, abs=1e-9)


def test_all_derivatives_of_loops() -> None:
    check_derivatives(growing, 0.4, 0.3, order=3)
    x = np.array([1.0, 2.0])
    check_derivatives(lambda x: while_(lambda c: np.sum(c * c) < 100, lambda c: c * x + c, x), x)
    h = hessian(lambda x: while_(lambda c: np.sum(c * c) < 100, lambda c: c * x + c, x).sum())(x)
    np.testing.assert_allclose(h, np.diag([10.0, 16.0]))


def test_the_start_may_be_held_and_constants_move() -> None:
    f = lambda a: while_(lambda c: c < 50, lambda c: c * a, 1.0)  # noqa: E731
    assert grad(f)(3.0) == pytest.approx(4 * 27.0) and grad(grad(f))(3.0) == pytest.approx(12 * 9.0)
    g = lambda a: while_(lambda c: c < 50 * a, lambda c: c * 3, 1.0)  # noqa: E731
    assert grad(g)(1.0) == 0.0
    constant = lambda a: while_(lambda c: c[0] < 3, lambda c: (c[0] + 1, a), (0, 5.0))[1]  # noqa: E731
    assert grad(constant)(2.0) == 1.0 and grad(grad(lambda a: constant(a) ** 2))(2.0) == 2.0


def test_loops_in_loops_and_branches() -> None:
    def f(a: Any) -> Any:
        inner = lambda y: while_(lambda z: z < 1.0, lambda z: z * 1.5 + a, y * 0.1)  # noqa: E731
        return while_(lambda c: c < 5, lambda c: cond(c > 2, lambda u: u * a + 1, lambda u: u + inner(u), c), a)

    check_derivatives(f, 1.3)
    for g in (f, grad(f), grad(grad(f))):
        assert compile(g, R)(1.3) == pytest.approx(float(g(1.3)))


def test_a_program_holds_the_loop_once() -> None:
    names = [op.name for op, _, _ in trace(root, R).diagram.boxes]
    assert names == ["scale", "while_"], "what the predicate reads from outside is made there, once"
    assert len(trace(grad(root), R).diagram.boxes) < 8
    value, slope = trace(root, R)(9.0), trace(grad(root), R)(9.0)
    assert value == pytest.approx(3.0) and slope == pytest.approx(1 / 6)


def test_compiled_loops_take_as_many_steps_as_values_ask() -> None:
    code, slope = compile(root, R), compile(grad(grad(root)), R)
    for a in (2.0, 9.0, 1e6):
        assert code(a) == pytest.approx(math.sqrt(a)) and slope(a) == pytest.approx(-0.25 * a**-1.5)
    f = value_and_grad(root)
    assert [float(f(4.0)[1]) for _ in range(3)] == pytest.approx([0.25] * 3) and f.kept == 1
    unchanged = compile(lambda x: while_(lambda c: np.sum(c) > 99, lambda c: c, x), R[2])
    x = np.ones(2)
    y = unchanged(x)
    y += 1
    assert x.tolist() == [1.0, 1.0]


def test_long_loops() -> None:
    def power(a: Any) -> Any:
        return while_(lambda c: c[1] < 100_000, lambda c: (c[0] * a, c[1] + 1), (1.0, 0))[0]

    assert grad(power)(1.00001) == pytest.approx(1e5 * 1.00001**99_999)
    assert jvp(power, 1.00001, 1.0)[1] == pytest.approx(1e5 * 1.00001**99_999)
    calls = [
        count(lambda a, n=n: grad(lambda b: while_(lambda c: c < n, lambda c: c + b, b))(a), 1.0).total
        for n in (10, 20, 40)
    ]
    assert calls[2] - calls[1] == 2 * (calls[1] - calls[0]) > 0


def test_where_math_raises_a_long_loop_gives_what_numpy_gives() -> None:
    with np.errstate(all="ignore"):
        f = lambda x: while_(lambda c: c[1] < 100, lambda c: (np.log(c[0] - 50.0), c[1] + 1), (x, 0))[0]  # noqa: E731
        assert np.isnan(program(f)(10.0)) and np.isnan(compile(f, R)(10.0)) and np.isnan(grad(f)(10.0))


# ---------------------------------------------------------------------------------------------- cond


def test_one_branch_is_run() -> None:
    ran: list[str] = []
    assert cond(True, lambda: ran.append("f") or 1.0, lambda: ran.append("g") or 2.0) == 1.0
    assert ran == ["f"]
    safe = lambda x: cond(x > 0, np.sqrt, lambda t: 0.0 * t, x)  # noqa: E731
    for f in (safe, program(safe), compile(safe, R)):
        assert f(4.0) == 2.0 and f(-4.0) == 0.0
    for at, slope in ((4.0, 0.25), (0.0, 0.0), (-1.0, 0.0)):
        assert grad(safe)(at) == slope and compile(grad(safe), R)(at) == slope and jvp(safe, at, 1.0)[1] == slope


def test_what_a_branch_does_to_captured_arrays_is_part_of_it() -> None:
    f = lambda x: cond(x > 0, lambda: np.log(x) + 2 * x, lambda: x * 3.0)  # noqa: E731
    assert [op.name for op, _, _ in trace(f, R).diagram.boxes] == ["const", "greater", "cond"]
    for g in (grad(f), compile(grad(f), R), lambda x: jvp(f, x, 1.0)[1], grad(program(f))):
        assert (g(0.0), g(-1.0), g(2.0)) == (3.0, 3.0, 2.5)
    nested = lambda x: cond(x > 0, lambda: cond(x > 1, lambda: np.log(x - 1) * x, lambda: np.sqrt(1 - x)), lambda: -x)  # noqa: E731
    assert grad(nested)(0.5) == pytest.approx(-0.5 / np.sqrt(0.5)) and grad(grad(nested))(-1.0) == 0.0
    check_derivatives(nested, 1.7)
    inner = lambda x: cond(x > 0, lambda: grad(lambda y: np.log(x) * y * x)(1.0), lambda: x)  # noqa: E731
    assert grad(inner)(0.0) == 1.0 and grad(inner)(2.0) == pytest.approx(np.log(2) + 1)


def test_all_derivatives_of_branches() -> None:
    for sign in (1.0, -1.0):
        check_derivatives(branches, sign * np.array([1.0, -0.5]), 0.3, order=3)
    check_derivatives(lambda x: cond(x < 0, lambda: x * x, lambda: x**3), 2.0, order=3)
    check_derivatives(lambda x: cond(x < 0, lambda: (x, 1.0), lambda: (2.0, x)), 2.0)
    assert grad(lambda x: cond(x > 0, lambda: 3.0, lambda: 4.0) * x)(1.0) == 3.0


def test_a_branch_in_a_recorded_program_decides_at_every_call() -> None:
    f = compile(lambda x: cond(x > 1, lambda y: y * y, lambda y: 3 * y, x), R)
    assert (f(2.0), f(0.5), grad(f)(2.0), grad(f)(0.5)) == (4.0, 1.5, 4.0, 3.0)
    both = vmap(lambda x: cond(x > 1, lambda y: y * y, lambda y: 3 * y, x))
    assert both(np.array([2.0, 0.5])).tolist() == [4.0, 1.5]
    same = vmap(lambda x, p: cond(p > 1, lambda y: y * y, lambda y: 3 * y, x), in_axes=(0, None))
    assert same(np.array([2.0, 0.5]), 2.0).tolist() == [4.0, 0.25]


@pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")
def test_branches_that_values_steer_are_followed_at_the_point() -> None:
    f = lambda x: cond(x > 0, lambda y: y * y if y > 1 else y, lambda y: -y, x)  # noqa: E731
    assert (grad(f)(3.0), grad(f)(0.5), grad(f)(-1.0)) == (6.0, 1.0, -1.0)
    g = lambda x: while_(lambda c: c < 10, lambda c: c * x if c > x else c + x, x)  # noqa: E731
    assert grad(g)(2.0) == pytest.approx((g(2 + 1e-6) - g(2 - 1e-6)) / 2e-6)
    for h in (f, g):
        with pytest.raises(TracingError, match="is true"):
            compile(h, R)


# ---------------------------------------------------------------------------------------------- combinators


def test_combinators() -> None:
    double = while_(fork(identity, const(10.0)) >> less, scale(2.0))
    assert repr(double) == "while_(fork(identity, const(10.0)) >> less, scale(2.0))"
    assert double(1.0) == 16.0 and grad(double)(1.0) == 16.0 and (double >> sin)(1.0) == np.sin(16.0)
    assert Shapes(double)(R) == R and "while_" in Graphs(double).dot
    choice = cond(fork(identity, const(1.0)) >> less, sin, cos)
    assert str(choice.type) == "num -> num" and (choice(0.5), choice(2.0)) == (np.sin(0.5), np.cos(2.0))
    assert grad(choice)(0.5) == np.cos(0.5) and Shapes(choice)(R) == R
    check_derivatives(choice, 0.5)
    pair = cond(less, add, mul)
    assert (pair((1.0, 2.0)), pair((3.0, 2.0))) == (3.0, 6.0) and grad(pair)((3.0, 2.0)) == (2.0, 3.0)


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Begin(Additive, R), Cont(Additive, R)], ids=repr)
def test_under_every_category(k: Any) -> None:
    double = while_(fork(identity, const(10.0)) >> less, scale(2.0))
    choice = cond(fork(identity, const(1.0)) >> less, sin, cos)
    assert D(k)(double)(1.0)[1](1.0) == 16.0
    assert D(k)(double >> choice)(1.0)[1](1.0) == -16 * np.sin(16.0)


def test_functions_in_combinators_are_recorded_where_they_are_used() -> None:
    loop = while_(lambda c: np.sum(c) < 9, lambda c: c + c[0])
    assert loop(np.array([1.0, 2.0])).tolist() == [4.0, 5.0]
    choice = cond(fork(identity, const(1.0)) >> less, lambda x: x * x, cos)
    assert choice(0.5) == 0.25 and grad(choice)(0.5) == 1.0


def test_boundaries_of_combinators() -> None:
    for wrong in (
        lambda: while_(dup, sin),
        lambda: while_(less, dup),
        lambda: cond(less, sin, cos),
    ):
        with pytest.raises(CompositionError):
            wrong()
    with pytest.raises(CompositionError, match="one codomain"):
        cond(less, add, identity)
    with pytest.raises(OptionError, match="two functions"):
        while_(3, sin)


# ---------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("f", "kind", "text"),
    [
        (lambda x: while_(lambda c: c, lambda c: c, x), DTypeError, "found:    R at"),
        (lambda x: while_(lambda c: c[None] < 3, lambda c: c, np.sum(x)), DTypeError, "[1]"),
        (lambda x: while_(lambda c: c < 3, lambda c: (c, c), x), StructureError, "R becomes R * R"),
        (lambda x: while_(lambda c: np.sum(c) < 3, lambda c: np.stack([c, c]), x), ShapeError, "R becomes R[2]"),
        (lambda x: cond(x, lambda y: y, lambda y: y, x), DTypeError, "np.any"),
        (lambda x: cond(x > 0, 1.0, 2.0), OptionError, "lambda: value"),
    ],
)
def test_mistakes_name_the_line(f: Callable[[Any], Any], kind: type[Exception], text: str) -> None:
    for run in (lambda: f(1.0), lambda: trace(f, R), lambda: grad(f)(1.0)):
        with pytest.raises(kind) as caught:
            run()
        assert text in str(caught.value) and "test_conditions.py:" in str(caught.value)


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x: cond(x > 0, lambda y: y, lambda y: (y, y), x), "R and R * R"),
        (lambda x: cond(x > 0, lambda y: y, lambda y: y.astype(np.float32), x), "float32"),
        (lambda x: cond(x > 0, lambda y: np.zeros(2), lambda y: np.zeros(3), x), "R[2] and R[3]"),
    ],
)
def test_branches_of_different_spaces(f: Callable[[Any], Any], text: str) -> None:
    for run in (lambda: trace(f, R), lambda: grad(f)(1.0)):
        with pytest.raises(StructureError, match="the two branches of cond") as caught:
            run()
        assert text in str(caught.value) and "test_conditions.py:" in str(caught.value)
