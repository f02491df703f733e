"""autograd: a tape made anew at every call."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import autograd
import autograd.builtins
import autograd.numpy
import autograd.scipy.special
import numpy

from benchmarks.case import Function
from benchmarks.systems.system import System


class SYSTEM(System):
    """autograd on NumPy."""

    name = "autograd"
    np = autograd.numpy
    logsumexp = staticmethod(autograd.scipy.special.logsumexp)

    @property
    def version(self) -> str:
        return version("autograd")

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        return autograd.value_and_grad(f, argnums)

    def grad(self, f: Function) -> Function:
        return autograd.grad(f)

    def hessian(self, f: Function) -> Function:
        return autograd.hessian(f)

    def hvp(self, f: Function) -> Function:
        product: Function = autograd.hessian_vector_product(f)
        return product

    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        pullback, value = autograd.make_vjp(lambda given: autograd.builtins.tuple(f(*given)))(arguments)
        nothing = numpy.zeros_like(seed)
        return [pullback(tuple([seed if i == j else nothing for j in range(len(value))])) for i in range(len(value))]
