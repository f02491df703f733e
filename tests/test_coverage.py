"""Every call of NumPy that some system differentiates: values, both modes, order two, complex and compiled, one by one.

The oracle is NumPy itself: differences of the call, made more exact by extrapolation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from essence_ad import compile, grad, hessian, jacobian, jvp, program, space_of, vjp, vmap
from essence_ad.errors import DTypeError, TracingError, UnsupportedError, ValueDependenceWarning
from essence_ad.primitives import by_function
from essence_ad.spaces import pack
from essence_ad.structure import leaves
from essence_ad.tracing import arrangement, rewrites
from tests.tracing.coverage_rows import AWKWARD, MISSING, ROWS, STEERED, Row, differentiated, table


def parts(value: Any) -> list[Any]:
    """The arrays that a result is made of."""
    return [np.asarray(leaf) for leaf in leaves(pack(list(value) if isinstance(value, list) else value))]


def flat(value: Any) -> Any:
    """All numbers of a result, those that are integers as zeros, which do not move."""
    return np.concatenate(
        [np.ravel(p) if p.dtype.kind in "fc" else np.zeros(p.size) for p in parts(value)] or [np.zeros(0)]
    )


class Point:
    """A row at a real or complex point, with a direction and a covector."""

    def __init__(self, name: str, row: Row, kind: str) -> None:
        rng = np.random.default_rng(len(name) + 7)
        self.f = row.f
        self.x = tuple([self.turned(x, rng) if kind == "c" else x for x in row.x])
        self.dx = tuple([self.direction(x, rng) for x in self.x])
        self.du = tuple([self.direction(x, rng) for x in self.x])
        with np.errstate(all="ignore"):
            self.y = row.f(*self.x)
        self.dy = [self.direction(y, rng) for y in parts(self.y)]

    @staticmethod
    def turned(x: Any, rng: np.random.Generator) -> Any:
        return x + 0.2j * rng.uniform(-1, 1, np.shape(x))

    @staticmethod
    def direction(x: Any, rng: np.random.Generator) -> Any:
        v = rng.uniform(-1, 1, np.shape(x))
        if np.iscomplexobj(x):
            return v + 1j * rng.uniform(-1, 1, np.shape(x))
        return v if np.result_type(x).kind == "f" else np.zeros_like(x)

    def moved(self, step: float, along: Any) -> tuple[Any, ...]:
        return tuple([x + step * d for x, d in zip(self.x, along, strict=True)])

    def slope(self, of: Any, along: Any, step: float = 1e-3) -> Any:
        """The slope by central differences of three steps, extrapolated: exact for polynomials of degree six."""
        with np.errstate(all="ignore"):
            a, b, c = [
                (flat(of(*self.moved(h, along))) - flat(of(*self.moved(-h, along)))) / (2 * h)
                for h in (4 * step, 2 * step, step)
            ]
        a, b = b + (b - a) / 3, c + (c - b) / 3
        return b + (b - a) / 15


def paired(a: Any, b: Any) -> float:
    """The pairing in which a pullback is the transpose of a derivative: bilinear, its real part."""
    return float(np.real(np.sum(flat(a) * flat(b))))


def close(found: Any, expected: Any, tolerance: float) -> None:
    found, expected = flat(found), flat(expected)
    assert found.shape == expected.shape
    finite = np.abs(expected[np.isfinite(expected)])
    size = max(1.0, float(np.max(finite, initial=0.0)))
    np.testing.assert_allclose(np.nan_to_num(found), np.nan_to_num(expected), rtol=0, atol=tolerance * size)


def whole(value: Any, template: Any) -> Any:
    """A list of arrays in the structure of a result."""
    return space_of(template).unpack(_nested(pack(template), iter(value)))


def _nested(tree: Any, values: Any) -> Any:
    return tuple([_nested(t, values) for t in tree]) if isinstance(tree, tuple) else next(values)


def check(name: str, row: Row, kind: str) -> None:
    """Value, both modes, their agreement, order two in both directions, and the compiled forms of all."""
    at = Point(name, row, kind)
    f, x = at.f, at.x
    arg: Any = x if len(x) > 1 else x[0]
    direction: Any = at.dx if len(x) > 1 else at.dx[0]
    other: Any = at.du if len(x) > 1 else at.du[0]
    traced = program(f)
    y, dy = jvp(traced, arg, direction)
    for a, b in zip(parts(y), parts(at.y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
        assert a.shape == b.shape and a.dtype == b.dtype, f"{a.shape} {a.dtype}, NumPy has {b.shape} {b.dtype}"
    close(dy, at.slope(f, at.dx), 1e-8)
    covector = whole(at.dy, y)
    back = vjp(traced, arg)[1](covector)
    assert np.isclose(paired(dy, covector), paired(direction, back), rtol=1e-10, atol=1e-10)

    push = lambda *x: jvp(traced, x if len(x) > 1 else x[0], direction)[1]
    pull = lambda *x: vjp(traced, x if len(x) > 1 else x[0])[1](covector)
    second = jvp(push, arg, other)[1]
    close(second, at.slope(push, at.du), 1e-7)
    assert np.isclose(paired(second, covector), paired(other, vjp(push, arg)[1](covector)), rtol=1e-9, atol=1e-9)
    mixed = jvp(pull, arg, other)[1]
    assert np.isclose(paired(second, covector), paired(mixed, direction), rtol=1e-9, atol=1e-9)

    twice = lambda *x: jvp(push, one(x), other)[1]
    for g, expected in ((f, y), (push, dy), (pull, back), (twice, second))[: 4 if name in ROWS else 3]:
        close(compile(g, *[space_of(v) for v in x])(*x), expected, 1e-12)


KINDS = [(name, kind) for name, row in ROWS.items() for kind in ("f", "c")[: 1 + row.complex]]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_rows(name: str, kind: str) -> None:
    check(name, ROWS[name], kind)


def one(values: tuple[Any, ...]) -> Any:
    return values if len(values) > 1 else values[0]


@pytest.mark.parametrize("name", ROWS)
def test_single_precision_is_that_of_numpy(name: str) -> None:
    """The dtype of a result is NumPy's; derivatives have the dtype of the result, pullbacks that of the argument."""
    at = Point(name, ROWS[name], "f")
    x = tuple([np.asarray(v, np.float32)[()] for v in at.x])
    dx = one(tuple([np.asarray(v, np.float32)[()] for v in at.dx]))
    y, pullback = vjp(program(at.f), one(x))
    _, dy = jvp(program(at.f), one(x), dx)
    expected = [p.dtype for p in parts(at.f(*x))]
    assert [p.dtype for p in parts(y)] == expected
    assert [p.dtype for p in parts(dy) if p.dtype.kind in "fc"] == [d for d in expected if d.kind in "fc"]
    covector = whole([np.asarray(v, p.dtype) for v, p in zip(at.dy, parts(y), strict=True)], y)
    assert {p.dtype for p in parts(pullback(covector))} == {np.dtype(np.float32)}
    close(dy, jvp(program(at.f), one(at.x), one(at.dx))[1], 1e-3)


