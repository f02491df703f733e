"""essence_ad: the derivative staged, simplified and written as NumPy source."""

from __future__ import annotations

import time
from typing import Any

import numpy

import essence_ad
from benchmarks.case import Function
from benchmarks.systems.system import Prepared, System
from essence_ad.compiler.compiled import compile
from essence_ad.containers import ZERO


class SYSTEM(System):
    """Ours."""

    name = "essence_ad"
    np = numpy
    logsumexp = essence_ad.logsumexp

    @property
    def version(self) -> str:
        return essence_ad.__version__

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        return essence_ad.value_and_grad(f, argnums=argnums)

    def grad(self, f: Function) -> Function:
        return essence_ad.grad(f)

    def hessian(self, f: Function) -> Function:
        return essence_ad.hessian(f)

    def hvp(self, f: Function) -> Function:
        return lambda x, v: essence_ad.hvp(f, x, v)

    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        value, pullback = essence_ad.vjp(f, arguments)
        return [pullback(tuple([seed if i == j else ZERO for j in range(len(value))])) for i in range(len(value))]

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        start = time.perf_counter()
        compiled = compile(g, *arguments)
        return Prepared(compiled, arguments, time.perf_counter() - start)
