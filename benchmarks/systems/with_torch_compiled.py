"""PyTorch with ``torch.compile``: the function compiled (its reverse pass by AOTAutograd), the first call timed apart."""

from __future__ import annotations

import logging
import time
from typing import Any

import torch
import torch._dynamo

from benchmarks.case import Function
from benchmarks.systems.system import Prepared
from benchmarks.systems.with_torch import SYSTEM as Eager

logging.getLogger("torch._inductor.scheduler").setLevel(logging.CRITICAL + 1)  # it prints a program that it gives up


class SYSTEM(Eager):
    """PyTorch compiled: the function itself for a gradient, the whole derivative for those of ``torch.func``."""

    name = "torch.compile"
    may_hang = True  # it writes out shared numbers at every use: a scalar chain of n steps has 2 ** n of them

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        both = super().value_and_grad(torch.compile(f), argnums)
        both.compiled = True  # type: ignore[attr-defined]
        return both

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        torch._dynamo.reset()
        start = time.perf_counter()
        function = g if getattr(g, "compiled", False) else torch.compile(g)
        function(*arguments)
        return Prepared(function, arguments, time.perf_counter() - start, counts_python=False)
