"""Programs as readable Python: what a person would write, and what comes back when it is read again."""

from __future__ import annotations

import ast
import collections
import dataclasses
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    R,
    Space,
    compile,
    cos,
    dup,
    fork,
    grad,
    hessian,
    jacobian,
    jam,
    join,
    linearize,
    mul,
    program,
    proj,
    scale,
    sin,
    to_python,
)
from essence_ad.compiler.simplify import simplify
from essence_ad.errors import NeedsSpaceError, NotAProgramError, OptionError
from essence_ad.morphism import Morphism
from essence_ad.spaces import Product
from essence_ad.tracing.program import trace
from tests.strategies import points, typed_programs

W = np.array([[0.5, -1.0, 2.0], [0.25, 1.5, -0.5]])
LARGE = np.arange(100.0)


def body(text: Any) -> list[str]:
    """The lines of the function."""
    lines = str(text).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def "))
    return [line.strip() for line in lines[start:]]


def wave(x: Any, y: Any) -> Any:
    z = x * y
    s = np.sin(z)
    return s + z * s


def test_a_function_keeps_its_name_its_arguments_and_its_variables() -> None:
    assert str(to_python(wave, R, R)) == (
        "import numpy as np\n\n\ndef wave(x, y):\n    z = x * y\n    s = np.sin(z)\n    return s + z * s\n"
    )
    assert body(to_python(wave, R, R, name="other"))[0] == "def other(x, y):"
    assert body(to_python(program(wave))) == body(to_python(wave)) == body(to_python(wave, R, R))


def test_what_is_used_once_is_written_where_it_is_used() -> None:
    assert body(to_python(lambda a: np.cos(2.0 * np.sin(a + 1.0)), R)) == [
        "def f(a):",
        "return np.cos(2.0 * np.sin(a + 1.0))",
    ]


def test_what_is_used_twice_has_a_name_that_tells_what_it_is() -> None:
    assert body(to_python(lambda a: np.sin(a) * np.exp(np.sin(a)) + a, R)) == [
        "def f(a):", "sin_a = np.sin(a)", "return sin_a * np.exp(sin_a) + a",
    ]  # fmt: skip
    assert body(to_python(lambda a: (a * a) ** 3 + a * a, R))[1] == "t1 = a * a"


def test_variables_that_change_in_a_loop_have_numbers() -> None:
    def newton(a: Any) -> Any:
        x = a
        for _ in range(3):
            x = x - (x * x - 2.0) / (2.0 * x)
        return x

    text = to_python(newton, R)
    assert [line.split(" = ")[0] for line in body(text)[1:-1] if line.startswith("x")] == ["x", "x2", "x3"]
    assert float(text.run()(1.0)) == pytest.approx(2**0.5, abs=1e-5)


def test_names_do_not_collide_with_python_or_each_other() -> None:
    def f(np: Any, x: Any) -> Any:
        sum = x * x
        t1 = sum + np
        return t1 * sum * t1

    text = to_python(f, R, R)
    assert body(text)[0] == "def f(np2, x):" and text.run()(1.0, 2.0) == 100.0


def test_a_derivative_reads_like_one_written_by_hand() -> None:
    assert body(to_python(grad(wave), R, R, name="slope")) == [
        "def slope(x, y):", "t1 = y * x", "return y * (np.sin(t1) + np.cos(t1) * (1.0 + t1))",
    ]  # fmt: skip


@dataclasses.dataclass
class Layer:
    weight: Any
    shift: Any


@attrs.frozen
class Hidden:
    _inner: Any
    outer: Any


Pair = collections.namedtuple("Pair", "left right")


class Special(list[Any]):
    """A list of its own kind."""


@pytest.mark.parametrize(
    ("point", "f", "lines"),
    [
        ({"w": 2.0, "b c": 3.0}, lambda p: p["w"] * p["b c"], ['w = p["w"]', 'b_c = p["b c"]', "return w * b_c"]),
        (Layer(2.0, 3.0), lambda p: Layer(p.shift, p.weight), None), (Hidden(2.0, 3.0), lambda p: Hidden(p.outer, p._inner), None),
        (Pair(2.0, 3.0), lambda p: Pair(p.right, p.left), None), ([2.0, 3.0], lambda p: [p[1], p[0]], ["p0, p1 = p", "return [p1, p0]"]),
        ((2.0, (3.0,)), lambda p: ((p[0],), p[1][0]), ["p0, p1 = p", "p1_0, = p1", "return ((p0,), p1_0)"]),
        ({"w": [1.0], "n": None}, lambda p: {"w": p["w"][0], "n": None}, None), (Special([1.0]), lambda p: Special([p[0]]), None),
        (2.0, lambda p: (), ["return ()"]), (2.0, lambda p: {"a": 1, "b": p}, ['return {"a": 1, "b": p}']),
        (collections.OrderedDict(a=1.0), lambda p: p, None),
    ],
)  # fmt: skip
def test_structures_are_taken_apart_and_built_again(
    point: Any, f: Callable[[Any], Any], lines: list[str] | None
) -> None:
    text = to_python(f, point)
    assert lines is None or body(text)[1:] == lines
    assert text.run()(point) == f(point) and type(text.run()(point)) is type(f(point))


