"""What readers asked about the paper, measured: the literal instances, memory, and a tape.

    python examples/paper_questions.py           the tables of docs/paper.md

``Continuations`` and ``Beginnings`` are the instances of the paper's ``Cont`` and ``Begin`` over linear functions, taken
word for word, with the misprints put right: every ``unjoin`` and ``unfork`` uses the arrow that it is given twice.
"""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from essence_ad import Additive, Begin, Cont, D, R, checkpoint, compile, compose, count, dup, grad, mul, vjp

sqr = dup >> mul

# ---------------------------------------------------------------------------------------------- literal instances


@attrs.frozen
class Linear:
    """A linear function; arrows with the same ends can be added."""

    function: Callable[[Any], Any]

    def __call__(self, x: Any) -> Any:
        """The function's value."""
        return self.function(x)

    def __rshift__(self, g: Linear) -> Linear:
        return Linear(lambda x: g(self(x)))

    def __add__(self, g: Linear) -> Linear:
        return Linear(lambda x: self(x) + g(x))


exl, exr = Linear(lambda p: p[0]), Linear(lambda p: p[1])
inl, inr = Linear(lambda x: (x, 0.0)), Linear(lambda y: (0.0, y))


def scaling(s: float) -> Linear:
    """Multiplication by ``s``."""
    return Linear(lambda x: s * x)


def fork(f: Linear, g: Linear) -> Linear:
    """To a pair."""
    return Linear(lambda x: (f(x), g(x)))


def join(f: Linear, g: Linear) -> Linear:
    """From a pair, summed."""
    return Linear(lambda p: f(p[0]) + g(p[1]))


Arrow = Callable[[Linear], Linear]  #: of either category


class Continuations:
    """Section 12: an arrow ``a -> b`` takes each ``h : b -> r`` to an arrow ``a -> r``."""

    @staticmethod
    def compose(g: Arrow, f: Arrow) -> Arrow:
        """``Cont g . Cont f = Cont (f . g)``."""
        return lambda h: f(g(h))

    @staticmethod
    def cross(f: Arrow, g: Arrow) -> Arrow:
        """``Cont (join . (f × g) . unjoin)``."""
        return lambda h: join(f(inl >> h), g(inr >> h))

    @staticmethod
    def dup() -> Arrow:
        """``Cont (jam . unjoin)``: the two halves are added."""
        return lambda h: (inl >> h) + (inr >> h)

    @staticmethod
    def jam() -> Arrow:
        """``Cont (join . dup)``."""
        return lambda h: join(h, h)

    @staticmethod
    def scale(s: float) -> Arrow:
        """``cont (scale s)``."""
        return lambda h: scaling(s) >> h


class Beginnings:
    """Section 14, the exercise: an arrow ``a -> b`` takes each ``h : r -> a`` to an arrow ``r -> b``."""

    @staticmethod
    def compose(g: Arrow, f: Arrow) -> Arrow:
        """``Begin g . Begin f = Begin (g . f)``."""
        return lambda h: g(f(h))

    @staticmethod
    def cross(f: Arrow, g: Arrow) -> Arrow:
        """``Begin (fork . (f × g) . unfork)``."""
        return lambda h: fork(f(h >> exl), g(h >> exr))

    @staticmethod
    def dup() -> Arrow:
        """``Begin (fork . dup)``."""
        return lambda h: fork(h, h)

    @staticmethod
    def jam() -> Arrow:
        """``Begin (jam . unfork)``: the two halves are added."""
        return lambda h: (h >> exl) + (h >> exr)

    @staticmethod
    def scale(s: float) -> Arrow:
        """``begin (scale s)``."""
        return lambda h: h >> scaling(s)


def literal(k: type[Continuations] | type[Beginnings], n: int, x: float = 1.0) -> tuple[float, int]:
    """The derivative of ``n`` squarings of ``x`` in one of the two, and how often it calls the ``h`` that it is given.

    >>> literal(Continuations, 2), literal(Beginnings, 2)
    ((4.0, 64), (4.0, 64))
    """
    calls = [0]

    def given(x: float) -> float:
        calls[0] += 1
        return x

    arrow: Arrow = lambda h: h
    for _ in range(n):
        product = k.compose(k.jam(), k.cross(k.scale(x), k.scale(x)))  # the derivative of a product at (x, x)
        arrow, x = k.compose(k.compose(product, k.dup()), arrow), x * x
    return arrow(Linear(given))(1.0), calls[0]


def ours(k: type[Cont] | type[Begin], n: int) -> int:
    """The multiplications and additions of value and derivative of ``n`` squarings in this library's category.

    >>> ours(Cont, 1), ours(Begin, 1)
    (4, 4)
    """
    f = compose(*[sqr] * n)
    return count(lambda x: D(k(Additive, R))(f)(x)[1](1.0), 1.0).total


