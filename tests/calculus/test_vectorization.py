"""``vmap``: the function at each element and the results stacked, for every primitive, its derivatives, and all nestings."""

from __future__ import annotations

import itertools
import pickle
import warnings
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import essence_ad as ad
from essence_ad import R, count, grad, hessian, hvp, jacobian, jvp, linearize, program, value_and_grad, vjp, vmap
from essence_ad.calculus.vectorization import axes_of, size_of
from essence_ad.categories.batched import mapped
from essence_ad.errors import EssenceError, NotAProgramError, OptionError, ShapeError, TracingError
from essence_ad.operation import is_discrete
from essence_ad.primitives.primitive import Example, Primitive
from essence_ad.spaces import space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace
from tests.primitives.test_primitives import Point, each_case, pack
from tests.strategies import points, typed_programs
from tests.tracing.test_batch import SIZE, variants

RNG = np.random.default_rng(0)
W, X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3))


def loss(w: Any, x: Any) -> Any:
    return np.sum(np.tanh(w @ x) ** 2)


def stacked(rows: list[Any]) -> Any:
    """The rows of one structure, stacked leaf by leaf."""
    space = space_of(rows[0])
    columns = zip(*[leaves(space.pack(row)) for row in rows], strict=True)
    return space.unpack(_build(space.pattern, iter([np.stack(c) for c in columns])))


def _build(pattern: Any, parts: Any) -> Any:
    return tuple([_build(p, parts) for p in pattern]) if isinstance(pattern, tuple) else next(parts)


