"""Compile time against the length of a program: a chain of n primitives, value and gradient, in interleaved rounds.

``python -m benchmarks.growth`` prints the table alone.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Mapping

from benchmarks.case import Case

LENGTHS = {"essence_ad": (1_000, 10_000, 100_000), "jax": (100, 1_000)}  # JAX takes half a minute for 10,000
STEP = 3  # primitives in a step of the chain


def growth(systems: Mapping[str, object], rounds: int, most: int = 100_000) -> dict[str, dict[int, float]]:
    """Median seconds for each system and number of primitives."""
    from benchmarks.systems.system import System

    runs = [
        (s, name, n) for name, s in systems.items() if isinstance(s, System) for n in LENGTHS.get(name, ()) if n <= most
    ]
    times: dict[str, dict[int, list[float]]] = {name: {} for _, name, _ in runs}
    for _ in range(rounds):
        for system, name, n in runs:
            case = chain(n)
            times[name].setdefault(n, []).append(system.prepare(case, case.data()).compile_seconds)
    return {name: {n: statistics.median(t) for n, t in found.items()} for name, found in times.items()}


def chain(primitives: int) -> Case:
    """The scalar chain with so many primitives."""
    from benchmarks.cases import scalar_chain

    return scalar_chain.case(primitives // STEP)


def table(found: Mapping[str, Mapping[int, float]]) -> str:
    """The table of times for each primitive, and how the longest compares with the one before."""
    lines = [
        "| system | primitives | seconds | µs for each primitive | times the length before |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, times in found.items():
        before = None
        for n, seconds in times.items():
            ratio = "–" if before is None else f"{seconds / before:.1f}"
            lines.append(f"| {name} | {n} | {seconds:.3f} | {seconds / n * 1e6:.1f} | {ratio} |")
            before = seconds
    return "\n".join(lines)


if __name__ == "__main__":
    from benchmarks.machine import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    from benchmarks.systems import systems

    print(table(growth(systems(list(LENGTHS)), 3)))
