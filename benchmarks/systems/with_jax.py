"""JAX: the derivative jitted for this processor, called when warm, its compilation timed apart."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy
import jax.scipy.special
import numpy

from benchmarks.case import Function
from benchmarks.systems.system import Prepared, System

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
#: handing a small call to another thread costs up to 17 times the call itself, by chance of the process
jax.config.update("jax_cpu_enable_async_dispatch", False)


class SYSTEM(System):
    """JAX with jit."""

    name = "jax"
    np = jax.numpy
    logsumexp = staticmethod(jax.scipy.special.logsumexp)

    @property
    def version(self) -> str:
        return jax.__version__

    def value_and_grad(self, f: Function, argnums: int | tuple[int, ...]) -> Function:
        return jax.value_and_grad(f, argnums)

    def grad(self, f: Function) -> Function:
        return jax.grad(f)

    def hessian(self, f: Function) -> Function:
        return jax.hessian(f)

    def hvp(self, f: Function) -> Function:
        gradient = jax.grad(f)
        return lambda x, v: jax.jvp(gradient, (x,), (v,))[1]

    def sweeps(self, f: Function, arguments: tuple[Any, ...], seed: Any) -> list[tuple[Any, ...]]:
        parts = len(jax.eval_shape(f, *arguments))  # each part by itself: what they share is found by XLA
        return [jax.vjp(lambda *given, i=i: f(*given)[i], *arguments)[1](seed) for i in range(parts)]

    def array(self, value: Any) -> Any:
        return jax.numpy.asarray(value)

    def numpy(self, value: Any) -> Any:
        return numpy.asarray(value)

    def ready(self, g: Function, arguments: tuple[Any, ...]) -> Prepared:
        start = time.perf_counter()
        jitted = jax.jit(g)
        needs = jitted.lower(*arguments).compile().memory_analysis()
        seconds = time.perf_counter() - start
        first = _first_leaf(jax.block_until_ready(jitted(*arguments)))

        def call(*args: Any) -> Any:
            result = jitted(*args)
            first(result).block_until_ready()  # the results of one executable are ready together
            return result

        more = 0 if needs is None else needs.temp_size_in_bytes + needs.output_size_in_bytes
        return Prepared(call, arguments, seconds, more)


def _first_leaf(result: Any) -> Any:
    if not isinstance(result, (tuple, list)):
        return lambda r: r
    below = _first_leaf(result[0])
    return lambda r: below(r[0])