def assert_same(found: Any, expected: Any) -> None:
    space = space_of(expected)
    assert space_of(found) == space
    for a, b in zip(leaves(space.pack(found)), leaves(space.pack(expected)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


# ---------------------------------------------------------------------------------------------- every primitive


@each_case
def test_derivatives_over_an_added_axis_are_those_at_each_element(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving or is_discrete(at.f(at.x)):
        return
    n = len(at.moving)
    given = [variants(p, at, i) for i in at.moving]
    y = at.f(at.x)
    directions = [at.vector(at.space) for _ in range(SIZE)]
    covectors = [at.vector(space_of(y)) for _ in range(SIZE)]

    def push(x: Any, dx: Any) -> Any:
        return jvp(at.f, x, dx)

    def pull(x: Any, v: Any) -> Any:
        return vjp(at.f, x)[1](v)

    for k in range(n + 1):
        for lifted in itertools.combinations(range(n), k):
            rows = [at._one([given[i][r] if i in lifted else given[i][0] for i in range(n)]) for r in range(SIZE)]
            x = at._one([np.stack(given[i]) if i in lifted else given[i][0] for i in range(n)])
            axes: Any = at._one([0 if i in lifted else None for i in range(n)])
            for function, vectors in ((push, directions), (pull, covectors)):
                expected = stacked([pack(function(r, v)) for r, v in zip(rows, vectors, strict=True)])
                found = vmap(function, in_axes=(axes, 0))(x, stacked(vectors))
                for a, b in zip(leaves(_packed(found)), leaves(_packed(expected)), strict=True):
                    assert a.shape == b.shape and a.dtype == b.dtype
                    np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@each_case
def test_a_pullback_over_an_added_axis_can_be_compiled(p: Primitive, e: Example) -> None:
    at = Point(p, e)
    if not at.moving or is_discrete(at.f(at.x)):
        return
    x = at._one([np.stack(variants(p, at, i)) for i in at.moving])
    v = stacked([at.vector(space_of(at.f(at.x))) for _ in range(SIZE)])
    over = vmap(lambda x, v: vjp(at.f, x)[1](v))
    expected, found = over(x, v), ad.compile(over, space_of(x), space_of(v))(x, v)
    for a, b in zip(leaves(_packed(found)), leaves(_packed(expected)), strict=True):
        assert a.shape == b.shape and a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def _packed(value: Any) -> Any:
    return space_of(value).pack(value)


# ---------------------------------------------------------------------------------------------- programs


@given(typed_programs, st.data())
def test_a_program_over_an_added_axis_is_the_program_at_each_element(typed: Any, data: Any) -> None:
    source, target, f = typed
    assume(source.dim and target.dim)
    rows = [data.draw(points(source)) for _ in range(2)]
    found = vmap(f)(stacked(rows))
    for i, x in enumerate(rows):
        y = target.to_vector(f(x))
        np.testing.assert_allclose(target.to_vector(mapped(lambda a, i=i: a[i], found)), y, rtol=1e-9, atol=1e-9)


def test_programs_functions_and_compiled_programs_alike() -> None:
    expected = [loss(W, x) for x in X]
    f = program(loss)
    for g in (loss, f, ad.compile(loss, W, X[0]), f.at(R[4, 3] * R[3])):
        np.testing.assert_allclose(vmap(g, in_axes=(None, 0))(W, X), expected)
    np.testing.assert_array_equal(vmap(ad.sin)(X), np.sin(X))
    np.testing.assert_array_equal(vmap(ad.dup >> ad.mul)(X), X * X)
    np.testing.assert_array_equal(ad.Batched(ad.mul)(X, Y), X * Y)


# ---------------------------------------------------------------------------------------------- axes and structures


class Pair(NamedTuple):
    a: Any
    b: Any


@attrs.frozen
class Layer:
    w: Any
    b: Any


def test_axes_of_arguments_and_results() -> None:
    a = RNG.normal(size=(2, 5, 3))
    expected = np.stack([a[:, i] @ Y[i] for i in range(5)])
    for axis in (1, -2):
        np.testing.assert_allclose(vmap(np.matmul, in_axes=(axis, 0))(a, Y), expected)
    for axis, shape in ((0, (5, 2)), (1, (2, 5)), (-1, (2, 5)), (-2, (5, 2))):
        found = vmap(np.matmul, in_axes=(1, 0), out_axes=axis)(a, Y)
        assert found.shape == shape
        np.testing.assert_allclose(np.moveaxis(found, axis, 0), expected)
    np.testing.assert_allclose(vmap(lambda x: x[0], in_axes=1)(X), X[0])


def test_structures_of_arguments_and_results() -> None:
    def layer(p: Any, x: Any) -> Any:
        return {"y": p.w @ x + p.b, "pair": Pair(x, (p.b, 1.0))}

    p = Layer(W, RNG.normal(size=(5, 4)))
    found = vmap(layer, in_axes=(Layer(None, 0), 0))(p, X)
    rows = [layer(Layer(W, b), x) for b, x in zip(p.b, X, strict=True)]
    assert_same(found, stacked(rows))
    assert isinstance(found["pair"], Pair)
    found = vmap(layer, in_axes=(Layer(None, 0), 0), out_axes={"y": 1, "pair": Pair(0, (0, None))})(p, X)
    assert found["y"].shape == (4, 5) and found["pair"].b[1] == 1.0 and found["pair"].b[0].shape == (5, 4)
    found = vmap(lambda d: d["x"] * d["y"], in_axes=({"y": None, "x": 0},))({"x": X, "y": 2.0})
    np.testing.assert_array_equal(found, 2 * X)
    assert vmap(lambda d: d[0] * d[1])([X, Y]).shape == (5, 3)


def test_arguments_by_keyword_are_held() -> None:
    def f(x: Any, w: Any) -> Any:
        return x * w

    np.testing.assert_array_equal(vmap(f)(X, w=Y[0]), X * Y[0])


def test_entries_hold_for_all_that_is_in_their_place() -> None:
    space = space_of({"b": 1.0, "a": (X, Y)})
    assert axes_of("in_axes", 1, space) == [1, 1, 1]
    assert axes_of("in_axes", {"a": (0, None), "b": 2}, space) == [2, 0, None]
    assert size_of([space_of(X), space_of(W)], [[0], [None]]) == 5


def test_results_are_arrays_of_their_own() -> None:
    constant = np.ones(2)
    found = vmap(lambda x: (constant, x, x.T, 3.0))(X)
    for part in found:
        assert part.flags.writeable
        part[...] = 7
    assert found[0].shape == (5, 2) and constant.tolist() == [1, 1] and not np.any(X == 7)


# ---------------------------------------------------------------------------------------------- awkward batches


@pytest.mark.parametrize("size", [0, 1])
def test_no_element_and_one_element(size: int) -> None:
    xs = X[:size]
    for f in (
        grad(lambda x: loss(W, x)),
        lambda x: np.linalg.norm(W @ x),
        jacobian(lambda x: np.tanh(W @ x)),
        np.cumsum,
    ):
        one = f(X[0])
        for _ in range(3):  # as it is, and compiled
            found = vmap(f)(xs)
            assert found.shape == (size, *np.shape(one))
            if size:
                np.testing.assert_allclose(found[0], one, rtol=1e-12)


def test_elements_without_numbers() -> None:
    f = grad(lambda x: np.sum(x * x) + np.prod(x))
    assert vmap(f)(np.zeros((4, 0))).shape == (4, 0)
    assert vmap(f)(np.zeros((0, 0, 2))).shape == (0, 0, 2)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128, np.complex64])
def test_dtypes_are_those_of_one_element(dtype: Any) -> None:
    xs = (X + (1j * Y if np.dtype(dtype).kind == "c" else 0)).astype(dtype)

    def f(x: Any) -> Any:
        return np.exp(0.5 * x) @ x + 1

    for function in (f, grad(f) if dtype != np.complex128 else grad(f)):
        found = vmap(function)(xs)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, [function(x) for x in xs], rtol=1e-5)
    assert vmap(lambda x, i: x[i])(X, np.array([0, 1, 2, 1, 0])).tolist() == [
        X[i, j] for i, j in enumerate([0, 1, 2, 1, 0])
    ]
    assert vmap(lambda m: m + 1)(np.array([1, 2])).dtype == np.array([1, 2]).dtype


