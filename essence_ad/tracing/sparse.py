"""Sparse matrices as values that NumPy's functions run on: what a linear program makes of all unit vectors at once.

A ``Sparse`` stands for ``width`` arrays of one shape, the columns of a matrix, by the numbers that may differ from zero.
Where they stand is known while staging (``places``), the numbers themselves may be traced. Derivatives are written with
NumPy's functions, so running one on the identity gives a Jacobian with its pattern, and no rule says how: elementwise
primitives work on the numbers alone, what copies elements moves their places, and what adds elements is the adjoint of
that. Other primitives meet the columns as dense arrays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.batching import shape_of
from essence_ad.errors import TracingError
from essence_ad.kernel import astype, scatter_sum
from essence_ad.primitives.contractions import letters
from essence_ad.primitives.primitive import Call, Elementwise, Primitive
from essence_ad.spaces import Array, space_of
from essence_ad.tracing import source
from essence_ad.tracing.batch import over
from essence_ad.tracing.places import Places, as_slice, copies, pick, read, summed
from essence_ad.tracing.protocol import Overloaded
from essence_ad.tracing.shadow import Shadow, result_space

FULL = 0.25  #: the part of all places from which on a matrix is stored as a dense one
FEW = 4  #: the length of vectors that are always dense
TERMS = 8  #: how many patterns are kept apart before they are made one
LARGE = 4_000_000  #: numbers of a product that may be written out before it is summed
_PYTHON = (bool, int, float, complex)
_KNOWN = (*_PYTHON, np.generic)


@attrs.frozen(eq=False)
class Term:
    """Numbers of a matrix and where they stand; ``values`` has one axis, or is the one number that stands everywhere."""

    rows: Places
    columns: Places
    values: Any

    @property
    def uniform(self) -> bool:
        """Whether one number stands everywhere."""
        return not getattr(self.values, "shape", ())

    def at(self, which: Places, rows: Places) -> Term:
        """Some of the numbers, at other rows."""
        values = self.values if self.uniform else pick(self.values, which, len(self.rows))
        return Term(rows, self.columns[which], values)

    def fits(self, other: Term) -> bool:
        """Whether both have their numbers at the same places."""
        return _same(self.rows, other.rows) and _same(self.columns, other.columns)


def _same(a: Places, b: Places) -> bool:
    return a is b or (len(a) == len(b) and bool(np.array_equal(a, b)))


class Sparse(Overloaded):
    """The ``width`` columns of a matrix, each an array of ``shape``: a sum of terms, or ``dense``, the columns stacked.

    >>> x = Sparse.identity(Array((3,)))
    >>> y = np.array([1.0, 2.0, 3.0]) * x
    >>> (y[1:] - y[:-1]).matrix()
    array([[-1.,  2.,  0.],
           [ 0., -2.,  3.]])
    """

    __slots__ = ("dense", "dtype", "shape", "terms", "width")
    level = 1 << 60

    def __init__(self, space: Array, width: int, terms: Sequence[Term] = (), dense: Any = None) -> None:
        self.shape, self.dtype, self.width = space.shape, space.dtype, width
        self.terms = _collected(width, [t for t in terms if len(t.rows)])
        self.dense = self._ordered() if dense is None else dense

    @staticmethod
    def identity(space: Array, factor: Any = 1) -> Sparse:
        """The unit vectors of a space, all times one number; a few of them are not worth a pattern."""
        if 0 < space.dim <= FEW:
            square = Array((space.dim, space.dim), space.dtype)
            units = (
                Shadow(square, *factor.tallies)
                if isinstance(factor, Shadow)
                else factor * np.eye(*square.shape, dtype=space.dtype)
            )
            return Sparse(space, space.dim, dense=np.reshape(units, (space.dim, *space.shape)))
        places = np.arange(space.dim)
        return Sparse(space, space.dim, [Term(places, places, factor)])

    @property
    def on_diagonal(self) -> Any:
        """The numbers of a diagonal matrix (one number where they are the same), ``None`` of another."""
        if len(self.terms) != 1 or self.size != self.width:
            return None
        (term,) = self.terms
        whole = slice(0, self.size, None)
        return term.values if as_slice(term.rows) == whole and as_slice(term.columns) == whole else None

    @property
    def count(self) -> int:
        """How many numbers are stored."""
        return self.size * self.width if self.dense is not None else sum(len(t.rows) for t in self.terms)

    @property
    def space(self) -> Array:
        """The space of each column."""
        return Array(self.shape, self.dtype)

    def turned(self, space: Array) -> Sparse:
        """The transposed matrix, whose columns are arrays of a space with ``width`` components."""
        if self.dense is not None:
            flat = np.transpose(np.reshape(self.dense, (self.width, self.size)))
            return Sparse(space.of(self.dtype), self.size, dense=np.reshape(flat, (self.size, *space.shape)))
        return Sparse(space.of(self.dtype), self.size, [Term(t.columns, t.rows, t.values) for t in self.terms])

    def known(self, use: str, remedy: str = source.NUMBERS, *, steers: bool = False) -> Any:
        """An error: these are many arrays."""
        raise TracingError(
            f"the columns of a matrix were {use}", found=source.found(repr(self)), expected="operations on arrays",
            remedy="ask for the derivative in one direction with jvp, or for one covector with vjp",
        )  # fmt: skip

    # ------------------------------------------------------------------ read out

    def matrix(self, *, turned: bool = False) -> Any:
        """All numbers as one array, of shape ``(*shape, width)``, or ``(width, *shape)`` if ``turned``."""
        rank = len(self.shape)
        if self.dense is not None:
            return self.dense if turned else np.transpose(self.dense, (*range(1, rank + 1), 0))
        shape = (self.width, *self.shape) if turned else (*self.shape, self.width)
        if not self.terms:
            return np.zeros(shape, self.dtype)
        keys = [self._places(t, turned) for t in self.terms]
        values = [self._numbers(t) for t in self.terms]
        total = scatter_sum(*values, keys=tuple([as_slice(k) or k for k in keys]), shape=(math.prod(shape),))
        return np.reshape(total, shape)

    def _places(self, term: Term, turned: bool) -> Places:
        """Where the numbers of a term stand among all, column after column if ``turned``, row after row otherwise."""
        return term.columns * self.size + term.rows if turned else term.rows * self.width + term.columns

    def _ordered(self) -> Any:
        """The stacked columns where no number is known to be zero, ``None`` where a pattern saves something."""
        size = self.size * self.width
        if sum(len(t.rows) for t in self.terms) < size or not size:
            return None
        if len(self.terms) == 1:
            (term,) = self.terms
            if as_slice(self._places(term, True)) == slice(0, size, None):
                return np.reshape(self._numbers(term), (self.width, *self.shape))
            if as_slice(self._places(term, False)) == slice(0, size, None):
                rows = np.reshape(self._numbers(term), (*self.shape, self.width))
                return np.transpose(rows, (len(self.shape), *range(len(self.shape))))
        self.dense = None
        return self.matrix(turned=True)

    def _numbers(self, term: Term) -> Any:
        """The numbers of a term as an array of the dtype of this matrix."""
        values = term.values
        if term.uniform:
            if isinstance(values, _KNOWN):
                return np.full(len(term.rows), values, self.dtype)
            values = np.broadcast_to(values, (len(term.rows),))
        return values if values.dtype == self.dtype else astype(values, dtype=self.dtype)

    # ------------------------------------------------------------------ operations

    def bind(self, primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
        """What a linear primitive makes of every column."""
        call = primitive.call(**params)
        if not any(isinstance(x, Sparse) and x.dense is not None for x in inputs):
            for way in (_written, _copied, _added, _elementwise, _contracted):
                found = way(call, inputs)
                if found is not None:
                    return found
        return _densely(call, inputs)

    def __repr__(self) -> str:
        return f"<{self.width} columns of {self.space}, {self.count} numbers>"


def _collected(width: int, terms: list[Term]) -> tuple[Term, ...]:
    """Terms with those added that have one pattern, and made one where there are many."""
    kept: list[Term] = []
    for term in terms:
        for i, other in enumerate(kept):
            if other.fits(term):
                kept[i] = Term(other.rows, other.columns, other.values + term.values)
                break
        else:
            kept.append(term)
    if len(kept) <= TERMS:
        return tuple(kept)
    values = [t.values if not t.uniform else np.broadcast_to(t.values, (len(t.rows),)) for t in kept]
    keys = [t.rows * width + t.columns for t in kept]
    places = np.unique(np.concatenate(keys))
    named = [np.searchsorted(places, k) for k in keys]
    total = scatter_sum(*values, keys=tuple([as_slice(k) or k for k in named]), shape=(len(places),))
    return (Term(places // width, places % width, total),)


def _columns(inputs: Sequence[Any]) -> int:
    return next(x.width for x in inputs if isinstance(x, Sparse))


def _is_zero(x: Any) -> bool:
    """Whether an operand is known to be zero everywhere."""
    return not isinstance(x, Overloaded) and not np.any(x)


# ---------------------------------------------------------------------------------------------- ways


def _written(call: Call, inputs: Sequence[Any]) -> Any:
    """Functions that are told with others."""
    if call.name == "mean":
        (x,) = inputs
        total = np.sum(x, axis=call.params["axis"], keepdims=call.params["keepdims"])
        return np.divide(total, x.size // max(total.size, 1)) if total.size else total
    if call.name == "trace":
        return np.sum(np.diagonal(inputs[0], **call.params), axis=-1)
    if call.name == "scatter" and not any(isinstance(i, Overloaded) for i in inputs[1:]):
        return call.primitive.function.__wrapped__(*inputs, **call.params)  # type: ignore[attr-defined]
    return None


def _elementwise(call: Call, inputs: Sequence[Any]) -> Sparse | None:
    """Elementwise primitives, at the numbers alone: what they need of other operands is read at the same places."""
    if not call.elementwise and not call.selects:
        return None
    at = [i for i, x in enumerate(inputs) if isinstance(x, Sparse)]
    rule = call.primitive.rule
    sums = rule.linear or call.selects
    if len(at) > 1 and not sums:
        return None
    if rule.linear and any(not _is_zero(x) for x in inputs if not isinstance(x, Sparse)):
        return None
    if call.selects and (0 in at or any(not _is_zero(x) for x in inputs[1:] if not isinstance(x, Sparse))):
        return None
    space = result_space(call, inputs)
    terms = []
    for i in at:
        slope = rule.slopes[i] if isinstance(rule, Elementwise) and rule.linear else None
        for term in _spread(inputs[i], space.shape):
            terms.append(Term(term.rows, term.columns, _applied(call, slope, i, term, inputs, space)))
    return Sparse(space, _columns(inputs), terms)


def _applied(call: Call, slope: Any, i: int, term: Term, inputs: Sequence[Any], space: Array) -> Any:
    """The numbers that an elementwise primitive makes of those of one term in its input ``i``."""
    values = term.values
    if slope is not None:
        return values if slope == 1 else -values if slope == -1 else slope * values
    if isinstance(values, Shadow):
        return _shadowed(call, i, term, inputs, space)
    others = [0 if isinstance(x, Sparse) else read(x, term.rows, space.shape) for x in inputs]
    if call.name == "multiply" and isinstance(values, _KNOWN) and values == 1:
        return others[1 - i]
    return call.apply(*[values if j == i else x for j, x in enumerate(others)])


def _shadowed(call: Call, i: int, term: Term, inputs: Sequence[Any], space: Array) -> Any:
    """The same where only the cost is asked for: no numbers are read."""
    values, others = term.values, [x for j, x in enumerate(inputs) if j != i and not isinstance(x, Sparse)]
    several = not term.uniform or any(map(shape_of, others))
    if call.name != "multiply" or not values.one:
        for tally in values.tallies:
            tally.calls += several
            tally.elements += several * len(term.rows)
            tally.numbers += not several
    return Shadow(Array((len(term.rows),) if several else (), space.dtype), *values.tallies)


def _spread(x: Sparse, shape: tuple[int, ...]) -> Sequence[Term]:
    """The terms of a matrix whose columns are broadcast to a shape."""
    return x.terms if x.shape == shape else np.broadcast_to(x, shape).terms  # type: ignore[attr-defined]


def _copied(call: Call, inputs: Sequence[Any]) -> Any:
    """Primitives each of whose results' elements is an element of an argument, or zero: told by numbering these."""
    if not call.primitive.copies:
        return None
    numbers: list[Any] = []
    ends = [0]
    for x in inputs:
        if isinstance(x, Sparse):
            numbers.append(np.reshape(np.arange(ends[-1] + 1, ends[-1] + x.size + 1), x.shape))
            ends.append(ends[-1] + x.size)
            continue
        if isinstance(x, Overloaded) or (np.result_type(x).kind not in "iub" and np.any(x)):
            return None
        numbers.append(x if np.result_type(x).kind in "iub" and np.any(x) else np.zeros(shape_of(x), int))
    found = call.primitive.function(*numbers, **call.params)
    spaces = result_space(call, inputs)
    several = isinstance(call.cod, tuple)
    made = [
        Sparse(space, _columns(inputs), list(_taken(np.reshape(part, -1) - 1, inputs, ends)))
        for part, space in zip(found if several else [found], spaces if several else [spaces], strict=True)
    ]
    return made if several else made[0]


