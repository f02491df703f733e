"""Derivatives as linear maps: ``linearize`` (the map), ``jvp`` (the map at a direction), ``vjp`` (the map turned round)."""

from __future__ import annotations

from typing import Any, Literal, overload

from essence_ad.calculus.arguments import first_of_pair, program_at
from essence_ad.calculus.modes import reverse
from essence_ad.categories.additive import Additive
from essence_ad.categories.derivative import D
from essence_ad.categories.dual import DualArrow
from essence_ad.compiler.automatic import automatic
from essence_ad.linear_map import LinearMap


@overload
def linearize(f: Any, x: Any, *, has_aux: Literal[False] = False) -> tuple[Any, LinearMap]: ...
@overload
def linearize(f: Any, x: Any, *, has_aux: Literal[True]) -> tuple[Any, LinearMap, Any]: ...
def linearize(f: Any, x: Any, *, has_aux: bool = False) -> Any:
    """The value at ``x`` and the derivative there: the best linear approximation, by additive functions.

    ``x`` is one argument, of any structure, or the tuple of the arguments of a function that needs several. The linear
    map goes from the space of ``x`` to that of the value; apply it, transpose it (``.T``), or ask for its ``matrix()``.
    With ``has_aux``, ``f`` returns ``(value, more)``, the map is that of the value, and the result is ``(value, map, more)``.
    Raises ``DTypeError`` where ``x`` holds integers or booleans, and what ``f`` itself raises.

    >>> from essence_ad import mul
    >>> y, df = linearize(mul, (3.0, 4.0))
    >>> float(y), df((1.0, 0.0)), df.T(1.0)
    (12.0, 4.0, (4.0, 3.0))
    """
    value, derivative = D(Additive)(program_at("linearize", f, x))(x)
    if has_aux:
        linear = first_of_pair("linearize", derivative)
        return value[0], linear, value[1]
    return value, derivative


@overload
def jvp(f: Any, x: Any, dx: Any, *, has_aux: Literal[False] = False) -> tuple[Any, Any]: ...
@overload
def jvp(f: Any, x: Any, dx: Any, *, has_aux: Literal[True]) -> tuple[Any, Any, Any]: ...
def jvp(f: Any, x: Any, dx: Any, *, has_aux: bool = False) -> Any:
    """The value at ``x`` and the derivative in the direction ``dx``, which has the structure and the shapes of ``x``.

    Forward mode. With ``has_aux``, ``f`` returns ``(value, more)`` and the result is ``(value, derivative, more)``. Raises ``StructureError`` or ``ShapeError`` where ``dx`` does not fit ``x``, and what ``linearize`` does.

    >>> from essence_ad import sin
    >>> y, dy = jvp(sin, 0.0, 2.0)
    >>> float(y), float(dy)
    (0.0, 2.0)
    """

    @automatic(f, "jvp", has_aux)
    def both(x: Any, dx: Any) -> Any:
        if has_aux:
            y, df, more = linearize(f, x, has_aux=True)
            return y, df(dx), more
        y, df = linearize(f, x)
        return y, df(dx)

    return both(x, dx)


@overload
def vjp(f: Any, x: Any, *, has_aux: Literal[False] = False) -> tuple[Any, DualArrow]: ...
@overload
def vjp(f: Any, x: Any, *, has_aux: Literal[True]) -> tuple[Any, DualArrow, Any]: ...
def vjp(f: Any, x: Any, *, has_aux: bool = False) -> Any:
    """The value at ``x`` and the pullback, which takes a covector at the value to one at ``x``: reverse mode.

    The pairing of vectors is bilinear (no conjugation): for holomorphic ``f`` of one number the pullback of 1 is f'.
    With ``has_aux``, ``f`` returns ``(value, more)`` and the result is ``(value, pullback, more)``.
    Raises what ``linearize`` does; the pullback raises where its argument does not fit the value. It reads the arrays of
    ``x`` and of the value when it is applied: do not write into them before.

    >>> from essence_ad import mul
    >>> y, pullback = vjp(mul, (3.0, 4.0))
    >>> pullback(1.0)
    (4.0, 3.0)
    """
    value, pullback = reverse(program_at("vjp", f, x))(x)
    if has_aux:
        turned = first_of_pair("vjp", pullback.arrow.T).T
        return value[0], DualArrow(pullback.k, turned), value[1]
    return value, pullback
