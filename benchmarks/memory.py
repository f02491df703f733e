"""Peak memory of one case in one system, in a process of its own: ``python -m benchmarks.memory CASE SYSTEM``.

``resident`` is by how much the process grew, at its highest, during a warm call; ``first`` is the same for the first
call, with what is kept from then on, and ``compile`` for making the function ready. Linux tells the highest since it was last asked to forget it. Pages
are 4 KB, so that small calls show nothing there: ``exact`` counts what Python's allocators gave (NumPy's arrays among
it), and for JAX also what XLA says that the executable needs; nobody says it for torch. Results of the call count.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
#: freed arrays go back to the system at once, so that what a call needs is seen
PLAIN_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_TOP_PAD_": "0"}
LIMIT = 300  #: seconds for one process


def measured(case: str, system: str) -> dict[str, Any]:
    """The figures of a case in a system, from a fresh process; a reason where there are none."""
    from benchmarks.machine import ENVIRONMENT

    if not FORGET.exists():
        return {"failure": "this system does not tell the peak of a process"}
    environment = {**os.environ, **ENVIRONMENT, **PLAIN_MALLOC}
    command = [sys.executable, "-m", "benchmarks.memory", case, system]
    root = Path(__file__).resolve().parent.parent
    try:
        done = subprocess.run(
            command, env=environment, cwd=root, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return {"failure": f"not ready after {LIMIT} s"}
    if done.returncode:
        return {"failure": done.stderr.strip().splitlines()[-1][:300]}
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def figures(case_name: str, system_name: str) -> dict[str, Any]:
    """The figures of a case in a system, in this process, which has not used the system before."""
    from benchmarks.cases import all_cases
    from benchmarks.measure import BY_HAND
    from benchmarks.systems import systems
    from benchmarks.systems.system import Absent, Prepared

    (case,) = [c for c in all_cases() if c.name == case_name]
    data = case.data()
    if system_name == BY_HAND:
        prepared = Prepared(case.by_hand(*data.constants), data.arguments, 0.0)
        growth = {}
    else:
        system = systems([system_name])[system_name]
        if isinstance(system, Absent):
            raise SystemExit(f"absent: {system.reason}")
        made: list[Prepared] = []
        grown = _growth(lambda: made.append(system.prepare(case, data)))
        prepared = made[0]
        growth = {"compile": grown} if prepared.compile_seconds else {}
    first = _growth(lambda: prepared.call(*prepared.arguments))
    resident = max([_growth(lambda: prepared.call(*prepared.arguments)) for _ in range(3)])
    found = {**growth, "first": first, "resident": resident}
    if prepared.counts_python:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = prepared.call(*prepared.arguments)
        found["exact"] = tracemalloc.get_traced_memory()[1] - before + prepared.more_bytes
        tracemalloc.stop()
        del result
    return found


def _growth(work: Callable[[], Any]) -> int:
    """By how many bytes the process grew, at its highest, while this ran."""
    gc.collect()
    FORGET.write_text("5")
    before = _kilobytes("VmRSS")
    work()
    return max(0, _kilobytes("VmHWM") - before) * 1024


def _kilobytes(field: str) -> int:
    (line,) = [text for text in STATUS.read_text().splitlines() if text.startswith(f"{field}:")]
    return int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps(figures(*sys.argv[1:])))
