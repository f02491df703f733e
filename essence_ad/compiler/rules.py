"""Rewrites, each of one step and each an equation: a law of ``laws.py`` or a fact of a primitive, named beside it.

A rule is offered a box before it is added to a ``StraightLine``; it answers with a value that equals the box's result,
or with ``None``. Rules look one or two operations back, never further, so that simplifying takes time linear in the
program. A rule never trades a number for another one where NumPy gives NaN or infinity, but for rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np

from essence_ad.compiler.straight_line import SMALL, StraightLine
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import NEGATE, Call, Scale


class Rule(NamedTuple):
    """A rewrite with the equation that allows it."""

    on: tuple[str, ...]
    law: str
    rewrite: Callable[[StraightLine, Any, tuple[int, ...]], int | None]
    late: bool = False  #: whether it is for a second pass, since it hides from the others what a box does


RULES: list[Rule] = []


def rule(*on: str, law: str, late: bool = False) -> Callable[[Any], Any]:
    """A rewrite of boxes of these names."""

    def keep(function: Any) -> Any:
        RULES.append(Rule(on, law, function, late))
        return function

    return keep


def table(*, late: bool = False, without: Collection[str] = ()) -> dict[str, list[Any]]:
    """The rules by the names of the operations that they are offered; in the second pass all, but those ``without``."""
    found: dict[str, list[Any]] = {}
    everything = [*catalogue(), "scale"]
    for r in [r for r in RULES if r.rewrite.__name__ not in without]:
        for name in () if r.late and not late else r.on if r.on != ("*",) else everything:
            found.setdefault(name, []).append(r.rewrite)
    return found


LARGE = 1_000_000  #: constants up to this size are looked at, for being one number everywhere


def uniform(g: StraightLine, v: int) -> Any:
    """The number that an array holds everywhere, ``None`` where that is not known."""
    value = g.value(v)
    if value is not None:
        if np.ndim(value) == 0:
            return value
        return same_everywhere(value)
    if g.name(v) in ("broadcast_to", "reshape", "expand_dims"):
        return uniform(g, g.ins(v)[0])
    return None


def same_everywhere(value: Any) -> Any:
    """The number that a small known array holds everywhere."""
    return value.flat[0] if 0 < value.size <= LARGE and np.all(value == value.flat[0]) else None


def is_number(c: Any, n: float) -> bool:
    """Whether a constant is this real number."""
    return c is not None and bool(c == n) and not (n == 0 and np.signbit(np.real(c)))


def same_space(g: StraightLine, v: int, op: Any, ins: tuple[int, ...]) -> bool:
    """Whether a value has the space that the box's result would have."""
    return bool(g.spaces[v] == op.shape(*[g.spaces[i] for i in ins]))


def negated(g: StraightLine, v: int) -> int:
    """The negative of a value."""
    return g.emit(catalogue()["negative"].call(), (v,))[0]


def binary(g: StraightLine, name: str, a: int, b: int) -> int:
    """The value of a primitive of two values."""
    return g.emit(catalogue()[name].call(), (a, b))[0]


