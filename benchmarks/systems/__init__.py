"""The systems that are compared, one a file; each differentiates and runs a case in its own best way."""

from __future__ import annotations

import importlib
from typing import Any

from benchmarks.systems.system import Absent, System

FILES = {
    "essence_ad": "with_essence_ad", "essence_ad C": "with_essence_ad_c", "jax": "with_jax", "autograd": "with_autograd", "torch": "with_torch",
    "torch.compile": "with_torch_compiled",
}  # fmt: skip


def systems(names: list[str] | None = None) -> dict[str, System | Absent]:
    """The systems that are asked for; one that is not installed is said to be absent, with the reason."""
    found: dict[str, System | Absent] = {}
    for name in names or FILES:
        try:
            module: Any = importlib.import_module(f"{__name__}.{FILES[name]}")
        except ImportError as error:
            found[name] = Absent(str(error))
        else:
            found[name] = module.SYSTEM()
    return found
