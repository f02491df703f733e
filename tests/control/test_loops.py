"""``scan``, ``fold``, ``iterate``, ``map_``: on arrays, in programs, and their derivatives of every kind and order."""

from __future__ import annotations

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
    Matrices,
    R,
    Shapes,
    add,
    check_derivatives,
    compile,
    count,
    dup,
    exl,
    fold,
    fork,
    grad,
    hessian,
    hvp,
    iterate,
    jacobian,
    jvp,
    map_,
    mul,
    program,
    scale,
    scan,
    sin,
    value_and_grad,
    vjp,
    vmap,
)
from essence_ad.errors import CompositionError, OptionError, ShapeError, StructureError, TracingError
from essence_ad.tracing.program import trace

XS = np.array([0.3, -1.2, 2.0])
MATRICES = np.arange(12.0).reshape(3, 2, 2) / 10


def step(c: Any, x: Any) -> Any:
    return np.sin(c * x) + x, c * c


def unrolled(c: Any, xs: Any) -> Any:
    ys = []
    for i in range(len(xs)):
        c, y = step(c, xs[i])
        ys.append(y)
    return c, np.stack(ys)


def structured(a: Any, b: Any, x: Any) -> Any:
    def body(c: Any, row: Any) -> Any:
        return {"p": np.sin(c["p"] * a) + row @ b, "q": (c["q"][0] * c["p"],)}, (c["p"], [c["q"][0] * row])

    return scan(body, {"p": 0.5, "q": (1.0,)}, x, reverse=True)


def matrix_loop(x: Any) -> Any:
    return np.sum(scan(lambda c, m: (np.tanh(c @ m + x), c * x), x, MATRICES)[0])


# ---------------------------------------------------------------------------------------------- values


def test_on_arrays_they_run() -> None:
    carry, ys = scan(step, 0.5, XS)
    expected = unrolled(0.5, XS)
    assert carry == expected[0]
    np.testing.assert_array_equal(ys, expected[1])
    assert fold(lambda c, x: 2 * c + x, 0.0, XS) == ((0.3 * 2) - 1.2) * 2 + 2.0
    assert fold(np.maximum, XS) == 2.0
    assert iterate(lambda x: x * x, 3, 2.0) == 256.0 and iterate(np.sin, 0, 2.0) == 2.0
    np.testing.assert_array_equal(map_(np.sum, MATRICES), MATRICES.sum(axis=(1, 2)))
    assert scan(lambda c, x: (c + 1, None), 0, None, length=4) == (4.0, None)


def test_structures_go_through() -> None:
    carry, (ps, [qs]) = structured(0.7, np.array([0.1, 0.2]), np.arange(6.0).reshape(3, 2))
    assert set(carry) == {"p", "q"} and ps.shape == (3,) and qs.shape == (3, 2)
    again, _ = scan(lambda c, x: (dict(reversed(c.items())), None), {"a": 1.0, "b": 2.0}, XS)
    assert again == {"a": 1.0, "b": 2.0}
    traced = trace(lambda a: scan(lambda c, x: (dict(reversed(c.items())), None), {"a": a, "b": 2 * a}, XS)[0], R)
    assert traced(1.0) == {"a": 1.0, "b": 2.0}


def test_no_steps() -> None:
    for run in (lambda f: f, lambda f: program(f), lambda f: compile(f, R)):
        carry, ys = run(lambda a: scan(lambda c, x: (c * x, (c, x[None])), a, np.zeros(0)))(3.0)
        assert carry == 3.0 and ys[0].shape == (0,) and ys[1].shape == (0, 1)
    assert grad(lambda a: iterate(np.sin, 0, a))(2.0) == 1.0


def test_a_program_holds_the_loop_once() -> None:
    for n in (3, 30):
        d = trace(lambda a, n=n: iterate(lambda x: np.sin(x * a), n, a), R).diagram
        assert [op.name for op, _, _ in d.boxes] == ["scan"]
        d = trace(grad(lambda a, n=n: iterate(lambda x: np.sin(x * a), n, a)), R).diagram
        assert [op.name for op, _, _ in d.boxes].count("scan") == 2 and len(d.boxes) < 12


def test_a_start_widens_as_the_body_does() -> None:
    single = np.float32(1.0)
    assert trace(lambda a: scan(lambda c, x: (c * a, None), single, XS)[0], R)(2.0) == 8.0
    assert compile(lambda a: iterate(lambda c: c * 1j * a, 2, 1.0), R)(2.0) == -4.0
    assert grad(lambda a: iterate(lambda c: c * 1j * a, 2, 1.0).real)(2.0) == -4.0


