"""Derivatives as programs: ``D(k)`` run on symbolic arrays, so that the linear part shares its wires with the value part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from essence_ad.categories.additive import Additive
from essence_ad.categories.derivative import D
from essence_ad.categories.dual import Dual
from essence_ad.compiler.simplify import simplify
from essence_ad.diagram import Diagram
from essence_ad.errors import NotScalarError
from essence_ad.morphism import Morphism
from essence_ad.spaces import Product, Space
from essence_ad.tracing.program import trace


def target_of(f: Morphism[Any, Any], space: Space) -> Space:
    """The space of the value of a program at a space."""
    found: list[Space] = []

    def run(x: Any) -> Any:
        y, _, target = D(Additive)(f).run(space.pack(x), space)
        found.append(target)
        return target.unpack(y)

    trace(run, space, spread=False)
    return found[0]


def forward_program(f: Morphism[Any, Any], space: Space) -> Diagram:
    """``(x, dx)`` to ``(y, dy)``: the derivative in ``D(Additive)``."""

    def run(x: Any, dx: Any) -> Any:
        y, derivative = D(Additive)(f)(x)
        return y, derivative(dx)

    return _recorded(run, Product((space, space)))


def reverse_program(f: Morphism[Any, Any], space: Space) -> Diagram:
    """``(x, dy)`` to ``(y, dx)``: the derivative in ``D(Dual(Additive))``."""

    def run(x: Any, dy: Any) -> Any:
        y, derivative = D(Dual(Additive))(f)(x)
        return y, derivative(dy)

    return _recorded(run, Product((space, target_of(f, space))))


def gradient_program(f: Morphism[Any, Any], space: Space) -> Diagram:
    """``x`` to the value and the rows of the Jacobian: the derivative in ``D(Dual(Additive))`` at each unit covector.

    Raises ``NotScalarError`` where the value has more than a few numbers.
    """
    target = target_of(f, space)
    if target.dim > MOST:
        raise NotScalarError(
            "a gradient is drawn of a value of few numbers", found=f"{target}, of {target.dim} numbers",
            expected=f"at most {MOST}", remedy='draw(f, x, mode="reverse") draws the linear map itself',
        )  # fmt: skip

    def run(x: Any) -> Any:
        y, derivative = D(Dual(Additive))(f)(x)
        rows = [space.unpack(space.fill(derivative.arrow.apply(unit))) for unit in target.units()]
        return y, rows[0] if len(rows) == 1 else tuple(rows)

    return _recorded(run, space, spread=False)


MOST = 6


def _recorded(function: Callable[..., Any], space: Space, spread: bool = True) -> Diagram:
    """The shorter of two simplifications: a difference saves a negation, but not one that is read elsewhere too."""
    d = trace(function, space, spread=spread).diagram
    return min(simplify(d, without=("add_negative",)), simplify(d), key=lambda short: len(short.boxes))
