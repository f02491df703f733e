"""Taylor series of a function from the facts that derivatives come from: a value that is a lazy power series.

    python examples/taylor.py       the series of three functions, beside their closed forms

A primitive says what it is linear in, or its slopes; from ``y = f(x)`` and the slope follows ``y' = f'(x) x'``, which gives
each coefficient from those before it (Karczmarczuk's and McIlroy's way). There is no table of series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.errors import UnsupportedError
from essence_ad.primitives.primitive import Bilinear, Elementwise, Primitive
from essence_ad.tracing.protocol import Overloaded


class Series(Overloaded):
    """A power series: ``rule(self, k)`` gives coefficient ``k`` from those before it; each is computed once."""

    __slots__ = ("known_terms", "rule")

    def __init__(self, rule: Callable[[Series, int], Any]) -> None:
        self.rule, self.known_terms = rule, []

    def term(self, k: int) -> Any:
        """Coefficient ``k``."""
        while len(self.known_terms) <= k:
            self.known_terms.append(self.rule(self, len(self.known_terms)))
        return self.known_terms[k]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of each coefficient."""
        return np.shape(self.term(0))

    @property
    def dtype(self) -> Any:
        """The dtype of the coefficients."""
        return np.asarray(self.term(0)).dtype

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """The series of a primitive's result."""
        places = [i for i, x in enumerate(inputs) if isinstance(x, Series)]

        def at(*terms: Any) -> Any:
            given = list(inputs)
            for i, term in zip(places, terms, strict=True):
                given[i] = term
            return primitive.function(*given, **params)

        series = [inputs[i] for i in places]
        rule = primitive.rule
        linear_in = (0, 1) if isinstance(rule, Bilinear) else tuple(primitive.linear_in)
        if rule.linear or (len(places) == 1 and places[0] in linear_in):

            def linear(y: Series, k: int) -> Any:
                terms = [x.term(k) for x in series]  # constants beside them are no part of the terms after the first
                apart = k and rule.linear and len(places) < len(inputs)
                return at(*terms) - at(*[0 * t for t in terms]) if apart else at(*terms)

            return Series(linear)
        if set(places) <= set(linear_in):
            a, b = series
            return Series(lambda y, k: sum(at(a.term(i), b.term(k - i)) for i in range(k + 1)))
        if primitive.name == "divide":
            return _quotient(*inputs)
        if isinstance(rule, Elementwise):
            return _solution(rule.slopes, inputs, places, at)
        raise UnsupportedError(
            f"{primitive.name} has no power series here", found=primitive.name,
            expected="what is linear in its arguments, or elementwise with a slope", remedy="nest jvp instead",
        )  # fmt: skip


def _quotient(a: Any, b: Series) -> Series:
    def rule(y: Series, k: int) -> Any:
        top = a.term(k) if isinstance(a, Series) else a if k == 0 else 0.0
        return (top - sum(b.term(i) * y.term(k - i) for i in range(1, k + 1))) / b.term(0)

    return Series(rule)


def _solution(slopes: Sequence[Any], inputs: Sequence[Any], places: list[int], at: Callable[..., Any]) -> Series:
    """The series with ``y' = slope(inputs, y) x'``, a term for each input that varies."""
    found: dict[int, Any] = {}

    def slope(y: Series, i: int, k: int) -> Any:
        if i not in found:
            found[i] = slopes[i](*inputs, y) if callable(slopes[i]) else slopes[i]
        return found[i].term(k) if isinstance(found[i], Series) else found[i] if k == 0 else 0.0

    def rule(y: Series, k: int) -> Any:
        if k == 0:
            return at(*[inputs[i].term(0) for i in places])
        return sum(slope(y, i, k - 1 - j) * (j + 1) * inputs[i].term(j + 1) for i in places for j in range(k)) / k

    return Series(rule)


def taylor(f: Callable[[Any], Any], x: Any, order: int) -> list[Any]:
    """The Taylor coefficients of a function of one number at ``x``, from order 0 to ``order``.

    >>> [round(float(c), 6) for c in taylor(np.exp, 0.0, 4)]
    [1.0, 1.0, 0.5, 0.166667, 0.041667]
    """
    y = f(Series(lambda _, k: x if k == 0 else 1.0 if k == 1 else 0.0))
    return [y.term(k) for k in range(order + 1)]


def main() -> None:
    """Print three series."""
    for name, f, exact in (
        ("1 / (1 - x) at 0", lambda x: 1 / (1 - x), lambda k: 1.0),
        ("exp(x) at 0", np.exp, lambda k: 1 / math.factorial(k)),
        ("arctan(x) at 0", np.arctan, lambda k: 0.0 if k % 2 == 0 else (-1) ** (k // 2) / k),
    ):
        found = taylor(f, 0.0, 12)
        error = max(abs(c - exact(k)) for k, c in enumerate(found))
        print(
            f"{name:18s} {', '.join(f'{float(c):.4g}' for c in found[:7])}, ...  worst error to order 12: {error:.1e}"
        )


if __name__ == "__main__":
    main()
