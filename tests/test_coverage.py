"""Every call of NumPy that some system differentiates: values, both modes, order two, complex and compiled, one by one.

The oracle is NumPy itself: differences of the call, made more exact by extrapolation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from essence_ad import compile, jvp, program, space_of, vjp
from essence_ad.spaces import pack
from essence_ad.structure import leaves
from tests.tracing.coverage_rows import AWKWARD, ROWS, Row, differentiated, table

ELSEWHERE = ("linalg.", "fft.")


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

    for g, expected in ((f, y), (push, dy), (pull, back)):
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
    assert {name for name in ours if not name.startswith(ELSEWHERE)} - set(ROWS) == {"trim_zeros", "vectorize"}
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
