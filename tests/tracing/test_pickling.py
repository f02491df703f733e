"""Programs, compiled programs, operators and spaces in other processes, and copies of them."""

from __future__ import annotations

import copy
import functools
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest

from essence_ad import (
    C,
    R,
    Space,
    compile,
    compose,
    const,
    cos,
    dup,
    exl,
    fork,
    grad,
    hessian,
    jacobian,
    linearize,
    mul,
    program,
    proj,
    scale,
    show,
    sin,
    sum,
    to_python,
    value_and_grad,
    vjp,
)
from essence_ad.diagram import IDENTITY
from essence_ad.errors import NotPicklableError
from essence_ad.operation import NEGATE
from essence_ad.primitives import catalogue
from essence_ad.spaces import space_of
from essence_ad.tracing.program import Program


def wave(x: Any) -> Any:
    return np.sum(np.sin(x) * x)


@program
def decorated(x: Any, y: Any = 2.0) -> Any:
    return np.sum(np.sin(x)) * y


@grad
def slope(x: Any) -> Any:
    return np.sum(np.sin(x) ** 2)


X = np.array([0.3, 0.7])


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


PROGRAMS: dict[str, Any] = {
    "primitive": sin, "option": sum(axis=0), "composition": dup >> mul >> fork(sin, cos), "wiring": exl, "projection": proj(1),
    "constant": const(np.ones(2)), "scaling": scale(np.ones(2)), "at a space": sum.at(R[2]), "recorded": program(wave, R[2]),
    "a lambda recorded": program(lambda x: np.sin(x)[0] + x[1], R[2]), "structure": program(lambda x: {"a": x[0]}, R[2]),
    "program": program(wave), "decorated": decorated, "compiled": compile(wave, R[2]), "derivative": compile(grad(wave), R[2]),
    "transpose": sum.at(R[2]).T, "partial": program(functools.partial(np.add, 1.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_pickled_and_mean_the_same(name: str) -> None:
    f = PROGRAMS[name]
    found = again(f)
    assert type(found) is type(f) and repr(found) == repr(f) and str(found.type) == str(f.type)
    x = {"projection": (1.0, 2.0), "wiring": (1.0, 2.0), "composition": 0.5, "transpose": 2.0}.get(name, X)
    np.testing.assert_equal(found(x), f(x))
    assert copy.copy(f) is f and copy.deepcopy(f) is f and copy.deepcopy([f])[0] is f


def test_every_primitive_is_found_by_its_name() -> None:
    for p in catalogue().values():
        assert again(p) is p
        assert again(p.open()).primitive is p
    assert again(IDENTITY) is IDENTITY and again(NEGATE) is NEGATE


@pytest.mark.parametrize(
    "space", [R, C[2], R * (R[2] * R), R.of("float32")[2, 3], space_of({"a": (1.0, [2.0])})], ids=str
)
def test_spaces(space: Space) -> None:
    assert again(space) == space and copy.deepcopy(space) == space


def test_a_long_program_is_pickled_without_recursion() -> None:
    f = compose(*[sin] * 20_000)
    for _ in range(20_000):
        f = f >> cos
    assert again(f) == f


def test_a_decorated_function_is_pickled_by_its_name() -> None:
    assert again(decorated) is decorated and again(slope) is slope
    assert again(program(wave)) == program(wave) and again(program(wave)).function is wave


OPERATORS = [
    grad(wave),
    value_and_grad(wave),
    jacobian(wave),
    hessian(wave),
    grad(wave, argnums=(0,)),
    jacobian(wave, mode="forward"),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=range(len(OPERATORS)))
def test_operators_are_pickled_as_operators_on_the_function(operator: Any) -> None:
    np.testing.assert_equal(again(operator)(X), operator(X))
    np.testing.assert_equal(again(again(operator))(X), operator(X))


@pytest.mark.parametrize(
    "made", [program(lambda x: x), grad(lambda x: x), value_and_grad(lambda x: x), jacobian(lambda x: x)], ids=range(4)
)
def test_lambdas_are_refused_and_the_remedy_told(made: Any) -> None:
    with pytest.raises(
        NotPicklableError, match=r"<lambda> cannot be pickled(.|\n)*functools.partial; or pickle the program"
    ):
        pickle.dumps(made)
    assert isinstance(copy.deepcopy(made), type(made))
    assert issubclass(NotPicklableError, pickle.PicklingError)


def test_functions_inside_functions_are_refused() -> None:
    def inside(x: Any) -> Any:
        return x

    with pytest.raises(NotPicklableError, match="inside cannot be pickled"):
        pickle.dumps(Program(inside))


def test_linear_maps_and_pullbacks_are_pickled() -> None:
    f = lambda x: np.tanh(np.array([[1.0, 2.0], [3.0, 4.0]]) @ x) + x[0]  # noqa: E731
    _, df = linearize(f, X)
    np.testing.assert_array_equal(again(df).matrix(), df.matrix())
    np.testing.assert_array_equal(again(df.T).matrix(), df.T.matrix())
    assert again(vjp(f, X)[1])(X).tolist() == vjp(f, X)[1](X).tolist()


def test_texts_are_pickled() -> None:
    assert again(to_python(wave, R[2])).run()(X) == wave(X) and again(show(wave, R[2])).run()(X) == wave(X)


def test_programs_run_in_other_processes() -> None:
    context = multiprocessing.get_context("spawn")
    points = [X, 2 * X, -X]
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        for f in (grad(wave), compile(grad(wave), R[2]), decorated, PROGRAMS["a lambda recorded"]):
            for found, x in zip(pool.map(f, points), points, strict=True):
                np.testing.assert_array_equal(found, f(x))
