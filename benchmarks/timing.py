"""Interleaved times: in every round each contender runs once, so that all meet the same state of the machine."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

COMPILE_SECONDS = 60  #: a system that is not ready after this time is said not to be
Call = Callable[[], Any]
SAMPLE_SECONDS = 0.005  #: a sample repeats its call until it takes about this long


@contextmanager
def limit(seconds: int) -> Iterator[None]:
    """Work that is given up after some seconds, with ``TimeoutError``."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"not ready after {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def repetitions(call: Call, seconds: float) -> int:
    """How many calls take about ``seconds``, by the fastest of a few."""
    call()
    best = float("inf")
    for _ in range(3):
        best = min(best, sample(call, 1))
    return max(1, min(100_000, int(seconds / max(best, 1e-7))))


def sample(call: Call, number: int) -> float:
    """Seconds for each of ``number`` calls in a row."""
    steps = range(number)
    start = time.perf_counter()
    for _ in steps:
        call()
    return (time.perf_counter() - start) / number


def interleaved(calls: Mapping[str, Call], rounds: int, seconds: float = SAMPLE_SECONDS) -> dict[str, list[float]]:
    """The times of each call, one a round; the order turns by one place every round."""
    numbers = {name: repetitions(call, seconds) for name, call in calls.items()}
    times: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    gc.collect()
    gc.freeze()  # what the systems loaded is no work of the calls
    try:
        for i in range(rounds):
            turn = i % len(names) if names else 0
            for name in names[turn:] + names[:turn]:
                times[name].append(sample(calls[name], numbers[name]))
    finally:
        gc.unfreeze()
    return times
