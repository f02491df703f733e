"""Rewrites of what moves numbers about: shapes, axes, and taking rows, which is natural."""

from __future__ import annotations

from typing import Any

from essence_ad.compiler.rules import rule, same_space
from essence_ad.compiler.straight_line import StraightLine
from essence_ad.operation import same
from essence_ad.planning.axes import is_basic, is_rows, pointwise
from essence_ad.primitives import catalogue
from essence_ad.primitives.primitive import Call


@rule("reshape", "broadcast_to", law="moving to the same shape is id; the last of two reshapes or broadcasts counts")
def reshaped(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Shapes that meet."""
    (x,) = ins
    if same_space(g, x, op, ins):
        return x
    if g.name(x) == op.name:
        return g.emit(op, g.ins(x))[0]
    return None


@rule("expand_dims", "squeeze", "index", law="axes of length one come and go by a reshape")
def by_shape_alone(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """One name for what leaves all elements in their order."""
    shape = g.spaces[ins[0]].shape
    if op.name == "index":
        key = op.params["key"]
        parts = key if isinstance(key, tuple) else (key,)
        if not all([p is None or p is Ellipsis or (isinstance(p, slice) and p == slice(None)) for p in parts]):
            return None
    if not shape:
        return None
    return g.call(catalogue()["reshape"], ins[0], shape=op.shape(g.spaces[ins[0]]).shape)


@rule("transpose", law="transpose p . transpose q = transpose (q . p); transpose of id = id")
def transposed(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Transposes that meet."""
    (x,) = ins
    rank = len(g.spaces[x].shape)
    axes = _axes(op, rank)
    if axes == tuple(range(rank)):
        return x
    below = g.op(x)
    if isinstance(below, Call) and below.name == "transpose":
        first = _axes(below, rank)
        return g.emit(catalogue()["transpose"].call(axes=tuple([first[a] for a in axes])), g.ins(x))[0]
    return None


def _axes(op: Call, rank: int) -> tuple[int, ...]:
    axes = op.params.get("axes")
    return tuple(range(rank))[::-1] if axes is None else tuple([a % rank for a in axes])


@rule("index", law="taking rows is natural: a part of the other axes of some rows is some rows of that part")
def part_before_rows(g: StraightLine, op: Call, ins: tuple[int, ...]) -> int | None:
    """Of rows that are taken, only the parts that are read are taken."""
    (x,) = ins
    key, below = op.params["key"], g.op(x)
    if not _takes_rows(below) or g.spaces[g.ins(x)[0]].dim >= g.spaces[x].dim:
        return None
    if not isinstance(key, tuple) or not is_basic(key) or any([p is None or p is Ellipsis for p in key]):
        return None
    if key[:1] != (slice(None),):
        return None
    return g.emit(below, (g.emit(op, g.ins(x))[0],))[0]


@rule("*", law="taking rows is natural: f (x[i]) = (f x)[i] for f that does to each row what it does to that row alone")
def work_before_rows(g: StraightLine, op: Any, ins: tuple[int, ...]) -> int | None:
    """Work on rows that are taken from a shorter array is done there."""
    if not g.rows:
        return None
    taken = [i for i in ins if _takes_rows(g.op(i))]
    if not taken or not pointwise(op):
        return None
    key, first = g.op(taken[0]), g.ins(taken[0])[0]
    rank, length = len(g.spaces[first].shape), g.spaces[first].shape[0]
    if 2 * length > g.spaces[taken[0]].shape[0]:
        return None
    sources = []
    for i in ins:
        if not g.spaces[i].shape:
            sources.append(i)
            continue
        source = g.ins(i)[0] if i in taken else -1
        if (
            source < 0
            or len(g.spaces[source].shape) != rank
            or g.spaces[source].shape[0] != length
            or not _same_rows(key, g.op(i))
        ):
            return None
        sources.append(source)
    return g.emit(key, (g.emit(op, tuple(sources))[0],))[0]


def _takes_rows(op: Any) -> bool:
    return isinstance(op, Call) and op.name == "index" and is_rows(op.params["key"])


def _same_rows(a: Any, b: Any) -> bool:
    return a is b or a.params["key"] is b.params["key"] or same(a.params["key"], b.params["key"])
