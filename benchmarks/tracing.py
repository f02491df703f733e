"""What tracing costs: microseconds for each operation that is recorded, by kind of program, and a call that is recorded already.

``python -m benchmarks.tracing`` prints the table. Each number is the least time of the processor over many runs: noise can only
raise it, and other work on the machine is not in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

STEPS = 50  # times that each loop below runs
TARGET = 15.0  # microseconds for each operation


class Cost(NamedTuple):
    """A program's recording: operations, and the least seconds of a run."""

    name: str
    operations: int
    seconds: float

    @property
    def microseconds(self) -> float:
        """For each operation."""
        return self.seconds / self.operations * 1e6


def programs() -> dict[str, tuple[Callable[..., Any], Any]]:
    """Functions of many operations, each with its space."""
    import numpy as np

    from essence_ad import R, grad

    table = np.arange(6.0).reshape(2, 3)

    def numbers(x: Any, y: Any) -> Any:
        for _ in range(STEPS):
            x = np.sin(x) * y + x
        return x

    def arrays(x: Any, y: Any) -> Any:
        for _ in range(STEPS):
            x = np.sin(x) * y + x / (1.0 + y * y) - 2.0 * x
        return x

    def shapes(x: Any) -> Any:
        for _ in range(STEPS):
            x = np.reshape(x, (3, 2)).T + np.sum(x, axis=1, keepdims=True)
            x = np.concatenate([x[:1], x[1:]], axis=0)
        return x

    def products(x: Any) -> Any:
        for _ in range(STEPS):
            x = np.tanh(table.T @ (table @ x)) + np.einsum("ij,ik->k", table, table) * x
        return x

    def choices(x: Any) -> Any:
        for _ in range(STEPS):
            x = np.where(x > 0, np.maximum(x, 0.5), np.exp(x))
        return x

    def constants(x: Any) -> Any:
        for i in range(STEPS):
            x = x * np.array([1.0, 2.0, float(i)]) + float(i)
        return x

    def indices(x: Any) -> Any:
        for i in range(STEPS):
            x = np.stack([x[0] * x[1], x[i % 3], x[-1]])
        return x

    return {
        "numbers": (numbers, R * R),
        "arrays": (arrays, R[3] * R[3]),
        "shapes": (shapes, R[2, 3]),
        "products": (products, R[3]),
        "choices": (choices, R[3]),
        "constants": (constants, R[3]),
        "indices": (indices, R[3]),
        "gradient": (grad(lambda x: np.sum(arrays(x, x))), R[3]),
    }


def recorded(rounds: int = 30) -> list[Cost]:
    """The cost of recording each program, the programs interleaved."""
    from essence_ad.tracing.program import trace

    found = programs()
    boxes = {name: len(trace(f, space).diagram.boxes) for name, (f, space) in found.items()}
    least = dict.fromkeys(found, float("inf"))
    for _ in range(rounds):
        for name, (f, space) in found.items():
            start = time.thread_time()
            trace(f, space)
            least[name] = min(least[name], time.thread_time() - start)
    return [Cost(name, boxes[name], least[name]) for name in found]


def again(rounds: int = 2000) -> tuple[float, int]:
    """Seconds to find what was recorded at a signature, and how often the function ran for all of them."""
    import numpy as np

    from essence_ad import program
    from essence_ad.tracing.program import as_program

    runs = 0

    def f(x: Any) -> Any:
        nonlocal runs
        runs += 1
        return np.sin(x)

    p, x = program(f), np.ones(3)
    least = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        as_program(p, (x,))
        least = min(least, time.thread_time() - start)
    return least, runs


def table(costs: list[Cost], found: tuple[float, int]) -> str:
    """The costs as text."""
    lines = ["| program | operations | µs for each |", "|---|--:|--:|"]
    lines += [f"| {c.name} | {c.operations} | {c.microseconds:.1f} |" for c in costs]
    seconds, runs = found
    lines.append(
        f"\nfound again at a signature in {seconds * 1e6:.1f} µs; the function ran {runs} time{'s' * (runs != 1)}"
    )
    worst = max(costs, key=lambda c: c.microseconds)
    lines.append(f"dearest: {worst.name}, {worst.microseconds:.1f} µs of the {TARGET:.0f} that are allowed")
    return "\n".join(lines)


if __name__ == "__main__":
    from benchmarks.machine import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    print(table(recorded(), again()))