def backwards(x: Any) -> Any:
    """The same numbers, in memory from the last to the first."""
    return np.flip(np.flip(x).copy()) if np.ndim(x) else x


@pytest.mark.parametrize("layout", [np.asfortranarray, backwards])
def test_the_order_in_memory_does_not_matter(layout: Any) -> None:
    for name, row in ROWS.items():
        at = Point(name, row, "f")
        x = tuple([layout(v) if np.ndim(v) else v for v in at.x])
        held = [v.tobytes() for v in x]
        y, pullback = vjp(program(at.f), one(x))
        covector = whole(at.dy, y)
        close(y, at.y, 1e-13)
        close(pullback(covector), vjp(program(at.f), one(at.x))[1](covector), 1e-13)
        close(jvp(program(at.f), one(x), one(at.dx))[1], jvp(program(at.f), one(at.x), one(at.dx))[1], 1e-13)
        close(compile(at.f, *map(space_of, x))(*x), at.y, 1e-13)
        assert held == [v.tobytes() for v in x]


@pytest.mark.parametrize("name", ROWS)
def test_a_batch_is_every_call_by_itself(name: str) -> None:
    at, far = Point(name, ROWS[name], "f"), ROWS[name]
    x = tuple([np.stack([a, a + 0.003 * d]) for a, d in zip(at.x, at.dx, strict=True)])
    found = parts(vmap(far.f)(*x))
    for i in (0, 1):
        alone = parts(far.f(*[v[i] for v in x]))
        for a, b in zip(found, alone, strict=True):
            np.testing.assert_allclose(a[i], b, rtol=1e-9, atol=1e-9)


