"""The NumPy backend: readable source, memory that is written over safely, and the same numbers."""

from __future__ import annotations

import gc
import linecache
import re
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import essence_ad
from essence_ad import R, logsumexp
from essence_ad.backends import numpy as backend
from essence_ad.backends.numpy import write
from essence_ad.calculus.gradient import value_and_grad
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram, collect
from essence_ad.errors import UnsupportedError
from essence_ad.operation import Op
from essence_ad.planning import facts, loops
from essence_ad.spaces import Product, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.program import trace


def both(f: Any, space: Space, *args: Any) -> None:
    d = trace(f, space).diagram
    expected = f(*args)
    kept = [np.copy(a) for a in args]
    for fast in (True, False):
        found = write(d, fast=fast).function()(*args)
        assert np.allclose(found, expected, rtol=1e-13, atol=1e-13)
        assert all(np.array_equal(a, k) for a, k in zip(args, kept, strict=True))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.where(x > 0.2, np.maximum(x, 1.0), np.arctan2(x, 2.0)),
        lambda x: np.exp(np.sin(x)) / (1.0 + x**2) - abs(x),
        lambda x: np.hypot(x, 3.0) * np.log1p(x * x) + np.sqrt(x * x),
        lambda x: np.sinc(x) + np.sign(x) * np.floor(x),
    ],
    ids=["branches", "powers", "roots", "steps"],
)
@pytest.mark.parametrize("x", [0.7, -1.3, np.array([0.5, -2.0, 0.1])], ids=str)
def test_numbers_and_arrays(f: Any, x: Any) -> None:
    both(f, R[np.shape(x)] if np.shape(x) else R, x)


def test_views_keep_the_memory_that_they_look_at() -> None:
    def f(x: Any) -> Any:
        a = np.sin(x)
        b = np.reshape(a, (3, 2))
        c = np.exp(a)  # must not be written over a, which b still looks at
        return np.sum(b, axis=0) @ np.array([1.0, 2.0]) + np.sum(c)

    both(f, R[2, 3], np.arange(6.0).reshape(2, 3))


def test_results_that_are_read_twice_are_not_written_over() -> None:
    def f(x: Any) -> Any:
        a = np.exp(x)
        b = np.negative(a)
        return a * b + a / (b - 1.0)

    both(f, R[4], np.linspace(-1, 1, 4))


def test_every_result_has_memory_of_its_own() -> None:
    x = np.arange(3.0)
    f = write(trace(lambda x: (x, x[::-1], np.ones(3), 2.0 * x, 2.0 * x), R[3]).diagram).function()
    results = f(x)
    for i, r in enumerate(results):
        r += 100.0 * (i + 1)
    assert np.array_equal(x, [0.0, 1.0, 2.0]) and np.array_equal(f(x)[2], np.ones(3))
    assert results[3][0] == 400.0 and results[4][0] == 500.0


def test_slices_are_written_as_slices() -> None:
    def f(x: Any) -> Any:
        return np.sum((x[1:] - x[:-1] ** 2) ** 2) + x[0] * x[-1] + np.sum(x[::-2] * x[::2]) + np.sum(x[[0, 0, 1]])

    d = trace(value_and_grad(f), R[5]).diagram
    x = np.linspace(-1.0, 1.0, 5)
    value, slope = write(d).function()(x)
    expected = value_and_grad(f)(x)
    assert value == pytest.approx(expected[0]) and np.allclose(slope, expected[1])
    assert "[1:]" in write(trace(lambda x: x[1:] * 2.0, R[5]).diagram).text


def test_a_chain_of_elementwise_results_uses_one_array() -> None:
    source = write(trace(lambda x: np.exp(np.sin(np.cos(x))) * 2.0, R[3]).diagram).text
    assert source.count(", v2)") == 3


def test_a_number_read_from_an_array_is_read_before_the_array_is_written_over() -> None:
    def f(x: Any) -> Any:
        y = np.tanh(x)
        return np.sum(y), np.cos(y * y)

    total, _ = write(trace(f, R[3]).diagram).function()(np.array([0.1, 0.2, 0.3]))
    assert np.isclose(total, np.tanh([0.1, 0.2, 0.3]).sum())


