"""Blocks of generalized matrices (section 10), and how a diagram multiplies them, box by box.

A block is ``None`` (zero), a number (that times the identity), an array of one axis (a diagonal) or of two (dense); its
numbers may be of any type that adds and multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.containers import ZERO
from essence_ad.diagram import Chain, Diagram, Identity, Op, collect
from essence_ad.errors import CompositionError, EssenceError, NeedsSpaceError, NotLinearError
from essence_ad.linear_map import arrays
from essence_ad.operation import Negate, Scale, fault
from essence_ad.spaces import Array, Product, Space, scale, space_of
from essence_ad.structure import Pattern, leaves
from essence_ad.sweep import each_leaf, together
from essence_ad.wires import Copy, Injection, Pack, Projection, Sum, Unpack

Block = Any

# ---------------------------------------------------------------------------------------------- blocks


def product(a: Block, b: Block) -> Block:
    """The block ``a`` after the block ``b``.

    >>> product(2, np.array([1, 3])), product(np.array([[1, 1]]), np.array([2, 5])).tolist()
    (array([2, 6]), [[2, 5]])
    """
    if a is None or b is None:
        return None
    if type(a) is int and a == 1:
        return b
    if type(b) is int and b == 1:
        return a
    before, after = axes(b), axes(a)
    if after == 2:
        return a @ b if before == 2 else a * b
    return np.reshape(a, (-1, 1)) * b if after == 1 and before == 2 else a * b


def total(a: Block, b: Block, n: int) -> Block:
    """The sum of two blocks of ``n`` rows.

    >>> total(1, np.array([[0, 1], [1, 0]]), 2).tolist(), total(1, None, 2)
    ([[1, 1], [1, 1]], 1)
    """
    if a is None or b is None:
        return b if a is None else a
    if axes(a) == 2 or axes(b) == 2:
        a, b = dense(a, n), dense(b, n)
    return a + b


def dense(block: Block, n: int) -> Any:
    """A block with ``n`` rows as an array of two axes; a zero one only where it is square."""
    if block is not None and axes(block) == 2:
        return block
    if block is None:
        return np.zeros((n, n))
    if n == 1:
        return np.reshape(block, (1, 1))
    space = space_of(block)
    assert isinstance(space, Array)
    return np.eye(n, dtype=int if type(block) is int else space.dtype) * block


def axes(block: Block) -> int:
    """How a block is stored: 0 for a number, 1 for a diagonal, 2 for a dense one."""
    found: int = getattr(block, "ndim", 0)
    return found


def _narrow(block: Any) -> Block:
    return block[0, 0] if block.shape == (1, 1) else block


def typed(numbers: Any, dtype: np.dtype[Any]) -> Any:
    """Integers, which stand in exact identities, as numbers of a space."""
    if type(numbers) is int:
        return numbers if dtype.kind == "O" else float(numbers) if dtype == np.float64 else dtype.type(numbers)
    return numbers.astype(dtype) if isinstance(numbers, np.ndarray) and numbers.dtype.kind == "i" else numbers


@attrs.frozen
class Row:
    """What stands on a wire: an array space, and the block of each source that it depends on."""

    space: Array
    blocks: dict[int, Block]

    def together(self, j: int, width: int) -> Any:
        """The columns that depend on a source of ``width`` components, with an axis for them in front."""
        block = self.blocks.get(j)
        if block is None:
            return ZERO
        columns = typed(np.reshape(dense(block, self.space.dim), (self.space.dim, width)), self.space.dtype)
        return np.reshape(np.transpose(columns), (width, *self.space.shape))

    def vectors(self, j: int, width: int) -> list[Any]:
        """The columns that depend on a source of ``width`` components, as elements of the space."""
        shape, block = self.space.shape, self.blocks.get(j)
        if block is None:
            return [ZERO] * width
        if not shape and width == 1:
            return [typed(block, self.space.dtype)]
        columns = typed(np.reshape(dense(block, self.space.dim), (self.space.dim, width)), self.space.dtype)
        return [np.reshape(columns[:, c], shape) for c in range(width)]


# ---------------------------------------------------------------------------------------------- composing


class _Push:
    """One composition: blocks are pushed through a diagram, box by box."""

    def __init__(self, sources: Sequence[Array]) -> None:
        self.sources = sources

    def through(self, d: Diagram, rows: Any) -> Any:
        """The rows of the codomain from those of the domain."""
        env = [ZERO] * d.n_wires
        for wire, row in _pairs(d.dom, rows):
            env[wire] = self.add(env[wire], row)
        for op, ins, outs in d.boxes:
            inputs = [env[i] for i in ins]
            if inputs and all(x is ZERO for x in inputs):
                continue
            results = inputs if op is None else self.box(op, inputs)
            for wire, result in zip(outs, results, strict=True):
                env[wire] = self.add(env[wire], result)
        return collect(d.cod, env)

    def add(self, a: Any, b: Any) -> Any:
        """The sum of two trees of rows."""
        if a is ZERO or b is ZERO:
            return b if a is ZERO else a
        if isinstance(a, tuple):
            return tuple([self.add(x, y) for x, y in zip(a, b, strict=True)])
        if a.space.shape != b.space.shape:
            raise CompositionError(
                "matrices of different shapes cannot be added", found=f"matrices into {a.space} and {b.space}",
                expected="one space", remedy="send the program to the space that is meant, f.at(space)",
            )  # fmt: skip
        space = a.space.of(np.result_type(a.space.dtype, b.space.dtype))
        keys = dict.fromkeys([*a.blocks, *b.blocks])
        return Row(space, {j: total(a.blocks.get(j), b.blocks.get(j), space.dim) for j in keys})

    def box(self, op: Any, inputs: list[Any]) -> Sequence[Any]:
        """The rows that a box makes, one for each of its wires."""
        if isinstance(op, Chain):
            for step in op.steps:
                inputs = list(self.box(step, inputs))
            return inputs
        if isinstance(op, (Scale, Negate)):
            factor = op.factor if isinstance(op, Scale) else -1
            return [_mapped(inputs[0], lambda row: self.scaled(factor, op, row))]
        if isinstance(op, Identity):
            return inputs
        if isinstance(getattr(op, "placed", None), Blocks):
            return [self.after(op.placed, inputs[0])]
        if isinstance(op, Sum):
            result: Any = ZERO
            for row in inputs:
                result = self.add(result, row)
            return [result]
        if isinstance(op, (Pack, Unpack, Copy, Projection, Injection)):
            result = op.apply(*inputs)
            return result if isinstance(op.cod, tuple) and len(op.cod) > 1 else [result]
        return self.by_columns(op, inputs)

    def scaled(self, factor: Any, op: Op, row: Row) -> Any:
        """A row times a number, or times a diagonal."""
        shape = getattr(factor, "shape", ())
        if not _broadcasts(shape, row.space.shape):
            (wider,) = self.by_columns(op, [row])
            return wider
        if shape:
            factor = np.reshape(np.broadcast_to(factor, row.space.shape), (-1,))
            factor = factor[0] if row.space.dim == 1 else factor
        space = op.shape(row.space)
        return Row(space, {j: product(factor, block) for j, block in row.blocks.items()})

    def after(self, matrix: Blocks, tree: Any) -> Any:
        """A matrix times rows."""
        rows = spread(tree, matrix.source)
        made = []
        for line, space in zip(matrix.lines, arrays(matrix.target), strict=True):
            found: dict[int, Block] = {}
            for block, row in zip(line, rows, strict=True):
                for j, before in row.blocks.items() if row is not ZERO and block is not None else ():
                    found[j] = total(found.get(j), product(block, before), space.dim)
            made.append(Row(space, found) if found else ZERO)
        return build(matrix.target.pattern, iter(made))

    def by_columns(self, op: Any, inputs: list[Any]) -> Sequence[Any]:
        """What an operation makes of each column; of each unit instead, and multiplied, where those are fewer."""
        rows = [row for tree in inputs for row in leaves(tree) if row is not ZERO]
        sources = list(dict.fromkeys(j for row in rows for j in row.blocks))
        if len(inputs) == 1 and isinstance(inputs[0], Row):
            (row,) = rows
            if row.space.dtype.kind != "c" and sum(self.sources[j].dim for j in sources) > row.space.dim:
                units = _Push([row.space])
                (answer,) = [units.by_columns(op, [Row(row.space, {0: 1})])]
                return [_mapped(r, lambda r: _times(r, row)) for r in answer]
        results = [self.source_columns(op, inputs, j) for j in sources]
        made: list[Any] = [ZERO] * len(results[0]) if results else [ZERO]
        for result in results:
            made = [self.add(a, b) for a, b in zip(made, result, strict=True)]
        return made

    def source_columns(self, op: Any, inputs: list[Any], j: int) -> list[Any]:
        """The images of the columns that depend on one source."""
        width = self.sources[j].dim
        several = isinstance(op.cod, tuple) and len(op.cod) > 1
        found = _at_once(op, inputs, j, self.sources[j]) if width > 1 else None
        if found is not None:
            return list(found) if several else [found]
        columns = [_columns(tree, j, width) for tree in inputs]
        images: list[Any] = []
        for c in range(width):
            vectors = [tree[c] for tree in columns]
            image = _applied(op, vectors) if any(v is not ZERO for v in vectors) else ZERO
            if self.sources[j].dtype.kind == "c":
                _require_complex(op, vectors, image)
            images.append(image)
        known: Any = next((i for i in images if i is not ZERO), ZERO)
        if several:
            parts = [[i if i is ZERO else i[n] for i in images] for n in range(len(op.cod))]
            return [_gather(part, j) for part in parts]
        return [_gather(images, j) if known is not ZERO else ZERO]


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether an array of one shape broadcasts to another."""
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(reversed(shape), reversed(to), strict=False))