# ---------------------------------------------------------------------------------------------- derivatives


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.booleans())
def test_the_derivative_is_that_of_the_unrolled_loop(seed: int, n: int, reverse: bool) -> None:
    rng = np.random.default_rng(seed)
    weights, xs, start = rng.normal(size=(2, 2)), rng.normal(size=(n, 2)), rng.normal(size=2)

    def loop(w: Any, x: Any, c: Any) -> Any:
        carry, ys = scan(lambda c, x: (np.tanh(w @ c + x), c * x), c, x, reverse=reverse)
        return np.sum(carry) + np.sum(ys * ys)

    def plain(w: Any, x: Any, c: Any) -> Any:
        total = 0.0
        for t in range(n - 1, -1, -1) if reverse else range(n):
            total = total + np.sum((c * x[t]) ** 2)
            c = np.tanh(w @ c + x[t])
        return np.sum(c) + total

    for argnums in (0, 1, 2, (0, 2)):
        found = grad(loop, argnums=argnums)(weights, xs, start)
        expected = grad(plain, argnums=argnums)(weights, xs, start)
        for a, b in zip(*[v if isinstance(v, tuple) else (v,) for v in (found, expected)], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    direction = rng.normal(size=(2, 2))
    at = (lambda w: loop(w, xs, start)), (lambda w: plain(w, xs, start))
    np.testing.assert_allclose(jvp(at[0], weights, direction)[1], jvp(at[1], weights, direction)[1], rtol=1e-9)
    np.testing.assert_allclose(hvp(at[0], weights, direction), hvp(at[1], weights, direction), rtol=1e-8, atol=1e-10)


def test_all_derivatives_to_the_third_order() -> None:
    check_derivatives(lambda a: scan(lambda c, x: step(c * a, x), 0.5, XS), 0.7, order=3)
    check_derivatives(structured, 0.7, np.array([0.1, 0.2]), np.arange(6.0).reshape(3, 2) / 6, order=2)
    check_derivatives(lambda x: map_(lambda r: np.exp(r[0]) * r, x), np.arange(6.0).reshape(3, 2) / 5)
    check_derivatives(lambda x: fold(lambda a, b: a * np.cos(b), x), XS, order=3)
    check_derivatives(lambda x: iterate(lambda y: np.sin(y) * x, 4, x), np.array([0.3, 0.8]))


def test_loops_in_loops() -> None:
    def nested(a: Any) -> Any:
        return scan(lambda c, x: (iterate(lambda y: np.sin(y * a + c), 2, x), c), a, XS)[0]

    check_derivatives(nested, 0.7)
    assert compile(grad(nested), R)(0.7) == pytest.approx(grad(nested)(0.7))
    inner = grad(lambda a: scan(lambda c, x: (c + grad(lambda b: np.sin(b * a * x))(c), None), 0.5, XS)[0])
    slope = (float(_inner(0.7 + 1e-6)) - float(_inner(0.7 - 1e-6))) / 2e-6
    assert inner(0.7) == pytest.approx(slope, rel=1e-6)


def _inner(a: float) -> Any:
    c = 0.5
    for x in XS:
        c = c + a * x * np.cos(c * a * x)
    return c


def test_integers_and_booleans_are_carried_along() -> None:
    def f(a: Any) -> Any:
        def body(c: Any, x: Any) -> Any:
            return {"n": c["n"] + 1, "on": ~c["on"], "v": c["v"] * a + c["n"]}, c["n"]

        return scan(body, {"n": np.int64(0), "on": np.True_, "v": 1.0}, XS)

    carry, ns = program(f)(2.0)
    assert (carry["n"], bool(carry["on"]), carry["v"]) == (3, False, 12.0) and ns.tolist() == [0, 1, 2]
    assert grad(lambda a: f(a)[0]["v"])(2.0) == pytest.approx(3 * 4.0 + 1)
    assert jacobian(lambda a: f(a)[0]["v"], mode="forward")(2.0) == pytest.approx(13.0)


def test_what_does_not_move_costs_nothing() -> None:
    large = np.ones((40, 40))
    linear = trace(grad(lambda a: np.sum(iterate(lambda c: large @ c * a, 3, np.ones(40)))), R).diagram
    back = [op for op, _, _ in linear.boxes if op.name == "scan"][-1]
    carried = [space.shape for space in back.holds[0].cod_space.parts]
    assert (40, 40) not in carried, "no covector of the matrix"


def test_matrix_loops_in_all_operators() -> None:
    x = np.array([0.3, 0.4])
    value, slope = value_and_grad(matrix_loop)(x)
    assert value == matrix_loop(x)
    np.testing.assert_allclose(vjp(matrix_loop, x)[1](1.0), slope)
    h = hessian(matrix_loop)(x)
    np.testing.assert_allclose(h, h.T, atol=1e-14)
    np.testing.assert_allclose(hvp(matrix_loop, x, np.array([1.0, 0.0])), h[0])
    np.testing.assert_allclose(jacobian(grad(matrix_loop), mode="reverse")(x), h)


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Begin(Additive, R), Cont(Additive, R)], ids=repr)
def test_under_every_category(k: Any) -> None:
    y, d = D(k)(iterate(dup >> mul, 3))(2.0)
    assert y == 256.0 and d(1.0) == 1024.0
    f = scan(fork(add, mul)) >> exl
    assert D(k)(f)((0.5, XS))[0] == 0.5 + XS.sum()


