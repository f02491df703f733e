"""D(k): value and derivative together, in every category of linear maps; arrows written by hand, and checked."""

from __future__ import annotations

import dataclasses
import warnings
from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import (
    Additive,
    Begin,
    Both,
    C,
    Cont,
    D,
    Dual,
    Functions,
    LinearMap,
    Matrices,
    R,
    abs,
    add,
    arctan,
    compose,
    const,
    cos,
    count,
    cross,
    dup,
    exl,
    exp,
    fork,
    grad,
    identity,
    inl,
    it,
    jam,
    join,
    log,
    matmul,
    mul,
    power,
    proj,
    scale,
    sin,
    space_of,
    sqrt,
    sum,
    tanh,
    where,
    zero,
)
from essence_ad.categories.derivative import Derivative
from essence_ad.diagram import Op
from essence_ad.errors import (
    CompositionError,
    DTypeError,
    EssenceError,
    NeedsSpaceError,
    NotDifferentiableError,
    NotLinearError,
    OptionError,
    ShapeError,
    StructureError,
)
from essence_ad.morphism import box
from tests.strategies import LINEAR, differences, points, typed_programs

sqr = dup >> mul
mag_sqr = cross(sqr, sqr) >> add
cos_sin_prod = mul >> fork(cos, sin)
MODES = [Additive, Matrices, Dual(Additive), Dual(Matrices), Cont(Additive, R), Begin(Additive, R)]


# ---------------------------------------------------------------------------------------------- what it is


@given(typed_programs, st.data())
@pytest.mark.parametrize("k", LINEAR, ids=repr)
def test_value_and_derivative_against_differences(k: Any, typed: Any, data: Any) -> None:
    source, target, f = typed
    x = data.draw(points(source))
    y, df = D(k)(f)(x)
    assert np.array_equal(target.to_vector(y), target.to_vector(f(x)), equal_nan=True)
    found = k.linear_map(df)
    assert (found.source, found.target) == (source, target)
    assert np.allclose(found.matrix(), differences(f, x, source, target), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("k", MODES, ids=repr)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (1, 1)], ids=str)
def test_elementwise_programs_in_closed_form(k: Any, shape: tuple[int, ...]) -> None:
    x = np.linspace(0.3, 1.7, int(np.prod(shape))).reshape(shape)[()]
    for f, value, slope in (
        (sqr, x * x, 2 * x),
        (sqr >> sin, np.sin(x * x), 2 * x * np.cos(x * x)),
        (fork(exp, arctan) >> mul, np.exp(x) * np.arctan(x), np.exp(x) * (np.arctan(x) + 1 / (1 + x * x))),
        (identity, x, np.ones(shape)),
        (const(2.0), 2.0, None),
    ):
        y, df = D(k)(f)(x)
        matrix = df.matrix()
        if slope is None:
            assert y == 2.0 and matrix.shape == (1, x.size) and not matrix.any()
            continue
        assert np.array_equal(y, value) and np.shape(y) == shape
        assert np.allclose(matrix, np.diag(np.ravel(slope)), rtol=1e-14)


@pytest.mark.parametrize("k", MODES, ids=repr)
def test_products_of_arrays_in_closed_form(k: Any) -> None:
    rng = np.random.default_rng(1)
    a, b, s = rng.standard_normal((2, 3)), rng.standard_normal((3, 2)), 1.5
    y, df = D(k)(cross(matmul, identity) >> mul)(((a, b), s))
    assert np.allclose(y, s * (a @ b))
    left, right = np.kron(s * np.eye(2), b.T), np.kron(s * a, np.eye(2))
    assert np.allclose(df.matrix(), np.hstack([left, right, (a @ b).reshape(-1, 1)]))