def _applied(op: Any, vectors: list[Any]) -> Any:
    """The image of a column; an error of NumPy in its clear form."""
    try:
        return op.apply(*vectors)
    except (ValueError, TypeError, IndexError) as error:
        raise fault(op.name, vectors, error) or error from error


def _at_once(op: Any, inputs: list[Any], j: int, source: Array) -> Any:
    """The rows of what an operation makes of all columns together, as a batch; ``None`` where it cannot."""
    columns = [_mapped(tree, lambda row: row.together(j, source.dim)) for tree in inputs]
    if any(c is not ZERO and c.dtype == object for tree in columns for c in leaves(tree)):
        return None
    try:
        images = together(op.apply, source.dim, *columns)
        turned = together(op.apply, source.dim, *[scale(1j, c) for c in columns]) if source.dtype.kind == "c" else None
    except (EssenceError, ValueError, TypeError, IndexError):
        return None  # written by hand, for vectors with values; or an error, which one column shows more clearly
    if turned is not None:
        _require_turned(op, images, turned)
    return each_leaf(lambda image: _row(image, j), images)


def _row(images: Any, j: int) -> Row:
    space = Array(images.shape[1:], images.dtype)
    return Row(space, {j: _narrow(np.transpose(np.reshape(images, (images.shape[0], space.dim))))})