def test_matrices_of_a_loop() -> None:
    _, d = D(Matrices)(scan(fork(add, mul)))((0.5, XS))
    by_operator = jacobian(scan(fork(add, mul)))((0.5, XS))
    expected = np.block(
        [
            [np.reshape(b, (n, m)) for b, m in zip(row, (1, 3), strict=True)]
            for row, n in zip(by_operator, (1, 3), strict=True)
        ]
    )
    np.testing.assert_allclose(d.matrix() if hasattr(d, "matrix") else d, expected)


def test_batches() -> None:
    rows = np.array([[0.1, 0.2], [0.3, -0.4], [1.0, 2.0]])
    np.testing.assert_allclose(vmap(matrix_loop)(rows), [matrix_loop(r) for r in rows])
    np.testing.assert_allclose(vmap(grad(matrix_loop))(rows), [grad(matrix_loop)(r) for r in rows])
    np.testing.assert_allclose(grad(lambda r: np.sum(vmap(matrix_loop)(r)))(rows), [grad(matrix_loop)(r) for r in rows])


# ---------------------------------------------------------------------------------------------- cost and length


def test_the_work_is_linear_in_the_steps() -> None:
    def calls(n: int, f: Callable[[Any], Any]) -> int:
        return count(lambda a: f(lambda b: iterate(lambda x: np.sin(x * b), n, b))(a), 0.7).total

    for f in (lambda g: g, grad, lambda g: grad(grad(g))):
        ten, twenty, forty = (calls(n, f) for n in (10, 20, 40))
        assert forty - twenty == 2 * (twenty - ten) > 0
    primal = calls(40, lambda g: g) - calls(20, lambda g: g)
    assert calls(40, grad) - calls(20, grad) <= 8 * primal


def test_a_hundred_thousand_steps() -> None:
    def power(a: Any) -> Any:
        return iterate(lambda x: x * a, 100_000, 1.0)

    expected = 100_000 * 1.00001**99_999
    assert grad(power)(1.00001) == pytest.approx(expected)
    assert jvp(power, 1.00001, 1.0)[1] == pytest.approx(expected)
    assert grad(grad(power))(1.00001) == pytest.approx(1e5 * 99_999 * 1.00001**99_998)


# ---------------------------------------------------------------------------------------------- compiled


def test_compiled_loops() -> None:
    x = np.array([0.3, 0.4])
    for f in (matrix_loop, grad(matrix_loop), hessian(matrix_loop)):
        code = compile(f, R[2])
        np.testing.assert_allclose(code(x), f(x), rtol=1e-12, atol=1e-15)
        assert "scan" in code.source and len(code.source.splitlines()) < 60
    np.testing.assert_allclose(grad(compile(matrix_loop, R[2]))(x), grad(matrix_loop)(x))


def test_operators_compile_loops_without_asking() -> None:
    f = value_and_grad(matrix_loop)
    results = [f(np.array([0.3, 0.4]))[0] for _ in range(3)]
    assert f.kept == 1 and np.allclose(results, results[0])


def test_where_math_raises_the_loop_gives_what_numpy_gives() -> None:
    for n in (12, 200):
        assert compile(lambda x, n=n: iterate(lambda c: c * c, n, x), R)(10.0) == np.inf
        assert np.isnan(compile(lambda x, n=n: iterate(lambda c: np.log(c - 50.0), n, x), R)(10.0))
        with np.errstate(all="ignore"):
            assert np.isnan(grad(lambda x, n=n: iterate(lambda c: np.log(c - 50.0), n, x))(10.0))


def test_results_of_compiled_loops_are_their_own() -> None:
    code = compile(lambda x: (iterate(lambda c: c, 2, x), iterate(lambda c: c, 0, 2 * x) + x), R[3])
    x = np.ones(3)
    first, second = code(x)
    first += 1
    second += 1
    np.testing.assert_array_equal(x, np.ones(3))
    np.testing.assert_array_equal(code(x)[0], np.ones(3))


# ---------------------------------------------------------------------------------------------- combinators


