"""Gradients: the derivative in reverse mode, read out by pulling back the number 1."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from essence_ad.calculus.arguments import Argnums, Derived, array_parts, in_arguments, program_at, require_program
from essence_ad.calculus.modes import reverse
from essence_ad.compiler.automatic import automatic
from essence_ad.containers import ZERO
from essence_ad.errors import DTypeError, NotScalarError
from essence_ad.spaces import Array, Space, space_of


def grad(f: Any, *, argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the gradient of ``f``, which must return one number.

    The gradient has the structure of the argument ``argnums``, which is its place (negative ones count from the last) or
    its name; for a tuple of them it is the tuple of gradients. Arguments by keyword are held unless they are named. With ``has_aux``, ``f`` returns ``(number, more)`` and the result is
    ``(gradient, more)``. For holomorphic ``f`` the gradient is f'; a real value of a complex argument ``x + iy`` has
    the gradient ``df/dx - i df/dy``, as in JAX (steepest ascent is its conjugate). The result is a function again,
    and can be differentiated again.

    Raises ``NotScalarError`` where the value is not one number, ``DTypeError`` for integer or boolean arguments and
    values and for complex values of real arguments, ``OptionError`` for ``argnums`` that name no argument.

    >>> from essence_ad import mul, sin
    >>> grad(mul)((3.0, 4.0)), grad(mul, argnums=1)(3.0, 4.0), float(grad(grad(sin))(1.0) + sin(1.0))
    ((4.0, 3.0), 3.0, 0.0)
    >>> grad(lambda x, rate: rate * x * x, argnums="x")(rate=2.0, x=3.0)
    12.0
    """
    return Gradient(value_and_grad(f, argnums=argnums, has_aux=has_aux), f, grad, argnums=argnums, has_aux=has_aux)


class Gradient(Derived):
    """What ``grad`` gives: the second part of what ``value_and_grad`` gives."""

    def __init__(self, both: Callable[..., Any], f: Any, operator: Any, **options: Any) -> None:
        super().__init__(self, f, operator, **options)
        self.both, self.has_aux = both, options["has_aux"]

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The gradient at a point."""
        value, answer = self.both(*args, **options)
        return (answer, value[1]) if self.has_aux else answer


def value_and_grad(f: Any, *, argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives ``(value, gradient)``, where with ``has_aux`` the value is ``(number, more)``; see ``grad``.

    >>> from essence_ad import mul
    >>> value_and_grad(mul)((3.0, 4.0)) == (12.0, (4.0, 3.0))
    True
    """
    require_program("grad", f)

    @automatic(f, "value_and_grad", str(argnums), has_aux)
    @functools.wraps(f)
    def both(*args: Any, **options: Any) -> tuple[Any, Any]:
        function, x = in_arguments(f, args, options, argnums)
        value, pullback = reverse(program_at("grad", function, x))(x)
        one = _one(value, space_of(x), has_aux)
        return value, pullback((one, ZERO) if has_aux else one)

    both.again = functools.partial(value_and_grad, argnums=argnums, has_aux=has_aux)
    return both


def _one(value: Any, source: Space, has_aux: bool) -> Any:
    """The covector that reads a gradient out: the number 1 in the space of the value."""
    if has_aux and not (isinstance(value, (tuple, list)) and len(value) == 2):
        raise _not_scalar(
            space_of(value), "a pair (number, more), as has_aux asks", "return such a pair, or leave has_aux out"
        )
    target = space_of(value[0] if has_aux else value)
    if not isinstance(target, Array) or target.shape:
        raise _not_scalar(target, "one number", "sum the value or take a part of it, or ask for the jacobian")
    real_argument = any(part.dtype.kind != "c" for _, part in array_parts(source))
    if target.discrete or (target.dtype.kind == "c" and real_argument):
        raise DTypeError(
            "grad needs a value that is real, or complex with a complex argument", found=f"dtype {target.dtype}",
            expected="a floating dtype" if target.discrete else "a real value, since some argument is real",
            remedy="convert the value with astype(float)" if target.discrete else "take np.real, or ask for jvp or jacobian",
        )  # fmt: skip
    return 1 if target.dtype == object else 1.0 if target.dtype == float else target.dtype.type(1)


def _not_scalar(found: Space, expected: str, remedy: str) -> NotScalarError:
    return NotScalarError(
        "grad needs a function whose value is one number", found=found, expected=expected, remedy=remedy
    )