def _require_complex(op: Any, vectors: list[Any], image: Any) -> None:
    """An error for an operation on complex numbers that is linear for real factors only."""
    _require_turned(op, image, op.apply(*[v if v is ZERO else 1j * v for v in vectors]))


def _require_turned(op: Any, image: Any, turned: Any) -> None:
    for a, b in zip(leaves(image), leaves(turned), strict=True):
        if not np.allclose(1j * np.asarray(a), b, rtol=1e-9, atol=1e-12, equal_nan=True):
            raise NotLinearError(
                f"{op.name} is linear for real factors only, so it has no matrix of complex numbers", found=repr(op),
                expected="an operation that commutes with multiplication by i",
                remedy="take real and imaginary part as two real arrays, or use Additive",
            )  # fmt: skip


def _times(row: Any, before: Row) -> Any:
    block = row.blocks.get(0)
    return Row(row.space, {j: product(block, b) for j, b in before.blocks.items()})


def _columns(tree: Any, j: int, width: int) -> list[Any]:
    if tree is ZERO:
        return [ZERO] * width
    if isinstance(tree, tuple):
        parts = [_columns(t, j, width) for t in tree]
        return [tuple([p[c] for p in parts]) for c in range(width)]
    found: list[Any] = tree.vectors(j, width)
    return found


def _gather(images: list[Any], j: int) -> Any:
    """The rows whose columns are given; the columns are elements of one space, some of them ``ZERO``."""
    known: Any = next((i for i in images if i is not ZERO), ZERO)
    if known is ZERO:
        return ZERO
    if isinstance(known, tuple):
        parts = [[i if i is ZERO else i[n] for i in images] for n in range(len(known))]
        return tuple([_gather(part, j) for part in parts])
    space = space_of(known)
    assert isinstance(space, Array)
    columns = [space.fill(i) for i in images]
    if len(columns) == 1 and not space.shape:
        return Row(space, {j: columns[0]})
    block = np.stack([np.reshape(c, (space.dim,)) for c in columns], axis=1)
    return Row(space, {j: _narrow(block)})


def _mapped(tree: Any, function: Callable[[Row], Any]) -> Any:
    if tree is ZERO:
        return ZERO
    return tuple([_mapped(t, function) for t in tree]) if isinstance(tree, tuple) else function(tree)