def test_both_numbers_and_derivatives_in_one_category() -> None:
    """``Both`` runs two categories at once; here over an added axis, one of them with derivatives."""

    def f(x: Any) -> Any:
        return np.sin(x) * x

    def tangent(x: Any) -> Any:
        return ad.D(ad.Both(ad.Additive, ad.Dual(ad.Additive)))(trace(f, R[3]))(x)[0]

    np.testing.assert_allclose(vmap(tangent)(X), f(X))


# ---------------------------------------------------------------------------------------------- nested


def test_nested_in_itself() -> None:
    a, b = np.arange(3.0), np.arange(4.0)
    outer = vmap(vmap(lambda x, y: x * y + x, in_axes=(None, 0)), in_axes=(0, None))
    np.testing.assert_array_equal(outer(a, b), np.multiply.outer(a, b) + a[:, None])
    cube = RNG.normal(size=(2, 3, 4))
    np.testing.assert_allclose(vmap(vmap(np.sum))(cube), cube.sum(2))
    np.testing.assert_allclose(vmap(vmap(np.cumsum, in_axes=1), in_axes=1)(cube), np.cumsum(cube, 0).transpose(1, 2, 0))
    swapped = vmap(lambda row: vmap(lambda x, r: x * np.sum(r), in_axes=(0, None))(row, row))(
        X
    )  # what is outside stays
    np.testing.assert_allclose(swapped, X * X.sum(1)[:, None])


def g(x: Any) -> Any:
    return np.sum(np.tanh(W @ x) ** 3) + np.prod(x)