def test_constants_are_called_what_the_user_calls_them() -> None:
    def net(p: Any) -> Any:
        return np.tanh(W @ p["x"]) + p["b"]

    text = to_python(net, {"x": np.ones(3), "b": 1.0})
    assert "W = np.array([[0.5, -1.0, 2.0], [0.25, 1.5, -0.5]])" in str(text) and not text.names
    text = to_python(lambda x: x * LARGE, R[100])
    assert "# LARGE: an array of shape (100,) and dtype float64" in str(text)
    assert list(text.names) == ["LARGE"] and text.run()(LARGE)[3] == 9.0


def test_arguments_with_defaults_are_constants_until_they_are_given() -> None:
    f = lambda x, s=2.0: s * np.sin(x)  # noqa: E731
    assert body(to_python(f, R))[1] == "return 2.0 * np.sin(x)"
    assert body(to_python(f, R, R)) == ["def f(x, s):", "return s * np.sin(x)"]


def test_single_precision_keeps_its_constants() -> None:
    f = lambda x: np.float64(0.1) * x + 0.1  # noqa: E731
    text = to_python(f, R.of("float32")[2])
    assert "np.float64(0.1)" in str(text) and text.run()(np.ones(2, "f4")).dtype == np.float64
    text = to_python(lambda x: 0.1 * x, R.of("float32")[2])
    assert text.run()(np.ones(2, "f4")).dtype == np.float32


@pytest.mark.parametrize(
    ("f", "lines"),
    [
        (dup >> mul >> fork(sin, cos), ["def f(x):", "t1 = x * x", "return (np.sin(t1), np.cos(t1))"]),
        (mul, ["def f(x, y):", "return x * y"]), (jam, ["def f(x, y):", "return x + y"]),
        (join(scale(2.0), scale(-1)), ["def f(x, y):", "return 2.0 * x + -1 * y"]), (proj(1), ["def f(x):", "return x[1]"]),
        (proj(1, 3).T, None), (compile(sin, R), ["def sin(x):", "return np.sin(x)"]),
        (linearize(sin, 0.0)[1], ["def f(x):", "return 1.0 * x"]),
    ],
)  # fmt: skip
def test_combinators_need_no_space(f: Any, lines: list[str] | None) -> None:
    if lines is None:
        with pytest.raises(NeedsSpaceError, match=r"a zero is written at a space(.|\n)*to_python\(f, R\[3\]\)"):
            to_python(f)
    else:
        assert body(to_python(f))[1:] == lines[1:]


def test_zeros_are_written_at_a_space() -> None:
    assert body(to_python(linearize(lambda x: (x, W), 1.0)[1]))[-1] == "return (x, np.zeros((2, 3)))"


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(OptionError, match="a program or a function was expected"):
        to_python(3.0)
    with pytest.raises(NeedsSpaceError, match="no space was given"):
        to_python(lambda x: x[0])
    with pytest.raises(NotAProgramError):
        to_python(grad(3.0), R)


def test_wide_results_have_a_line_for_each_part() -> None:
    text = to_python(lambda x: tuple(np.sin(x * float(i + 1)) for i in range(8)), R)
    assert body(text)[-9:] == ["np.sin(x),", *[f"np.sin({i}.0 * x)," for i in range(2, 9)], ")"]
    assert max(map(len, str(text).splitlines())) <= 100


def test_a_long_program_is_written_without_recursion() -> None:
    def chain(x: Any) -> Any:
        for _ in range(5000):
            x = np.sin(x) * 0.5 + x
        return x

    text = to_python(chain, R, simplified=False)
    assert len(str(text).splitlines()) > 5000 and float(text.run()(0.1)) == float(chain(np.float64(0.1)))


# ---------------------------------------------------------------------------------------------- round trips


def again(f: Any, *spaces: Space) -> tuple[Morphism[Any, Any], Morphism[Any, Any]]:
    """A program at spaces as recorded, and as recorded from its text."""
    space = spaces[0] if len(spaces) == 1 else Product(spaces)
    spread = True if len(spaces) > 1 else None
    return trace(f, space, spread=spread), trace(to_python(f, *spaces, simplified=False).run(), space, spread=spread)


@given(typed_programs, st.data())
def test_programs_of_combinators_come_back_with_their_numbers_and_their_size(ends: Any, data: Any) -> None:
    source, target, f = ends
    x = data.draw(points(source))
    for simplified in (False, True):
        text = to_python(f, source, simplified=simplified)
        spread = isinstance(source, Product)
        back = trace(text.run(), source, spread=spread)
        np.testing.assert_allclose(target.to_vector(back(x)), target.to_vector(f(x)), rtol=1e-12, atol=1e-12)
        assert len(back.diagram.boxes) <= len(f.diagram.boxes) + 2 * target.dim


