"""Rewrites of contractions: fewer and smaller ones, and at last products of matrices, which the machine does best.

A contraction of two operands is told by letters (``einsum``). It is bilinear, so it distributes over a difference; and
what is summed over in one operand alone is summed before. These rules meet contractions as they were written; in the
second pass they become products of matrices.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from essence_ad.compiler.rules import binary, rule
from essence_ad.compiler.straight_line import StraightLine
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Call, Scale


class Letters(NamedTuple):
    """The letters of two operands and of the result, each once in each, and the lengths of their axes."""

    first: str
    second: str
    result: str
    size: dict[str, int]

    @property
    def work(self) -> int:
        """How many products are added up."""
        return math.prod(self.size[i] for i in set(self.first + self.second))


def letters(g: StraightLine, op: Any, ins: tuple[int, ...]) -> Letters | None:
    """The letters of a contraction of two operands, ``None`` for one with diagonals, dots or axes that stretch."""
    if not isinstance(op, Call) or op.name != "einsum" or len(ins) != 2:
        return None
    terms, arrow, result = op.params["subscripts"].replace(" ", "").partition("->")
    if not arrow or "." in op.params["subscripts"]:
        return None
    first, second = terms.split(",")
    if any(len(set(t)) != len(t) for t in (first, second, result)):
        return None
    size: dict[str, int] = {}
    for term, v in zip((first, second), ins, strict=True):
        for letter, n in zip(term, g.spaces[v].shape, strict=True):
            if size.setdefault(letter, n) != n:
                return None
    return Letters(first, second, result, size)


def contract(g: StraightLine, first: str, second: str, result: str, a: int, b: int) -> int:
    """A contraction."""
    return g.call(catalogue()["einsum"], a, b, subscripts=f"{first},{second}->{result}")


@rule("einsum", law="contractions are bilinear: what is summed over in one operand alone is summed before")
def summed_before(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Sums move into operands."""
    found = letters(g, op, ins)
    if found is None:
        return None
    terms, values = [found.first, found.second], list(ins)
    for side in (0, 1):
        alone = [i for i in terms[side] if i not in terms[1 - side] and i not in found.result]
        if alone:
            axes = tuple([terms[side].index(i) for i in alone])
            values[side] = g.call(catalogue()["sum"], values[side], axis=axes, keepdims=False)
            terms[side] = "".join([i for i in terms[side] if i not in alone])
    if values == list(ins):
        return None
    return contract(g, terms[0], terms[1], found.result, values[0], values[1])