@pytest.mark.filterwarnings("ignore::essence_ad.errors.ValueDependenceWarning")
@pytest.mark.parametrize("name", STEERED)
def test_shapes_that_values_decide_are_followed_at_a_point(name: str) -> None:
    at = Point(name, STEERED[name], "f")
    y, dy = jvp(at.f, one(at.x), one(at.dx))
    close(y, at.y, 1e-13)
    close(dy, at.slope(at.f, at.dx), 1e-9)
    covector = whole(at.dy, y)
    assert np.isclose(paired(dy, covector), paired(one(at.dx), vjp(at.f, one(at.x))[1](covector)), rtol=1e-12)
    with pytest.raises(TracingError):
        compile(at.f, *map(space_of, at.x))


MIXED = [
    name
    for name, row in ROWS.items()
    if len(row.x) == 2 and name not in ("ldexp", "mod", "remainder", "fmod", "divmod", "array([x,y])")
]


@pytest.mark.parametrize("name", MIXED)
def test_integers_beside_real_numbers(name: str) -> None:
    """One of two arrays holds integers: the result is NumPy's, and the other array moves it."""
    row = ROWS[name]
    for i in (0, 1):
        whole_number = np.rint(3 * np.abs(row.x[i])).astype(np.int64) + 1
        f = lambda x, n=whole_number, i=i: row.f(*((n, x) if i == 0 else (x, n)))
        check(name, Row(f, (row.x[1 - i],)), "f")


def test_every_row_that_some_system_differentiates_is_here() -> None:
    ours = set(differentiated())
    assert len(table()) == 278 and len(ours) > 270
    assert ours - {*ROWS, *STEERED} == {"vectorize", *MISSING}
    assert set(ROWS) <= ours


CASES = [
    (name, i, kind)
    for name, rows in AWKWARD.items()
    for i, row in enumerate(rows)
    for kind in ("f", "c")[: 1 + row.complex]
]


@pytest.mark.parametrize(("name", "i", "kind"), CASES)
def test_awkward_arguments(name: str, i: int, kind: str) -> None:
    check(name, AWKWARD[name][i], kind)


# ---------------------------------------------------------------------------------------------- where others are silent

# Measured for this project on 2026-11-20: what autograd 1.9.1, JAX 0.10.2 and torch 2.13 get wrong without a word.

PAIR = np.array([0.5, -1.5])
JOINS: dict[str, Any] = {
    "concat": lambda x: np.concat([x, x * x]), "dstack": lambda x: np.dstack([x, x * x]), "block": lambda x: np.block([[x, x], [x * x, x]]),
    "choose": lambda x: np.choose([1, 0], [x, x * x]), "multi_dot": lambda x: np.linalg.multi_dot([np.outer(x, x), np.eye(2), x]),
}  # fmt: skip


@pytest.mark.parametrize("name", JOINS)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_jacobians_through_joins_are_not_zero(name: str, mode: str) -> None:
    f, h = JOINS[name], 1e-6
    columns = [(f(PAIR + h * e) - f(PAIR - h * e)) / (2 * h) for e in np.eye(2)]
    found = jacobian(f, mode=mode)(PAIR)
    assert np.any(found)
    np.testing.assert_allclose(found, np.stack(columns, axis=-1), atol=1e-8)


def test_a_vectorized_function_is_refused_and_never_detached() -> None:
    f = np.vectorize(lambda v: v * v)
    for call in (lambda: jvp(f, PAIR, PAIR), lambda: jacobian(f)(PAIR), lambda: grad(lambda x: np.sum(f(x)))(PAIR)):
        with pytest.raises(TracingError, match="NumPy array"):
            call()


def test_results_that_are_plain_tuples_are_pulled_back() -> None:
    y, pullback = vjp(lambda x: (x * x, [np.sum(x), 3.0]), PAIR)
    assert type(y) is tuple and type(y[1]) is list
    np.testing.assert_allclose(pullback((np.ones(2), [2.0, 5.0])), 2 * PAIR + 2)


