"""One contender alone in a fresh process: ``python -m benchmarks.alone CASE SYSTEM``.

Memory that a program gives back to the system has to be asked for again, page by page. In a process that did other work
before, the allocator keeps it; in a fresh one it may not, and then the page faults cost more than the arithmetic. The
interleaved run cannot show that, since its contenders share one allocator.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.machine import ENVIRONMENT

LIMIT = 90  #: seconds for one process
SECONDS, MOST, LEAST = 0.5, 200, 9  #: how long, how often at most and at least a call is timed


def run(module: str, case: str, system: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a module of this folder prints for a case and a system, in a fresh process; a reason if it fails."""
    command = [sys.executable, "-m", module, case, system]
    root = Path(__file__).resolve().parent.parent
    given = {**os.environ, **ENVIRONMENT, **environment}
    try:
        done = subprocess.run(command, env=given, cwd=root, capture_output=True, text=True, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return {"failure": f"not ready after {LIMIT} s"}
    if done.returncode:
        return {"failure": (done.stderr.strip().splitlines() or ["no reason given"])[-1][:300]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def prepared(case_name: str, system_name: str) -> tuple[Case, Any, Any]:
    """A case, its data, and the function that makes it ready in a system, which is loaded only now."""
    from benchmarks.cases import all_cases
    from benchmarks.measure import BY_HAND
    from benchmarks.systems import systems
    from benchmarks.systems.system import Absent, Prepared

    (case,) = [c for c in all_cases() if c.name == case_name]
    data = case.data()
    if system_name == BY_HAND:
        return case, data, lambda: Prepared(case.by_hand(*data.constants), data.arguments, 0.0)
    system = systems([system_name])[system_name]
    if isinstance(system, Absent):
        raise SystemExit(f"absent: {system.reason}")
    return case, data, lambda: system.prepare(case, data)


def figures(case_name: str, system_name: str) -> dict[str, float]:
    """The median time of a call in seconds, and the page faults of one."""
    import resource
    import statistics

    _, _, ready = prepared(case_name, system_name)
    call, arguments = ready()[:2]
    call(*arguments)
    gc.collect()
    times: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    while len(times) < LEAST or (sum(times) < SECONDS and len(times) < MOST):
        start = time.perf_counter()
        call(*arguments)
        times.append(time.perf_counter() - start)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    return {"seconds": statistics.median(times), "faults": faults / len(times)}


if __name__ == "__main__":
    print(json.dumps(figures(*sys.argv[1:])))
