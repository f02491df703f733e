"""Linear maps as data: a diagram of linear operations that can be applied, composed, added, transposed and read out.

Derivatives are these. A gradient, a Jacobian or a directional derivative is a way to look at one.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from essence_ad.containers import ZERO
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import CompositionError, NeedsSpaceError, NotLinearError, TracingError, UnsupportedError
from essence_ad.inlining import Composed, inline, unfold
from essence_ad.operation import LinearOp, Scale
from essence_ad.spaces import Array, Product, Space, components, fits, pack, reals, scale, space_of
from essence_ad.structure import NUM, Pattern, leaves, substitute
from essence_ad.sweep import LARGEST, each_leaf, together, unit_batches


class LinearMap(Composed, Op):
    """A linear map between two spaces (``None`` where nobody has named them yet), kept as a diagram.

    >>> from essence_ad import D, Additive, sin, mul
    >>> y, df = D(Additive)(mul)((3.0, 4.0))
    >>> df((1.0, 0.0)), df.T(1.0), df.matrix().tolist()
    (4.0, (4.0, 3.0), [[4.0, 3.0]])
    """

    __slots__ = ()
    linear = True
    name = "linear map"
    dom = 0
    cod = 0

    def __call__(self, x: Any) -> Any:
        """The image of a vector; inputs are not changed.

        Raises ``CompositionError`` where it was composed of maps at no known space that do not fit after all.
        """
        source, target = self.source, self.target
        y = self.apply(reals(pack(x)) if source is None else source.check(x))
        if target is not None:
            if not _ends_in(y, target):
                require_fit(space_of(_zeros(y)), target, lambda: repr(self))
            return target.unpack(y)
        if any(leaf is ZERO for leaf in leaves(y)) and not isinstance(y, tuple):
            return 0.0
        return _zeros(y)

    def apply(self, *inputs: Any) -> Any:
        """The image of a packed vector, in arrays that whoever gets them may change."""
        with np.errstate(all="ignore"):  # a slope may be infinite where the function itself warns of nothing
            x = inputs[0] if len(inputs) == 1 else tuple(inputs)
            return _owned(propagate(self.diagram, x), x)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> LinearMap:
        """The transpose."""
        return LinearMap(self.diagram.T)

    def at(self, *spaces: Space) -> LinearMap:
        """The same map, knowing its spaces."""
        (space,) = spaces
        return LinearMap(inline(self.diagram, space.pattern).at(space))

    def shape(self, *spaces: Space) -> Any:
        """The target."""
        return self.target if self.target is not None else self.at(*spaces).target

    def __matmul__(self, other: LinearMap) -> LinearMap:
        """This map after another; ``CompositionError`` where the two do not fit."""
        if not isinstance(other, LinearMap):
            return NotImplemented
        require_fit(other.target, self.source, lambda: f"{other!r}   then   {self!r}")
        return LinearMap(sequence(other.diagram, self.diagram))

    def __rshift__(self, other: LinearMap) -> LinearMap:
        return other.__matmul__(self) if isinstance(other, LinearMap) else NotImplemented

    def __add__(self, other: LinearMap) -> LinearMap:
        if not isinstance(other, LinearMap):
            return NotImplemented
        return LinearMap(with_ends(Diagram(0, 1, [(self, (0,), (1,)), (other, (0,), (1,))], 2)))

    def __mul__(self, s: Any) -> LinearMap:
        d = Diagram(0, 2, [(self, (0,), (1,)), (Scale(s), (1,), (2,))], 3, self.source, self.target)
        return LinearMap(d)

    __rmul__ = __mul__

    def __neg__(self) -> LinearMap:
        return self * -1

    def matrix(self) -> Any:
        """The matrix, of shape ``(target.dim, source.dim)``, by running the map or its transpose, whichever is shorter."""
        source, target = self.named()
        return np.transpose(self._lines()) if source.dim <= target.dim else self.T._lines()

    def _lines(self) -> Any:
        """The components of each image in a line."""
        source, target = self.named()
        found = []
        for size, images in self.sweeps():
            parts = [np.reshape(image, (size, math.prod(image.shape[1:]))) for image in leaves(images)]
            found.append(np.concatenate(parts, axis=1) if parts else np.zeros((size, 0)))
        return np.concatenate(found) if found else np.zeros((source.dim, target.dim))

    def sweeps(self) -> Iterator[tuple[int, Any]]:
        """The ``images``, many at once: how many, and packed arrays of them with an axis for them in front.

        The unit elements of an array are put through together, as a batch: every operation is one call for as many of
        them as keep an array on a wire below about ``sweep.LARGEST`` numbers. One after another go few numbers, exact
        ones, and what meets an operation that must know their values.

        >>> from essence_ad import R, linearize
        >>> list(linearize(lambda x: x * x, np.array([1.0, 2.0]))[1].sweeps())
        [(2, array([[2., 0.],
               [0., 4.]]))]
        """
        source, target = self.named()
        widest = max(
            [1, *[s.dim for s in (source, target)], *[s.dim for op, _, _ in self.diagram.boxes for s in _near(op)]]
        )
        for size, units in unit_batches(source, max(1, LARGEST // widest)):
            yield size, self._at_once(size, units, target)

    def _at_once(self, size: int, units: Any, target: Space) -> Any:
        """The images of ``size`` vectors."""
        if size > 1:
            try:
                return _image(lambda x: _together(self.diagram, size, x, target), units, target)
            except (TracingError, UnsupportedError):
                pass  # written by hand, for vectors with values
        vectors = [each_leaf(operator.itemgetter(i), units) for i in range(size)]
        alone = [_image(lambda x: target.fill(self.apply(x)), vector, target) for vector in vectors]
        columns = zip(*[leaves(image) for image in alone], strict=True)
        return substitute(_number(target.pattern, 0)[0], dict(enumerate([np.stack(column) for column in columns])))

    def images(self) -> list[Any]:
        """The packed images of the unit elements of the source: the columns of the matrix, one after another.

        A map from complex to real numbers is ``v -> Re(g v)``: its column is ``g``, told by what it makes of 1 and i.
        Raises ``NotLinearError`` for one between complex numbers that does not commute with i, as conjugation.
        """
        source, target = self.named()
        return [_image(lambda x: target.fill(self.apply(x)), unit, target) for unit in source.units()]

    def named(self) -> tuple[Space, Space]:
        """Source and target, an error where they are not known."""
        if self.source is not None and self.target is None:
            found = self.at(self.source).target
            if found is not None:
                return self.source, found
        if self.source is None or self.target is None:
            raise NeedsSpaceError(
                "a linear map at no known space has no matrix", found=repr(self), expected="a map between known spaces",
                remedy="take the derivative at a point, or send f.at(space) to the category",
            )  # fmt: skip
        return self.source, self.target

    def __repr__(self) -> str:
        names = [s if s is not None else "?" for s in (self.source, self.target)]
        n = len(self.diagram.boxes)
        return f"<linear map {names[0]} -> {names[1]}, {n} box{'' if n == 1 else 'es'}>"


def _ends_in(tree: Any, space: Space) -> bool:
    """Whether a packed value is one of a space; arrays whose shape is not known are taken to be."""
    if isinstance(space, Product):
        fit = isinstance(tree, tuple) and len(tree) == len(space.parts)
        return tree is ZERO or (fit and all(map(_ends_in, tree, space.parts)))
    known = isinstance(tree, (np.ndarray, float, complex, tuple))
    return not known or getattr(tree, "shape", ()) == getattr(space, "shape", None)


def _owned(tree: Any, given: Any) -> Any:
    """A tree of arrays that share no memory with what was given, or with each other: whoever gets it may change it."""
    seen = {_memory(x) for x in leaves(given) if isinstance(x, np.ndarray)}

    def own(part: Any) -> Any:
        if isinstance(part, tuple):
            return tuple([own(p) for p in part])
        if not isinstance(part, np.ndarray):
            return part
        if _memory(part) in seen or not part.flags.writeable:
            return part.copy()
        seen.add(_memory(part))
        return part

    return own(tree)


def _memory(x: Any) -> int:
    while isinstance(x.base, np.ndarray):
        x = x.base
    return id(x)


_NUMBERS = (np.ndarray, np.generic, complex, float)


def _image(push: Callable[[Any], Any], unit: Any, target: Space) -> Any:
    """The image of a unit element, or of several at once, as ``images`` says."""
    image = push(unit)
    some_real = any(space.dtype.kind != "c" for space in arrays(target))
    seen = some_real or all(isinstance(leaf, _NUMBERS) for leaf in leaves(image))  # a trace cannot be checked
    if seen and any(np.iscomplexobj(leaf) for leaf in leaves(unit) if leaf is not ZERO):
        return in_complex_numbers(target, image, push(scale(1j, unit)))
    return image


def _together(d: Diagram, size: int, units: Any, target: Space) -> Any:
    """The images of ``size`` vectors, with an axis for them in front."""
    with np.errstate(all="ignore"):
        images = together(lambda x: propagate(d, x), size, units)
    filled = [
        np.zeros((size, *space.shape), space.dtype) if image is ZERO else image
        for image, space in zip(leaves_of(images, target.pattern), arrays(target), strict=True)
    ]
    return substitute(_number(target.pattern, 0)[0], dict(enumerate(filled)))


def _near(op: Any) -> list[Space]:
    """The spaces that an operation knows itself to be between."""
    ends = [getattr(op, "source", None), getattr(op, "target", None)]
    return [space for end in ends for space in (end if isinstance(end, tuple) else (end,)) if space is not None]


def in_complex_numbers(space: Space, at_one: Any, at_i: Any) -> Any:
    """The ``g`` of each real part ``Re(g v)`` of an image; parts that are complex are themselves, if they turn with i."""
    if isinstance(space, Product):
        return tuple([in_complex_numbers(*part) for part in zip(space.parts, at_one, at_i, strict=True)])
    assert isinstance(space, Array)
    if space.dtype.kind != "c":
        return at_one - 1j * at_i
    if not isinstance(at_i, _NUMBERS):
        return at_one
    with np.errstate(all="ignore"):
        turned = np.isclose(np.multiply(1j, at_one), at_i, rtol=1e-6, equal_nan=True)
    if not np.all(turned | ~np.isfinite(at_i)):
        raise NotLinearError(
            "a map that is linear for real factors only has no matrix of complex numbers", found="it does not commute with i",
            expected="a map between complex numbers that does, as a holomorphic function's derivative",
            remedy="take real and imaginary part as two real arrays, or apply the map to vectors",
        )  # fmt: skip
    return at_one


def require_fit(found: Space | None, expected: Space | None, describe: Any) -> None:
    """An error where two known spaces that must be one are not; ``describe()`` tells of the arrows."""
    if found is None or expected is None or fits(found, expected):
        return
    raise CompositionError(
        "these linear maps cannot be composed: the boundaries do not fit", found=describe(),
        expected=f"the space {found} where they meet to be the space {expected}",
        remedy="put a map between them, or change one of the two",
    )  # fmt: skip


def require_linear(d: Diagram, category: object) -> None:
    """An error where a box of a program is not linear."""
    for op, _, _ in d.boxes:
        if op is not None and not getattr(op, "linear", False):
            name = getattr(op, "name", type(op).__name__)
            raise NotLinearError(
                f"{category!r} holds linear maps, and {name} is not linear", found=repr(op),
                expected="linear primitives and structure", remedy=f"take its derivative: D({category!r})",
            )  # fmt: skip


def matrix(f: LinearMap, source: Space, target: Space) -> Any:
    """The matrix of a linear map as one between these spaces, by running it on the units of the first.

    >>> from essence_ad import Additive, R, jam
    >>> matrix(Additive(jam), R * R, R).tolist()
    [[1.0, 1.0]]
    """
    d = f.diagram if f.source is not None else f.at(source).diagram
    columns = [components(target.fill(propagate(d, e))) for e in source.units()]
    return np.stack(columns, axis=1) if columns else np.zeros((target.dim, 0))


def propagate(d: Diagram, tree: Any) -> Any:
    """The image of a packed vector under a diagram of linear boxes, whatever structure its wires were given."""
    return unfold(d, tree).propagate(tree)


def with_ends(d: Diagram) -> Diagram:
    """The diagram with the spaces of its ends, where boxes that know their own tell them.

    Raises ``CompositionError`` where two such boxes meet that do not fit.
    """
    if d.dom_space is not None and d.cod_space is not None:
        return d
    known: dict[int, Space] = {}
    tellers: dict[int, Any] = {}
    for op, ins, outs in d.boxes:
        if len(ins) == len(outs) == 1:
            for wire, end in ((ins[0], getattr(op, "source", None)), (outs[0], getattr(op, "target", None))):
                space = end[0] if isinstance(end, tuple) else end
                if space is None:
                    continue
                if wire not in known:
                    known[wire], tellers[wire] = space, op
                require_fit(known[wire], space, lambda wire=wire, op=op: f"{tellers[wire]!r}   and   {op!r}")
    dom, cod = _ended(d.dom, known), _ended(d.cod, known)
    if dom is None and cod is None:
        return d
    return Diagram(d.dom, d.cod, d.boxes, d.n_wires, d.dom_space or dom, d.cod_space or cod)


def _ended(pattern: Pattern, table: dict[int, Space]) -> Space | None:
    if not isinstance(pattern, tuple):
        return table.get(pattern)
    parts = [_ended(p, table) for p in pattern]
    known = [p for p in parts if p is not None]
    return Product(tuple(known)) if len(known) == len(parts) else None


def _zeros(tree: Any) -> Any:
    if isinstance(tree, tuple):
        return tuple([_zeros(t) for t in tree])
    return 0.0 if tree is ZERO else tree


def sequence(first: Diagram, second: Diagram) -> Diagram:
    """One diagram after another."""
    boxes = [(LinearMap(first), (0,), (1,)), (LinearMap(second), (1,), (2,))]
    return Diagram(0, 2, boxes, 3, first.dom_space, second.cod_space)


def columns(source: Space, images: Sequence[Any], target: Space | None) -> LinearMap:
    """The linear map from ``source`` that sends its unit elements to the given packed vectors: a matrix of columns.

    >>> from essence_ad import R
    >>> columns(R * R, [(1.0, 2.0), (3.0, 4.0)], R * R).matrix().tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    dom, n = _number(source.pattern, 0)
    cod, m = _number(target.pattern if target is not None else _common(images), n)
    parts = [leaves_of(image, cod) for image in images]
    at, boxes = 0, []
    for wire, space in zip(leaves(dom), arrays(source), strict=True):
        for j, out in enumerate(leaves(cod)):
            held = [p[j] for p in parts[at : at + space.dim]]
            if not all(h is ZERO for h in held):
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
    origin = _column, (space, tuple(held))
    if space.shape == ():
        (v,) = vectors
        return LinearOp("column", lambda s: _times(s, v), lambda w: _inner(v, w), (space,), (to,), origin=origin)

    def forward(x: Any) -> Any:
        return sum([x[i] * v for i, v in zip(np.ndindex(*space.shape), vectors, strict=True)])

    def adjoint(w: Any) -> Any:
        return np.reshape(np.stack([_inner(v, w) for v in vectors]), space.shape)

    return LinearOp("columns", forward, adjoint, (space,), (to,), origin=origin)