@rule("*", law="a function of constants is a constant")
def fold(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Compute what is known."""
    if not ins or isinstance(op.cod, tuple):
        return None
    values = [g.value(i) for i in ins]
    if any(v is None for v in values) or sum(np.size(v) for v in values) > SMALL:
        return None
    if op.shape(*[g.spaces[i] for i in ins]).dim > SMALL:
        return None
    with np.errstate(all="ignore"):
        return g.constant(op.apply(*values))


@rule("scale", law="scale 1 = id; scale a . scale b = scale (a b); scale -1 = negate")
def scaling(g: StraightLine, op: Scale, ins: tuple[int, ...]) -> int | None:
    """Scalings meet."""
    (x,) = ins
    if np.ndim(op.factor):
        factor = same_everywhere(op.factor)
        return None if factor is None or not same_space(g, x, op, ins) else g.emit(Scale(factor), ins)[0]
    if np.ndim(op.factor) == 0:
        if is_number(op.factor, 1) and same_space(g, x, op, ins):
            return x
        if is_number(op.factor, -1) and same_space(g, x, op, ins):
            return negated(g, x)
        if g.name(x) == "negative":
            return g.emit(Scale(-op.factor), g.ins(x))[0]
        below = g.op(x)
        if isinstance(below, Scale) and np.ndim(below.factor) == 0:
            return g.emit(Scale(op.factor * below.factor), g.ins(x))[0]
    return None


@rule("scale", law="scale c = mul . (const c & id)")
def scaled_after_moving(g: StraightLine, op: Scale, ins: tuple[int, ...]) -> int | None:
    """A scaling by an array of what was reshaped or broadcast: a product, which knows how those meet."""
    (x,) = ins
    if not np.ndim(op.factor) or g.name(x) not in ("reshape", "broadcast_to") or not same_space(g, x, op, ins):
        return None
    return binary(g, "multiply", g.constant(op.factor), x)


@rule("scale", law="mul is bilinear: s mul (a, t b) = mul (a, (s t) b); moving numbers about is linear")
def scaled_product(g: StraightLine, op: Scale, ins: tuple[int, ...]) -> int | None:
    """A factor of a product meets that of an operand."""
    (x,) = ins
    if np.ndim(op.factor) or g.name(x) != "multiply":
        return None
    for a, b in (g.ins(x), g.ins(x)[::-1]):
        inner = g.ins(b)[0] if g.name(b) in _MOVES else b
        if _number_scale(g, inner):
            factor = op.factor * g.op(inner).factor
            small = g.emit(Scale(factor), g.ins(inner))[0]
            return binary(g, "multiply", a, g.emit(g.op(b), (small,))[0] if inner != b else small)
    return None


_MOVES = frozenset({"reshape", "transpose", "expand_dims", "broadcast_to", "moveaxis", "swapaxes", "squeeze"})


@rule("multiply", law="mul . (const c & id) = scale c")
def multiply_constant(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """A product with one number is a scaling."""
    for c, x in (ins, ins[::-1]):
        factor = uniform(g, c)
        if factor is not None and same_space(g, x, op, ins):
            return g.emit(Scale(factor), (x,))[0]
        if factor is not None and g.value(x) is None:
            space = op.shape(*[g.spaces[i] for i in ins])
            if space.dtype == g.spaces[x].dtype and "broadcast_to" in catalogue():
                return g.call(catalogue()["broadcast_to"], g.emit(Scale(factor), (x,))[0], shape=space.shape)
    return None


@rule("multiply", law="mul is bilinear: mul (-a, -b) = mul (a, b), mul (s a, t b) = (s t) mul (a, b)")
def multiply_scaled(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Signs and factors of both operands meet."""
    a, b = ins
    if g.name(a) == g.name(b) == "negative":
        return binary(g, "multiply", g.ins(a)[0], g.ins(b)[0])
    if _number_scale(g, a) and _number_scale(g, b):
        factor = g.op(a).factor * g.op(b).factor
        return g.emit(Scale(factor), (binary(g, "multiply", g.ins(a)[0], g.ins(b)[0]),))[0]
    return None


def _number_scale(g: StraightLine, v: int) -> bool:
    op = g.op(v)
    return isinstance(op, Scale) and np.ndim(op.factor) == 0 and g.spaces[g.ins(v)[0]] == g.spaces[v]


def _negated_product(g: StraightLine, v: int) -> int | None:
    """The product without its sign, of a product with a negated operand."""
    if g.name(v) == "multiply":
        for a, b in (g.ins(v), g.ins(v)[::-1]):
            if g.name(a) == "negative":
                return binary(g, "multiply", g.ins(a)[0], b)
    return g.ins(v)[0] if g.name(v) == "negative" else None


@rule("add", law="a + 0 = a")
def add_zero(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Zeros vanish."""
    for z, x in (ins, ins[::-1]):
        if is_number(uniform(g, z), 0) and same_space(g, x, op, ins):
            return x
    return None


@rule("add", law="a + a = scale 2 a")
def doubled(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """A value added to itself."""
    a, b = ins
    scalable = g.spaces[a].dtype.kind in "fc" and (isinstance(g.op(a), Scale) or g.spaces[a].shape)
    return g.emit(Scale(2.0), (a,))[0] if a == b and scalable else None


@rule("add", law="(a + b) + b = a + scale 2 b")
def added_again(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """A value added twice is scaled, where that costs nothing."""
    for total, b in (ins, ins[::-1]):
        if g.name(total) == "add" and b in g.ins(total) and g.spaces[b] == g.spaces[total] and _takes_scale(g, b, 2):
            first, second = g.ins(total)
            return binary(g, "add", second if first == b else first, g.emit(Scale(2.0), (b,))[0])
    return None


def _takes_scale(g: StraightLine, v: int, depth: int) -> bool:
    """Whether a scaling of a value meets others, in it or in both parts of a sum that it is."""
    if not g.spaces[v].shape or g.spaces[v].dtype.kind not in "fc":
        return False
    if depth and g.name(v) in ("add", "subtract"):
        return all([_takes_scale(g, i, depth - 1) and g.spaces[i] == g.spaces[v] for i in g.ins(v)])
    return _number_scale(g, v) or (g.name(v) == "multiply" and any([_number_scale(g, i) for i in g.ins(v)]))


@rule("scale", law="scale is linear: scale s (a + b) = scale s a + scale s b")
def scaled_sum(g: StraightLine, op: Scale, ins: tuple[int, ...]) -> int | None:
    """A scaling enters a sum whose parts are scaled both."""
    (x,) = ins
    if np.ndim(op.factor) or g.name(x) not in ("add", "subtract") or not _takes_scale(g, x, 1):
        return None
    return binary(g, g.name(x), *[g.emit(op, (i,))[0] for i in g.ins(x)])


@rule("add", law="a + (-b) = a - b, also for products with a negated operand")
def add_negative(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """A sum with a negated part is a difference."""
    for a, b in (ins, ins[::-1]):
        positive = _negated_product(g, b)
        if positive is not None:
            return binary(g, "subtract", a, positive)
    return None


@rule("add", law="mul distributes over add: a g + b (c g) = (a + b c) g")
def common_factor(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """What the chain rule multiplies two parts with is multiplied once."""
    for p, q in (ins, ins[::-1]):
        if not (g.name(p) == g.name(q) == "multiply" and g.spaces[p] == g.spaces[q]):
            continue
        for a, factor in (g.ins(p), g.ins(p)[::-1]):
            for b, inner in (g.ins(q), g.ins(q)[::-1]):
                if g.name(inner) == "multiply" and factor in g.ins(inner) and g.op(p) is not None:
                    first, second = g.ins(inner)
                    c = second if first == factor else first
                    if len({g.spaces[v] for v in (a, b, c, factor, p)}) == 1:
                        return binary(g, "multiply", binary(g, "add", a, binary(g, "multiply", b, c)), factor)
    return None


@rule("subtract", law="a - 0 = a; 0 - a = -a; a - (-b) = a + b")
def difference(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Differences with zero or with something negated."""
    a, b = ins
    if is_number(uniform(g, b), 0) and same_space(g, a, op, ins):
        return a
    if is_number(uniform(g, a), 0) and same_space(g, b, op, ins):
        return negated(g, b)
    positive = _negated_product(g, b)
    return None if positive is None else binary(g, "add", a, positive)


@rule("negative", law="-(-a) = a; -(a - b) = b - a; -(s a) = (-s) a")
def negation(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Negations cancel."""
    (x,) = ins
    if g.name(x) == "negative":
        return g.ins(x)[0]
    below = g.op(x)
    if isinstance(below, Scale) and np.ndim(below.factor) == 0:
        return g.emit(Scale(-below.factor), g.ins(x))[0]
    if op is NEGATE:
        return negated(g, x)
    return None


@rule("divide", law="a / 1 = a; (-a) / b = -(a / b)")
def quotient(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Division by one, and signs."""
    a, b = ins
    if is_number(uniform(g, b), 1) and same_space(g, a, op, ins):
        return a
    if g.name(a) == "negative":
        return negated(g, binary(g, "divide", g.ins(a)[0], b))
    if g.name(b) == "negative":
        return negated(g, binary(g, "divide", a, g.ins(b)[0]))
    return None


@rule("power", law="x ** n is the product of n factors; x ** 0.5 = sqrt x; x ** -1 = 1 / x")
def whole_power(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Small whole exponents are products."""
    x, n = ins[0], uniform(g, ins[1])
    if n is None or g.spaces[x].dtype.kind not in "fc" or not same_space(g, x, op, ins):
        return None
    if is_number(n, 1):
        return x
    if is_number(n, 0):
        return g.constant(np.ones(g.spaces[x].shape, g.spaces[x].dtype)[()])
    if is_number(n, 2):
        return binary(g, "multiply", x, x)
    if is_number(n, 3):
        return binary(g, "multiply", x, binary(g, "multiply", x, x))
    if is_number(n, 4):
        square = binary(g, "multiply", x, x)
        return binary(g, "multiply", square, square)
    if is_number(n, 0.5):
        return g.call(catalogue()["sqrt"], x)
    if is_number(n, -1):
        return binary(g, "divide", g.constant(1.0), x)
    return None


_ELEMENTWISE = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "where", "hypot", "arctan2")


@rule(
    *_ELEMENTWISE, law="broadcasting is natural: f . (broadcast x id) = broadcast . f where the other part broadcasts"
)
def broadcast_late(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """An operand need not be broadcast where the operation does it."""
    for place, v in enumerate(ins):
        if g.name(v) != "broadcast_to":
            continue
        small = (*ins[:place], g.ins(v)[0], *ins[place + 1 :])
        if op.shape(*[g.spaces[i] for i in small]) == op.shape(*[g.spaces[i] for i in ins]):
            return g.emit(op, small)[0]
    return None


@rule(*_ELEMENTWISE, law="elements are moved naturally: f . (reshape x reshape) = reshape . f")
def reshape_late(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Operands that were reshaped alike meet before; a constant is reshaped back, once."""
    shape = op.shape(*[g.spaces[i] for i in ins]).shape
    befores = {g.spaces[g.ins(v)[0]].shape for v in ins if _reshape(g, v)}
    if not shape or len(befores) != 1 or any(g.spaces[v].shape not in ((), shape) for v in ins):
        return None
    (before,) = befores
    small = []
    for v in ins:
        if not g.spaces[v].shape:
            small.append(v)
        elif _reshape(g, v):
            small.append(g.ins(v)[0])
        elif g.value(v) is not None:
            small.append(g.constant(np.reshape(g.value(v), before)))
        else:
            return None
    return g.call(catalogue()["reshape"], g.emit(op, tuple(small))[0], shape=shape)


def _reshape(g: StraightLine, v: int) -> bool:
    return bool(g.name(v) == "reshape" and g.op(v).params["order"] == "C")


@rule("astype", law="converting to the same dtype is id")
def converted(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Conversions that change nothing."""
    return ins[0] if same_space(g, ins[0], op, ins) else None


@rule("sum", law="sum is linear: sum (s a) = s sum a; a sum over axes of length one is a reshape")
def summed(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Factors move out of sums."""
    (x,) = ins
    below = g.op(x)
    shape = g.spaces[x].shape
    space = op.shape(g.spaces[x])
    if space.dim == g.spaces[x].dim and space.dtype == g.spaces[x].dtype:
        return x if space.shape == shape else g.call(catalogue()["reshape"], x, shape=space.shape)
    if isinstance(below, Scale) and np.ndim(below.factor) == 0 and g.spaces[g.ins(x)[0]] == g.spaces[x]:
        return g.emit(Scale(below.factor), g.emit(op, g.ins(x)))[0]
    if g.name(x) == "negative":
        return negated(g, g.emit(op, g.ins(x))[0])
    c = uniform(g, x)
    if c is not None and space.dtype.kind in "fc":
        return g.constant(np.full(space.shape, c * (g.spaces[x].dim // max(space.dim, 1)), space.dtype)[()])
    return None
