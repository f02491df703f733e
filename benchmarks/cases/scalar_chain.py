"""Steps of ``x * sin(x) + 0.1`` on one number: what a system costs per operation."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from benchmarks.case import Case, Data, Function, value_and_gradient


def program(np: Any, logsumexp: Any, *, steps: int) -> Function:
    def f(x: Any) -> Any:
        for _ in range(steps):
            x = x * np.sin(x) + 0.1
        return x

    return f


def by_hand(*, steps: int, sin: Any = np.sin, cos: Any = np.cos) -> Function:
    """The derivative is carried along with the value: the chain has one input and one output."""

    def value_and_slope(x: Any) -> Any:
        slope = 1.0
        for _ in range(steps):
            s = sin(x)
            slope = (s + x * cos(x)) * slope
            x = x * s + 0.1
        return x, slope

    return value_and_slope


def case(steps: int) -> Case:
    return Case(
        name=f"chain_{steps}",
        title=f"{steps} steps of x sin x + 0.1 on a number, value and gradient",
        data=lambda: Data((0.7,)),
        program=partial(program, steps=steps),
        by_hand=partial(by_hand, steps=steps),
        derivative=value_and_gradient(0),
        also={"plain Python (math)": partial(by_hand, steps=steps, sin=math.sin, cos=math.cos)},
        small=True,
    )


CASES = [case(20), case(100)]