def _times(s: Any, v: Any) -> Any:
    """A number times a vector; reading out a map at 1 costs nothing where the vector is a number too."""
    return v if type(s) is float and s == 1.0 and not getattr(v, "shape", ()) else s * v


def _inner(v: Any, w: Any) -> Any:
    return np.sum(v * w) if getattr(w, "shape", ()) else _times(w, v)


def _common(images: Sequence[Any]) -> Pattern:
    """The structure that packed vectors share, where some may be ``ZERO``."""
    known = [t for t in images if t is not ZERO]
    if not known:
        return NUM if images else ()
    if not isinstance(known[0], tuple):
        return NUM
    return tuple([_common(parts) for parts in zip(*known, strict=True)])


def leaves_of(tree: Any, pattern: Pattern) -> list[Any]:
    """The leaves of a packed vector, ``ZERO`` for each that it does not have."""
    if tree is ZERO:
        return [ZERO] * len(leaves(pattern))
    if not isinstance(pattern, tuple):
        return [tree]
    return [leaf for t, p in zip(tree, pattern, strict=True) for leaf in leaves_of(t, p)]


def _number(pattern: Pattern, start: int) -> tuple[Pattern, int]:
    if isinstance(pattern, tuple):
        parts = []
        for p in pattern:
            part, start = _number(p, start)
            parts.append(part)
        return tuple(parts), start
    return start, start + 1


def arrays(space: Space) -> list[Any]:
    """The array spaces that a space is made of, left to right."""
    return [a for p in space.parts for a in arrays(p)] if isinstance(space, Product) else [space]