EACH = {
    "grad": grad(g),
    "value_and_grad": value_and_grad(g),
    "jacobian": jacobian(lambda x: np.sin(W @ x)),
    "forward jacobian": jacobian(lambda x: np.sin(W @ x), mode="forward"),
    "reverse jacobian": jacobian(lambda x: np.sin(W @ x), mode="reverse"),
    "hessian": hessian(g),
    "hvp": lambda x: hvp(g, x, x),
    "jvp": lambda x: jvp(g, x, 2 * x),
    "vjp": lambda x: vjp(lambda x: W @ np.exp(x), x)[1](np.ones(4)),
    "linearize": lambda x: linearize(g, x)[1](x),
    "matrix": lambda x: linearize(lambda x: np.sin(W @ x), x)[1].matrix(),
    "third": grad(lambda x: hvp(g, x, x) @ x),
    "solve": lambda x: np.linalg.solve(np.eye(3) + x[:, None] * x, x),
    "index": lambda x: x[np.argmax(x)] * x[np.array([0, 0, 1])],
}


@pytest.mark.parametrize("name", EACH)
def test_derivatives_at_each_element(name: str) -> None:
    f = EACH[name]
    expected = stacked([f(x) for x in X])
    over = vmap(f)
    for _ in range(3):
        assert_same(over(X), expected)
    compiled = ad.compile(vmap(f), X)
    assert_same(compiled(X), expected)
    assert_same(program(vmap(f))(X), expected)


@pytest.mark.parametrize("name", ["grad", "jvp", "index", "solve"])
def test_derivatives_of_a_batch(name: str) -> None:
    f = EACH[name]

    def by_loop(xs: Any) -> Any:
        rows = [f(xs[i]) for i in range(len(X))]
        parts = [leaves(_packed(r)) for r in rows]
        return sum([np.sum(np.sin(p)) for row in parts for p in row])

    def by_vmap(xs: Any) -> Any:
        return sum([np.sum(np.sin(p)) for p in leaves(_packed(vmap(f)(xs)))])

    np.testing.assert_allclose(grad(by_vmap)(X), grad(by_loop)(X), rtol=1e-9)
    np.testing.assert_allclose(hvp(by_vmap, X, Y), hvp(by_loop, X, Y), rtol=1e-8)
    np.testing.assert_allclose(jacobian(vmap(g))(X), jacobian(lambda xs: np.stack([g(xs[i]) for i in range(5)]))(X))


def test_linear_maps_and_pullbacks_over_many_vectors() -> None:
    f = lambda x: np.tanh(W @ x)  # noqa: E731
    df, pullback = linearize(f, X[0])[1], vjp(f, X[0])[1]
    expected = jacobian(f)(X[0])
    np.testing.assert_allclose(vmap(df)(np.eye(3)), expected.T)
    np.testing.assert_allclose(vmap(df.T)(np.eye(4)), expected)
    np.testing.assert_allclose(vmap(pullback)(np.eye(4)), expected)
    a, b = vmap(vjp(lambda a, b: a * b, (X[0], Y[0]))[1])(np.eye(3))
    np.testing.assert_allclose(a, np.diag(Y[0]))
    np.testing.assert_allclose(b, np.diag(X[0]))


def test_closures_of_what_is_outside() -> None:
    """A batch inside a derivative inside a batch: each number belongs to one of them."""

    def f(x: Any) -> Any:
        return grad(lambda w: np.sum(vmap(lambda t: np.sin(w @ x) * t**2 * x[0])(x)))(2 * x)

    expected = [np.cos(2 * x @ x) * x * np.sum(x**2) * x[0] for x in X]
    np.testing.assert_allclose(vmap(f)(X), expected)


def test_per_example_gradients_take_as_many_operations_as_one_gradient() -> None:
    def per_example(w: Any, xs: Any) -> Any:
        return vmap(grad(loss), in_axes=(None, 0))(w, xs)

    many, few = count(per_example, W, np.tile(X, (20, 1))), count(per_example, W, X[:2])
    assert many.total == few.total < 25
    source = ad.compile(per_example, W, np.tile(X, (20, 1))).source
    assert len(source.splitlines()) < 20 and "for " not in source
    np.testing.assert_allclose(many.value[7], grad(loss)(W, np.tile(X, (20, 1))[7]))


