"""``sum(tanh(W @ x + b))``: one layer, from arrays that fit in a register file to one bound by memory."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, value_and_gradient


def data(n: int) -> Data:
    random = np.random.default_rng(n)
    return Data((random.normal(size=(n, n)) / np.sqrt(n), random.normal(size=n), random.normal(size=n)))


def program(np: Any, logsumexp: Any) -> Function:
    def f(W: Any, x: Any, b: Any) -> Any:
        return np.sum(np.tanh(W @ x + b))

    return f


def by_hand_in_x() -> Function:
    def value_and_gradient(W: Any, x: Any, b: Any) -> Any:
        y = np.tanh(W @ x + b)
        return y.sum(), (1 - y * y) @ W

    return value_and_gradient


def by_hand_in_all() -> Function:
    def value_and_gradient(W: Any, x: Any, b: Any) -> Any:
        y = np.tanh(W @ x + b)
        g = 1 - y * y
        return y.sum(), (np.multiply.outer(g, x), g @ W, g)

    return value_and_gradient


def cases(n: int) -> list[Case]:
    said = f"sum(tanh(W x + b)), n = {n}"
    return [
        Case(f"tanh_{n}_x", f"{said}, gradient in x", partial(data, n), program, by_hand_in_x,
             value_and_gradient(1), small=n <= 100),
        Case(f"tanh_{n}_all", f"{said}, gradient in W, x, b", partial(data, n), program, by_hand_in_all,
             value_and_gradient(0, 1, 2), small=n <= 100),
    ]  # fmt: skip


CASES = [case for n in (10, 100, 1000) for case in cases(n)]
