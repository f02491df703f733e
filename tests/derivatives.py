"""What tests of functions of NumPy share: derivatives of first and second order, in both modes, compiled too, against differences."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import essence_ad as ad


def differences(curve: Callable[[float], Any], step: float) -> Any:
    """The slope of a curve at 0 by central differences, their error removed up to order eight."""
    column = [(curve(h) - curve(-h)) / (2 * h) for h in step / 2.0 ** np.arange(4)]
    for power in range(1, 4):
        column = [b + (b - a) / (4.0**power - 1) for a, b in itertools.pairwise(column)]
    return column[0]


class Real:
    """A function of arrays, real or complex, as one of a vector of real numbers to a vector of real numbers."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.f, self.args = f, [np.asarray(a) for a in args]
        self.moving = [i for i, a in enumerate(self.args) if a.dtype.kind in "fc"]
        self.point = np.concatenate([np.zeros(0), *[part for i in self.moving for part in _parts(self.args[i])]])
        self.rng = np.random.default_rng(zlib.crc32(repr([a.shape for a in self.args]).encode()))

    def __call__(self, u: Any) -> Any:
        """The components of the result at a vector of components."""
        args: list[Any] = list(self.args)
        start = 0
        for i in self.moving:
            a = self.args[i]
            found = []
            for _ in range(2 if a.dtype.kind == "c" else 1):
                found.append(np.reshape(u[start : start + a.size], a.shape))
                start += a.size
            x = found[0] if len(found) == 1 else found[0] + 1j * found[1]
            args[i] = x if a.dtype.itemsize >= 8 and a.dtype != np.complex64 else x.astype(a.dtype)
        y = self.f(*args)
        return np.concatenate([part for y in (y if isinstance(y, (tuple, list)) else (y,)) for part in _components(y)])


def _parts(a: Any) -> list[Any]:
    return (
        [np.ravel(a.real).astype(float), np.ravel(a.imag).astype(float)]
        if a.dtype.kind == "c"
        else [np.ravel(a).astype(float)]
    )


def _components(y: Any) -> list[Any]:
    kind = getattr(y, "dtype", np.dtype(float)).kind
    return [np.ravel(np.real(y)), np.ravel(np.imag(y))] if kind == "c" else [np.ravel(y)]


def assert_close(found: Any, expected: Any, tolerance: float) -> None:
    """Equal up to a tolerance relative to the largest component."""
    size = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * size)


def check(f: Callable[..., Any], *args: Any, step: float = 3e-3, tolerance: float = 1e-8) -> None:
    """A function has NumPy's values, and its derivatives are those of differences: first and second, in each mode, compiled."""
    g = Real(f, args)
    u, rng = g.point, g.rng
    y = g(u)
    assert np.all(np.isfinite(y)), "choose another point"
    du, dv, weights = rng.uniform(-1, 1, len(u)), rng.uniform(-1, 1, len(u)), rng.uniform(0.5, 1.5, len(y))

    def pushed(u: Any) -> Any:
        return ad.jvp(g, u, du)[1]

    def pulled(u: Any) -> Any:
        return ad.vjp(g, u)[1](weights)

    assert_close(ad.program(g)(u), y, 1e-12)
    moved = differences(lambda h: g(u + h * du), step)
    assert_close(pushed(u), moved, tolerance)
    assert_close(pulled(u) @ du, weights @ moved, 10 * tolerance)
    assert_close(pulled(u) @ dv, weights @ ad.jvp(g, u, dv)[1], 1e-11)
    bent = differences(lambda h: pushed(u + h * dv), step)
    turned = differences(lambda h: pulled(u + h * dv), step)
    assert_close(ad.jvp(pushed, u, dv)[1], bent, 10 * tolerance)
    assert_close(ad.jvp(pulled, u, dv)[1], turned, 10 * tolerance)
    assert_close(ad.vjp(pushed, u)[1](weights) @ dv, weights @ bent, 10 * tolerance)
    assert_close(ad.vjp(pulled, u)[1](du) @ dv, turned @ du, 10 * tolerance)
    for compiled, other in (
        (pulled, None), (lambda u: ad.jvp(pulled, u, dv)[1], turned), (lambda u: ad.vjp(pushed, u)[1](weights), None),
    ):  # fmt: skip
        assert_close(ad.compile(compiled, u)(u), compiled(u) if other is None else other, 10 * tolerance)
