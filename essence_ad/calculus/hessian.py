"""Second derivatives: forward mode over reverse mode, as all partial derivatives or at one direction."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from essence_ad.calculus.arguments import Argnums, require_program
from essence_ad.calculus.gradient import grad
from essence_ad.calculus.jacobian import partial_derivatives
from essence_ad.calculus.linearization import jvp
from essence_ad.compiler.automatic import automatic


def hessian(f: Any, *, argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that gives the second partial derivatives: for each array of the value and each two of the argument.

    Of a scalar function of one array it is a symmetric array of shape ``in.shape + in.shape``; structured arguments
    give blocks, nested in the containers of the argument twice over. It is forward mode over reverse mode for all unit
    vectors at once; what is zero by the structure of the function is never computed. With ``has_aux``, ``f`` returns
    ``(value, more)`` and the result is ``(derivatives, more)``. Raises what ``jacobian`` does.

    >>> from essence_ad import mul
    >>> hessian(mul)((3.0, 4.0)) == ((0.0, 1.0), (1.0, 0.0))
    True
    """
    require_program("hessian", f)
    first = partial_derivatives(f, "reverse", argnums, has_aux)
    second = automatic(f)(functools.wraps(f)(partial_derivatives(first, "forward", argnums, has_aux)))
    second.again = functools.partial(hessian, argnums=argnums, has_aux=has_aux)
    return second


def hvp(f: Any, x: Any, v: Any) -> Any:
    """The Hessian of a scalar function at ``x``, applied to ``v``: the gradient's derivative in the direction ``v``.

    It costs a small constant times the function, whatever the size of ``x``, and has the structure of ``x``. ``x`` and
    ``v`` are tuples for a function that needs several arguments. Raises what ``grad`` and ``jvp`` do.

    >>> from essence_ad import mul
    >>> hvp(mul, (3.0, 4.0), (1.0, 0.0))
    (0.0, 1.0)
    """
    gradient = grad(f)

    def at(point: Any) -> Any:
        return gradient(point)  # of one argument: a tuple where f takes several

    @automatic(f, "hvp")
    def product(x: Any, v: Any) -> Any:
        return jvp(at, x, v)[1]

    return product(x, v)