def _pairs(pattern: Pattern, tree: Any) -> list[tuple[int, Any]]:
    if isinstance(pattern, tuple):
        parts = (ZERO,) * len(pattern) if tree is ZERO else tree
        return [pair for p, t in zip(pattern, parts, strict=True) for pair in _pairs(p, t)]
    return [(pattern, tree)]


def spread(tree: Any, space: Space) -> list[Any]:
    """The rows for the arrays of a space."""
    if not isinstance(space, Product):
        if isinstance(tree, tuple):
            raise _misfit(f"a matrix into a product of {len(tree)}", space)
        if tree is not ZERO and tree.space.shape != getattr(space, "shape", ()):
            raise _misfit(f"a matrix into {tree.space}", space)
        return [tree]
    parts = (ZERO,) * len(space.parts) if tree is ZERO else tree
    if not isinstance(parts, tuple) or len(parts) != len(space.parts):
        raise _misfit("a matrix into another product", space)
    return [row for t, p in zip(parts, space.parts, strict=True) for row in spread(t, p)]


def _misfit(found: str, expected: Space) -> CompositionError:
    return CompositionError(
        "these matrices cannot be composed", found=found, expected=f"a matrix into {expected}",
        remedy="put an arrow between them, or change one of the two",
    )  # fmt: skip


def build(pattern: Pattern, parts: Iterator[Any]) -> Any:
    """The tree of a pattern with the given leaves."""
    return tuple([build(p, parts) for p in pattern]) if isinstance(pattern, tuple) else next(parts)


# ---------------------------------------------------------------------------------------------- matrices of blocks


@attrs.frozen
class Blocks:
    """A matrix between two known spaces: ``lines[i][j]`` takes array ``j`` of the source to array ``i`` of the target."""

    source: Space
    target: Space
    lines: tuple[tuple[Block, ...], ...]

    @staticmethod
    def identity(space: Space) -> Blocks:
        """The identity of a space."""
        n = len(arrays(space))
        return Blocks(space, space, tuple([tuple([1 if i == j else None for j in range(n)]) for i in range(n)]))

    def through(self, d: Diagram) -> Blocks:
        """A diagram of linear boxes after this matrix; the domain has a wire for each array of the target.

        Raises ``NeedsSpaceError`` where the target is not known and a part of it is zero.
        """
        rows = [
            Row(s, {j: b for j, b in enumerate(line) if b is not None})
            for s, line in zip(arrays(self.target), self.lines, strict=True)
        ]
        tree = build(self.target.pattern, iter([row if row.blocks else ZERO for row in rows]))
        sources = arrays(self.source)
        made = _Push(sources).through(d, tree)
        target = d.cod_space if d.cod_space is not None else _space(made)
        columns = range(len(sources))
        lines = [tuple([None if r is ZERO else r.blocks.get(j) for j in columns]) for r in spread(made, target)]
        return Blocks(self.source, target, tuple(lines))

    @property
    def T(self) -> Blocks:
        """The transpose."""
        turned = [[b.T if axes(b) == 2 else b for b in line] for line in self.lines]
        empty = ((),) * len(arrays(self.source))
        return Blocks(self.target, self.source, tuple(zip(*turned, strict=True)) or empty)

    def dense(self) -> Any:
        """All blocks in one array of shape ``(target.dim, source.dim)``."""
        sources, targets = arrays(self.source), arrays(self.target)
        dtype = np.result_type(*[s.dtype for s in [*sources, *targets]]) if sources or targets else np.dtype(float)
        if not sources or not targets:
            return np.zeros((self.target.dim, self.source.dim), dtype)
        lines = []
        for line, t in zip(self.lines, targets, strict=True):
            pairs = zip(line, sources, strict=True)
            full = [np.zeros((t.dim, s.dim), dtype) if b is None else typed(dense(b, t.dim), dtype) for b, s in pairs]
            lines.append(np.concatenate(full, axis=1))
        return np.concatenate(lines, axis=0)


def _space(rows: Any) -> Space:
    if isinstance(rows, tuple):
        return Product(tuple(map(_space, rows)))
    if rows is ZERO:
        raise NeedsSpaceError(
            "a zero matrix into no known space", found="the zero that inl, inr, inj or zero makes",
            expected="a known target", remedy="compose it with an arrow between known spaces",
        )  # fmt: skip
    found: Space = rows.space
    return found
