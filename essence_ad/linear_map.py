"""Linear maps as data: a diagram of linear operations that can be applied, composed, added, transposed and read out.

Derivatives are these. A gradient, a Jacobian or a directional derivative is a way to look at one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from essence_ad.diagram import Box, Diagram, Op
from essence_ad.errors import CompositionError, NeedsSpaceError
from essence_ad.primitives.primitive import LinearOp, Scale, kernel
from essence_ad.spaces import ZERO, Product, R, Space, pack, space_of, tree_leaves
from essence_ad.structure import NUM, Pattern, leaves, substitute


class LinearMap(Op):
    """A linear map between two spaces (``None`` where nobody has named them yet), kept as a diagram.

    >>> from essence_ad import D, Additive, sin, mul
    >>> y, df = D(Additive)(mul)((3.0, 4.0))
    >>> df((1.0, 0.0)), df.T(1.0), df.matrix().tolist()
    (4.0, (4.0, 3.0), [[4.0, 3.0]])
    """

    __slots__ = ("diagram",)
    linear = True
    name = "linear map"
    dom = 0
    cod = 0

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram

    @property
    def source(self) -> Space | None:
        """The space it starts from."""
        return self.diagram.dom_space

    @property
    def target(self) -> Space | None:
        """The space it ends in."""
        return self.diagram.cod_space

    def __call__(self, x: Any) -> Any:
        """The image of a vector; inputs are not changed."""
        source, target = self.source, self.target
        y = self.apply(pack(x) if source is None else source.check(x))
        if target is not None:
            return target.unpack(y)
        if any(leaf is ZERO for leaf in tree_leaves(y)) and not isinstance(y, tuple):
            return 0.0
        return _zeros(y)

    def apply(self, *inputs: Any) -> Any:
        """The image of a packed vector, in arrays that whoever gets them may change."""
        with np.errstate(all="ignore"):  # a slope may be infinite where the function itself warns of nothing
            return _writable(self.diagram.propagate(inputs[0] if len(inputs) == 1 else tuple(inputs)))

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> LinearMap:
        """The transpose."""
        return LinearMap(self.diagram.T)

    def __matmul__(self, other: LinearMap) -> LinearMap:
        """This map after another."""
        if self.source is not None and other.target is not None and self.source.pattern != other.target.pattern:
            raise CompositionError(
                "these linear maps cannot be composed", found=f"{other!r}   then   {self!r}",
                expected=f"the target {other.target} to be the source {self.source}", remedy="put a map between them",
            )  # fmt: skip
        return LinearMap(sequence(other.diagram, self.diagram))

    def __rshift__(self, other: LinearMap) -> LinearMap:
        return other @ self

    def __add__(self, other: LinearMap) -> LinearMap:
        if not isinstance(other, LinearMap):
            return NotImplemented
        d = Diagram(0, 1, [(self, (0,), (1,)), (other, (0,), (1,))], 2, self.source or other.source, self.target or other.target)
        return LinearMap(d)

    def __mul__(self, s: Any) -> LinearMap:
        d = Diagram(0, 2, [(self, (0,), (1,)), (Scale(s), (1,), (2,))], 3, self.source, self.target)
        return LinearMap(d)

    __rmul__ = __mul__

    def __neg__(self) -> LinearMap:
        return self * -1

    def matrix(self) -> Any:
        """The matrix, of shape ``(target.dim, source.dim)``, by running the map or its transpose, whichever is shorter."""
        source, target = self.named()
        if source.dim <= target.dim:
            columns = [target.to_vector(self(e)) for e in source.basis()]
            return np.stack(columns, axis=1) if columns else np.zeros((target.dim, 0))
        transposed = self.T
        rows = [source.to_vector(transposed(e)) for e in target.basis()]
        return np.stack(rows) if rows else np.zeros((0, source.dim))

    def named(self) -> tuple[Space, Space]:
        """Source and target, an error where they are not known."""
        if self.source is None or self.target is None:
            raise NeedsSpaceError(
                "a linear map at no known space has no matrix", found=repr(self), expected="a map between known spaces",
                remedy="take the derivative at a point, or send f.at(space) to the category",
            )  # fmt: skip
        return self.source, self.target

    def __repr__(self) -> str:
        names = [s if s is not None else "?" for s in (self.source, self.target)]
        return f"<linear map {names[0]} -> {names[1]}, {len(self.diagram.boxes)} boxes>"


def _writable(tree: Any) -> Any:
    """A tree without views that NumPy made by broadcasting: whoever gets it may change it."""
    if isinstance(tree, tuple):
        return tuple([_writable(t) for t in tree])
    return tree.copy() if isinstance(tree, np.ndarray) and not tree.flags.writeable else tree


def _zeros(tree: Any) -> Any:
    if isinstance(tree, tuple):
        return tuple([_zeros(t) for t in tree])
    return 0.0 if tree is ZERO else tree


def sequence(first: Diagram, second: Diagram) -> Diagram:
    """One diagram after another, on new wires; where patterns differ the second is kept as one box."""
    offset = first.n_wires
    moved = {w: w + offset for w in range(second.n_wires)}
    boxes: list[Box] = list(first.boxes)
    stack: list[tuple[Pattern, Pattern]] = [(first.cod, second.dom)]
    while stack:
        a, b = stack.pop()
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            stack.extend(zip(a, b, strict=True))
        elif isinstance(a, tuple) or isinstance(b, tuple):
            return _opaque(first, second)
        else:
            boxes.append((None, (a,), (b + offset,)))
    boxes.extend((op, tuple([moved[i] for i in ins]), tuple([moved[o] for o in outs])) for op, ins, outs in second.boxes)
    table: dict[Any, Any] = {w: moved[w] for w in leaves(second.cod)}
    return Diagram(first.dom, substitute(second.cod, table), boxes, offset + second.n_wires, first.dom_space, second.cod_space)


def _opaque(first: Diagram, second: Diagram) -> Diagram:
    boxes = [(LinearMap(first), (0,), (1,)), (LinearMap(second), (1,), (2,))]
    return Diagram(0, 2, boxes, 3, first.dom_space, second.cod_space)


def columns(source: Space, images: Sequence[Any], target: Space | None) -> LinearMap:
    """The linear map from ``source`` that sends its unit elements to the given packed vectors: a matrix of columns."""
    dom, n = _number(source.pattern, 0)
    wires = leaves(dom)
    at, boxes = 0, []
    first = images[0] if images else ()
    cod, m = _number(_shape(first), n)
    parts = [tree_leaves(image) for image in images]
    for wire, space in zip(wires, _arrays(source), strict=True):
        for j, out in enumerate(leaves(cod)):
            held = [p[j] for p in parts[at : at + space.dim]]
            if all(h is ZERO for h in held):
                continue
            boxes.append((_column(space, held), (wire,), (out,)))
        at += space.dim
    return LinearMap(Diagram(dom, cod, boxes, m, source, target))


def rows(target: Space, images: Sequence[Any], source: Space | None) -> LinearMap:
    """The linear map into ``target`` with the given packed covectors: a matrix of rows."""
    return columns(target, images, source).T


def _column(space: Any, held: Sequence[Any]) -> Op:
    filled = next(h for h in held if h is not ZERO)
    to = space_of(filled)
    vectors = [to.fill(h) for h in held]
    if space.shape == ():
        (v,) = vectors
        return LinearOp("column", lambda s: s * v, lambda w: _inner(v, w), (space,), (to,))

    def forward(x: Any) -> Any:
        return sum([x[i] * v for i, v in zip(np.ndindex(*space.shape), vectors, strict=True)])

    def adjoint(w: Any) -> Any:
        return np.reshape(np.stack([_inner(v, w) for v in vectors]), space.shape)

    return LinearOp("columns", forward, adjoint, (space,), (to,))


def _inner(v: Any, w: Any) -> Any:
    return np.sum(v * w) if getattr(w, "shape", ()) else v * w


def _shape(tree: Any) -> Pattern:
    return tuple([_shape(t) for t in tree]) if isinstance(tree, tuple) else NUM


def _number(pattern: Pattern, start: int) -> tuple[Pattern, int]:
    if isinstance(pattern, tuple):
        parts = []
        for p in pattern:
            part, start = _number(p, start)
            parts.append(part)
        return tuple(parts), start
    return start, start + 1


def _arrays(space: Space) -> list[Any]:
    return [a for p in space.parts for a in _arrays(p)] if isinstance(space, Product) else [space]


_ = R, kernel