@rule("sum", law="sums of contractions are contractions that sum over more")
def summed_contraction(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """A sum over axes of a contraction is part of it."""
    (x,) = ins
    found = letters(g, g.op(x), g.ins(x))
    if found is None or op.params["keepdims"] or g.op(x).params.get("optimize"):
        return None
    rank = len(found.result)
    axes = range(rank) if op.params["axis"] is None else normalize_axis_tuple(op.params["axis"], rank)
    rest = "".join([letter for a, letter in enumerate(found.result) if a not in axes])
    return contract(g, found.first, found.second, rest, *g.ins(x))


@rule(
    "einsum", law="contractions are bilinear: c (a - b, x) = c (a, x) - c (b, x), and what is broadcast is summed after"
)
def distributed(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """A contraction of a difference that is larger than both its parts is a difference of smaller contractions."""
    found = letters(g, op, ins)
    if found is None:
        return None
    terms = found.first, found.second
    for side in (0, 1):
        v = ins[side]
        if g.name(v) not in ("subtract", "add"):
            continue
        parts = [_narrow(g, p, terms[side], found.size) for p in g.ins(v)]
        if any(p is None or len(p[0]) == len(terms[side]) for p in parts) or g.spaces[v].dtype.kind not in "fc":
            continue
        other = terms[1 - side]
        cost = sum(_work(p[0], other, found) for p in parts if p is not None)
        result = math.prod(found.size[i] for i in found.result)
        if cost + result > 1.25 * (found.work + g.spaces[v].dim):
            continue
        made = []
        for term, p in parts:  # type: ignore[misc]
            held = "".join([i for i in found.result if i in term + other])
            times = math.prod(found.size[i] for i in terms[side] if i not in term + other + found.result)
            pair = (term, other, p, ins[1 - side]) if side == 0 else (other, term, ins[1 - side], p)
            value = contract(g, pair[0], pair[1], held, pair[2], pair[3])
            value = value if times == 1 else g.emit(Scale(times), (value,))[0]
            shape = tuple([found.size[i] if i in held else 1 for i in found.result])
            made.append(g.call(catalogue()["reshape"], value, shape=shape))
        return binary(g, g.name(v), *made)
    return None


def _work(term: str, other: str, whole: Letters) -> int:
    """How many products and sums a contraction takes where each operand is summed before."""
    alone = [i for i in other if i not in term and i not in whole.result]
    first = math.prod(whole.size[i] for i in other) if alone else 0
    return first + math.prod(whole.size[i] for i in set(term + other) if i not in alone)


def _narrow(g: StraightLine, v: int, term: str, size: dict[str, int]) -> tuple[str, int] | None:
    """A value that is broadcast to axes with these letters, with the letters that it has itself."""
    shape = g.spaces[v].shape
    own = term[len(term) - len(shape) :]
    kept = [(letter, n) for letter, n in zip(own, shape, strict=True) if n == size[letter]]
    if not shape:
        return None
    narrow = g.call(catalogue()["reshape"], v, shape=tuple([n for _, n in kept]))
    return "".join([letter for letter, _ in kept]), narrow


@rule(
    "einsum",
    law="a contraction of two operands is a matrix product of their rearrangements, a product where nothing is summed",
    late=True,
)
def contraction(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Contractions by matrix products, which the machine does best; the longer side runs along the rows of the result."""
    found = letters(g, op, ins)
    if found is None:
        return None
    first, second, out, size = found
    both, result = set(first) & set(second), set(out)
    if set(first) | set(second) != both | result:
        return None
    batch = [i for i in out if i in both]
    summed = [i for i in first if i in both and i not in result]
    rows, columns = [i for i in first if i not in both], [i for i in second if i not in both]
    if not summed:
        a, b = (
            _rearranged(g, v, term, [i for i in out if i in term], [size[i] if i in term else 1 for i in out])
            for v, term in zip(ins, (first, second), strict=True)
        )
        return binary(g, "multiply", a, b)
    n, m, k = (math.prod(size[i] for i in group) for group in (rows, columns, summed))
    if max([size[i] for i in rows], default=1) > 4 * max([size[i] for i in columns], default=1):
        ins, first, second, rows, columns, n, m = ins[::-1], second, first, columns, rows, m, n
    stack = [size[i] for i in batch]
    a = _rearranged(g, ins[0], first, [*batch, *rows, *summed], [*stack, n, k])
    b = _rearranged(g, ins[1], second, [*batch, *summed, *columns], [*stack, k, m])
    product = g.call(catalogue()["matmul"], a, b)
    order = [*batch, *rows, *columns]
    whole = g.call(catalogue()["reshape"], product, shape=tuple([size[i] for i in order]))
    return g.call(catalogue()["transpose"], whole, axes=tuple([order.index(i) for i in out]))


@rule("multiply", law="a column times a row is their matrix product, which sums over an axis of length one")
def outer_product(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Outer products by the matrix product, which writes them faster; zeros lose their sign."""
    for column, row in (ins, ins[::-1]):
        shape, other = g.spaces[column].shape, g.spaces[row].shape
        if len(shape) != 2 or shape[1] != 1 or shape[0] == 1 or len(other) not in (1, 2) or other[-1] == 1:
            continue
        if (len(other) == 2 and other[0] != 1) or g.spaces[row].dtype != g.spaces[column].dtype:
            continue
        if g.spaces[row].dtype.kind == "f" and g.spaces[row].dtype.itemsize >= 4:
            flat = g.call(catalogue()["reshape"], row, shape=(1, other[-1]))
            return g.call(catalogue()["matmul"], column, flat)
    return None


def _rearranged(g: StraightLine, v: int, axes: str, order: list[str], shape: list[int]) -> int:
    """A value with its axes, named by letters, in another order, and then of another shape."""
    turned = g.call(catalogue()["transpose"], v, axes=tuple([axes.index(i) for i in order]))
    return g.call(catalogue()["reshape"], turned, shape=tuple(shape))


# ---------------------------------------------------------------------------------------------- sums of exponentials


def _weights(g: StraightLine, x: int, axis: Any) -> tuple[int, int, int]:
    """The largest number, exponentials of what the others are below it, and their sum; equal infinities differ by 0.

    Infinities count as the largest finite number where they are subtracted, so that none of them is NaN.
    """
    table, most = catalogue(), np.finfo(g.spaces[x].dtype).max
    high, low = g.constant(most), g.constant(-most)

    def finite(v: int) -> int:
        return binary(g, "maximum", binary(g, "minimum", v, high), low)

    top = g.call(table["max"], x, axis=axis, keepdims=True)
    weights = g.call(table["exp"], binary(g, "subtract", finite(x), finite(top)))
    return top, weights, g.call(table["sum"], weights, axis=axis, keepdims=True)


def _has_weights(g: StraightLine, x: int, axis: Any) -> bool:
    space = g.spaces[x]
    return space.dtype.kind == "f" and space.dim > 0 and bool(space.shape)


@rule("logsumexp", law="log sum exp x = log (sum w) + max x for w = exp (x - max x)")
def log_of_weights(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Written out, so that the slope shares the exponentials."""
    (x,) = ins
    if not _has_weights(g, x, op.params["axis"]):
        return None
    top, _, total = _weights(g, x, op.params["axis"])
    found = binary(g, "add", g.call(catalogue()["log"], total), top)
    return g.call(catalogue()["reshape"], found, shape=op.shape(g.spaces[x]).shape)


@rule("softmax", law="softmax x = w / sum w for w = exp (x - max x)")
def parts_of_weights(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Written out, so that the value shares the exponentials."""
    (x,) = ins
    if not _has_weights(g, x, op.params["axis"]):
        return None
    _, weights, total = _weights(g, x, op.params["axis"])
    return binary(g, "divide", weights, total)