def test_combinators() -> None:
    square = iterate(dup >> mul, 3)
    assert repr(square) == "scan(dup >> multiply)" and str(square.type) == "num -> num"
    assert square(2.0) == 256.0 and (square >> sin)(1.0) == np.sin(1.0)
    sums = scan(fork(add, mul))
    assert str(sums.type) == "num × num -> num × num"
    assert Shapes(sums)(R * R[3]).parts == (R, R[3])
    assert Shapes(map_(scale(2.0)))(R[4, 2]) == R[4, 2]
    assert fold(add)((1.0, XS)) == 1.0 + XS.sum()
    assert "scan(fork(add, multiply))" in Graphs(sums).dot
    np.testing.assert_array_equal(map_(dup >> mul)(XS), XS**2)
    check_derivatives(sums, (0.5, XS))
    pairs = scan(fork(fork(exl, mul) >> fork(add, exl), mul) >> fork(exl >> exl, exl))
    assert pairs((1.0, XS))[0] == scan(lambda c, x: (c + c * x, 0.0), 1.0, XS)[0]


def test_a_function_as_the_body_of_a_combinator_is_recorded_where_it_is_used() -> None:
    sums = scan(lambda c, x: (c + np.sum(x), c * x[0]))
    carry, ys = sums(0.0, MATRICES)
    assert carry == pytest.approx(MATRICES.sum()) and ys.shape == (3, 2)
    assert grad(fold(lambda c, x: c * x), argnums=1)(2.0, XS).tolist() == (2 * XS.prod() / XS).tolist()
    assert iterate(np.sin, 2)(1.0) == np.sin(np.sin(1.0))
    np.testing.assert_array_equal(map_(lambda x: x.sum())(MATRICES), MATRICES.sum(axis=(1, 2)))
    assert scan(program(lambda c, x: (c * x, c)))((1.0, XS))[0] == pytest.approx(XS.prod())


def test_boundaries_of_combinators() -> None:
    with pytest.raises(CompositionError, match=r"\(carry, x\) -> \(carry, y\)"):
        scan(sin)
    with pytest.raises(CompositionError, match="x -> x"):
        iterate(dup, 2)
    with pytest.raises(OptionError, match="a function or a program"):
        scan(3)


# ---------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("f", "kind", "text"),
    [
        (lambda x: scan(lambda c, y: (np.stack([c, c]), None), x, XS), ShapeError, "R becomes R[2]"),
        (lambda x: fold(lambda c, y: (c, c), x, XS), StructureError, "R becomes R * R"),
        (lambda x: scan(lambda c, y: c, x, XS), StructureError, "a pair (carry, y)"),
        (lambda x: fold(np.add, np.zeros((0, 2)) * x), ShapeError, "fold(f, init, xs)"),
        (lambda x: iterate(np.sin, 2.5, x), OptionError, "n = 2.5"),
        (lambda x: iterate(np.sin, -1, x), OptionError, "n = -1"),
        (lambda x: iterate(np.sin, True, x), OptionError, "n = True"),
        (lambda x: scan(lambda c, y: (c, y), x, (XS, XS[1:])), ShapeError, "[(3,), (2,)]"),
        (lambda x: scan(lambda c, y: (c, y), x, XS, length=2), ShapeError, "length 2"),
        (lambda x: scan(lambda c, y: (c, y), x, 3.0), ShapeError, "[()]"),
        (lambda x: scan(lambda c, y: (c, y), x), ShapeError, "length None"),
    ],
)
def test_mistakes_name_the_line(f: Callable[[Any], Any], kind: type[Exception], text: str) -> None:
    for run in (lambda: f(1.0), lambda: trace(f, R), lambda: grad(f)(1.0)):
        with pytest.raises(kind) as caught:
            run()
        assert text in str(caught.value) and "test_loops.py:" in str(caught.value)


def test_what_is_carried_keeps_its_dtype_in_a_program() -> None:
    with pytest.raises(ShapeError, match="changes the space") as caught:
        trace(lambda a: scan(lambda c, x: (c * a, None), np.int64(1), XS)[0], R)
    assert "int64" in str(caught.value) and "astype" in str(caught.value)


def test_what_is_stacked_keeps_its_structure() -> None:
    odd = iter([1.0, (1.0, 2.0), 1.0])
    with pytest.raises((StructureError, ValueError)):
        scan(lambda c, x: (c, next(odd)), 0.0, XS)


@pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")
def test_a_body_that_values_steer_is_followed_at_the_point() -> None:
    def f(a: Any) -> Any:
        return fold(lambda c, x: c * a if x > 0 else c + a, 1.0, a * XS)

    assert grad(f)(2.0) == pytest.approx((f(2.0 + 1e-6) - f(2.0 - 1e-6)) / 2e-6)
    with pytest.raises(TracingError, match="is true"):
        compile(f, R)
