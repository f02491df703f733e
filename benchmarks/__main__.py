"""``python -m benchmarks``: every case, in one interleaved run, beside the systems that are installed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for and write it down."""
    from benchmarks.machine import ENVIRONMENT

    os.environ.update(ENVIRONMENT)  # before any system is loaded
    from benchmarks.alone import run
    from benchmarks.cases import all_cases
    from benchmarks.growth import growth, table
    from benchmarks.machine import describe
    from benchmarks.measure import BY_HAND, OURS, measure
    from benchmarks.memory import measured
    from benchmarks.report import as_json, markdown, put
    from benchmarks.systems import FILES, systems
    from benchmarks.systems.system import System

    options = _options(list(FILES)).parse_args(arguments)
    cases = [c for c in all_cases() if not options.case or any(c.name.startswith(name) for name in options.case)]
    if not cases:
        sys.exit(f"no such case; there are {', '.join(c.name for c in all_cases())}")
    wanted = [n for n in FILES if n == OURS or not options.system or n in options.system]
    if options.quick:
        wanted = [n for n in wanted if n != "torch.compile" or n in options.system]
    rounds = 3 if options.quick and options.rounds is None else options.rounds or 21
    found = systems(wanted)
    versions = {name: s.version if isinstance(s, System) else "absent" for name, s in found.items()}
    machine = describe(versions)
    rows = []
    for case in cases:
        rows.append(measure(case, found, rounds))
        if not options.quick and not options.no_processes:
            for name in (BY_HAND, *[n for n in wanted if isinstance(found[n], System) and n not in rows[-1].failures]):
                rows[-1].alone[name] = run("benchmarks.alone", case.name, name, {})
                rows[-1].memory[name] = measured(case.name, name)
        print(f"{case.name}: {_line(rows[-1].seconds)}", file=sys.stderr, flush=True)
    lengths = {} if options.quick or options.case else growth(found, 3)
    text = markdown(rows, machine, rounds, [n for n in wanted if n != OURS], table(lengths) if lengths else "")
    print(text)
    if options.markdown:
        put(text, options.markdown)
    if options.json:
        options.json.write_text(json.dumps(as_json(rows, machine, rounds, lengths), indent=1) + "\n", encoding="utf-8")


def _line(seconds: dict[str, float]) -> str:
    return ", ".join(f"{name} {value * 1e6:.4g} µs" for name, value in seconds.items())


def _options(names: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--case", action="append", help="a case, or the beginning of the names of several; may be repeated"
    )
    parser.add_argument(
        "--system", action="append", default=[], choices=names, help="only this system beside ours; may be repeated"
    )
    parser.add_argument("--rounds", type=int, help="interleaved rounds (21; with --quick 3)")
    parser.add_argument("--quick", action="store_true", help="few rounds, no torch.compile")
    parser.add_argument("--no-processes", action="store_true", help="no fresh processes: no peaks of memory")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything that was measured")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="write the tables; into the place for them, if the page has one"
    )
    return parser


if __name__ == "__main__":
    main()
