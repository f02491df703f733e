"""How long ``import essence_ad`` takes beside ``import numpy``: medians of interleaved fresh interpreters.

Run it by ``python -m benchmarks.import_time [rounds]``. The ratio that the project holds is that of the times of the
import statements themselves; the time until an interpreter is ready and gone again is told too.
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

STATEMENTS = {"nothing": "pass", "numpy": "import numpy", "essence_ad": "import essence_ad"}
TIMED = "import time; start = time.perf_counter()\n{}\nprint(time.perf_counter() - start)"


def measure(rounds: int, environment: dict[str, str]) -> dict[str, tuple[list[float], list[float]]]:
    """For each statement, the seconds of the statement and those of the whole process, in interleaved rounds."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in STATEMENTS}
    for _ in range(rounds):
        for name, statement in STATEMENTS.items():
            start = time.perf_counter()
            command = [sys.executable, "-c", TIMED.format(statement)]
            said = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
            times[name][1].append(time.perf_counter() - start)
            times[name][0].append(float(said))
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
    print(f"{'':12}  {'import':>10}  {'process':>10}   (medians)")
    for name, (inside, outside) in times.items():
        print(f"{name:12}  {statistics.median(inside) * 1e3:7.1f} ms  {statistics.median(outside) * 1e3:7.1f} ms")
    pairs = zip(times["essence_ad"][0], times["numpy"][0], strict=True)
    print(f"essence_ad / numpy: {statistics.median(a / b for a, b in pairs):.3f} (median of the rounds' ratios)")


if __name__ == "__main__":
    main()
