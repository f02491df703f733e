"""How long a picture takes: 500 boxes from the diagram to the text of the SVG, nothing folded.

Run it by ``python -m benchmarks.drawing [rounds]``. A chain is the easiest program to lay out; in the others each box reads
two of the last few results, which makes long wires and many crossings. The rounds of all programs are interleaved.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from typing import Any

import numpy as np

from essence_ad import R, compose, dup, mul, sin
from essence_ad.diagram import Diagram
from essence_ad.drawing.picture import Look, Picture
from essence_ad.tracing.program import trace

BOXES = 500


def woven(window: int) -> Diagram:
    """A program whose boxes read two of the last ``window`` results, all of which end in one sum."""
    chosen = random.Random(window)

    def f(x: Any, y: Any) -> Any:
        made = [x, y]
        for i in range(BOXES // 2 + 1):
            a, b = chosen.choice(made[-window:]), chosen.choice(made[-window:])
            made.append(a * b if i % 3 else np.sin(a))
        while len(made) > 1:
            made = [made[i] + made[i + 1] if i + 1 < len(made) else made[i] for i in range(0, len(made), 2)]
        return made[0]

    return trace(f, R * R).diagram


def programs() -> dict[str, Diagram]:
    """Programs of about 500 boxes."""
    chain = compose(*[dup >> mul, sin] * (BOXES // 2)).diagram
    return {"a chain": chain, **{f"the last {n} results": woven(n) for n in (3, 10, 30)}}


def measure(rounds: int) -> dict[str, tuple[int, int, list[float]]]:
    """For each program its boxes, the crossings of its picture, and the seconds of each round."""
    found: dict[str, tuple[int, int, list[float]]] = {}
    for _ in range(rounds):
        for name, d in programs().items():
            start = time.perf_counter()
            picture = Picture(d, look=Look(fold=None))
            text = picture.svg
            seconds = time.perf_counter() - start
            assert text.startswith("<svg")
            found.setdefault(name, (len(picture.drawn.boxes), picture.crossings, []))[2].append(seconds)
    return found


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    print(f"{'program':22}  {'boxes':>5}  {'crossings':>9}  {'least':>9}  {'median':>9}")
    for name, (boxes, crossings, seconds) in measure(rounds).items():
        least, middle = min(seconds) * 1e3, statistics.median(seconds) * 1e3
        print(f"{name:22}  {boxes:5}  {crossings:9}  {least:6.1f} ms  {middle:6.1f} ms")


if __name__ == "__main__":
    main()