@pytest.mark.parametrize("k", MODES, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtypes(k: Any, dtype: Any) -> None:
    x = np.array([0.5, -1.0, 2.0], dtype=dtype)
    y, df = D(k)(fork(sqr, scale(3.0)) >> add >> sin)(x)
    assert y.dtype == df.matrix().dtype == dtype and k.linear_map(df).source == space_of(x)
    assert np.allclose(
        df.matrix(), np.diag((2 * x + 3) * np.cos(x * x + 3 * x)), rtol=1e-5 if x.itemsize <= 8 else 1e-12
    )


@pytest.mark.parametrize("k", MODES, ids=repr)
def test_fractions_give_exact_derivatives(k: Any) -> None:
    """A polynomial of Horner's form, its derivative by hand."""
    x = Fraction(3, 7)
    horner = fork(fork(scale(Fraction(2)), const(Fraction(-5))) >> add, identity) >> mul  # (2x - 5) x
    y, df = D(k)(fork(fork(horner, const(Fraction(1, 3))) >> add, identity) >> mul)(x)  # 2x³ - 5x² + x/3
    assert y == 2 * x**3 - 5 * x**2 + x / 3
    entry = df.matrix()[0, 0]
    assert entry == 6 * x**2 - 10 * x + Fraction(1, 3) and type(entry) is Fraction


@dataclasses.dataclass
class Line:
    slope: Any
    offset: Any


@attrs.frozen
class Pair:
    left: Any
    right: Any


@pytest.mark.parametrize("k", MODES, ids=repr)
@pytest.mark.parametrize(
    "make",
    [lambda a, b: {"slope": a, "offset": b}, Line, Pair, lambda a, b: [a, b]],
    ids=["dict", "dataclass", "attrs", "list"],
)
def test_structured_arguments(k: Any, make: Any) -> None:
    a, b = np.array([1.0, 2.0]), 3.0
    y, df = D(k)(mul)(make(a, b))
    assert np.array_equal(y, a * b)
    assert df.matrix().tolist() == [[3.0, 0.0, 1.0], [0.0, 3.0, 2.0]]
    back = k.linear_map(df).T(np.ones(2))
    assert type(back) is type(make(a, b))
    assert type(k.linear_map(df).source.unpack((a, b))) is type(make(a, b))


def test_several_arguments_make_a_tuple() -> None:
    assert D(Additive)(mul)(3.0, 4.0)[1].matrix().tolist() == D(Additive)(mul)((3.0, 4.0))[1].matrix().tolist()


def test_results_may_be_products() -> None:
    y, df = D(Dual(Additive))(fork(sin, fork(cos, identity)))(0.5)
    assert y == (np.sin(0.5), (np.cos(0.5), 0.5))
    assert df((1.0, (2.0, 3.0))) == pytest.approx(np.cos(0.5) - 2 * np.sin(0.5) + 3.0)
    y, df = D(Additive)(it)(0.5)
    assert y == () and df(1.0) == () and df.T(()) == 0.0


# ---------------------------------------------------------------------------------------------- the rules of the paper


@pytest.mark.parametrize("k", MODES, ids=repr)
def test_the_derivative_of_a_linear_program_is_itself(k: Any) -> None:
    f = fork(join(scale(2.0), scale(3.0)), exl)
    y, df = D(k)(f)((5.0, 7.0))
    assert y == (31.0, 5.0)
    assert np.array_equal(df.matrix(), Additive(f.at(R * R)).matrix())


@given(typed_programs, st.data())
@pytest.mark.parametrize("k", [Additive, Matrices, Dual(Additive)], ids=repr)
def test_composing_arrows_is_composing_programs(k: Any, typed: Any, data: Any) -> None:
    source, target, f = typed
    x, d = data.draw(points(source)), D(k)
    g = fork(identity, identity)
    y, df = d(f >> g)(x)
    z, dg = d.compose(d(g), d(f))(x)
    ends = target * target
    assert np.array_equal(ends.to_vector(y), ends.to_vector(z), equal_nan=True)
    assert np.allclose(k.linear_map(df).matrix(), k.linear_map(dg).matrix(), equal_nan=True)
    (y, z), dh = d.cross(d(f), d(f))((x, x))
    n, m = k.linear_map(dh).matrix().shape
    assert (n, m) == (2 * target.dim, 2 * source.dim)
    assert not k.linear_map(dh).matrix()[: target.dim, source.dim :].any()


def test_sums_and_zeros_in_a_program() -> None:
    y, df = D(Additive)(join(scale(2.0), scale(3.0)) >> sin)((0.1, 0.2))
    assert np.isclose(y, np.sin(0.8)) and np.allclose(df.matrix(), np.cos(0.8) * np.array([[2.0, 3.0]]))
    y, df = D(Dual(Additive))(sin >> inl)(0.5)
    assert y == (np.sin(0.5), 0.0) and df((2.0, 5.0)) == 2 * np.cos(0.5)
    y, df = D(Additive)(inl >> jam >> exp)(0.5)
    assert y == np.exp(0.5) and df(1.0) == np.exp(0.5)
    y, df = D(Additive)(zero)(3.0)
    assert y == 0.0 and df(1.0) == 0.0
    with pytest.raises(NeedsSpaceError, match="no known shape"):
        D(Additive)(zero >> sin)(3.0)
    with pytest.raises(ShapeError, match="cannot be added"):
        D(Additive)(jam)((1.0, np.ones(3)))


def test_a_derivative_is_a_program_that_can_be_differentiated() -> None:
    """The second derivative, by D of the program that the first one is."""
    assert np.isclose(grad(grad(sqr >> sin))(0.5), 2 * np.cos(0.25) - np.sin(0.25))
    once = Functions(sin.at(R)).diagram.boxes
    assert len(once) == 1


def test_kinks_and_branches() -> None:
    y, df = D(Dual(Additive))(abs)(np.array([-2.0, 3.0]))
    assert df(np.ones(2)).tolist() == [-1.0, 1.0]
    safe = fork(const(np.array([True, False])), sqrt, identity) >> where
    y, df = D(Additive)(safe)(np.array([4.0, 0.0]))
    assert y.tolist() == [2.0, 0.0] and df.matrix().tolist() == [[0.25, 0.0], [0.0, 1.0]]


def test_not_a_number_and_infinity() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, df = D(Dual(Additive))(sqrt)(0.0)
        assert y == 0.0 and df(1.0) == np.inf
        y, df = D(Additive)(exp)(np.array([np.nan, np.inf, 0.0]))
        assert np.isnan(y[0]) and np.isinf(y[1]) and np.isnan(df.matrix()[0, 0]) and df.matrix()[2, 2] == 1.0
    y, _ = D(Additive)(log)(0.0)
    assert y == -np.inf


def test_integers_and_booleans_have_no_derivative() -> None:
    """A Python integer counts as a real number; an array of integers cannot move a little."""
    y, df = D(Dual(Additive))(sqr)(3)
    assert y == 9.0 and df(1) == 6.0
    y, df = D(Additive)(sqr >> sum)(np.array([1, 2]))
    assert not df.matrix().any() and df.source.discrete
    y, df = D(Additive)(mul)((True, 2.0))
    assert df.matrix().tolist() == [[0.0, 1.0]]


# ---------------------------------------------------------------------------------------------- memory and cost


def test_inputs_are_not_changed() -> None:
    a, b = np.array([0.5, 1.0]), np.array([2.0, -1.0])
    kept = a.copy(), b.copy()
    for k in MODES:
        for f in (mag_sqr, cos_sin_prod, mul >> sum, fork(exl, mul)):
            _, df = D(k)(f)((a, b))
            df.matrix()
            k.linear_map(df)((a, b))
            assert np.array_equal(a, kept[0]) and np.array_equal(b, kept[1])


@pytest.mark.parametrize("k", MODES, ids=repr)
@pytest.mark.parametrize("n", [1, 10, 100])
def test_each_primitive_runs_once(k: Any, n: int) -> None:
    """Value and derivative share the value's work: the derivative of ``tanh`` needs no second ``tanh``."""
    f = compose(*[fork(tanh, sin) >> mul] * n)
    counts = count(lambda x: k.linear_map(D(k)(f)(x)[1])(1.0), 0.7)
    assert (counts["tanh"], counts["sin"], counts["cos"]) == (n, n, n)


def test_arrows_of_k_are_composed_once_for_each_box() -> None:
    """The derivative is one diagram of scalings: as many as the program has places that meet a number."""
    for n in (1, 10, 100):
        _, df = D(Additive)(compose(*[sqr] * n))(1.0)
        assert len(df.diagram.boxes) == 2 * n


# ---------------------------------------------------------------------------------------------- by hand


def by_hand(k: Any) -> tuple[Any, Any, Any]:
    """A square, a product and an exponential of arrays whose derivatives somebody wrote."""
    d = D(k)
    square = d.arrow(lambda x: (x * x, k.scale(2 * x)))
    product = d.arrow(lambda p: (p[0] * p[1], k(join(scale(p[1]), scale(p[0])))))
    exponential = d.arrow(lambda x: (np.exp(x), k.scale(np.exp(x))))
    return square, product, exponential


@pytest.mark.parametrize("k", [*MODES, Both(Additive, Dual(Additive)), Dual(Dual(Additive))], ids=repr)
def test_arrows_by_hand_compose_with_others(k: Any) -> None:
    d = D(k)
    square, product, exponential = by_hand(k)
    for mine, program, x in (
        (square, sqr, 1.5),
        (product, mul, (1.5, -2.0)),
        (d.compose(exponential, product), mul >> exp, (1.5, -0.5)),
        (d.compose(product, d.dup()), sqr, 1.5),
        (d.compose(d(add), d.cross(square, square)), mag_sqr, (3.0, 4.0)),
        (
            d.compose(d(cos_sin_prod), d.cross(exponential, d.identity())),
            cross(exp, identity) >> cos_sin_prod,
            (0.1, 2.0),
        ),
        (d.compose(square, square, square), sqr >> sqr >> sqr, np.array([1.1, 0.9])),
    ):
        y, df = mine(x)
        z, dg = d(program)(x)
        assert np.allclose(y, z)
        assert np.allclose(k.linear_map(df).matrix(), k.linear_map(dg).matrix(), rtol=1e-13)


def test_arrows_by_hand_know_their_spaces() -> None:
    """Also where the derivative was given as an arrow at no known space."""
    y, df = by_hand(Additive)[1]({"a": 2.0, "b": 3.0})
    assert y == 6.0 and df.matrix().tolist() == [[3.0, 2.0]] and repr(df.source) == "dict(a: R, b: R)"
    y, df = D(Matrices).arrow(lambda x: (x * x, Matrices.scale(2 * x)))(np.array([1.0, 2.0]))
    assert df.matrix().tolist() == [[2.0, 0.0], [0.0, 4.0]]
    space = R * C
    y, df = D(Additive).arrow(lambda p: (p[1], Additive(proj(1, 2).at(space))))((1.0, 1j))
    assert df.source == space and df((0.0, 2j)) == 2j


def test_a_function_by_hand_is_called_once_for_each_point() -> None:
    calls: list[float] = []

    def square(x: Any) -> Any:
        calls.append(x)
        return x * x, Dual(Additive).scale(2 * x)

    d = D(Dual(Additive))
    arrow = d.arrow(square)
    y, df = d.compose(arrow, arrow)(3)
    assert (y, df(1.0), df(2.0), calls) == (81.0, 108.0, 216.0, [3.0, 9.0])
    assert repr(arrow) == "<a -> value, derivative in Dual(Additive); by hand>"


def test_a_derivative_that_only_a_human_knows() -> None:
    """The implicit function theorem: a root of x³ + x = c, found by Newton's steps that nobody differentiates."""

    def root(c: Any) -> Any:
        x = 0.0
        for _ in range(50):
            x -= (x**3 + x - c) / (3 * x * x + 1)
        return x, Dual(Additive).scale(1 / (3 * x * x + 1))

    d = D(Dual(Additive))
    y, df = d.compose(d(sqr), d.arrow(root))(10.0)
    assert np.isclose(y, 4.0) and np.isclose(df(1.0), 2 * 2 / 13)


SQUARED = {
    "value alone": (lambda x: x * x, StructureError),
    "a list": (lambda x: [x * x, Additive.scale(2 * x)], StructureError),
    "three": (lambda x: (x * x, Additive.scale(2 * x), 0), StructureError),
    "a number": (lambda x: (x * x, 2 * x), NotLinearError),
    "a program": (lambda x: (x * x, scale(2 * x)), NotLinearError),
    "another category": (lambda x: (x * x, Matrices.scale(2 * x)), NotLinearError),
    "its dual": (lambda x: (x * x, Dual(Additive).scale(2 * x)), NotLinearError),
    "another start": (lambda x: (x * x, Additive(scale(2.0).at(R[2]))), CompositionError),
    "another end": (lambda x: (x * x, Additive(fork(identity, identity).at(R))), CompositionError),
    "another end, of no known space": (lambda x: (x * x, Additive.dup()), CompositionError),
    "another start, of no known space": (lambda x: (x * x, Additive.jam()), CompositionError),
    "a wider end": (lambda x: (x * x, Additive.scale(np.ones(3))), CompositionError),
    "a value that is none": (lambda x: ("x", Additive.scale(2 * x)), StructureError),
}


@pytest.mark.parametrize("name", SQUARED)
def test_wrong_derivatives_by_hand_are_refused(name: str) -> None:
    function, error = SQUARED[name]
    d = D(Additive)
    mine = d.arrow(function)
    for arrow, x in ((mine, 3.0), (d.compose(d(sin), mine), 3.0), (d.cross(mine, d(sin)), (3.0, 1.0))):
        with pytest.raises(error) as caught:
            arrow(x)
        assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


@pytest.mark.parametrize("k", LINEAR, ids=repr)
def test_wrong_derivatives_in_every_category(k: Any) -> None:
    for wrong in (k(fork(scale(2.0), identity).at(R)), k(scale(2.0).at(R[2])), k.dup()):
        with pytest.raises(CompositionError, match="does not"):
            D(k).arrow(lambda x, wrong=wrong: (x * x, wrong))(3.0)


def test_what_is_no_function_by_hand() -> None:
    for wrong in (3.0, (1.0, 2.0), None):
        with pytest.raises(OptionError, match="function of the point"):
            D(Additive).arrow(wrong)
    with pytest.raises(ZeroDivisionError):
        D(Additive).arrow(lambda x: 1 / 0)(1.0)
    with pytest.raises(CompositionError, match="arrows of"):
        D(Dual(Additive)).compose(D(Additive).arrow(lambda x: (x, Additive.identity())))


# ---------------------------------------------------------------------------------------------- wrong calls


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Matrices], ids=repr)
@pytest.mark.parametrize(
    ("f", "x", "error"),
    [
        (mul, 1.0, StructureError),
        (mul, (1.0, 2.0, 3.0), StructureError),
        (mul, (np.ones(2), np.ones(3)), ShapeError),
        (sin, (1.0, 2.0), StructureError),
        (sin, "text", StructureError),
        (sin, np.array(["a"]), DTypeError),
        (proj(3), (1.0, 2.0), StructureError),
        (jam, ((1.0, 2.0), 3.0), StructureError),
        (jam, (np.ones(2), np.ones(3)), ShapeError),
        (sin.at(R[2]), np.ones(3), ShapeError),
        (sin.at(R[2]), 1j * np.ones(2), DTypeError),
        (sum(axis=2), np.ones(2), ShapeError),
    ],
)
def test_arguments_that_do_not_fit(k: Any, f: Any, x: Any, error: type[EssenceError]) -> None:
    with pytest.raises(error) as caught:
        D(k)(f)(x)
    assert all(part in str(caught.value) for part in ("found:", "expected:", "to do:"))


def test_operations_that_state_no_derivative() -> None:
    class Secret(Op):
        name = "secret"

        def apply(self, *inputs: Any) -> Any:
            return inputs[0]

    with pytest.raises(NotDifferentiableError, match="secret"):
        D(Additive)(box(Secret()))(1.0)
    y, df = D(Additive)(fork(const(1.0) >> box(Secret()), power) >> exl)((2.0, 3.0))
    assert y == 1.0 and not df.matrix().any()  # nothing is asked of what does not depend on the argument


def test_arrows_show_what_they_are() -> None:
    arrow = D(Additive)(mag_sqr)
    assert repr(arrow) == "<a -> value, derivative in Additive; 3 boxes>" and isinstance(arrow, Derivative)
    assert D(Additive) == D(Additive) != D(Matrices)
    assert isinstance(arrow((1.0, 2.0))[1], LinearMap)
    y, derivative = D(Additive).observe(arrow, R * R, R, (3.0, 4.0))
    assert y == 25.0 and derivative.tolist() == [[6.0, 8.0]]
