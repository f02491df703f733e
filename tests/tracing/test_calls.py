"""How calls of NumPy become calls of primitives: arguments, options, methods of ufuncs, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from essence_ad import Additive, D, Dual, R
from essence_ad.errors import OptionError, TracingError, UnsupportedError
from essence_ad.primitives import by_function, catalogue
from essence_ad.spaces import pack, space_of
from essence_ad.structure import leaves
from essence_ad.tracing import calls
from essence_ad.tracing.counting import Counted, Tally
from essence_ad.tracing.program import trace
from tests.installed import here

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


def names(f: Callable[[Any], Any], space: Any = R[2, 3]) -> list[str]:
    """The primitives that a function calls."""
    return [op.name for op, _, _ in trace(f, space).diagram.boxes]


# ---------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("args", "options", "params"),
    [
        ((), {}, {"axis": None, "keepdims": False}),
        ((0,), {}, {"axis": 0, "keepdims": False}),
        ((), {"axis": -1}, {"axis": -1, "keepdims": False}),
        (((0, 1),), {"keepdims": True}, {"axis": (0, 1), "keepdims": True}),
        ((1, None, None, True), {}, {"axis": 1, "keepdims": True}),
        ((), {"out": None, "dtype": None, "keepdims": np._NoValue}, {"axis": None, "keepdims": False}),
    ],
)
def test_options_may_be_passed_in_any_way(args: Any, options: dict[str, Any], params: dict[str, Any]) -> None:
    inputs, found = calls.arguments(catalogue()["sum"], np.sum, (X, *args), options)
    assert found == params and len(inputs) == 1 and inputs[0] is X
    np.testing.assert_array_equal(trace(lambda x: np.sum(x, *args, **options), R[2, 3])(X), np.sum(X, *args, **options))


def test_arrays_may_be_passed_by_name_in_any_order() -> None:
    inputs, params = calls.arguments(catalogue()["take"], np.take, (), {"axis": 1, "indices": [0], "a": X})
    assert inputs[0] is X and inputs[1] == [0] and params == {"axis": 1, "mode": "raise"}
    np.testing.assert_array_equal(trace(lambda x: np.take(indices=[0], a=x, axis=1), R[2, 3])(X), X[:, :1])


def test_dtypes_convert_what_goes_in() -> None:
    f = lambda x: np.sum(x, axis=0, dtype=np.float32)  # noqa: E731
    found = trace(f, R[2, 3])(X)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, f(X))
    added = trace(lambda x: np.add(x, x, dtype=np.float32, casting="same_kind"), R[2, 3])(X)
    assert added.dtype == np.float32


def test_arguments_that_no_primitive_knows_are_refused_unless_they_say_nothing() -> None:
    assert names(lambda x: np.add(x, x, order="K", subok=True)) == ["add"]
    with pytest.raises(UnsupportedError, match="correction="):
        trace(lambda x: np.var(x, correction=1.0), R[2, 3])
    with pytest.raises(UnsupportedError, match="add"):
        trace(lambda x: np.add(x, x, order="F"), R[2, 3])
    with pytest.raises((OptionError, TypeError)):
        trace(lambda x: np.sum(x, nonsense=3), R[2, 3])


def test_options_must_be_known() -> None:
    with pytest.raises(TracingError, match="an index or a count"):  # NumPy itself asks
        trace(lambda x: np.sum(X, axis=x), R.of("int64"))
    with pytest.raises(TracingError, match="an index or an option"):
        trace(lambda x: np.sum(x, axis=(x[0, 0], 1)), R[2, 3])
    tally = Tally()
    i = Counted(1, tally)
    assert calls.static((slice(i, None), [i], i, None)) == (slice(1, None), [1], 1, None)
    key = np.array([0, 1])
    assert calls.static(key) is not key


# ---------------------------------------------------------------------------------------------- ufuncs


def test_methods_of_ufuncs() -> None:
    for f, expected in (
        (lambda x: np.add.reduce(x), ["sum"]),
        (lambda x: np.add.reduce(x, axis=None), ["sum"]),
        (lambda x: np.add.reduce(x, 1, keepdims=True), ["sum"]),
    ):
        assert names(f) == expected
        np.testing.assert_array_equal(trace(f, R[2, 3])(X), f(X))
    with pytest.raises(UnsupportedError, match="reduceat"):
        trace(lambda x: np.add.reduceat(x, [0, 1]), R[2, 3])
    with pytest.raises(TracingError, match="in place"):
        trace(lambda x: np.add.at(x, 0, 1.0), R[2, 3])


def test_outer_products_of_ufuncs() -> None:
    f = lambda x: np.subtract.outer(x, X)  # noqa: E731
    np.testing.assert_array_equal(trace(f, R[3])(X[0]), f(X[0]))


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 3, 0.5, 1.5, 2.0])
def test_powers_are_those_of_numpy(n: float) -> None:
    x = np.abs(X)
    program = trace(lambda x: x**n, R[2, 3])
    np.testing.assert_array_equal(program(x), x**n)


def test_simple_powers_do_not_call_the_power() -> None:
    assert "power" not in sum([names(lambda x, n=n: x**n) for n in (0, 1, 2)], [])
    assert names(lambda x: x**3)[-1] == "power"


# ---------------------------------------------------------------------------------------------- indexing


@pytest.mark.parametrize(
    "key",
    [0, -1, (1, 2), slice(None), (slice(None), 1), (..., 0), None, (None, 0), [1, 0, 1], ([0, 1], [1, 2]), np.array([[0], [1]]),
     np.array([True, False]), np.array(1), (np.ones((2, 3), bool),), (slice(None, None, -1), slice(2, 0, -1)), ()],
    ids=repr,
)  # fmt: skip
def test_indices_are_those_of_numpy(key: Any) -> None:
    np.testing.assert_array_equal(trace(lambda x: x[key], R[2, 3])(X), X[key])
    assert names(lambda x: x[key]) == ["index"]


def test_traced_integers_are_indices() -> None:
    f = lambda x, i: x[i] + x[0, i] + x[i, 1:2]  # noqa: E731
    program = trace(f, R[2, 3] * R.of("int64"))
    for i in (0, 1):
        np.testing.assert_array_equal(program((X, np.int64(i))), f(X, i))


def test_iteration_unpacking_and_length() -> None:
    f = lambda x: [sum(row) for row in x] + [len(x), *x[0]]  # noqa: E731
    assert trace(f, R[2, 3])(X) == f(X)
    with pytest.raises(TypeError):
        trace(lambda x: len(x), R)
    with pytest.raises(Exception, match="index"):
        trace(lambda x: x[5], R[2, 3])


# ---------------------------------------------------------------------------------------------- what has no primitive


def test_functions_without_a_primitive_are_named_with_the_line() -> None:
    for f, name in (
        (lambda x: np.nanargmax(x), "numpy.nanargmax"),
        (lambda x: np.spacing(x), "spacing"),
        (lambda x: np.packbits(x), "packbits"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            trace(f, R[3])
        assert name in str(caught.value) and "test_calls.py:" in str(caught.value) and "primitive" in str(caught.value)
    assert np.spacing not in by_function()


def test_the_leader_is_the_innermost() -> None:
    class Level(Counted):
        def __init__(self, level: int) -> None:
            super().__init__(1.0, Tally())
            self.level = level

    inner, outer = Level(3), Level(1)
    assert calls.leader((1.0, outer, inner)) is inner
    with pytest.raises(TracingError):
        calls.leader((1.0, X))


@pytest.mark.parametrize("value", [1, 1.0, 1j, True, X, [1], (1,), np.float32(1), Counted(1.0, Tally())], ids=repr)
def test_operands(value: Any) -> None:
    assert calls.operand(value)


@pytest.mark.parametrize("value", ["a", None, {}, object, print], ids=repr)
def test_others_are_left_to_python(value: Any) -> None:
    assert not calls.operand(value)
    with pytest.raises(TypeError, match="unsupported operand"):
        trace(lambda x: x + value, R)


# ---------------------------------------------------------------------------------------------- functions of NumPy


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "concatenate": lambda x: np.concatenate([x, X, x[:1]], axis=0),
    "stack": lambda x: np.stack([x[0], V, x[1]], axis=1),
    "where": lambda x: np.where(x > 0.0, x, -1.0),
    "split": lambda x: np.split(x, 3, axis=1),
    "array_split": lambda x: np.array_split(x, 2, axis=1),
    "einsum": lambda x: np.einsum("ij,j->i", x, V),
    "einsum of three": lambda x: np.einsum("ij,kj,k->i", x, x, x[:, 0], optimize=True),
    "tensordot": lambda x: np.tensordot(x, X, axes=([1], [1])),
    "dot": lambda x: np.dot(b=V, a=x),
    "matmul": lambda x: np.matmul(X.T, x),
    "outer": lambda x: np.outer(x[0], V),
    "transpose": lambda x: np.transpose(x[None], axes=(2, 0, 1)),
    "moveaxis": lambda x: np.moveaxis(x[None], 0, -1),
    "expand_dims": lambda x: np.expand_dims(x, (0, 2)),
    "broadcast_to": lambda x: np.broadcast_to(x[0], (4, 3)),
    "pad": lambda x: np.pad(x, ((1, 0), (0, 2))),
    "pad with a value": lambda x: np.pad(x, 1, mode="constant", constant_values=2.0),
    "flip": lambda x: (np.flip(x), np.flip(x, axis=1), np.flip(x, (0, 1))),
    "roll": lambda x: np.roll(x, 1, axis=1),
    "tile": lambda x: np.tile(x, (2, 1)),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "take": lambda x: np.take(x, [0, 2], axis=1),
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "max": lambda x: (np.max(x), np.max(x, axis=0), np.amin(x, 1)),
    "round": lambda x: np.round(x, decimals=1),
    "solve": lambda x: np.linalg.solve(x @ x.T, x),
    "inv": lambda x: np.linalg.inv(x @ x.T),
    "det": lambda x: np.linalg.det(x @ x.T),
    "norm": lambda x: (np.linalg.norm(x), np.linalg.norm(x, axis=1)),
    "slogdet": lambda x: np.linalg.slogdet(x @ x.T),
    "slogdet by name": lambda x: np.linalg.slogdet(x @ x.T).logabsdet,
    "cholesky": lambda x: np.linalg.cholesky(x @ x.T),
    "maximum": lambda x: np.maximum(x, V),
    "clip": lambda x: np.clip(x, -1.0, V),
    "trace": lambda x: np.trace(x, offset=1),
}
V = np.array([2.0, -1.0, 0.5])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_numpy(name: str) -> None:
    f = FUNCTIONS[name]
    expected, found = f(X), trace(f, R[2, 3])(X)
    assert type(found) is type(expected)
    pairs = zip(found, expected, strict=True) if isinstance(expected, (tuple, list)) else [(found, expected)]
    for a, b in pairs:
        np.testing.assert_array_equal(a, b)


CATALOGUE = {p.name: p for p in catalogue().values() if here(p)}


def examples(primitive: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments for a primitive: those of its own examples, or two small arrays."""
    rng = np.random.default_rng(5)
    cases = [(e.inputs, e.options) for e in primitive.examples] or [(((2, 3),) * (primitive.arity or 1), {})]
    return [
        (tuple([_filled(x, primitive, i, rng) for i, x in enumerate(inputs)]), options) for inputs, options in cases
    ]


