"""The table: one run as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.measure import BY_HAND, OURS, PLAIN_VALUE, SOURCE, UNCOMPILED, VALUE, Row


def as_json(rows: Iterable[Row], machine: Mapping[str, str], rounds: int, growth: Any) -> dict[str, Any]:
    """Everything that was measured."""
    return {"machine": dict(machine), "rounds": rounds, "cases": [asdict(row) for row in rows], "growth": growth}


def markdown(rows: list[Row], machine: Mapping[str, str], rounds: int, peers: list[str], growth: str = "") -> str:
    """The tables of a run."""
    also = sorted(
        {n for row in rows for n in row.seconds} - {OURS, BY_HAND, PLAIN_VALUE, SOURCE, UNCOMPILED, VALUE, *peers}
    )
    parts = [
        _machine(machine, rounds),
        "### Time of one call, microseconds (medians)",
        _table(["case", OURS, BY_HAND, *also, *peers, UNCOMPILED],
               [[r.name, *[_time(r, n) for n in (OURS, BY_HAND, *also, *peers, UNCOMPILED)]] for r in rows]),
        f"### {OURS} as a multiple of the others (ratios of medians; below 1 is faster)",
        _table(["case", BY_HAND, *also, *peers], [[r.name, *[_ratio(r.ratio(n)) for n in (BY_HAND, *also, *peers)]] for r in rows]),
        "### Cost of the derivative: operations and time",
        _table(
            ["case", "operations: value", "derivative", "ratio", "elements: ratio", "compiled: value", "derivative",
             "ratio", "time: value, µs", "derivative / value", "NumPy value, µs"],
            [_costs(r) for r in rows],
        ),
        "### Compile time, milliseconds",
        _table(["case", *_compilers(rows), "ours / jax"],
               [[r.name, *[_number(_times(r.compile_seconds.get(n), 1e3)) for n in _compilers(rows)], _ratio(_over(r.compile_seconds.get(OURS), r.compile_seconds.get("jax")))]
                for r in rows]),
    ]  # fmt: skip
    if any(r.memory for r in rows):
        parts += [
            "### Peak memory of one warm call, kilobytes",
            "What Python's allocators gave (NumPy's arrays among it) and, for JAX, what XLA says that the executable needs; "
            "after ≈ by how much the process grew, to 256 KB or so.",
            _memory(rows),
        ]
    small = [r for r in rows if SOURCE in r.seconds and OURS in r.seconds]
    if small:
        lines = [
            [r.name, *[_time(r, n) for n in (OURS, SOURCE)], _number((r.seconds[OURS] - r.seconds[SOURCE]) * 1e6)]
            for r in small
        ]
        parts += [
            "### What a call adds to the generated function, microseconds",
            _table(["case", "compiled program", "its function", "difference"], lines),
        ]
    if growth:
        parts += ["### Compile time against length: a chain of primitives, value and gradient", growth]
    failures = [f"- {r.name}, {name}: {text.splitlines()[0]}" for r in rows for name, text in r.failures.items()]
    parts += [
        "### Not in the tables",
        "\n".join(failures) if failures else "Nothing: every contender ran every case, and agreed.",
    ]
    return "\n\n".join(parts) + "\n"


BEGIN, END = "<!-- tables of python -m benchmarks -->", "<!-- end of the tables -->"


def put(tables: str, file: Path) -> None:
    """Write tables to a file; in a page that has a place for them, between the two marks, the rest stays."""
    page = file.read_text(encoding="utf-8") if file.exists() else ""
    if BEGIN in page and END in page:
        head, rest = page.split(BEGIN, 1)
        tables = f"{head}{BEGIN}\n\n{tables}\n{END}{rest.split(END, 1)[1]}"
    file.write_text(tables, encoding="utf-8")


def _machine(machine: Mapping[str, str], rounds: int) -> str:
    said = "; ".join(f"{name} {value}" for name, value in machine.items())
    return f"{said}; {rounds} interleaved rounds."


def _costs(r: Row) -> list[str]:
    c = r.counts
    return [
        r.name, str(c.get("value", "–")), str(c.get("derivative", "–")), _ratio(_over(c.get("derivative"), c.get("value"))),
        _ratio(_over(c.get("derivative, elements"), c.get("value, elements"))),
        str(c.get("value, boxes", "–")), str(c.get("derivative, boxes", "–")),
        _ratio(_over(c.get("derivative, boxes"), c.get("value, boxes"))),
        _time(r, VALUE), _ratio(r.ratio(VALUE)), _time(r, PLAIN_VALUE),
    ]  # fmt: skip


def _memory(rows: list[Row]) -> str:
    names = list(dict.fromkeys(n for r in rows for n in r.memory))
    return _table(["case", *names], [[r.name, *[_kilobytes(r.memory.get(n)) for n in names]] for r in rows])


def _kilobytes(found: Mapping[str, Any] | None) -> str:
    if not found or "resident" not in found:
        return "–"
    return _number(found["exact"] / 1024) if "exact" in found else f"≈ {_number(found['resident'] / 1024)}"


def _compilers(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(n for r in rows for n in r.compile_seconds))


def _table(heads: list[str], lines: list[list[str]]) -> str:
    return "\n".join(
        [
            f"| {' | '.join(heads)} |",
            "|---" + "|--:" * (len(heads) - 1) + "|",
            *[f"| {' | '.join(line)} |" for line in lines],
        ]
    )


def _over(a: float | None, b: float | None) -> float | None:
    return None if a is None or not b else a / b


def _times(a: float | None, factor: float) -> float | None:
    return None if a is None else a * factor


def _time(r: Row, name: str) -> str:
    text = _number(_times(r.seconds.get(name), 1e6))
    return text if name in r.seconds or name not in r.failures else f"– ({r.failures[name].split(':', 1)[0]})"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
