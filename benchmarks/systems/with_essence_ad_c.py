"""essence_ad with its C backend, for chains of numbers and small arrays."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.case import Function
from benchmarks.systems import with_essence_ad
from benchmarks.systems.system import Prepared
from essence_ad.compiler.compiled import compile
from essence_ad.native import loaded


class SYSTEM(with_essence_ad.SYSTEM):
    """Ours, in C."""

    name = "essence_ad C"

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        loaded.cache_clear()  # or the second time would cost nothing
        start = time.perf_counter()
        compiled = compile(g, *arguments, backend="c")
        return Prepared(compiled, arguments, time.perf_counter() - start)