def test_constants_are_exact() -> None:
    def f(x: float) -> Any:
        return x * 0.1 + 1e-300 - -2.5

    found = write(trace(f, R).diagram).function()
    assert found(3.0) == f(3.0)


def test_what_the_target_lacks_is_named() -> None:
    class Strange(Op):
        name = "strange"

        def shape(self, *spaces: Space) -> Space:
            return spaces[0]

    with pytest.raises(UnsupportedError, match="strange"):
        write(Diagram(0, 1, [(Strange(), (0,), (1,))], 2, R, R))
    with pytest.raises(UnsupportedError, match="strange"):
        write(Diagram((0, 1), 2, [(Strange(), (0,), (2,))], 3, Product((R, R)), R))


# ---------------------------------------------------------------------------------------------- loops and kept memory


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything in memory that is kept, and loops of a few rows wherever there may be one."""
    for name, value in {"ROWS": 2, "WORTH": 0, "CACHE": 64, "LONG": 1, "LEAST": 1}.items():
        monkeypatch.setattr(loops, name, value)
    monkeypatch.setattr(facts, "LARGE", 1)


def agree(f: Any, *args: Any) -> str:
    """The generated code gives what the program gives, twice, and leaves arguments and earlier results alone."""
    space: Any = space_of(args) if len(args) > 1 else space_of(args[0])
    d = simplify(trace(f, space).diagram)
    packed = args if len(args) > 1 else args[0]
    expected = leaves(collect(d.cod, d.evaluate(packed)))
    kept = [np.copy(a) for a in args]
    text = ""
    for fast in (True, False):
        source = write(d, fast=fast)
        text, function = text or source.text, source.function()
        first = leaves(function(*leaves(packed)))
        copies = [np.copy(a) for a in first]
        second = leaves(function(*[a + 0.0 if np.asarray(a).dtype.kind == "f" else a for a in leaves(packed)]))
        for found, copy, again, e in zip(first, copies, second, expected, strict=True):
            assert np.shape(found) == np.shape(e) and np.asarray(found).dtype == np.asarray(e).dtype
            near = 1e-5 if np.asarray(e).dtype == np.float32 else 1e-12
            assert np.allclose(found, e, rtol=near, atol=near, equal_nan=True) and type(found) is type(again)
            assert np.array_equal(found, copy, equal_nan=True), "a later call wrote over a result"
            assert np.allclose(found, again, rtol=near, atol=near, equal_nan=True)
            assert not np.ndim(found) or not np.shares_memory(found, again)
    assert all(np.array_equal(a, k) for a, k in zip(args, kept, strict=True))
    return text


RNG = np.random.default_rng(0)
PLACES, WHERE = RNG.integers(0, 5, 7), np.array([[0, 1], [1, 2]])
PROGRAMS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "elementwise": (value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(x) / (1.0 + x * x))), (RNG.normal(size=7),)),
    "matrix": (value_and_grad(lambda x: np.sum(np.sin(x) * np.tanh(x.T @ x)[0])), (RNG.normal(size=(7, 3)),)),
    "softmax": (
        value_and_grad(lambda W, x: np.sum(logsumexp(np.tanh(x @ W), axis=1)), argnums=(0, 1)),
        (RNG.normal(size=(3, 4)), RNG.normal(size=(7, 3))),
    ),
    "two_loops": (value_and_grad(lambda x: np.sum(np.exp(x - np.max(x)) * x) ** 2), (RNG.normal(size=7),)),
    "mixture": (
        value_and_grad(
            lambda m, x: np.sum(
                logsumexp(
                    -np.sum(
                        np.einsum("kij,nkj->nki", np.cos(m)[:, :, None] * m[:, None], x[:, None, :] - m) ** 2, axis=2
                    ),
                    axis=1,
                )
            ),
            argnums=(0, 1),
        ),
        (RNG.normal(size=(2, 3)), RNG.normal(size=(7, 3))),
    ),
    "gathered": (
        value_and_grad(
            lambda c, x: np.sum(np.sin(c[PLACES][:, 0] * x[:, 1]) * np.exp(c[PLACES, 1]) / x[:, 0]), argnums=(0, 1)
        ),
        (RNG.normal(size=(5, 2)), RNG.uniform(1, 2, size=(7, 2))),
    ),
    "put_together": (
        lambda c, x: np.stack(
            [
                np.concatenate([c[PLACES], x[:, None] * np.ones((1, 2))], axis=1),
                np.concatenate([np.sin(c[PLACES]), c[PLACES] * x[:, None]], axis=1),
            ],
            axis=1,
        ),
        (RNG.normal(size=(5, 2)), RNG.normal(size=7)),
    ),
    "rows_and_results": (
        lambda x: (np.exp(x), np.exp(x).T, np.sum(np.exp(x), axis=0), np.exp(x)[1:]),
        (RNG.normal(size=(7, 3)),),
    ),
    "choice": (value_and_grad(lambda x: np.sum(np.where(x > 0, np.sin(x), x * x) * x)), (RNG.normal(size=(7, 2)),)),
    "float32": (
        value_and_grad(lambda x: np.sum(np.sin(x) * np.float32(2) * x)),
        (RNG.normal(size=7).astype(np.float32),),
    ),
    "complex": (lambda x: np.sum(np.exp(x) * np.conj(x) * 2.0, axis=0), (RNG.normal(size=(7, 2)) + 1j,)),
    "sorted_between": (lambda x: np.sin(np.cumsum(np.exp(x) * x)) * x, (RNG.normal(size=7),)),
    "reshaped": (
        lambda x: np.sum(np.reshape(np.sin(x), (7, 6)) * np.reshape(np.cos(x), (7, 6)), axis=1),
        (RNG.normal(size=(7, 3, 2)),),
    ),
    "keepdims": (lambda x: np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True), (RNG.normal(size=(7, 3)),)),
    "extremes": (
        value_and_grad(lambda x: np.sum(np.max(np.sin(x), axis=1) * np.min(x * x, axis=1))),
        (RNG.normal(size=(7, 3)),),
    ),
    "masked": (lambda x: np.sum(np.exp(x)[WHERE] * 2.0), (RNG.normal(size=(7, 3)),)),
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.usefixtures("tight")
def test_loops_over_a_few_rows_give_the_same(name: str) -> None:
    f, args = PROGRAMS[name]
    text = agree(f, *args)
    assert "for part, rows" in text or name in ("masked", "rows_and_results")
    assert "memory.take()" in text or name == "rows_and_results"


@pytest.mark.parametrize("name", PROGRAMS)
def test_small_programs_have_neither(name: str) -> None:
    f, args = PROGRAMS[name]
    assert "work" not in agree(f, *args)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
@pytest.mark.usefixtures("tight")
def test_every_length_of_the_last_step(n: int) -> None:
    agree(PROGRAMS["mixture"][0], RNG.normal(size=(2, 3)), RNG.normal(size=(n, 3)))


@pytest.mark.usefixtures("tight")
def test_calls_at_the_same_time_have_memory_of_their_own() -> None:
    f, args = PROGRAMS["softmax"]
    function = write(simplify(trace(f, space_of(args)).diagram)).function()
    points = [(args[0] + i, args[1] * i) for i in range(8)]
    expected = [function(*p)[0] for p in points]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda p: [function(*p)[0] for _ in range(20)], points))
    assert found == [[e] * 20 for e in expected]


def test_what_is_needed_before_a_result_stands_in_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "LARGE", 1)

    def loss(W: Any, V: Any, x: Any) -> Any:
        return np.sum((np.tanh(x @ W) @ V) ** 2)

    args = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=(5, 6))
    text = agree(value_and_grad(loss, argnums=(0, 1)), *args)
    assert re.search(r"v\d+ = np.empty\(\(6, 4\), dtype\)\n\s+v\d+ = v\d+.reshape\(-1\)\[:20\]", text)
    agree(lambda x: (np.sin(x), np.exp(np.cos(x)) * np.sin(x), np.cos(x) @ x), RNG.normal(size=(4, 4)))
    agree(
        value_and_grad(lambda W, x: np.sum(np.tanh(x @ W.T @ W)), argnums=(0, 1)),
        RNG.normal(size=(5, 4)),
        RNG.normal(size=(3, 4)),
    )


@pytest.mark.usefixtures("tight")
def test_arguments_in_any_layout_are_taken() -> None:
    f, args = PROGRAMS["matrix"]
    function = write(simplify(trace(f, space_of(args[0])).diagram)).function()
    x = args[0]
    value, slope = function(x)
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x[::-1][::-1]):
        again = function(other)
        assert np.isclose(again[0], value) and np.allclose(again[1], slope)


@pytest.mark.parametrize("space", [R[70_000], R[300, 300]], ids=str)
def test_large_arrays_at_the_real_sizes(space: Any) -> None:
    f = value_and_grad(lambda x: np.sum(np.sin(x) * np.exp(-x * x) / (1.0 + x * x)))
    assert "memory.take()" in agree(f, space.random(np.random.default_rng(1)))


def test_views_that_numpy_lets_nobody_write_are_not_written_over() -> None:
    for n in (1, 2):
        x = np.arange(n * n, dtype=float).reshape(n, n) + 1
        for f in (
            lambda x: 2.0 * np.diagonal(x @ x),
            lambda x, n=n: np.sin(np.broadcast_to((x @ x)[:1], (n, n))),
            lambda x: np.exp(np.reshape(np.diagonal(x @ x), (-1, 1))),
        ):
            np.testing.assert_array_equal(essence_ad.compile(f, x)(x), f(x))


# ---------------------------------------------------------------------------------------------- long programs of numbers


def tangle(seed: int, steps: int) -> Any:
    rng = np.random.default_rng(seed)
    picks = [
        (int(rng.integers(0, i + 2)), int(rng.integers(max(0, i - 3), i + 2)), int(rng.integers(5)))
        for i in range(steps)
    ]

    def f(x: Any, y: Any) -> Any:
        values = [x, y]
        for i, j, kind in picks:
            a, b = values[i], values[j]
            values.append([np.sin(a) * b, np.tanh(a + b), a * b - 0.3, np.cos(a) + 0.1 * a, np.exp(-a * a) * b][kind])
        return values[-1] + values[-2] * values[steps // 2]

    return f


@pytest.mark.parametrize("seed", range(12))
def test_names_are_used_again_only_when_nobody_reads_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "LONG", 0)
    f = value_and_grad(tangle(seed, 60), argnums=(0, 1))
    text = agree(f, 0.3, -0.7)
    targets = [line.split(" = ")[0].strip() for line in text.splitlines() if " = " in line]
    assert len(set(targets)) < len(targets)
    agree(
        value_and_grad(lambda x: np.sum(tangle(seed, 20)(x, np.cos(x))) * tangle(seed, 9)(x[0], x[1])),
        np.array([0.3, -0.2, 0.9]),
    )


def test_a_short_program_has_a_name_for_each_value() -> None:
    text = agree(value_and_grad(tangle(3, 12), argnums=(0, 1)), 0.3, -0.7)
    targets = [line.split(" = ")[0].strip() for line in text.splitlines() if " = " in line and "if " not in line]
    assert len(set(targets)) == len(targets)


def test_a_traceback_shows_the_generated_line_as_long_as_the_function_lives() -> None:
    f = write(trace(lambda a: np.linalg.inv(np.cos(a) - np.cos(a)), R[2, 2]).diagram).function()
    with pytest.raises(np.linalg.LinAlgError) as caught:
        f(np.ones((2, 2)))
    places = [entry for entry in traceback.extract_tb(caught.tb) if entry.filename.startswith("<compiled")]
    assert places and "inv(" in (places[0].line or "")
    place = places[0].filename
    assert place in linecache.cache
    del f, caught
    gc.collect()
    assert place not in linecache.cache