def _taken(taken: Places, inputs: Sequence[Any], ends: Sequence[int]) -> Any:
    """The terms of a result whose elements are those numbered in ``taken``."""
    offsets = iter(ends)
    for x in inputs:
        if not isinstance(x, Sparse):
            continue
        offset = next(offsets)
        own = np.where((taken >= offset) & (taken < offset + x.size), taken - offset, -1)
        for term in x.terms:
            rows, which = copies(term.rows, own)
            yield term.at(which, rows)


def _added(call: Call, inputs: Sequence[Any]) -> Sparse | None:
    """Primitives that put every element of their arguments in one place and add up there: the adjoint copies."""
    if not call.primitive.adds or any(not isinstance(x, Sparse) and not _is_zero(x) for x in inputs):
        return None
    space = result_space(call, inputs)
    spaces = [space_of(x) for x in inputs]
    places = np.reshape(np.arange(1, space.dim + 1), space.shape)
    targets = call.primitive.rule.adjoint(places, *spaces, **call.params)  # type: ignore[attr-defined]
    targets = targets if isinstance(targets, tuple) else (targets,)
    width, terms = _columns(inputs), []
    for x, target in zip(inputs, targets, strict=True):
        flat = np.reshape(np.broadcast_to(target, shape_of(x)), -1) - 1
        for term in x.terms if isinstance(x, Sparse) else ():
            rows = flat[term.rows]
            kept = np.flatnonzero(rows >= 0)
            term = term if len(kept) == len(rows) else term.at(kept, rows[kept])
            left, values = summed(term.values, rows[rows >= 0] * width + term.columns)
            terms.append(Term(left // width, left % width, values))
    return Sparse(space, width, terms)


def _contracted(call: Call, inputs: Sequence[Any]) -> Any:
    """Sums of products, written out at the places that are not zero, where these are few."""
    named = letters(call, [len(shape_of(x)) for x in inputs])
    at = [i for i, x in enumerate(inputs) if isinstance(x, Sparse)]
    if named is None or len(at) != 1:
        return None
    parts, out = named
    lengths: dict[str, int] = {}
    for part, x in zip(parts, inputs, strict=True):
        for letter, n in zip(part, shape_of(x), strict=True):
            if len(set(part)) < len(part) or lengths.setdefault(letter, n) != n:
                return None
    (i,) = at
    x, own = inputs[i], parts[i]
    if len(parts) == 2 and set(parts[1 - i]) == {*own, *out} and set(own).isdisjoint(out) and x.on_diagonal is not None:
        other = _arranged(inputs[1 - i], parts[1 - i], own + out)
        return _rescaled(x, np.reshape(other, (x.width, *[lengths[c] for c in out])), result_space(call, inputs))
    written = x.count * math.prod([n for letter, n in lengths.items() if letter not in own])
    if written > LARGE or x.count > FULL * x.size * x.width:
        return None
    order = out + "".join([letter for letter in lengths if letter not in out])
    shape = tuple([lengths[letter] for letter in order])
    product = np.broadcast_to(_arranged(x, own, order), shape)
    for j, other in enumerate(inputs):
        if j != i:
            product = product * _arranged(other, parts[j], order)
    return np.sum(product, axis=tuple(range(len(out), len(order)))) if len(order) > len(out) else product


def _rescaled(x: Sparse, columns: Any, space: Array) -> Sparse:
    """Stacked columns, each times a number of a diagonal matrix."""
    factor = x.on_diagonal
    if isinstance(factor, Shadow):
        if not factor.one:
            columns = np.reshape(factor, (-1, *[1] * len(space.shape))) * columns
        return Sparse(space, x.width, dense=Shadow(Array((x.width, *space.shape), space.dtype), *factor.tallies))
    if not (isinstance(factor, _KNOWN) and factor == 1):
        columns = (factor if not shape_of(factor) else np.reshape(factor, (x.width, *[1] * len(space.shape)))) * columns
    return Sparse(space, x.width, dense=columns)


def _arranged(x: Any, own: str, order: str) -> Any:
    """An array with its axes, named by letters, in another order, and axes of length one for the letters it lacks."""
    turned = np.transpose(x, [own.index(letter) for letter in order if letter in own]) if len(own) > 1 else x
    shape = shape_of(turned)
    lengths = iter(shape)
    return np.reshape(turned, tuple([next(lengths) if letter in own else 1 for letter in order]))


def _densely(call: Call, inputs: Sequence[Any]) -> Any:
    """Any other primitive, on all columns as one dense array."""
    width = _columns(inputs)
    lifted = [isinstance(x, Sparse) for x in inputs]
    arrays = [x.matrix(turned=True) if isinstance(x, Sparse) else x for x in inputs]
    spaces = result_space(call, inputs)
    found = over(call.primitive, width, lifted, arrays, call.params)
    if not isinstance(call.cod, tuple):
        return Sparse(spaces, width, dense=found)
    return [Sparse(space, width, dense=part) for space, part in zip(spaces, found, strict=True)]
