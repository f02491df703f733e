"""One case measured: every contender made ready, its results checked against the others, then all timed together."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.alone import run
from benchmarks.case import Case, Data
from benchmarks.systems.system import Absent, Prepared, System
from benchmarks.timing import COMPILE_SECONDS, SAMPLE_SECONDS, interleaved, limit
from essence_ad import count
from essence_ad.backends.numpy import write
from essence_ad.compiler.compiled import compile

OURS = "essence_ad"
BY_HAND = "NumPy by hand"
CALLED = "essence_ad called"  #: the operator called as users do; it compiles what it meets again
VALUE = "essence_ad value"
PLAIN_VALUE = "NumPy value"
SOURCE = "essence_ad source"  #: the generated function, called directly
SLOW = 2.0  #: a call of more seconds is timed in fewer rounds
TRIES = 5  #: how often a compilation is timed


@dataclass
class Row:
    """What was found for one case; times in seconds."""

    name: str
    title: str
    seconds: dict[str, float] = field(default_factory=dict)  #: medians
    fastest: dict[str, float] = field(default_factory=dict)
    compile_seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    disagreement: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    memory: dict[str, dict[str, Any]] = field(default_factory=dict)
    alone: dict[str, dict[str, Any]] = field(default_factory=dict)  #: in a fresh process


def leaves(value: Any) -> list[Any]:
    """The arrays in nested tuples and lists."""
    return [leaf for part in value for leaf in leaves(part)] if isinstance(value, (tuple, list)) else [value]


def disagreement(found: list[Any], expected: list[Any]) -> float:
    """The largest difference of two results, relative to the largest number of each array."""
    if len(found) != len(expected):
        return float("inf")
    worst = 0.0
    for a, b in zip(found, expected, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
            return float("inf")
        scale = max(float(np.max(np.abs(b), initial=0.0)), 1e-300)
        worst = max(worst, float(np.max(np.abs(a - b), initial=0.0)) / scale)
    return worst


def measure(case: Case, systems: Mapping[str, System | Absent], rounds: int) -> Row:
    """The row of one case."""
    row = Row(case.name, case.title)
    data = case.data()
    calls: dict[str, Callable[[], Any]] = {}
    by_hand = case.by_hand(*data.constants)
    expected = leaves(by_hand(*data.arguments))
    _admit(row, case, calls, BY_HAND, Prepared(by_hand, data.arguments, 0.0), expected, np.asarray)
    for name, also in case.also.items():
        _admit(row, case, calls, name, Prepared(also(*data.constants), data.arguments, 0.0), expected, np.asarray)
    for name, system in systems.items():
        if isinstance(system, Absent):
            row.failures[name] = f"absent: {system.reason}"
            continue
        if system.may_hang and "failure" in (found := run("benchmarks.alone", case.name, name, {})):
            row.failures[name] = found["failure"]
            continue
        try:
            with limit(COMPILE_SECONDS):
                prepared = system.prepare(case, data)
            _admit(row, case, calls, name, prepared, expected, system.numpy)
        except Exception as error:
            row.failures[name] = f"{type(error).__name__}: {str(error).strip()[:300]}"
            continue
        if prepared.compile_seconds:
            row.compile_seconds[name] = prepared.compile_seconds
    ours = systems.get(OURS)
    if isinstance(ours, System):
        _ours(row, case, data, ours, calls, expected)
    times = interleaved(calls, rounds, SAMPLE_SECONDS)
    row.seconds = {name: statistics.median(t) for name, t in times.items()}
    row.fastest = {name: min(t) for name, t in times.items()}
    _compile_times(row, case, data, systems, rounds)
    return row


def _admit(
    row: Row, case: Case, calls: dict[str, Callable[[], Any]], name: str, prepared: Prepared, expected: list[Any],
    numpy: Callable[[Any], Any],
) -> None:  # fmt: skip
    """A contender takes part if its results are right."""
    call, arguments = prepared.call, prepared.arguments
    start = time.perf_counter()
    result = call(*arguments)
    took = time.perf_counter() - start
    row.disagreement[name] = disagreement([numpy(leaf) for leaf in leaves(result)], expected)
    if not row.disagreement[name] <= case.tolerance:
        row.failures[name] = f"wrong: differs by {row.disagreement[name]:.1e}, allowed {case.tolerance:.0e}"
    elif took > SLOW and name != BY_HAND:
        row.failures[name] = f"not timed: one call takes {took:.1f} s"
    else:
        calls[name] = lambda: call(*arguments)


def _ours(
    row: Row, case: Case, data: Data, system: System, calls: dict[str, Callable[[], Any]], expected: list[Any]
) -> None:
    """Operation counts, the value alone, and the derivative as users call it."""
    f = system.function(case, data)
    derivative = system.derivative(case, data)
    inputs = data.arguments[: case.inputs]
    calls[PLAIN_VALUE] = lambda: f(*inputs)

    def called() -> None:
        _admit(row, case, calls, CALLED, Prepared(derivative, data.arguments, 0.0), expected, system.numpy)

    def value() -> None:
        program = compile(f, *inputs)
        row.counts["value, boxes"] = operations(program)
        calls[VALUE] = lambda: program(*inputs)

    def counted() -> None:
        for name, function, arguments in (("value", f, inputs), ("derivative", derivative, data.arguments)):
            found = count(function, *arguments)
            row.counts[name], row.counts[f"{name}, elements"] = found.total, found.elements

    def boxes() -> None:
        program = compile(derivative, *data.arguments)
        row.counts["derivative, boxes"] = operations(program)
        if case.small:
            function = write(program.form).function()
            calls[SOURCE] = lambda: function(*data.arguments)

    parts = {CALLED: called, VALUE: value, "counts": counted, "boxes": boxes}
    for name, part in parts.items():
        try:
            part()
        except Exception as error:
            row.failures[name] = f"{type(error).__name__}: {str(error).strip()[:300]}"


def operations(compiled: Any) -> int:
    """The operations of a compiled program; constants are none."""
    return sum(op is not None and bool(ins) for op, ins, _ in compiled.form.boxes)


def _compile_times(row: Row, case: Case, data: Data, systems: Mapping[str, System | Absent], rounds: int) -> None:
    """Medians of compiling again, interleaved; for those that take long the first time stands."""
    again = {n: s for n, s in systems.items() if isinstance(s, System) and 0 < row.compile_seconds.get(n, 0) < SLOW}
    times: dict[str, list[float]] = {name: [row.compile_seconds[name]] for name in again}
    for _ in range(min(rounds, TRIES) - 1):
        for name, system in again.items():
            times[name].append(system.prepare(case, data).compile_seconds)
    row.compile_seconds.update({name: statistics.median(t) for name, t in times.items()})
