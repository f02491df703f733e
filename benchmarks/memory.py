"""Peak memory of one case in one system, in a process of its own: ``python -m benchmarks.memory CASE SYSTEM``.

``resident`` is by how much the process grew, at its highest, during a warm call; ``first`` is the same for the first
call, with what is kept from then on, and ``compile`` for making the function ready. Linux tells the highest since it was
last asked to forget it, to 256 KB or so. ``exact`` counts what Python's allocators gave (NumPy's arrays among it), with
what an earlier call keeps for the next, and for JAX also what XLA says that the executable needs; nobody says it for
torch. Results of the call count.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.alone import prepared, run

STATUS, FORGET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
#: freed arrays go back to the system at once, so that what a call needs is seen
PLAIN_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_TOP_PAD_": "0"}


def measured(case: str, system: str) -> dict[str, Any]:
    """The figures of a case in a system, from a fresh process; a reason where there are none."""
    if not FORGET.exists():
        return {"failure": "this system does not tell the peak of a process"}
    return run("benchmarks.memory", case, system, PLAIN_MALLOC)


def figures(case_name: str, system_name: str) -> dict[str, Any]:
    """The figures of a case in a system, in this process, which has not used the system before."""
    _, _, ready = prepared(case_name, system_name)
    made: list[Any] = []
    grown = _growth(lambda: made.append(ready()))
    (found,) = made
    first = _growth(lambda: found.call(*found.arguments))
    resident = max([_growth(lambda: found.call(*found.arguments)) for _ in range(3)])
    answer = {"compile": grown, "first": first, "resident": resident}
    if found.counts_python:
        found = ready()  # made anew, so that what its first call keeps counts as well
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        result = found.call(*found.arguments)
        del result
        tracemalloc.reset_peak()
        result = found.call(*found.arguments)
        answer["exact"] = tracemalloc.get_traced_memory()[1] - before + found.more_bytes
        tracemalloc.stop()
        del result
    return answer


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
