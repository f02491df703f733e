"""Ordinary functions as programs: structure, spaces, memory, composition, and derivatives of derivatives."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

from essence_ad import (
    Additive,
    Begin,
    Cont,
    D,
    Dual,
    Functions,
    R,
    Unit,
    const,
    cos,
    dup,
    exl,
    grad,
    hessian,
    identity,
    jacobian,
    mul,
    sin,
    swap,
)
from essence_ad import sum as total
from essence_ad.errors import NeedsSpaceError, OptionError, ShapeError, StructureError
from essence_ad.morphism import Morphism
from essence_ad.spaces import pack, space_of
from essence_ad.tracing.program import REMEMBERED, Program, as_program, program, trace

reverse = D(Dual(Additive))


@dataclasses.dataclass
class Point:
    """A product with names."""

    x: Any
    y: Any


@attrs.frozen
class Model:
    """Another one, with a private name."""

    weights: Any
    _bias: Any


class Pair(NamedTuple):
    """A third."""

    first: Any
    second: Any


@program
def wave(x: Any, y: Any) -> Any:
    """A wave."""
    return np.sin(x) * y + x


# ---------------------------------------------------------------------------------------------- structure


def test_several_arguments_are_a_product() -> None:
    f = trace(lambda x, y: x * y, R * R)
    assert f((2.0, 3.0)) == f(2.0, 3.0) == 6.0
    assert str(f.type) == "num × num -> num"


def test_a_function_that_takes_one_argument_gets_the_product_itself() -> None:
    assert trace(lambda p: p[0] - p[1], R * R)((5.0, 3.0)) == 2.0
    assert trace(lambda *p: len(p), R * R)((5.0, 3.0)) == 1
    assert program(lambda *p: len(p), R, R)((5.0, 3.0)) == 2


@pytest.mark.parametrize(
    ("f", "x"),
    [
        pytest.param(lambda p: {"a": p["b"] + 1.0, "c": (p["a"], [p["b"]])}, {"a": 1.0, "b": np.ones(2)}, id="dict"),
        pytest.param(lambda p: Point(p.y, p.x - p.y), Point(1.0, 2.0), id="dataclass"),
        pytest.param(lambda m: Model(2.0 * m.weights, m._bias - 1.0), Model(np.arange(3.0), 2.0), id="attrs"),
        pytest.param(lambda p: Pair(p.second, p.first), Pair(1.0, np.zeros(2)), id="named tuple"),
        pytest.param(lambda p: [p[1] + p[0], p[0]], [1.0, np.zeros(2)], id="list"),
        pytest.param(lambda p: [Point({"k": (p[0].x,)}, None), ()], [Point(1.0, [2.0])], id="nested"),
        pytest.param(lambda p: (), (1.0, 2.0), id="nothing"),
        pytest.param(lambda p: 7, 1.0, id="constant"),
    ],
)
def test_containers_go_in_and_come_out(f: Callable[[Any], Any], x: Any) -> None:
    y = f(x)
    for found in (as_program(f, (x,))(x), Program(f)(x)):
        assert space_of(found) == space_of(y), "the containers"
        np.testing.assert_equal(pack(found), pack(y))


def test_gradients_have_the_structure_of_the_argument() -> None:
    f = as_program(lambda m: np.sum(m.weights * m.weights) * m._bias, (Model(np.zeros(2), 0.0),))
    gradient = reverse(f)(Model(np.array([1.0, 2.0]), 3.0))[1](1.0)
    assert isinstance(gradient, Model)
    np.testing.assert_array_equal(gradient.weights, [6.0, 12.0])
    assert gradient._bias == 5.0


def test_python_integers_count_as_real_numbers() -> None:
    f = as_program(lambda x: x * x, (3,))
    assert f.diagram.dom_space == R
    assert reverse(f)(3)[1](1.0) == 6.0


def test_another_structure_than_recorded_is_refused() -> None:
    f = trace(lambda p: p["a"], as_program(lambda p: p, ({"a": 1.0},)).diagram.dom_space)
    with pytest.raises(StructureError):
        f({"b": 1.0})
    with pytest.raises(ShapeError):
        f({"a": np.ones(3)})


def test_functions_of_nothing() -> None:
    assert program(lambda: 3.0)() == 3.0
    assert trace(lambda: 3.0, Unit)(()) == 3.0


# ---------------------------------------------------------------------------------------------- the decorator


def test_a_program_is_called_as_the_function() -> None:
    assert wave(0.5, 2.0) == np.sin(0.5) * 2.0 + 0.5
    assert wave(0.5, y=2.0) == wave(y=2.0, x=0.5) == wave((0.5, 2.0)) == wave(0.5, 2.0)
    x = np.arange(3.0)
    np.testing.assert_array_equal(wave(x, 2.0), np.sin(x) * 2.0 + x)


def test_a_program_keeps_name_and_docstring() -> None:
    assert (wave.__name__, wave.__doc__, repr(wave)) == ("wave", "A wave.", "wave")
    assert isinstance(wave, Morphism)
    assert wave == Program(wave.function) and hash(wave) == hash(Program(wave.function))
    assert wave != Program(lambda x: x) and wave != 3


def test_wrong_arguments_are_told() -> None:
    with pytest.raises(OptionError, match="z"):
        wave(1.0, z=2.0)
    with pytest.raises(TypeError):
        wave(1.0, 2.0, 3.0)

    with pytest.raises(OptionError):
        program(3.0)
    with pytest.raises(OptionError):
        as_program("f", (1.0,))


def test_arguments_by_keyword_are_arguments() -> None:
    calls = []

    @program
    def keyword(x, y=10.0, *, n, **others):
        calls.append(n)
        return x * n + y + sum(others.values())

    for _ in range(2):
        assert keyword(1.0, n=2) == 12.0 and keyword(n=2, x=1.0) == 12.0 and keyword(1.0, 0.0, n=2.5) == 2.5
        assert keyword(1.0, n=2, more=3.0) == 15.0 and keyword(1.0, n=np.ones(2)).tolist() == [11.0, 11.0]
    assert len(calls) == 4  # once for each way to call it, and once more for the array
    assert repr(calls[0]) == "<traced R in keyword>"
    skipped = program(lambda x, y=1.0, z=2.0: x * y * z)
    assert skipped(1.0, z=5.0) == 5.0 and skipped(z=3.0, y=2.0, x=1.0) == 6.0
    fixed = program(functools.partial(keyword.function, n=2))
    assert (fixed(3.0), repr(fixed)) == (16.0, "keyword")


def test_defaults_are_constants_until_they_are_given() -> None:
    @program
    def f(x, n=3):
        return x * n

    assert (f(2.0), f(2.0, 5.0), f.arity) == (6.0, 10.0, 1)


def test_ufuncs_are_functions_too() -> None:
    assert program(np.add)(1.0, 2.0) == 3.0
    assert trace(np.multiply, R * R)((3.0, 4.0)) == 12.0
    assert (program(np.exp) >> program(np.log))(0.5) == pytest.approx(0.5)


def test_programs_are_immutable() -> None:
    with pytest.raises(AttributeError):
        wave.name = "other"


def test_a_program_of_a_morphism_is_the_morphism() -> None:
    assert program(sin) is sin
    assert as_program(sin, (1.0,)) is sin
    assert program(total, R[3]).T(1.0).tolist() == [1.0, 1.0, 1.0]


def test_programs_can_be_pickled_by_the_name_of_their_function() -> None:
    f = Program(np.sum)
    assert pickle.loads(pickle.dumps(f)) == f


# ---------------------------------------------------------------------------------------------- without a space


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Begin(Additive), Cont(Additive, R)], ids=repr)
def test_programs_compose_and_are_sent_to_categories_without_a_space(k: Any) -> None:
    f = wave >> cos
    x, y = 0.5, 2.0
    value, derivative = D(k)(f)((x, y))
    expected = np.cos(wave(x, y))
    assert value == pytest.approx(expected)
    slope = -np.sin(wave(x, y))
    np.testing.assert_allclose(k.linear_map(derivative).matrix(), [[slope * (np.cos(x) * y + 1), slope * np.sin(x)]])
    assert Functions(f)((x, y)) == f((x, y)) == value


def test_programs_take_part_in_every_combinator() -> None:
    square = program(lambda x: x * x)
    half = program(lambda x: 0.5 * x)
    assert (square & half)(3.0) == (9.0, 1.5)
    assert (square + half)(3.0) == 10.5
    assert (dup >> mul >> half)(3.0) == 4.5
    assert (half @ square)(3.0) == 4.5
    assert (2.0 * square - half)(3.0) == 16.5
    assert half.is_linear and not square.is_linear
    assert half.T(3.0) == 1.5
    assert (square >> square >> half).diagram.boxes[-1][0].name == "scale"
    with pytest.raises(TypeError):
        half | 3


def test_a_function_that_only_moves_its_arguments_takes_any_structure() -> None:
    turn = program(lambda x, y: (y, (x, y)))
    assert str(turn.type) == "a × b -> b × (a × b)"
    assert (turn >> exl)(1.0, (2.0, 3.0)) == (2.0, 3.0)
    assert Additive(turn.T)((1.0, (2.0, 3.0))) == (2.0, 4.0)
    assert program(lambda x: x).T(2.0) == 2.0
    assert (program(lambda x, y: (y, x)) >> swap)(1.0, 2.0) == (1.0, 2.0)


def test_a_function_that_needs_shapes_says_so() -> None:
    @program
    def mean(x):
        return np.sum(x) / x.size

    assert mean(np.array([1.0, 3.0])) == 2.0
    for ask in (
        lambda: mean >> sin,
        lambda: mean & sin,
        lambda: mean.is_linear,
        lambda: mean.T,
    ):
        with pytest.raises(NeedsSpaceError, match=r"mean.at\(R\[3\]\)"):
            ask()
    assert (mean.at(R[2]) >> sin)(np.array([1.0, 3.0])) == np.sin(2.0)
    assert (program(mean.function, R[2]) >> sin)(np.array([1.0, 3.0])) == np.sin(2.0)


def test_linear_programs_have_a_transpose_at_a_space() -> None:
    f = program(lambda x: np.sum(3.0 * x))
    np.testing.assert_array_equal(f.at(R[3]).T(2.0), [6.0, 6.0, 6.0])


# ---------------------------------------------------------------------------------------------- memory


def counted() -> tuple[Program, list[Any]]:
    """A program that tells when its function is run."""
    runs: list[Any] = []

    def f(x):
        runs.append(x.shape)
        return x * 2.0

    return Program(f), runs


def test_the_function_is_run_once_for_each_space() -> None:
    f, runs = counted()
    for _ in range(5):
        f(1.0), f(2), f(np.ones(3)), f(np.zeros(3))
        as_program(f, (1.5,))
    assert runs == [(), (3,)]


def test_memory_is_bounded() -> None:
    f, runs = counted()
    for n in range(REMEMBERED + 10):
        f(np.ones(n))
    f(np.ones(REMEMBERED + 9))
    assert len(runs) == REMEMBERED + 10
    f(np.ones(0))
    assert len(runs) == REMEMBERED + 11


def test_a_recording_that_holds_an_array_of_an_outer_trace_is_not_kept() -> None:
    box: list[Any] = []
    inner = Program(lambda y: box[-1] * y)

    def outer(x):
        box.append(x)
        return inner(3.0)

    assert trace(outer, R)(2.0) == 6.0
    assert reverse(trace(outer, R))(5.0)[1](1.0) == 3.0
    box.append(4.0)
    assert inner(3.0) == 12.0


def test_threads_share_a_program() -> None:
    f = Program(lambda x: np.exp(x) * np.sum(x * x))
    wrong: list[Any] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(30):
            x = rng.standard_normal(rng.integers(1, 4))
            value, pull = reverse(f.program_at(R[x.size]))(x)
            if not np.array_equal(value, f.function(x)) or pull(value).shape != x.shape:
                wrong.append(x)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_program_may_call_itself_and_others() -> None:
    @program
    def halves(x):
        n = x.shape[0]
        return x[0] if n == 1 else halves(x[: n // 2]) * halves(x[n // 2 :])

    x = np.array([2.0, 3.0, 5.0, 7.0])
    assert halves(x) == 210.0
    np.testing.assert_allclose(reverse(halves.at(R[4]))(x)[1](1.0), 210.0 / x)


# ---------------------------------------------------------------------------------------------- derivatives of derivatives


def higher(f: Any, order: int, k: Any) -> Any:
    """The derivative of an order as a program again, by nesting traces."""
    for _ in range(order):
        f = trace(lambda x, f=f: D(k)(f)(x)[1](1.0), R)
    return f


SCALAR = {
    "polynomial": (lambda x: x * x * x * x - 2.0 * x, [lambda x: 4 * x**3 - 2, lambda x: 12 * x**2, lambda x: 24 * x, lambda x: 24.0]),
    "wave": (lambda x: np.sin(2.0 * x), [lambda x: 2 * np.cos(2 * x), lambda x: -4 * np.sin(2 * x), lambda x: -8 * np.cos(2 * x), lambda x: 16 * np.sin(2 * x)]),
    "exponential": (lambda x: x * np.exp(x), [lambda x, n=n: (x + n) * np.exp(x) for n in (1, 2, 3, 4)]),
    "reciprocal": (lambda x: 1.0 / x, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4, lambda x: 24 / x**5]),
    "squared": (lambda x: x**2, [lambda x: 2 * x, lambda x: 2.0, lambda x: 0.0, lambda x: 0.0]),
    "power": (lambda x: x**3, [lambda x: 3 * x * x, lambda x: 6 * x, lambda x: 6.0, lambda x: 0.0]),
    "summed": (
        lambda x: np.sum(np.exp(x * np.array([1.0, -2.0]))),
        [lambda x, n=n: np.exp(x) + (-2.0) ** n * np.exp(-2 * x) for n in (1, 2, 3, 4)],
    ),
    "indexed": (
        lambda x: (x * np.array([1.0, 2.0, 3.0]))[1:][0] * (np.array([1.0, 2.0]) + x)[np.array([0, 0])][1] * x,
        [lambda x: 6 * x * x + 4 * x, lambda x: 12 * x + 4, lambda x: 12.0, lambda x: 0.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Cont(Additive, R)], ids=repr)
@pytest.mark.parametrize("name", SCALAR)
@pytest.mark.parametrize("x", [0.0, 0.7, -1.3])
def test_derivatives_of_any_order_are_programs(name: str, k: Any, x: float) -> None:
    f, derivatives = SCALAR[name]
    if name == "reciprocal" and x == 0.0:
        x = 0.1
    for order, expected in enumerate(derivatives, 1):
        found = higher(trace(f, R), order, k)(x)
        np.testing.assert_allclose(found, expected(x), rtol=1e-12, atol=1e-12, err_msg=f"order {order}")


def test_orders_may_mix_modes() -> None:
    f = higher(higher(higher(trace(lambda x: x * np.sin(x), R), 1, Additive), 1, Dual(Additive)), 1, Cont(Additive, R))
    x = 0.4
    assert f(x) == pytest.approx(-3 * np.sin(x) - x * np.cos(x), rel=1e-13)


def test_the_gradient_of_a_function_of_an_array_is_a_program() -> None:
    f = trace(lambda x: np.sum(np.sin(x) * x[::-1]) * x[0], R[3])
    gradient = trace(lambda x: reverse(f)(x)[1](1.0), R[3])
    hessian = D(Additive)(gradient)
    x, h = np.array([0.3, -0.8, 1.1]), 1e-6
    matrix = hessian(x)[1].matrix()
    differences = np.stack([(gradient(x + h * e) - gradient(x - h * e)) / (2 * h) for e in np.eye(3)], axis=1)
    np.testing.assert_allclose(matrix, differences, atol=1e-8)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-14)
    third = trace(lambda x: np.sum(reverse(gradient)(x)[1](np.array([1.0, 2.0, 3.0]))), R[3])
    np.testing.assert_allclose(third(x), matrix.sum(axis=1) @ [1.0, 2.0, 3.0], rtol=1e-12)


ARRAYS = {
    "matmul": (lambda a: lambda x: np.sum((a @ x) ** 4), lambda a, x, v, n: np.prod([4.0, 3.0, 2.0, 1.0][:n]) * np.sum((a @ v) ** n * (a @ x) ** (4 - n))),
    "einsum": (lambda a: lambda x: np.sum(np.exp(np.einsum("ij,j->i", a, x))), lambda a, x, v, n: np.sum((a @ v) ** n * np.exp(a @ x))),
    "indexing": (
        lambda a: lambda x: sum(np.sin(x[i] * a[0, 0]) for i in range(3)) + np.sum(np.sin(x[[0, 0, 2]] * a[0, 0])[1:]),
        lambda a, x, v, n: np.sum(np.array([2.0, 1.0, 2.0]) * (a[0, 0] * v) ** n * np.sin(a[0, 0] * x + n * np.pi / 2)),
    ),
    "quadratic": (lambda a: lambda x: x @ (a.T @ (a @ x)), lambda a, x, v, n: [0, 2 * (a @ x) @ (a @ v), 2 * (a @ v) @ (a @ v), 0.0, 0.0][n]),
    "shaping": (
        lambda a: lambda x: np.sum(np.prod(np.stack([np.exp(x), np.reshape(np.exp(x)[:, None], (3,))], axis=1), axis=1) * np.mean(x * 0.0 + 1.0)),
        lambda a, x, v, n: np.sum((2 * v) ** n * np.exp(2 * x)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("k", [Additive, Dual(Additive)], ids=repr)
@pytest.mark.parametrize("name", ARRAYS)
def test_derivatives_in_a_direction_of_any_order_are_programs(name: str, k: Any) -> None:
    make, expected = ARRAYS[name]
    a = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])
    x, v = np.array([0.3, -0.2, 0.4]), np.array([1.0, 0.5, -2.0])
    f = trace(make(a), R[3])
    for order in range(1, 5):
        if k == Additive:
            f = trace(lambda x, f=f: D(k)(f)(x)[1](v), R[3])
        else:
            f = trace(lambda x, f=f: D(k)(f)(x)[1](1.0) @ v, R[3])
        np.testing.assert_allclose(f(x), expected(a, x, v, order), rtol=1e-11, atol=1e-11, err_msg=f"order {order}")


def test_outer_arrays_may_be_arguments_only_by_their_shape() -> None:
    """``as_program`` inside a recorded function: the calculus works there."""

    def f(x):
        p = as_program(lambda y: np.sum(y * y * x[0]), (x,))
        return reverse(p)(x)[1](1.0)

    x = np.array([2.0, 3.0])
    np.testing.assert_array_equal(trace(f, R[2])(x), [8.0, 12.0])
    np.testing.assert_array_equal(D(Additive)(trace(f, R[2]))(x)[1](np.array([1.0, 0.0])), [8.0, 6.0])


def test_constants_and_identity_are_programs() -> None:
    assert as_program(const(2.0), (1.0,))(1.0) == 2.0
    assert as_program(identity, (1.0,)) is identity
    assert D(Additive)(program(lambda x: 3.0))(2.0)[1](1.0) == 0.0


def test_categories_take_a_function_that_needs_shapes() -> None:
    @program
    def norm(x: Any) -> Any:
        return np.sum(x**2) / x.shape[0]

    x = np.array([1.0, 2.0, 3.0])
    y, back = reverse(norm)(x)
    assert y == norm(x) == Functions(norm)(x) and np.allclose(back(1.0), 2 * x / 3)
    assert np.isclose(D(Begin(Additive))(norm)(x)[1](np.ones(3)), 4.0)
    assert repr(reverse(norm)).startswith("<norm in D(Dual(Additive))")


@pytest.mark.filterwarnings("error")
def test_programs_of_derivatives_are_silent_where_they_are_infinite() -> None:
    for f in (program(grad(lambda x: np.sqrt(x))), program(jacobian(lambda x: np.log(x))), program(hessian(np.log))):
        assert np.isinf(f(0.0))
    with pytest.warns(RuntimeWarning):
        assert program(lambda x: np.log(x))(0.0) == -np.inf