def test_products_with_a_factor_zero() -> None:
    np.testing.assert_array_equal(grad(np.prod)(np.array([0.0, 2.0, 3.0])), [6, 0, 0])
    np.testing.assert_array_equal(grad(np.prod)(np.array([0.0, 2.0, 0.0])), [0, 0, 0])
    np.testing.assert_array_equal(hessian(np.prod)(np.array([0.0, 2.0, 0.0]))[0], [0, 0, 2])


def test_mixed_second_derivatives_of_a_power_agree() -> None:
    by_x = grad(lambda y: grad(lambda x: x**y)(4.0))
    by_y = grad(lambda x: grad(lambda y: x**y)(0.0))
    assert float(by_x(0.0)) == float(by_y(4.0)) == 0.25


def test_the_second_derivative_of_tanh_far_out_is_zero() -> None:
    assert [float(grad(grad(np.tanh))(x)) for x in (1000.0, -1000.0)] == [0, 0]
    assert [float(grad(grad(grad(np.tanh)))(x)) for x in (1000.0, -1000.0)] == [0, 0]


def test_double_precision_is_kept_without_asking() -> None:
    assert grad(np.sum)(np.ones(3)).dtype == np.float64


def test_unique_numbers_move() -> None:
    with pytest.warns(ValueDependenceWarning):
        found = grad(lambda x: np.sum(np.unique(x) * np.arange(3)))(np.array([2.0, -1.0, 0.5]))
    np.testing.assert_array_equal(found, [2, 0, 1])


def test_nothing_infinite_leaks_out_of_what_is_not_chosen() -> None:
    for f in (lambda x: np.where(x > 0, np.sqrt(x), 0.0), lambda x: np.select([x > 0], [np.sqrt(x)])):
        for x in (0.0, 4.0):
            assert [float(jvp(f, x, 1.0)[1]), float(grad(f)(x))] == [0.25 * (x > 0)] * 2
            assert float(compile(grad(f), x)(x)) == 0.25 * (x > 0)


def test_complex_jacobians_in_reverse() -> None:
    z = np.array([1.0 + 2j, 0.5 - 1j])
    np.testing.assert_allclose(jacobian(lambda z: z * z, mode="reverse")(z), np.diag(2 * z))


def test_writing_into_arrays_is_told_with_the_line() -> None:
    def f(x: Any) -> Any:
        x[0] = 2.0
        return x

    with pytest.raises(TracingError, match=r"(?s)changed in place.*test_coverage\.py:\d+: x\[0\] = 2\.0.*new array"):
        grad(lambda x: np.sum(f(x)))(PAIR)


DISCRETE: dict[str, Any] = {
    "argsort": np.argsort, "argmax": np.argmax, "floor": np.floor, "sign": np.sign, "digitize": lambda x: np.digitize(x, [0.0]),
    "searchsorted": lambda x: np.searchsorted([0.0], x), "histogram": lambda x: np.histogram(x, 2, (-1, 1))[0], "count_nonzero": np.count_nonzero,
    "isclose": lambda x: np.isclose(x, 0.5), "matrix_rank": lambda x: np.linalg.matrix_rank(np.outer(x, x)),
}  # fmt: skip


@pytest.mark.parametrize("name", DISCRETE)
def test_functions_without_a_derivative_are_named_or_have_results_that_cannot_move(name: str) -> None:
    try:
        y, dy = jvp(DISCRETE[name], PAIR, np.ones(2))
    except (UnsupportedError, TracingError) as error:
        assert name in str(error) and "test_coverage.py:" in str(error)
        return
    np.testing.assert_array_equal(y, DISCRETE[name](PAIR))
    assert not np.any(dy)
    if np.result_type(y).kind in "bui":
        with pytest.raises(DTypeError, match=r"int|bool|integer"):
            grad(lambda x: np.ravel(DISCRETE[name](x))[0])(PAIR)


# ---------------------------------------------------------------------------------------------- what the documents say


def test_the_page_lists_the_functions_that_are_known() -> None:
    known = {*rewrites.table(), *by_function()} - set(arrangement._WRITING)
    modules = (("", np), ("linalg.", np.linalg), ("fft.", np.fft))
    names = {
        prefix + name
        for prefix, module in modules
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and not isinstance(value, type) and value in known
    }
    page = (Path(__file__).parent.parent / "docs" / "numpy.md").read_text(encoding="utf-8")
    listed = set(page.split("```text\n")[1].split("```")[0].split())
    assert names <= listed and listed - names <= MISSING | {"astype"}, names ^ listed