STEPS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2.0 + b * b), "negated": lambda a, b: -b, "sin": lambda a, b: np.sin(a),
    "exp": lambda a, b: np.exp(-b * b), "constant": lambda a, b: a - 1, "where": lambda a, b: np.where(a > b, a, b),
    "total": lambda a, b: a + np.sum(b), "power": lambda a, b: (a * a + 1.0) ** 1.5, "read": lambda a, b: a * np.ravel(b)[-1],
}  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9
)
number = st.floats(-1.5, 1.5).map(lambda v: round(v, 3))


def runs(todo: list[tuple[str, int, int]], x: Any, y: Any) -> Any:
    values = [x, y]
    for name, i, j in todo:
        values.append(STEPS[name](values[i % len(values)], values[j % len(values)]))
    return values[-1]


@given(steps, number, st.tuples(number, number, number))
def test_functions_come_back_with_their_numbers_and_their_size(todo: Any, x: float, y: tuple[float, ...]) -> None:
    first, second = again(lambda x, y: runs(todo, x, y), R, R[3])
    point = x, np.array(y)
    np.testing.assert_array_equal(second(point), first(point))
    assert len(simplify(second.diagram).boxes) <= len(simplify(first.diagram).boxes)


@given(steps, number, st.tuples(number, number, number))
def test_derivatives_come_back_with_their_numbers_and_their_size(todo: Any, x: float, y: tuple[float, ...]) -> None:
    f = grad(lambda x, y: np.sum(np.sin(runs(todo, x, y))), argnums=(0, 1))
    text = to_python(f, R, R[3])
    back = trace(text.run(), R * R[3], spread=True)
    point = x, np.array(y)
    for found, expected in zip(back(point), f(*point), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    size = len(simplify(trace(f, R * R[3], spread=True).diagram).boxes)
    assert len(simplify(back.diagram).boxes) <= size + 2


@pytest.mark.parametrize(
    ("f", "space"),
    [
        (hessian(lambda x: x[0] * x[1] ** 2), R[2]), (jacobian(lambda x: np.tanh(W @ x)), R[3]),
        (grad(lambda x: np.sum(np.sin(x[:2]) * x[1:])), R[3]), (grad(lambda x: np.linalg.slogdet(x)[1]), R[3, 3]),
        (grad(lambda x: np.sum(np.take(x, [1, 2, 1]) * x[[0, 0, 1]])), R[3]), (grad(lambda x: np.linalg.norm(W @ x)), R[3]),
        (jacobian(lambda x: np.split(np.cumsum(x), [1])), R[4]), (grad(lambda x: np.sum(x.reshape(2, 2) @ W)), R[4]),
        (grad(lambda x: np.prod(np.concatenate([x, x]))), R[2]),
    ],
)  # fmt: skip
def test_derivatives_of_functions_of_arrays_come_back(f: Any, space: Space) -> None:
    x = space.from_vector(np.linspace(0.3, 1.7, space.dim) ** 2)
    text = to_python(f, space)
    back = trace(text.run(), space)
    flat = lambda v: np.concatenate([np.ravel(p) for p in (v if isinstance(v, (tuple, list)) else [v])])  # noqa: E731
    np.testing.assert_allclose(flat(back(x)), flat(f(x)), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(flat(text.run()(x)), flat(f(x)), rtol=1e-10, atol=1e-12)


def operations(text: Any) -> int:
    """The operators and calls of NumPy in the text."""
    nodes = list(ast.walk(ast.parse(str(text))))
    return sum(isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call)) for n in nodes)


SMOOTH = {
    "sqr": (lambda a: a * a, [R]), "magSqr": (lambda a, b: a * a + b * b, [R, R]), "wave": (wave, [R, R]),
    "gauss": (lambda x, m, s: np.exp(-((x - m) ** 2) / (2 * s * s)) / s, [R, R, R]),
    "chain": (lambda x: np.exp(np.sin(np.cos(x) * x) ** 2), [R]), "logistic": (lambda x: 1 / (1 + np.exp(-x)), [R]),
    "length": (lambda x, y: np.sqrt(x * x + y * y), [R, R]), "net": (lambda x: np.sum(np.tanh(W @ x) ** 2), [R[3]]),
    "least squares": (lambda x: np.sum((W @ x - 1.0) ** 2), [R[3]]), "dot": (lambda x, y: np.dot(x, y), [R[3], R[3]]),
    "entropy": (lambda p: -np.sum(p * np.log(p)), [R[3]]), "hypot": (lambda x, y: np.hypot(x, y), [R, R]),
}  # fmt: skip


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_have_at_most_four_times_the_operations_of_the_function(name: str) -> None:
    f, spaces = SMOOTH[name]
    primal = operations(to_python(f, *spaces))
    derivative = operations(to_python(grad(f, argnums=tuple(range(len(spaces)))), *spaces))
    assert 0 < derivative <= 4 * primal
