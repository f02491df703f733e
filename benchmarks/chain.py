"""A chain of n primitives: time for each primitive to build, run and differentiate it, at several lengths.

``python -m benchmarks.chain`` prints a table: microseconds per primitive, medians of interleaved rounds.
"""

from __future__ import annotations

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad import Additive, D, Dual, compose, cos, sin

LENGTHS = (10_000, 100_000, 1_000_000)
ROUNDS = 5


def stages(n: int) -> dict[str, float]:
    """Seconds of each stage for one chain of ``n`` primitives."""
    times: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        times[name] = time.perf_counter() - start
        return result

    f = timed("build", lambda: compose(*[sin, cos] * (n // 2)))
    timed("to a diagram", lambda: f.diagram)
    timed("value", lambda: f(0.5))

    def value_and_gradient() -> Any:
        y, df = D(Dual(Additive))(f)(0.5)
        return y, df(1.0)

    y, slope = timed("value and gradient in Dual", value_and_gradient)
    assert np.isfinite(y) and np.isfinite(slope)
    return times


def main() -> None:
    """Print the table."""
    found: dict[int, list[dict[str, float]]] = {n: [] for n in LENGTHS}
    for _ in range(ROUNDS):
        for n in LENGTHS:
            gc.collect()
            found[n].append(stages(n))
    names = list(found[LENGTHS[0]][0])
    print(f"microseconds per primitive, medians of {ROUNDS} interleaved rounds; {platform.machine()}, ", end="")
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {sys.platform}\n")
    print("| primitives | " + " | ".join(names) + " |\n|--:|" + "--:|" * len(names))
    medians = {n: {k: statistics.median(r[k] for r in found[n]) / n * 1e6 for k in names} for n in LENGTHS}
    for n in LENGTHS:
        print(f"| {n} | " + " | ".join(f"{medians[n][k]:.2f}" for k in names) + " |")
    first, last = LENGTHS[0], LENGTHS[-1]
    print(f"| {last} / {first} | " + " | ".join(f"{medians[last][k] / medians[first][k]:.2f}" for k in names) + " |")


if __name__ == "__main__":
    main()