def _filled(x: Any, primitive: Any, place: int, rng: np.random.Generator) -> Any:
    low, high = primitive.domain[min(place, len(primitive.domain) - 1)]
    return rng.uniform(low, high, x) if isinstance(x, tuple) else x


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_primitive_is_recorded_as_itself(name: str) -> None:
    primitive = CATALOGUE[name]
    for inputs, options in examples(primitive):
        f = lambda *xs, options=options: primitive.function(*xs, **options)  # noqa: E731
        program = trace(lambda xs, f=f: f(*xs), space_of(inputs))
        assert [op.name for op, _, _ in program.diagram.boxes] == [name]
        found, expected = leaves(pack(program(inputs))), leaves(pack(f(*inputs)))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_derivative_is_recorded(name: str) -> None:
    """The rules of primitives run on traced arrays: a derivative is a program again, in either direction."""
    primitive = CATALOGUE[name]
    rng = np.random.default_rng(7)
    for inputs, options in examples(primitive)[:3]:
        space = space_of(inputs)
        program = trace(lambda xs, options=options: primitive.function(*xs, **options), space)
        dx = _tangent(inputs, rng)
        dy = _tangent(program(inputs), rng)
        for k, v in ((Additive, dx), (Dual(Additive), dy)):
            run = lambda x, v, k=k, program=program: D(k)(program)(x)[1](v)  # noqa: E731
            recorded = trace(run, space_of((inputs, v)))
            for a, b in zip(leaves(pack(recorded((inputs, v)))), leaves(pack(run(inputs, v))), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-13)


def _tangent(x: Any, rng: np.random.Generator) -> Any:
    """A direction at a point; integers and booleans do not move."""
    if isinstance(x, (tuple, list)):
        return space_of(x).unpack(tuple([_tangent(part, rng) for part in x]))
    return np.zeros_like(x) if np.result_type(x).kind in "bui" else rng.standard_normal(np.shape(x))
