"""A case: seeded data, a function written once for every system, and its derivative written by hand in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Data:
    """What a case works on: arguments of the function, and constants that it is built from."""

    arguments: tuple[Any, ...]
    constants: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Case:
    """One row of the table.

    ``program(np, logsumexp, *constants)`` gives the function of the arguments, where ``np`` is the module that has a
    system's arrays in NumPy's names, and ``logsumexp`` its function of that name; ``derivative(system, function)`` gives what is timed; ``by_hand(*constants)`` gives the same
    results as ``derivative``, and ``also`` further ways to write it by hand. Nobody is given more than that.
    """

    name: str
    title: str
    data: Callable[[], Data]
    program: Callable[..., Function]
    by_hand: Callable[..., Function]
    derivative: Callable[[Any, Function], Function]
    also: Mapping[str, Callable[..., Function]] = field(default_factory=dict)
    inputs: int | None = None  #: how many of the arguments the function itself takes, all by default
    small: bool = False  #: calls take microseconds, so that the cost of a call itself counts
    tolerance: float = 1e-8


def value_and_gradient(*argnums: int) -> Callable[[Any, Function], Function]:
    """The value of the function and its gradient in these arguments."""

    def derivative(system: Any, function: Function) -> Function:
        both: Function = system.value_and_grad(function, argnums if len(argnums) > 1 else argnums[0])
        return both

    return derivative


def gradient(system: Any, function: Function) -> Function:
    """The gradient of a function of one argument."""
    slopes: Function = system.grad(function)
    return slopes


def hessian(system: Any, function: Function) -> Function:
    """All second derivatives of a function of one array."""
    matrix: Function = system.hessian(function)
    return matrix


def hessian_vector_product(system: Any, function: Function) -> Function:
    """The function of a point and a direction that applies the second derivative."""
    product: Function = system.hvp(function)
    return product


def nested(times: int) -> Callable[[Any, Function], Function]:
    """The derivative of the derivative of ... a function of one number."""

    def derivative(system: Any, function: Function) -> Function:
        for _ in range(times):
            function = gradient(system, function)
        return function

    return derivative