def test_a_batch_met_again_is_compiled() -> None:
    over = vmap(grad(lambda x: loss(W, x)))
    results = [over(X) for _ in range(3)]
    assert over.kept == 1  # type: ignore[attr-defined]
    np.testing.assert_allclose(results[0], results[2])
    scaled = {"by": 1.0}
    with_state = vmap(lambda x: x * scaled["by"])
    assert [with_state(X)[0, 0], with_state(X)[0, 0]] == [X[0, 0]] * 2
    scaled["by"] = 2.0
    assert with_state(X)[0, 0] == 2 * X[0, 0]


def square(x: Any) -> Any:
    return x * x


def test_what_vmap_makes_can_be_pickled() -> None:
    f = pickle.loads(pickle.dumps(vmap(square, in_axes=1, out_axes=-1)))
    np.testing.assert_array_equal(f(X), X * X)


# ---------------------------------------------------------------------------------------------- errors


def message(error: type[EssenceError], function: Any, *args: Any, **options: Any) -> str:
    with pytest.raises(error) as caught:
        function(*args, **options)
    return str(caught.value)


def test_different_numbers_of_elements_are_named() -> None:
    text = message(ShapeError, vmap(lambda x, d: x), X, {"w": np.ones((4, 2)), "b": np.ones(5)})
    assert "argument 0 of shape (5, 3) along axis 0" in text and "argument 1['w'] of shape (4, 2)" in text
    text = message(ShapeError, vmap(np.add, in_axes=(0, 1)), X, W)
    assert "5 in argument 0" in text and "3 in argument 1" in text and "in_axes" in text


def test_axes_that_are_not_there() -> None:
    assert "argument 1 of shape () and axis 0" in message(ShapeError, vmap(np.add), X, 2.0)
    assert "axis 2" in message(ShapeError, vmap(np.sin, in_axes=2), X)
    assert "axis" in message(OptionError, vmap(np.sin, in_axes=None), X)
    assert "tuple of 2" in message(OptionError, vmap(np.add, in_axes=(0,)), X, Y)
    assert "(0, 0)" in message(OptionError, vmap(np.sin, in_axes=((0, 0),)), X)
    assert "structure" in message(OptionError, vmap(lambda d: d["a"], in_axes=({"b": 0},)), {"a": X})
    assert "out_axes" in message(OptionError, vmap(np.sin, out_axes=(0, 1)), X)
    assert "same for all" in message(OptionError, vmap(np.sin, out_axes=None), X)
    for wrong in (1.0, True, "0", (0, 2.5)):
        assert "ints" in message(OptionError, vmap, np.sin, in_axes=wrong)
    message(NotAProgramError, vmap, 3.0)


def test_errors_of_one_element_tell_its_shapes() -> None:
    text = message(ShapeError, vmap(lambda x, y: x + y), X, np.ones((5, 4)))
    assert "(3,)" in text.replace("R[3]", "(3,)") and "(5, 3)" not in text
    text = message(ShapeError, vmap(ad.matmul), X, np.ones((5, 2)))
    assert "R[3] and R[2]" in text and "5" not in text.split("expected")[0].replace("test_vectorization.py:35", "")
    text = message(ShapeError, vmap(lambda x: np.sum(x, axis=1)), X)
    assert "sum" in text and "vectorization" in text  # the line of this file


def test_what_depends_on_values_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = message(TracingError, vmap(lambda x: x if x[0] > 0 else -x), X)
    assert "np.where" in text
    message(TracingError, vmap(lambda x: float(x[0])), X)
    kept: list[Any] = []
    vmap(lambda x: kept.append(x) or x)(X)
    message(TracingError, lambda: kept[0] + 1)
