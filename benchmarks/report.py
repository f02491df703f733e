"""The tables of one run, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import BY_HAND, CALLED, OURS, PLAIN_VALUE, SOURCE, VALUE, Row

BEGIN, END = "<!-- tables of python -m benchmarks -->", "<!-- end of the tables -->"
ABSENT = "–"


def as_json(rows: Iterable[Row], machine: Mapping[str, str], rounds: int, growth: Any) -> dict[str, Any]:
    """Everything that was measured."""
    return {"machine": dict(machine), "rounds": rounds, "cases": [asdict(row) for row in rows], "growth": growth}


def markdown(rows: list[Row], machine: Mapping[str, str], rounds: int, peers: list[str], growth: str = "") -> str:
    """The tables of a run."""
    said = "; ".join(f"{name} {value}" for name, value in machine.items())
    known = {OURS, BY_HAND, PLAIN_VALUE, SOURCE, CALLED, VALUE, *peers}
    others = [BY_HAND, *sorted({n for row in rows for n in row.seconds} - known), *peers]
    parts = [
        f"{said}; {rounds} interleaved rounds.",
        *_times(rows, others),
        *_ratios(rows, others),
        *_costs(rows),
        *_compilation(rows),
        *(["### Compile time against length: a chain of primitives, value and gradient", growth] if growth else []),
        *_alone(rows),
        *_memory(rows),
        *_calls(rows),
        "### Not in the tables",
        _failures(rows) or "Nothing: every contender ran every case, and agreed.",
    ]
    return "\n\n".join(parts) + "\n"


def put(tables: str, file: Path) -> None:
    """Write tables to a file; in a page that has a place for them, between the two marks, the rest stays."""
    page = file.read_text(encoding="utf-8") if file.exists() else ""
    if BEGIN in page and END in page:
        head, rest = page.split(BEGIN, 1)
        tables = f"{head}{BEGIN}\n\n{tables}\n{END}{rest.split(END, 1)[1]}"
    file.write_text(tables, encoding="utf-8")


# ---------------------------------------------------------------------- sections


def _times(rows: list[Row], others: list[str]) -> list[str]:
    names = [OURS, *others, CALLED]
    return [
        "### Time of one call, microseconds (medians)",
        _table(["case", *names], [[r.name, *[_time(r, n) for n in names]] for r in rows]),
    ]


def _ratios(rows: list[Row], others: list[str]) -> list[str]:
    return [
        f"### {OURS} as a multiple of the others (ratios of medians; below 1 is faster)",
        _table(
            ["case", *others],
            [[r.name, *[_ratio(r.seconds.get(OURS), r.seconds.get(n)) for n in others]] for r in rows],
        ),
    ]


def _costs(rows: list[Row]) -> list[str]:
    heads = [
        "case", "operations: value", "derivative", "ratio", "elements: ratio", "compiled: value", "derivative", "ratio",
        "time: value, µs", "derivative / value", "NumPy value, µs",
    ]  # fmt: skip
    lines = []
    for r in rows:
        counts = [r.counts.get(n) for n in ("value", "derivative", "value, boxes", "derivative, boxes")]
        value, derivative, value_boxes, boxes = counts
        lines.append([
            r.name, _whole(value), _whole(derivative), _ratio(derivative, value),
            _ratio(r.counts.get("derivative, elements"), r.counts.get("value, elements")),
            _whole(value_boxes), _whole(boxes), _ratio(boxes, value_boxes),
            _time(r, VALUE), _ratio(r.seconds.get(OURS), r.seconds.get(VALUE)), _time(r, PLAIN_VALUE),
        ])  # fmt: skip
    return ["### Cost of the derivative: operations and time", _table(heads, lines)]


def _compilation(rows: list[Row]) -> list[str]:
    names = list(dict.fromkeys(n for r in rows for n in r.compile_seconds))
    lines = [
        [r.name, *[_micro(r.compile_seconds.get(n), 1e3) for n in names],
         _ratio(r.compile_seconds.get(OURS), r.compile_seconds.get("jax"))]
        for r in rows
    ]  # fmt: skip
    return ["### Compile time, milliseconds", _table(["case", *names, f"{OURS} / jax"], lines)]


def _alone(rows: list[Row]) -> list[str]:
    names = list(dict.fromkeys(n for r in rows for n in r.alone))

    def cell(found: Mapping[str, Any]) -> str:
        return f"{_micro(found['seconds'])} ({found['faults']:,.0f})" if "seconds" in found else ABSENT

    return [
        "### Alone in a fresh process: microseconds, and page faults, of one call",
        "Where memory was given back to the system it has to be asked for again, 4 KB at a time.",
        _table(["case", *names], [[r.name, *[cell(r.alone.get(n, {})) for n in names]] for r in rows]),
    ] if names else []  # fmt: skip


def _memory(rows: list[Row]) -> list[str]:
    names = list(dict.fromkeys(n for r in rows for n in r.memory))

    def cell(found: Mapping[str, Any]) -> str:
        if "exact" in found:
            return _number(found["exact"] / 1024)
        return f"≈ {found['resident'] / 1024:,.0f}" if "resident" in found else ABSENT

    return [
        "### Peak memory of one warm call, kilobytes",
        "What Python's allocators gave (NumPy's arrays among it) and, for JAX, what XLA says that the executable needs; "
        "after ≈ by how much the process grew, to 256 KB or so.",
        _table(["case", *names], [[r.name, *[cell(r.memory.get(n, {})) for n in names]] for r in rows]),
    ] if names else []  # fmt: skip


def _calls(rows: list[Row]) -> list[str]:
    lines = [
        [r.name, _time(r, OURS), _time(r, SOURCE), _micro(r.seconds[OURS] - r.seconds[SOURCE])]
        for r in rows
        if OURS in r.seconds and SOURCE in r.seconds
    ]
    heads = ["case", "compiled program", "its function", "difference"]
    return ["### What a call adds to the generated function, microseconds", _table(heads, lines)] if lines else []


def _failures(rows: list[Row]) -> str:
    lines = []
    for r in rows:
        lines += [f"- {r.name}, {name}: {text.splitlines()[0]}" for name, text in r.failures.items()]
        for what, figures in (("alone", r.alone), ("memory", r.memory)):
            lines += [f"- {r.name}, {name}, {what}: {f['failure']}" for name, f in figures.items() if "failure" in f]
    return "\n".join(lines)


# ---------------------------------------------------------------------- cells


def _table(heads: list[str], lines: list[list[str]]) -> str:
    rows = [heads, ["---", *["--:"] * (len(heads) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _time(r: Row, name: str) -> str:
    if name not in r.seconds and name in r.failures:
        return f"{ABSENT} ({r.failures[name].split(':', 1)[0]})"
    return _micro(r.seconds.get(name))


def _micro(seconds: float | None, factor: float = 1e6) -> str:
    return ABSENT if seconds is None else _number(seconds * factor)


def _ratio(a: float | None, b: float | None) -> str:
    if a is None or not b:
        return ABSENT
    return f"{a / b:.3f}" if a < 0.1 * b else f"{a / b:.2f}" if a < 10 * b else f"{a / b:.0f}"


def _whole(value: int | None) -> str:
    return ABSENT if value is None else str(value)


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
