"""The cases, a few records a file; every module here has a list ``CASES``."""

from __future__ import annotations

import importlib
import pkgutil

from benchmarks.case import Case

ORDER = (
    "scalar_chain",
    "tanh_layer",
    "perceptron",
    "logistic_regression",
    "rosenbrock",
    "nested",
    "gaussian_mixture",
    "bundle_adjustment",
)


def all_cases() -> list[Case]:
    """Every case of this folder, in the order of the table."""
    found = [m.name for m in pkgutil.iter_modules(__path__)]
    found.sort(key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return [case for name in found for case in importlib.import_module(f"{__name__}.{name}").CASES]
