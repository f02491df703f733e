"""Matrices (sections 8 to 10): generalized matrices, with a block for each array of target and source.

Composing multiplies; ``blocks`` says what a block is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.blocks import Block, Blocks, axes, build, dense
from essence_ad.category import LinearCategory
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import NeedsSpaceError
from essence_ad.inlining import inline, opened
from essence_ad.linear_map import LinearMap, arrays, require_fit, require_linear, with_ends
from essence_ad.operation import LinearOp, Scale, as_element
from essence_ad.spaces import Array, Product, R, Space
from essence_ad.structure import Pattern


class Matrix(Op):
    """A matrix between products of arrays, in blocks; where the spaces are not known yet, the program that makes it.

    >>> from essence_ad import Matrices, R, fork, identity, jam, scale
    >>> m = Matrices(fork(scale(2.0), identity).at(R[3]))
    >>> m, m.blocks, m.matrix().shape
    (<matrix R[3] -> R[3] * R[3], 2 blocks>, ((2.0,), (1,)), (6, 3))
    >>> Matrices(jam), Matrices(jam).at(R[2] * R[2])
    (<matrix at no known space>, <matrix R[2] * R[2] -> R[2], 2 blocks>)
    """

    __slots__ = ("_held",)
    linear = True
    name = "matrix"
    dom = 0
    cod = 0

    def __init__(self, held: Blocks | Diagram) -> None:
        self._held = held

    @property
    def diagram(self) -> Any:
        """The program of a matrix at no known space, ``None`` of another."""
        return self._held if isinstance(self._held, Diagram) else None

    @property
    def placed(self) -> Blocks:
        """The blocks with their spaces; where those are not known, every array is a number."""
        if isinstance(self._held, Diagram):
            d = opened(inline(self._held))
            space = d.dom_space if d.dom_space is not None else _numbers(d)
            try:
                return self.at(space).placed
            except NeedsSpaceError:
                found = {wire: s for wire, s in enumerate(d.spaces(space)) if s is not None}
                return Matrix(_ending(d, _filled(d.cod, found))).at(space).placed
        return self._held

    @property
    def source(self) -> Space | None:
        """The space it starts from, where that is known."""
        return self._held.source if isinstance(self._held, Blocks) else None

    @property
    def target(self) -> Space | None:
        """The space it ends in, where that is known."""
        return self._held.target if isinstance(self._held, Blocks) else None

    @property
    def blocks(self) -> tuple[tuple[Block, ...], ...]:
        """A line for each array of the target, in it a block for each array of the source."""
        return self.placed.lines

    def at(self, *spaces: Space) -> Matrix:
        """The same matrix, knowing its spaces; ``CompositionError`` where it has others."""
        (space,) = spaces
        if isinstance(self._held, Blocks):
            require_fit(space, self._held.source, lambda: repr(self))
            return self
        return Matrix(Blocks.identity(space).through(inline(self._held, space.pattern)))

    def matrix(self) -> Any:
        """All blocks in one array of shape ``(target.dim, source.dim)``."""
        return self.placed.dense()

    def __call__(self, x: Any) -> Any:
        """The matrix times a vector, an element of the source."""
        return Matrices.linear_map(self)(x)

    def apply(self, *inputs: Any) -> Any:
        """The matrix times a packed vector."""
        return Matrices.linear_map(self).apply(*inputs)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    def shape(self, *spaces: Space) -> Any:
        """The target."""
        return self.target if self.target is not None else self.at(*spaces).target

    @property
    def T(self) -> Matrix:
        """The transpose."""
        return Matrix(self._held.T if isinstance(self._held, Blocks) else inline(self._held).T)

    def __repr__(self) -> str:
        if isinstance(self._held, Diagram):
            return "<matrix at no known space>"
        held = sum(b is not None for line in self.blocks for b in line)
        return f"<matrix {self.source} -> {self.target}, {held} block{'' if held == 1 else 's'}>"


def _ending(d: Diagram, target: Space) -> Diagram:
    return Diagram(d.dom, d.cod, d.boxes, d.n_wires, d.dom_space, target)


def _numbers(d: Diagram) -> Space:
    """The domain of a program with a number for every array that no matrix in it knows."""
    known: dict[int, Space] = {}
    for op, ins, _ in d.boxes:
        if isinstance(op, Matrix) and op.source is not None:
            known.setdefault(ins[0], op.source)
    return _filled(d.dom, known)


def _filled(pattern: Pattern, known: dict[int, Space]) -> Space:
    if isinstance(pattern, tuple):
        return Product(tuple([_filled(p, known) for p in pattern]))
    return known.get(pattern, R)


def _operation(block: Block, source: Array, target: Array) -> Op | None:
    """A block as an operation."""
    if source.shape == target.shape and axes(block) < 2:
        if type(block) is int and block == 1:
            return None
        return Scale(np.reshape(block, source.shape) if axes(block) else block)
    full = dense(block, target.dim)

    def forward(x: Any) -> Any:
        return as_element(np.reshape(full @ np.reshape(x, (source.dim,)), target.shape)[()], target)

    def adjoint(y: Any) -> Any:
        return as_element(np.reshape(full.T @ np.reshape(y, (target.dim,)), source.shape)[()], source)

    return LinearOp("block", forward, adjoint, (source,), (target,), origin=(_operation, (block, source, target)))


class MatrixCategory(LinearCategory):
    """Generalized matrices: composing multiplies block by block, and a derivative is a Jacobian in blocks.

    An operation becomes a matrix by its columns, all in one call. A program that is sent here at no known space keeps
    its structure until it meets one; read out before, it is a matrix of numbers: ``Matrices(jam)`` is ``(1 1)``.

    >>> from essence_ad import D, Matrices, jam, mul
    >>> Matrices(jam).matrix().tolist()
    [[1.0, 1.0]]
    >>> y, jacobian = D(Matrices)(mul)((3.0, 4.0))
    >>> jacobian, jacobian.blocks
    (<matrix R * R -> R, 2 blocks>, ((4.0, 3.0),))
    """

    name = "Matrices"
    arrows = Matrix

    def diagram(self, d: Diagram) -> Matrix:
        """The product of the boxes' matrices, first box first; ``NotLinearError`` where a box is not linear."""
        require_linear(d, self)
        d = with_ends(d)
        waiting = Matrix(d)
        if d.dom_space is None:
            return waiting
        try:
            return waiting.at(d.dom_space)
        except NeedsSpaceError:  # it ends in a zero of no known space
            return waiting

    def push(self, d: Diagram, g: Matrix) -> Matrix:
        """``d`` after ``g``: the blocks of ``g`` multiplied through, box by box."""
        require_linear(d, self)
        if g.target is None:
            return self.compose(self.diagram(d), g)  # type: ignore[no-any-return]
        require_fit(g.target, d.dom_space, lambda: f"{g!r}   then a program from {d.dom_space}")
        try:
            return Matrix(g.placed.through(inline(d, g.target.pattern)))
        except NeedsSpaceError:  # it ends in a zero of no known space
            return self.compose(Matrix(d), g)  # type: ignore[no-any-return]

    def pull(self, d: Diagram, h: Matrix) -> Matrix:
        """``h`` after ``d``: the blocks of ``h`` multiplied through, last box first."""
        if h.source is None:
            return self.compose(h, self.diagram(d))  # type: ignore[no-any-return]
        return self.push(inline(d).T, h.T).T

    def linear_map(self, arrow: Matrix) -> LinearMap:
        """A box for each block."""
        if arrow.source is None or arrow.target is None:
            d = inline(arrow.diagram)
            boxes = [(self.linear_map(op) if isinstance(op, Matrix) else op, ins, outs) for op, ins, outs in d.boxes]
            return LinearMap(Diagram(d.dom, d.cod, boxes, d.n_wires, d.dom_space, d.cod_space))
        sources, targets = arrays(arrow.source), arrays(arrow.target)
        n, m = len(sources), len(targets)
        entries = [
            (_operation(block, sources[j], targets[i]), (j,), (n + i,))
            for i, line in enumerate(arrow.blocks)
            for j, block in enumerate(line)
            if block is not None
        ]
        dom, cod = build(arrow.source.pattern, iter(range(n))), build(arrow.target.pattern, iter(range(n, n + m)))
        return LinearMap(Diagram(dom, cod, entries, n + m, arrow.source, arrow.target))

    def observe(self, arrow: Matrix, source: Space, target: Space, point: Any) -> Any:
        """The matrix."""
        d = arrow.diagram
        if d is not None and d.cod_space is None:
            arrow = Matrix(_ending(d, target))
        placed = arrow.at(source)
        require_fit(placed.target, target, lambda: repr(placed))
        return placed.matrix()


Matrices = MatrixCategory()
