"""The record of a primitive: options, shapes, errors, and the kinds of rules by themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import Additive, D, Dual, R, fork
from essence_ad.errors import DTypeError, NeedsSpaceError, NotLinearError, OptionError, ShapeError
from essence_ad.kernel import kernel
from essence_ad.morphism import box
from essence_ad.operation import LinearOp, embed, same
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import (
    REQUIRED,
    Bilinear,
    Call,
    Discrete,
    Elementwise,
    Linear,
    Open,
    Partials,
    Primitive,
    Rule,
    on,
)
from essence_ad.tracing.program import trace


def cube(x: Any, *, times: float = 1.0) -> Any:
    return times * x**3


CUBE = Primitive("cube", cube, Elementwise(lambda x, y, times: 3 * times * x * x), options={"times": 1.0})


def test_a_new_primitive_is_a_few_lines() -> None:
    f = box(CUBE.call())
    for k in (Additive, Dual(Additive)):
        y, df = D(k)(f)(2.0)
        assert y == 8.0 and df(1.0) == 12.0
    assert (
        D(Additive)(f(times=2.0))(2.0)[1](1.0) == 24.0 and repr(f(times=2.0)) == "cube(times=2.0)" and repr(f) == "cube"
    )


# ---------------------------------------------------------------------------------------------- options


def test_an_unknown_option_names_those_there_are() -> None:
    with pytest.raises(OptionError, match="times"):
        CUBE.call(factor=2.0)
    with pytest.raises(OptionError, match="no options"):
        essence_ad.sin(axis=0)
    with pytest.raises(OptionError, match=r"sum has no option axes[\s\S]*axis"):
        essence_ad.sum(axes=0)


def test_a_required_option_is_asked_for() -> None:
    waiting = catalogue()["reshape"].open()
    assert isinstance(waiting, Open) and waiting.name == "reshape" and waiting.options() == {}
    with pytest.raises(OptionError, match=r"reshape\(shape=\.\.\.\)"):
        essence_ad.reshape(np.zeros(3))
    with pytest.raises(OptionError, match="shape"):
        catalogue()["reshape"].call()
    with pytest.raises(OptionError, match="einsum needs the option subscripts"):
        (fork(essence_ad.sin, essence_ad.cos) >> essence_ad.einsum)(1.0)
    cut = essence_ad.split >> essence_ad.exl  # how many parts there are is told by the option
    with pytest.raises(OptionError, match="indices_or_sections"):
        cut(np.zeros(2))
    assert essence_ad.reshape(shape=(3, 1))(np.zeros(3)).shape == (3, 1)
    assert catalogue()["reshape"].options["shape"] == REQUIRED


def test_calls_are_equal_by_primitive_and_options() -> None:
    total = catalogue()["sum"]
    assert total.call(axis=0) == total.call(axis=0) and hash(total.call(axis=0)) == hash(total.call(axis=0))
    assert total.call(axis=0) != total.call(axis=1) and total.call() != catalogue()["mean"].call()
    index = catalogue()["index"]
    assert (
        index.call(key=np.array([0, 1]))
        == index.call(key=np.array([0, 1]))
        != index.call(key=np.array([0.0, 1]).astype(int)[::-1])
    )
    assert hash(index.call(key=slice(1))) == hash(index.call(key=slice(1))) and index.call(key=1) != index.call(
        key=True
    )
    assert CUBE.call(times=0.0) != CUBE.call(times=-0.0) and same(math.nan, math.nan)
    assert total.call(axis=None).options() == {} and total.call(axis=1).options() == {"axis": 1}


# ---------------------------------------------------------------------------------------------- shapes and errors


def test_errors_name_the_primitive_and_the_shapes() -> None:
    with pytest.raises(ShapeError, match=r"multiply[\s\S]*\(2,\)[\s\S]*\(3,\)"):
        essence_ad.multiply((np.zeros(2), np.zeros(3)))
    with pytest.raises(ShapeError, match=r"multiply[\s\S]*R\[2\] and R\[3\]"):
        essence_ad.multiply.at(R[2] * R[3])
    with pytest.raises(DTypeError, match=r"hypot[\s\S]*complex128"):
        essence_ad.hypot((np.ones(2, complex), 1.0))
    with pytest.raises(DTypeError, match="maximum|floor"):
        essence_ad.floor.at(essence_ad.C)
    with pytest.raises(ShapeError, match="takes arrays"):
        catalogue()["sin"].call().shape(R * R)


def test_an_error_names_the_line_of_a_traced_function() -> None:
    with pytest.raises(ShapeError, match=r"test_primitive\.py"):
        trace(lambda x, y: x * y, R[2] * R[3])
    call = Call(catalogue()["multiply"], {}, "mine.py:7")
    error = call.fault([np.zeros(2), np.zeros(3)], ValueError("no"))
    assert "mine.py:7" in str(error)


def test_shapes_are_told_without_arithmetic() -> None:
    huge = R[10**6, 10**6]
    assert essence_ad.sin.diagram.spaces(huge)[-1] == huge
    assert catalogue()["sum"].call(axis=0).shape(huge) == R[10**6]
    assert (
        catalogue()["matmul"].call().shape(huge, huge) == huge and catalogue()["solve"].call().shape(huge, huge) == huge
    )
    assert catalogue()["index"].call(key=(slice(2), 0)).shape(huge) == R[2]
    assert catalogue()["einsum"].call(subscripts="ij,jk").shape(huge, huge) == huge
    assert catalogue()["broadcast_to"].call(shape=huge.shape).shape(R) == huge
    assert catalogue()["stack"].call().shape(huge, huge) == R[2, 10**6, 10**6]
    assert catalogue()["reshape"].call(shape=-1).shape(huge) == R[10**12]
    assert catalogue()["transpose"].call().shape(huge) == huge and catalogue()["astype"].call(dtype="float32").shape(
        R
    ) == R.of("float32")


def test_several_results() -> None:
    call = catalogue()["split"].call(indices_or_sections=2)
    assert call.cod == ("num", "num") and call.shape(R[4]) == (R[2], R[2])
    one = catalogue()["split"].call(indices_or_sections=1)
    assert one.cod == ("num",) and one.shape(R[4]) == (R[4],)
    assert [p.tolist() for p in box(one)(np.ones(2))] == [[1.0, 1.0]]
    assert box(one).diagram.spaces(R[4])[-1] == R[4]


# ---------------------------------------------------------------------------------------------- rules


def test_elementwise_rules() -> None:
    assert Elementwise(1, -1).linear and Elementwise(0.5).linear and not Elementwise(lambda x, y: x).linear
    assert essence_ad.negative.T(2.0) == -2.0
    with pytest.raises(NeedsSpaceError, match="add"):
        _ = essence_ad.add.T
    back = essence_ad.add.at(R[2, 3] * R[3]).T(np.ones((2, 3)))
    assert back[0].shape == (2, 3) and back[1].tolist() == [2, 2, 2]
    assert essence_ad.deg2rad.at(R[2]).T(np.ones(2)).tolist() == [math.pi / 180] * 2
    with pytest.raises(NotLinearError):
        _ = essence_ad.sin.at(R).T


def test_only_what_is_wanted_is_derived() -> None:
    asked: list[str] = []

    def slope(name: str) -> Any:
        return lambda x, y, z: asked.append(name) or 1.0

    p = Primitive("pair", np.add, Elementwise(slope("first"), slope("second")), 2)
    f = fork(essence_ad.identity, essence_ad.const(2.0)) >> box(p.call())
    assert D(Additive)(f)(1.0)[1](3.0) == 3.0 and asked == ["first"]


def test_linear_rules_give_themselves_and_their_adjoint() -> None:
    p = Primitive("weigh", lambda x: np.array([1.0, 2.0]) * x, Linear(lambda v, space: np.array([1.0, 2.0]) * v))
    f = box(p.call())
    assert f.is_linear and f.at(R[2]).T(np.ones(2)).tolist() == [1, 2]
    y, df = D(Dual(Additive))(f)(np.ones(2))
    assert df(np.ones(2)).tolist() == [1, 2]
    symmetric = Primitive("twice", lambda x: 2 * x, Linear(lambda v, space: 2 * v, symmetric=True))
    assert box(symmetric.call()).T(3.0) == 6.0
    with pytest.raises(NeedsSpaceError, match="weigh"):
        _ = f.T
    assert p.rule.derivative(p.call(), [np.arange(2)], np.arange(2.0), [True]) is None


def test_bilinear_rules_hold_one_argument() -> None:
    p = Primitive("times", np.multiply, Bilinear(lambda v, y, space: v * y, lambda v, x, space: x * v), 2)
    y, df = D(Dual(Additive))(box(p.call()))((3.0, 4.0))
    assert df(2.0) == (8.0, 6.0)
    facts = p.rule.derivative(p.call(), [np.arange(2), np.ones(2)], np.ones(2), [True, True])
    assert facts[0] is None and facts[1] is not None


def test_partials_compose_linear_operations() -> None:
    def facts(inputs: Any, output: Any, wanted: Any) -> Any:
        (x,) = inputs
        return (embed(x, output, LinearOp("total", np.sum, lambda v: v * np.ones(3), (R[3],), (R,))),)

    p = Primitive("total", np.sum, Partials(facts))
    assert D(Dual(Additive))(box(p.call()))(np.zeros(3))[1](2.0).tolist() == [2, 2, 2]
    assert p.rule.derivative(p.call(), [np.arange(3)], 3, [True]) is None


def test_discrete_rules_have_no_derivative() -> None:
    p = Primitive("steps", np.floor, Discrete())
    assert p.call().discrete and D(Additive)(box(p.call()))(1.5)[1](1.0) == 0.0


def test_a_rule_must_state_a_derivative() -> None:
    with pytest.raises(NotImplementedError):
        Rule().derivative(CUBE.call(), [1.0], 1.0, [True])


def test_any_number_of_arguments_on_wires_or_in_a_product() -> None:
    @kernel
    def total(*xs: Any) -> Any:
        return sum(xs)

    p = Primitive("total", total, Partials(lambda xs, y, wanted: tuple([embed(x, y) for x in xs])), None)
    f = box(p.call())
    xs = (1.0, np.ones(2), np.ones((2, 1)))
    y, df = D(Dual(Additive))(f)(xs)
    back = df(np.ones((2, 2)))
    assert back[0] == 4.0 and back[1].tolist() == [2, 2] and back[2].tolist() == [[2], [2]]
    assert f.diagram.spaces(R * R[2])[-1] == R[2]
    g = fork(essence_ad.sin, essence_ad.cos, essence_ad.identity) >> f
    assert g(0.0) == 1.0 and D(Additive)(g)(0.0)[1](1.0) == 2.0
    joined = essence_ad.concatenate.at(R[1] * R[2])
    assert [part.tolist() for part in joined.T(np.arange(3.0))] == [[0], [1, 2]]


def test_examples_are_shapes_or_arrays() -> None:
    case = on((2, 3), 0.5, axis=0)
    assert case.inputs == ((2, 3), 0.5) and case.options == {"axis": 0} and on().options is not on().options