# ---------------------------------------------------------------------------------------------- a tape


class Tape:
    """A classical tape: what each operation read, and by which slopes."""

    def __init__(self) -> None:
        self.entries: list[list[tuple[int, float]]] = []

    def variable(self, value: float, *reads: tuple[int, float]) -> Variable:
        """A new variable, made of others."""
        self.entries.append(list(reads))
        return Variable(self, len(self.entries) - 1, value)

    def gradient(self, result: Variable) -> list[float]:
        """The slope of a result in every variable, from the last entry to the first."""
        slopes = [0.0] * len(self.entries)
        slopes[result.place] = 1.0
        for place in reversed(range(len(self.entries))):
            for read, slope in self.entries[place]:
                slopes[read] += slope * slopes[place]
        return slopes


@attrs.frozen
class Variable:
    """A number with a place on a tape."""

    tape: Tape
    place: int
    value: float

    def __mul__(self, other: Variable) -> Variable:
        return self.tape.variable(self.value * other.value, (self.place, other.value), (other.place, self.value))

    def __add__(self, other: Variable) -> Variable:
        return self.tape.variable(self.value + other.value, (self.place, 1.0), (other.place, 1.0))

    def sin(self) -> Variable:
        """Its sine."""
        return self.tape.variable(math.sin(self.value), (self.place, math.cos(self.value)))


# ---------------------------------------------------------------------------------------------- memory


def chain(n: int, segment: int | None = None) -> Callable[[Any], Any]:
    """``n`` steps ``x -> x sin x`` and a sum; in checkpoints of ``segment`` steps, where that is given."""

    def steps(x: Any) -> Any:
        for _ in range(segment or n):
            x = np.sin(x) * x
        return x

    part = steps if segment is None else checkpoint(steps)

    def f(x: Any) -> Any:
        for _ in range(n // (segment or n)):
            x = part(x)
        return np.sum(x)

    return f


def peak(make: Callable[[], Callable[[Any], Any]], x: Any) -> tuple[float, float]:
    """The peak of a call with what is kept from the call before, and what the call adds to that, in arrays like ``x``."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run = make()
        run(x)
        kept = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        run(x)
        highest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return (highest - before) / x.nbytes, (highest - kept) / x.nbytes


def memory(n: int, size: int = 50_000) -> dict[str, tuple[float, float]]:
    """Peaks for a chain of ``n`` steps: its value, its gradient, and the gradient with ``sqrt(n)`` checkpoints."""
    x = np.linspace(0.0, 1.0, size)
    plain, marked = chain(n), chain(n, math.isqrt(n))
    return {
        "value": peak(lambda: plain, x),
        "gradient": peak(lambda: lambda x: vjp(plain, x)[1](1.0), x),
        "gradient, checkpoints": peak(lambda: lambda x: vjp(marked, x)[1](1.0), x),
        "compiled": peak(lambda: compile(grad(plain), x), x),
        "compiled, checkpoints": peak(lambda: compile(grad(marked), x), x),
    }


# ---------------------------------------------------------------------------------------------- tables


def cost_table(sizes: tuple[int, ...] = (1, 2, 3, 4, 5, 10, 100, 1000)) -> str:
    """Calls of the literal instances, and our operations."""
    lines = ["squarings      literal Cont     literal Begin   our Cont   our Begin"]
    for n in sizes:
        calls = [f"{literal(k, n)[1]:,}" if n <= 5 else f"8^{n}, not run" for k in (Continuations, Beginnings)]
        lines.append(f"{n:9,}{calls[0]:>18}{calls[1]:>18}{ours(Cont, n):11,}{ours(Begin, n):12,}")
    return "\n".join(lines)


def memory_table(lengths: tuple[int, ...] = (16, 64, 256)) -> str:
    """Peak memory over the length of a chain, in arrays of the argument's size."""
    tables = {n: memory(n) for n in lengths}
    lines = ["peak, in arrays" + " " * 10 + "".join(f"{f'{n} steps':>11}" for n in lengths)]
    for name in tables[lengths[0]]:
        lines.append(f"{name:25}" + "".join(f"{tables[n][name][0]:11.0f}" for n in lengths))
    lines.append(f"{'new in a compiled call':25}" + "".join(f"{tables[n]['compiled'][1]:11.0f}" for n in lengths))
    return "\n".join(lines)


def main() -> None:
    """Print both."""
    print(cost_table())
    print()
    print(memory_table())


if __name__ == "__main__":
    main()
