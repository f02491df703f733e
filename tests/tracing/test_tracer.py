"""Traces: what is recorded, by which trace, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from essence_ad import Additive, Begin, C, Cont, D, Dual, R
from essence_ad.errors import NeedsSpaceError, ShapeError, StructureError, TracingError
from essence_ad.primitives.primitive import Call
from essence_ad.tracing.program import as_program, trace
from essence_ad.tracing.tracer import Trace

ARROWS = [D(Additive), D(Dual(Additive)), D(Begin(Additive)), D(Cont(Additive, R))]
A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def cases(parameters: str, *values: Any) -> Any:
    """A parametrised test whose cases are numbered."""
    return pytest.mark.parametrize(parameters, values, ids=[str(i) for i in range(len(values))])


def derivative(f: Callable[[Any], Any], k: Any = Additive) -> Callable[[Any], Any]:
    """The derivative of a function of one number, as an ordinary function."""
    return lambda x: D(k)(as_program(f, (x,)))(x)[1](1.0)


# ---------------------------------------------------------------------------------------------- what is recorded


def test_each_operation_is_one_box_in_order() -> None:
    d = trace(lambda x: np.exp(x) * x + x, R).diagram
    assert [op.name for op, _, _ in d.boxes] == ["exp", "multiply", "add"]
    assert (d.dom_space, d.cod_space) == (R, R)


def test_what_nobody_reads_is_not_kept() -> None:
    def f(x):
        np.exp(x)
        return x + 1.0

    assert [op.name for op, _, _ in trace(f, R).diagram.boxes] == ["const", "add"]


def test_a_constant_stands_on_one_wire_however_often_it_is_used() -> None:
    b = np.ones(3)
    d = trace(lambda x: (x + b) / (b - x) + b, R[3]).diagram
    assert [op.name for op, _, _ in d.boxes].count("const") == 1


def test_an_array_that_is_changed_between_two_uses_is_two_constants() -> None:
    def f(x):
        b = np.zeros(3)
        for i in range(3):
            b[i] = 1.0
            x = x + b
        return x

    x = np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(trace(f, R[3])(x), f(x))
    np.testing.assert_array_equal(trace(f, R[3])(x), x + [3, 2, 1])


def test_an_index_that_is_changed_between_two_uses_is_kept_as_it_was() -> None:
    def f(x):
        places, total = np.array([0]), 0.0
        for _ in range(3):
            total = total + x[places]
            places += 1
        return total

    x = np.array([1.0, -2.0, 0.5])
    np.testing.assert_array_equal(trace(f, R[3])(x), f(x))


def test_a_constant_is_not_changed_with_the_users_array() -> None:
    b, key = np.ones(3), [0, 1]
    f = trace(lambda x: (x + b)[key], R[3])
    b[:], key[0] = 7.0, 2
    np.testing.assert_array_equal(f(np.zeros(3)), [1.0, 1.0])


def test_lists_beside_arrays_are_constants() -> None:
    np.testing.assert_array_equal(trace(lambda x: x + [1, 2, 3], R[3])(np.zeros(3)), [1, 2, 3])


@cases(
    "f",
    lambda x: 2.0 * x,
    lambda x: x * 3,
    lambda x: np.float64(2.0) * x,
    lambda x: x * np.array([1.0, 2.0, 3.0]),
    lambda x: np.array(2) * x,
    lambda x: -x * -1,
    lambda x: np.multiply(x, np.ones(1)),
)
def test_a_product_with_a_constant_is_linear(f: Callable[[Any], Any]) -> None:
    program = trace(f, R[3])
    x, v = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -3.0])
    assert program.is_linear
    np.testing.assert_array_equal(program(x), f(x))
    assert np.dot(program(x), v) == np.dot(x, program.T(v))


@cases("f", lambda x: x * np.ones((2, 3)), lambda x: x * 1j, lambda x: x * np.ones((3, 1)))
def test_a_product_that_changes_shape_or_dtype_is_no_scaling(f: Callable[[Any], Any]) -> None:
    program, x = trace(f, R[3]), np.array([0.5, -1.0, 2.0])
    assert program.is_linear and [op.name for op, _, _ in program.diagram.boxes] == ["const", "multiply"]
    np.testing.assert_array_equal(program(x), f(x))
    assert program.diagram.cod_space.shape == f(x).shape


@pytest.mark.parametrize("dtype", ["float32", "complex64", "int32", "int64", "bool", "complex128"])
@cases(
    "f", lambda x: x + 1, lambda x: x + 1.5, lambda x: x * 2, lambda x: 2.5 * x, lambda x: x + 1j, lambda x: 3 - (x + x)
)
def test_python_numbers_take_the_dtype_that_numpy_gives_them(dtype: str, f: Callable[[Any], Any]) -> None:
    x = np.array([1, 0, 1], dtype)
    program, y = trace(f, R.of(dtype)[3]), f(x)
    assert program.diagram.cod_space.dtype == y.dtype == program(x).dtype
    np.testing.assert_array_equal(program(x), y)


def test_shape_errors_name_the_primitive_the_shapes_and_the_line() -> None:
    with pytest.raises(ShapeError) as caught:
        trace(lambda x: x + np.ones(4), R[3])
    for part in ("add", "R[3]", "R[4]", "test_tracer.py:"):
        assert part in str(caught.value)


def test_a_long_loop_is_recorded_without_recursion() -> None:
    def f(x):
        for _ in range(100_000):
            x = -x
        return x

    program = trace(f, R)
    assert len(program.diagram.boxes) == 100_000
    value, derivative = D(Dual(Additive))(program)(3.0)
    assert (value, derivative(2.0)) == (3.0, 2.0)


def test_the_space_of_a_call_with_options_is_not_mixed_up() -> None:
    f = trace(lambda x: (np.sum(x, axis=0), np.sum(x, axis=1), np.sum(x, axis=(0, 1), keepdims=True)), R[2, 3])
    assert [p.shape for p in f.diagram.cod_space.parts] == [(3,), (2,), (1, 1)]


# ---------------------------------------------------------------------------------------------- results


def test_results_may_be_constants_arguments_and_nothing() -> None:
    f = trace(lambda x: {"same": x, "number": 3, "array": np.arange(2), "none": None, "twice": [x, x]}, R)
    y = f(1.5)
    assert (y["same"], y["number"], y["none"], y["twice"]) == (1.5, 3, None, [1.5, 1.5])
    np.testing.assert_array_equal(y["array"], [0, 1])


@cases("value", "text", object(), np.array(["a"]), {1.0}, lambda: 0)
def test_results_that_are_not_numbers_are_refused(value: Any) -> None:
    with pytest.raises((StructureError, TypeError)) as caught:
        trace(lambda x: (x, value), R)
    assert "numbers" in str(caught.value)


# ---------------------------------------------------------------------------------------------- levels


@pytest.mark.parametrize("k", [Additive, Dual(Additive), Cont(Additive, R)], ids=repr)
def test_perturbations_are_not_confused(k: Any) -> None:
    """Siskind and Pearlmutter, Perturbation confusion and referential transparency (2005), and variations of it."""
    d = lambda f: derivative(f, k)  # noqa: E731
    assert d(lambda x: x * d(lambda y: x + y)(1.0))(1.0) == 1.0
    assert d(lambda x: x * d(lambda y: x * y)(2.0))(3.0) == 6.0
    assert d(lambda x: d(lambda y: x * y * y)(x))(3.0) == 12.0
    assert d(lambda x: x * d(lambda y: d(lambda z: x * y * z)(1.0))(1.0))(2.0) == 4.0
    assert d(lambda x: d(lambda x: x * x * x)(x))(2.0) == 12.0


def test_modes_may_be_nested_in_each_other() -> None:
    for outer in (Additive, Dual(Additive), Cont(Additive, R)):
        for inner in (Additive, Dual(Additive), Cont(Additive, R)):
            f = derivative(lambda x, inner=inner: x * derivative(lambda y: np.sin(x * y), inner)(x), outer)
            x = 0.7  # d/dx x² cos(x²)
            assert f(x) == pytest.approx(2 * x * np.cos(x * x) - 2 * x**3 * np.sin(x * x), rel=1e-14)


def test_the_amazing_bug() -> None:
    """Manzyuk, Pearlmutter, Radul, Rush and Siskind (2019): differentiating a shifted function twice."""

    def shifted(f):
        return lambda x: derivative(lambda u: f(x + u))(0.0)

    assert shifted(shifted(np.exp))(1.0) == pytest.approx(math.e, rel=1e-15)
    assert shifted(shifted(shifted(lambda x: x * x * x)))(1.0) == 6.0


def test_a_function_that_leaks_its_argument_is_refused_and_not_wrong() -> None:
    def curried(u):
        return lambda x: x + u

    with pytest.raises(StructureError):
        derivative(curried)(0.0)
    kept = []

    def keeping(u):
        kept.append(u)
        return u

    derivative(keeping)(0.0)
    for use in (
        lambda: kept[0] + 1,
        lambda: 2 * kept[0],
        lambda: bool(kept[0]),
        lambda: trace(lambda x: x + kept[0], R),
    ):
        with pytest.raises(TracingError, match="recording of keeping ended"):
            use()


def test_an_outer_array_is_a_constant_of_the_inner_trace() -> None:
    with Trace("outer") as outer:
        x = outer.argument(R)
        with Trace("inner") as inner:
            y = inner.argument(R)
            z = x * x  # no inner array in it: recorded outside
            w = y + z
            assert (z.owner, w.owner) == (outer, inner)
            assert inner.captured and not outer.captured
    assert [op.name for op, _, _ in outer.boxes] == ["multiply"]
    assert [op.name for op, _, _ in inner.boxes] == ["const", "add"]


def test_the_level_is_given_back_after_an_error() -> None:
    def fails(x):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trace(fails, R)
    with Trace() as after:
        assert after.level == 1


# ---------------------------------------------------------------------------------------------- what is refused


def _branch(x):
    return x if x[0] else -x


def _assigned(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y


def _assigned_slice(x):
    y = np.zeros(3)
    y[:] = x
    return y


@cases(
    "f, text",
    (_branch, "asked whether it is true"),
    (lambda x: float(x), "float(x)"),
    (lambda x: int(x), "int(x)"),
    (lambda x: complex(x), "complex(x)"),
    (lambda x: math.cos(x[0]), "math.cos"),
    (lambda x: list(range(x)), "range(x)"),
    (lambda x: [1, 2, 3][x[0]], "index"),
    (lambda x: A[x], "A[x]"),
    (lambda x: x[x], "only traced integers"),
    (lambda x: np.asarray(x), "np.asarray(x)"),
    (lambda x: np.array([x, x]), "np.stack"),
    (lambda x: x[0].item(), "item"),
    (lambda x: x.tolist(), "list"),
    (lambda x: 1.0 in x, "'in'"),
    (lambda x: f"{x:.2f}", "formatted"),
    (_assigned, "y[0] = x[0]"),
    (_assigned_slice, "y[:] = x"),
    (lambda x: np.reshape(A, x), "reshape"),
)
def test_values_are_not_known_while_a_function_is_recorded(f: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(TracingError) as caught:
        trace(f, R[3])
    assert text in str(caught.value)
    assert "test_tracer.py:" in str(caught.value), "the user's line"
    assert "to do:" in str(caught.value) and "np." in str(caught.value).split("to do:")[1], "the remedy"


def _set(x):
    x[0] = 1.0
    return x


def _add_in_place(x):
    y = np.zeros(3)
    y += x
    return y


@cases(
    "f",
    _set,
    _add_in_place,
    lambda x: x.sort(),
    lambda x: x.fill(0.0),
    lambda x: np.add(x, x, out=np.zeros(3)),
    lambda x: np.add(x, x, where=np.array([True, False, True])),
    lambda x: np.sum(x, out=np.zeros(())),
    lambda x: np.var(x, where=np.array([True, False, True])),
    lambda x: np.add.at(x, 0, 1.0),
)
def test_writing_in_place_is_refused(f: Callable[[Any], Any]) -> None:
    with pytest.raises(TracingError, match="cannot be changed in place") as caught:
        trace(f, R[3])
    assert "test_tracer.py:" in str(caught.value)


def test_rebinding_is_not_writing_in_place() -> None:
    def f(x):
        x += 1.0
        x *= x
        return x

    np.testing.assert_array_equal(trace(f, R[2])(np.array([1.0, 2.0])), [4.0, 9.0])


def test_shapes_are_asked_of_a_trace_that_has_none() -> None:
    with Trace("f") as record:
        x = record.argument(None)
        for ask in (
            lambda: x.shape,
            lambda: x.dtype,
            lambda: len(x),
            lambda: list(x),
            lambda: x[0],
            lambda: x.size,
        ):
            with pytest.raises(NeedsSpaceError, match=r"program\(f, R\[3\]\)"):
                ask()


def test_the_repr_shows_the_space_and_the_function() -> None:
    with Trace("f") as record:
        assert repr(record.argument(R[3])) == "<traced R[3] in f>"
        assert repr(record.argument(None)) == "<traced array in f>"


# ---------------------------------------------------------------------------------------------- random programs

STEPS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2.0 + b * b),
    "scaled": lambda a, b: 0.5 * a,
    "negated": lambda a, b: -b,
    "sin": lambda a, b: np.sin(a),
    "exp": lambda a, b: np.exp(-b * b),
    "constant": lambda a, b: a - 1,
}


def runs(steps: list[tuple[str, int, int]], x: Any, y: Any) -> Any:
    """A program read off a list of steps, each at two of the values before it."""
    values = [x, y]
    for name, i, j in steps:
        values.append(STEPS[name](values[i % len(values)], values[j % len(values)]))
    return values[-1]


number = st.floats(-1.5, 1.5).map(lambda v: round(v, 3))
programs = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9
)


@given(programs, number, st.tuples(number, number, number))
def test_a_traced_function_is_the_function(steps: list[tuple[str, int, int]], x: float, y: tuple[float, ...]) -> None:
    f = lambda x, y: runs(steps, x, y)  # noqa: E731
    program = trace(f, R * R[3])
    array = np.array(y)
    result = f(x, array)
    np.testing.assert_array_equal(program((x, array)), result)
    assert program.diagram.cod_space.shape == np.shape(result)


@given(programs, number, number)
def test_every_mode_of_a_traced_function_agrees_with_complex_steps(
    steps: list[tuple[str, int, int]], x: float, y: float
) -> None:
    program = trace(lambda x, y: runs(steps, x, y), R * R)
    h = 1e-30
    expected = [np.imag(runs(steps, x + 1j * h, y + 0j)) / h, np.imag(runs(steps, x + 0j, y + 1j * h)) / h]
    close = lambda found: np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)  # noqa: E731
    close(D(Additive)(program)((x, y))[1].matrix()[0])
    close(D(Dual(Additive))(program)((x, y))[1](1.0))
    close(D(Cont(Additive, R))(program)((x, y))[1](1.0))


def test_the_operation_of_a_box_is_the_primitives_call() -> None:
    op = trace(lambda x: np.sum(x, 0), R[2, 3]).diagram.boxes[0][0]
    assert isinstance(op, Call) and op.params == {"axis": 0, "keepdims": False} and repr(op) == "sum(axis=0)"


def test_complex_spaces() -> None:
    f = lambda z: z * z + 1j * z  # noqa: E731
    assert trace(f, C)(1 + 2j) == f(1 + 2j)
    assert trace(f, C).diagram.cod_space == C
