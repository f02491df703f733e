"""``cond`` and ``while_``: control that values decide, on arrays and in programs.

On plain arrays they run one branch, or the body as often as the predicate holds. While a program is recorded they become
one operation that holds their bodies. Without data they are combinators.
"""

from __future__ import annotations

from typing import Any

from essence_ad.containers import describe
from essence_ad.control.body import Body, common, record
from essence_ad.control.branch import Cond
from essence_ad.control.combinator import as_cond, as_while
from essence_ad.control.structured import Missing, real, rebuilt, require_boolean, same, started, unequal
from essence_ad.control.while_loop import While, tuple_of
from essence_ad.errors import NeedsSpaceError, OptionError, TracingError
from essence_ad.morphism import Morphism, box
from essence_ad.spaces import Space, fits, space_of
from essence_ad.structure import leaves
from essence_ad.tracing import source
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import Program, name_of
from essence_ad.tracing.protocol import depth


def cond(predicate: Any, f: Any, g: Any, *operands: Any) -> Any:
    """``f(*operands)`` where the predicate is true, ``g(*operands)`` otherwise; the other is not run.

    The signature is that of ``jax.lax.cond``; the predicate must be a boolean. What the two functions read from outside may
    be traced, and what they do to it is part of the branch. The derivative is that of the branch taken. For a choice element by element use
    ``np.where``. With a program as the predicate and no operands, ``cond(p, f, g)`` is the program ``x -> f(x)`` where
    ``p(x)``, ``g(x)`` otherwise.

    Raises ``DTypeError`` where the predicate is not one boolean, ``StructureError`` where the branches give values of
    different spaces (while a program is recorded: otherwise only one of them is run).

    >>> import numpy as np
    >>> from essence_ad import grad
    >>> root = lambda x: cond(x > 0, np.sqrt, lambda t: 0.0 * t, x)
    >>> root(4.0), float(grad(root)(4.0)), float(grad(root)(0.0))
    (np.float64(2.0), 0.25, 0.0)
    """
    if not operands and isinstance(predicate, Morphism):
        return _choosing(predicate, f, g)
    if not callable(f) or not callable(g):
        raise OptionError(
            "cond takes two functions, and then their arguments", found=source.found(f"{describe(f)} and {describe(g)}"),
            expected="cond(condition, f, g, *arguments)", remedy="write lambda: value for a value, or use np.where",
        )  # fmt: skip
    if type(predicate) is not bool:
        require_boolean(space_of(predicate))
    if not is_abstract(predicate):
        return (f if bool(predicate) else g)(*operands)
    spaces = [space_of(x) for x in operands]
    operands = tuple([real(x) for x in operands])
    try:
        bodies = [record(h, spaces, claiming=True) for h in (f, g)]
    except TracingError:  # steered by values itself: they may be known at a point
        return (f if bool(predicate) else g)(*operands)
    if not fits(bodies[0].target, bodies[1].target) or bodies[0].diagram.cod_space != bodies[1].diagram.cod_space:
        raise unequal(bodies[0].target, bodies[1].target)
    holds, captured = common(bodies)
    packed_operands = [leaf for s, x in zip(spaces, operands, strict=True) for leaf in leaves(s.pack(x))]
    if not holds[0].cod:
        return bodies[0].target.unpack(())
    result = Cond(holds[0], holds[1]).apply(predicate, *packed_operands, *captured)
    return rebuilt(bodies[0].target, tuple_of(result))


def _choosing(predicate: Morphism[Any, Any], f: Any, g: Any) -> Any:
    if isinstance(f, Morphism) and isinstance(g, Morphism):
        try:
            first, second, dom, cod, before = as_cond(predicate, f, g)
        except NeedsSpaceError:
            pass
        else:
            return before >> box(Cond(first, second, ("num", dom), cod))

    def choose(x: Any) -> Any:
        return cond(predicate(x), f, g, x)

    choose.__name__ = f"cond_{name_of(predicate)}"
    return Program(choose)


def while_(predicate: Any, body: Any, init: Any = Missing) -> Any:
    """A loop while a predicate holds: ``carry = body(carry)`` as long as ``predicate(carry)``, from ``init``.

    The arguments are those of ``jax.lax.while_loop``; unlike there, reverse mode works. What the two functions read from
    outside may be traced. ``while_(predicate, body)`` is the program from ``init``.

    Raises ``DTypeError`` where the predicate gives no boolean, ``StructureError`` or ``ShapeError`` where what is carried
    changes its space.

    >>> from essence_ad import grad
    >>> def root(a):
    ...     return while_(lambda x: abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), a)
    >>> round(float(root(2.0)), 6), round(float(grad(root)(2.0)), 6)
    (1.414214, 0.353553)
    """
    if init is Missing:
        return _looping(predicate, body)
    init = real(init)
    if depth.level:
        try:
            return _operation(predicate, body, init)
        except TracingError:  # steered by values, which may be known step by step
            pass
    carry, value = space_of(init), init
    while _asked(predicate(value)):
        value = same("while_", carry, body(value))
    return value


def _asked(answer: Any) -> bool:
    if type(answer) is not bool:
        require_boolean(space_of(answer))
    return bool(answer)


def _operation(predicate: Any, body: Any, init: Any) -> Any:
    init, carry, found = started("while_", init, lambda space: _recorded(body, space), lambda b: b.target)
    asked = record(predicate, (carry,))
    require_boolean(asked.target)
    holds, captured = common((asked, found))
    inputs = (*leaves(carry.pack(init)), *captured)
    if not any(map(is_abstract, inputs)):
        value = init
        while predicate(value):
            value = same("while_", carry, body(value))
        return value
    loop = While(holds[0], holds[1], len(leaves(carry.pattern)))
    return rebuilt(carry, tuple_of(loop.apply(*inputs)))


def _recorded(body: Any, carry: Space) -> Body:
    def step(c: Any) -> Any:
        return carry.pack(same("while_", carry, body(c)))

    step.__name__ = getattr(body, "__name__", "while_")
    return record(step, (carry,))


def _looping(predicate: Any, body: Any) -> Any:
    if isinstance(predicate, Morphism) and isinstance(body, Morphism):
        try:
            asked, step, pattern = as_while(predicate, body)
        except NeedsSpaceError:
            pass
        else:
            return box(While(asked, step, len(leaves(pattern)), pattern, pattern))
    for f in (predicate, body):
        if not callable(f):
            raise OptionError(
                "while_ takes two functions or programs", found=source.found(describe(f)), expected="something to call",
                remedy="write while_(lambda x: ..., lambda x: ...)",
            )  # fmt: skip

    def loop(init: Any) -> Any:
        return while_(predicate, body, init)

    return Program(loop)
