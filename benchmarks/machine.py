"""The machine and the versions that a table was made with."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

#: one thread for everybody, and nothing compiled in an earlier run: set before NumPy or a system is loaded
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1", "JAX_PLATFORMS": "cpu",
    "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",
}  # fmt: skip


def processor() -> str:
    """The model of the processor, as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    known = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in known.items()}
    model = fields.get("model name", platform.machine())
    return f"{model} (family {fields.get('cpu family', '?')}, model {fields.get('model', '?')})"


def describe(versions: Mapping[str, str]) -> dict[str, str]:
    """Everything that a reader needs to judge the times."""
    import numpy as np  # not before the environment is set

    build = np.show_config(mode="dicts")
    blas = build["Build Dependencies"]["blas"] if build else {}
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "threads": "1 for everybody",
        "load": " ".join(f"{x:.1f}" for x in os.getloadavg()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "NumPy": f"{np.__version__} ({blas.get('name', '?')} {blas.get('version', '')})",
        "numbers": "float64",
        **versions,
    }
