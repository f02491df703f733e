"""PyTorch in eager mode: reverse derivatives by ``torch.autograd.grad``, higher ones by ``torch.func``."""

from __future__ import annotations

from typing import Any

import numpy
import torch

from benchmarks.case import Function
from benchmarks.systems.system import Prepared, System

torch.set_num_threads(1)


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.logsumexp(x, dim=tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims)


class SYSTEM(System):
    """PyTorch eager."""

    name = "torch"
    np = torch
    logsumexp = staticmethod(_logsumexp)

    @property
    def version(self) -> str:
        return torch.__version__

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        places = argnums if isinstance(argnums, tuple) else (argnums,)

        def both(*args: Any) -> Any:
            given = list(args)
            for i in places:
                given[i] = args[i].detach().requires_grad_()
            leaves = [given[i] for i in places]
            value = f(*given)
            gradients = torch.autograd.grad(value, leaves)
            return value.detach(), gradients if isinstance(argnums, tuple) else gradients[0]

        return both

    def grad(self, f: Function) -> Function:
        return torch.func.grad(f)

    def hessian(self, f: Function) -> Function:
        return torch.func.hessian(f)

    def hvp(self, f: Function) -> Function:
        gradient = torch.func.grad(f)
        return lambda x, v: torch.func.jvp(gradient, (x,), (v,))[1]

    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        given = [a.detach().requires_grad_() for a in arguments]
        value = f(*given)
        return [torch.autograd.grad(part, given, seed, retain_graph=True) for part in value]

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        return Prepared(g, arguments, 0.0, counts_python=False)

    def array(self, value: Any) -> Any:
        return torch.as_tensor(value, dtype=torch.float64 if isinstance(value, float) else None)

    def numpy(self, value: Any) -> Any:
        return numpy.asarray(value)
