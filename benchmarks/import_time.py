"""How long imports take beside ``import numpy``: medians of interleaved fresh interpreters.

Run it by ``python -m benchmarks.import_time [rounds]``. Names are loaded when they are first used, so ``import essence_ad``
alone is cheap; what the first use of some names costs (NumPy's import is in it) is told beside it, and so is the time
until an interpreter is ready and gone again.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

STATEMENTS = (
    "pass",
    "import numpy",
    "import essence_ad",
    "from essence_ad import Additive, D, Dual",
    "from essence_ad import grad, program, sin",
    "from essence_ad import *",
)
TIMED = "import time; start = time.perf_counter()\n{}\nprint(time.perf_counter() - start)"


def measure(rounds: int, environment: dict[str, str]) -> dict[str, tuple[list[float], list[float]]]:
    """For each statement, the seconds of the statement and those of the whole process, in interleaved rounds."""
    times: dict[str, tuple[list[float], list[float]]] = {statement: ([], []) for statement in STATEMENTS}
    for _ in range(rounds):
        for statement in STATEMENTS:
            start = time.perf_counter()
            command = [sys.executable, "-c", TIMED.format(statement)]
            said = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
            times[statement][1].append(time.perf_counter() - start)
            times[statement][0].append(float(said))
    return times


def main() -> None:
    """Measure and print the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    with tempfile.TemporaryDirectory() as cache:  # both sides have their bytecode, as after a first import
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        measure(2, environment)
        times = measure(rounds, environment)
    print(
        f"{platform.python_implementation()} {platform.python_version()}, numpy {np.__version__}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {rounds} interleaved rounds"
    )
    print(f"{'medians':42}  {'statement':>10}  {'process':>10}  {'of NumPy':>8}")
    for statement, (inside, outside) in times.items():
        ratio = statistics.median(a / b for a, b in zip(inside, times["import numpy"][0], strict=True))
        told = f"{statistics.median(inside) * 1e3:7.1f} ms  {statistics.median(outside) * 1e3:7.1f} ms"
        print(f"{statement:42}  {told}  {ratio:8.3f}")


if __name__ == "__main__":
    main()
