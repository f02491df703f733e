"""Jacobians: the derivative as arrays of partial derivatives, read out by columns (forward) or by rows (reverse)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from essence_ad.calculus.arguments import (
    Argnums,
    first_of_pair,
    in_arguments,
    program_at,
    require_continuous,
    require_program,
    tree_of,
)
from essence_ad.categories.additive import Additive
from essence_ad.categories.derivative import D
from essence_ad.compiler.association import Association
from essence_ad.compiler.automatic import automatic
from essence_ad.errors import OptionError
from essence_ad.linear_map import LinearMap, arrays
from essence_ad.spaces import Space
from essence_ad.tracing.sweeps import images

MODES = ("auto", "forward", "reverse")


def jacobian(f: Any, *, mode: str = "auto", argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the partial derivatives of every part of the value by every part of the argument.

    For each array of the value and each array of the argument the result has one array of shape ``out.shape +
    in.shape``, nested in the containers of the value and, inside those, of the argument. ``mode="forward"`` pushes the
    unit vectors of the argument through the derivative, all at once, and ``"reverse"`` pulls those of the value back;
    numbers that are zero by the structure of the program are never computed. ``"auto"`` takes what is cheapest by the
    shapes: one of the two, or parts that are multiplied where the program is narrow in the middle (``cost`` says which,
    and why). With ``has_aux``, ``f`` returns ``(value, more)`` and the result is ``(derivatives, more)``; see ``grad``
    for ``argnums``. Between real and complex numbers both modes give the same, by the conventions of ``grad``.

    Raises ``OptionError`` for another mode, ``DTypeError`` where argument or value holds integers or booleans.

    >>> import numpy as np
    >>> from essence_ad import mul, sin
    >>> jacobian(sin)(np.zeros(2))
    array([[1., 0.],
           [0., 1.]])
    >>> jacobian(mul)((3.0, 4.0)), jacobian(mul, mode="forward", argnums=1)(3.0, 4.0)
    ((4.0, 3.0), 3.0)
    """
    require_program("jacobian", f)
    if mode not in MODES:
        raise OptionError(
            "jacobian does not have this mode", found=f"mode={mode!r}", expected=f"one of {', '.join(map(repr, MODES))}",
            remedy="leave mode out to take the cheaper one",
        )  # fmt: skip
    answer = automatic(f)(partial_derivatives(f, mode, argnums, has_aux))
    answer.again = functools.partial(jacobian, mode=mode, argnums=argnums, has_aux=has_aux)
    return answer


def partial_derivatives(f: Any, mode: str, argnums: Argnums, has_aux: bool = False) -> Callable[..., Any]:
    """The function that ``jacobian`` gives, run as it is at every call."""

    @functools.wraps(f)
    def derivatives(*args: Any, **options: Any) -> Any:
        function, x = in_arguments(f, args, options, argnums)
        value, df = D(Additive)(program_at("jacobian", function, x))(x)
        if has_aux:
            df = first_of_pair("jacobian", df)
        source, target = df.named()
        require_continuous("jacobian", "value", target)
        blocks = _blocks(df, source, target, mode)
        rows = iter([source.unpack(tree_of(source, iter(row))) for row in blocks])
        answer = target.unpack(tree_of(target, rows))
        return (answer, value[1]) if has_aux else answer

    return derivatives


def _blocks(df: LinearMap, source: Space, target: Space, mode: str) -> list[list[Any]]:
    """For each array of the value and each of the argument the block of the matrix."""
    if mode == "auto":
        association = Association(df)
        plan = association.best
        mode = plan.name
    if mode == "reverse":
        return images(df.T, target, source, turned=True)
    columns = images(df, source, target) if mode == "forward" else association.blocks(plan)
    return [[column[i] for column in columns] for i in range(len(arrays(target)))]
