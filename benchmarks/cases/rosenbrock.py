"""Rosenbrock's function of 100 numbers: gradient, Hessian, and Hessian times a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, gradient, hessian, hessian_vector_product

N = 100


def point() -> Data:
    return Data((np.random.default_rng(N).normal(size=N),))


def point_and_direction() -> Data:
    random = np.random.default_rng(N)
    return Data((random.normal(size=N), random.normal(size=N)))


def program(np: Any, logsumexp: Any) -> Function:
    def f(x: Any) -> Any:
        a, b = x[:-1], x[1:]
        return np.sum(100.0 * (b - a * a) ** 2 + (1.0 - a) ** 2)

    return f


def gradient_by_hand() -> Function:
    def slopes(x: Any) -> Any:
        a = x[:-1]
        t = a * a
        np.subtract(x[1:], t, out=t)
        t *= 200.0
        g = np.empty(N)
        g[0] = 0.0
        g[1:] = t
        t *= a
        t *= 2.0
        t -= 2.0 * (a - 1.0)
        g[:-1] -= t
        return g

    return slopes


def hessian_by_hand() -> Function:
    def matrix(x: Any) -> Any:
        a = x[:-1]
        h = np.zeros((N, N))
        flat = h.reshape(-1)
        beside = -400.0 * a
        flat[1 :: N + 1] = beside
        flat[N :: N + 1] = beside
        flat[0 :: N + 1][1:] = 200.0
        flat[0 :: N + 1][:-1] += (1200.0 * a) * a - 400.0 * x[1:] + 2.0
        return h

    return matrix


def product_by_hand() -> Function:
    def product(x: Any, v: Any) -> Any:
        a, low, high = x[:-1], v[:-1], v[1:]
        beside = -400.0 * a
        y = np.empty(N)
        y[0] = 0.0
        np.multiply(beside, low, out=y[1:])
        y[1:] += 200.0 * high
        y[:-1] += ((1200.0 * a) * a - 400.0 * x[1:] + 2.0) * low
        y[:-1] += beside * high
        return y

    return product


CASES = [
    Case("rosenbrock_gradient", f"Rosenbrock, n = {N}, gradient", point, program, gradient_by_hand, gradient, small=True),
    Case("rosenbrock_hessian", f"Rosenbrock, n = {N}, Hessian", point, program, hessian_by_hand, hessian),
    Case("rosenbrock_hvp", f"Rosenbrock, n = {N}, Hessian times a vector", point_and_direction, program,
         product_by_hand, hessian_vector_product, inputs=1, small=True),
]  # fmt: skip
