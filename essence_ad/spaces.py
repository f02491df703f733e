"""Objects: the spaces that arrows run between, as ``R``, arrays ``R[2, 3]``, products ``A * B``, powers ``A ** n``.

A value of a product may be a tuple, list, dict, named tuple, dataclass or attrs class: the space remembers which, and
inside the library every value is *packed* to nested tuples with arrays at the leaves.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np

from essence_ad.containers import PLAIN, TUPLE, ZERO, Container, container_of, describe
from essence_ad.errors import DTypeError, ShapeError, StructureError
from essence_ad.structure import NUM, Pattern, leaves


class Space:
    """A finite-dimensional vector space over the reals or the complex numbers.

    >>> space = R * R[2]
    >>> space, space.dim
    (R * R[2], 3)
    >>> space.zero()
    (0.0, array([0., 0.]))
    >>> float(space.dot((2.0, np.array([1.0, 2.0])), (1.0, np.array([3.0, 4.0]))))
    13.0
    """

    dim: int  #: the number of components
    pattern: Pattern  #: the structural type

    def __mul__(self, other: Space) -> Product:
        """The product of two spaces; not flattened, so ``A * B * C`` is ``(A * B) * C``."""
        return Product((self, other))

    def __pow__(self, n: int) -> Product:
        """The product of ``n`` copies."""
        return Product((self,) * n)

    def zero(self) -> Any:
        """The neutral element of addition."""
        return self.unpack(self.fill(ZERO))

    def add(self, a: Any, b: Any) -> Any:
        """The sum of two elements."""
        return self.unpack(add(self.pack(a), self.pack(b)))

    def scale(self, s: Any, a: Any) -> Any:
        """An element times a number."""
        return self.unpack(scale(s, self.pack(a)))

    def dot(self, a: Any, b: Any) -> Any:
        """The sum of the products of components: bilinear, without conjugation, also for complex numbers."""
        return dot(self.pack(a), self.pack(b))

    def basis(self) -> Iterator[Any]:
        """The unit elements, one for each component, in the order of ``to_vector``."""
        return map(self.unpack, self.units())

    def units(self) -> Iterator[Any]:
        """The unit elements, packed; no zeros are made for the other parts of a product."""
        raise NotImplementedError

    def random(self, rng: np.random.Generator) -> Any:
        """An element with standard normal components, for tests."""
        return self.from_vector(rng.standard_normal(self.dim), rng)

    def to_vector(self, a: Any) -> Any:
        """The components in one array of shape ``(dim,)``."""
        return components(self.pack(a))

    def from_vector(self, v: Any, rng: np.random.Generator | None = None) -> Any:
        """The element with the given components."""
        if np.shape(v) != (self.dim,):
            raise ShapeError(
                f"a vector of components does not fit {self}",
                found=f"shape {np.shape(v)}", expected=f"shape ({self.dim},)",
                remedy="give one number for each component",
            )  # fmt: skip
        return self.unpack(self._cut(v, 0, rng))

    def check(self, a: Any) -> Any:
        """The packed element; an error when it is not one of this space.

        Integers in a real space become reals, and reals in a complex one complex, so that they move as its numbers do.

        >>> R.check(3), C.check(3.0)
        (3.0, (3+0j))
        """
        return self._checked(self.pack(a))

    def pack(self, a: Any) -> Any:
        """A user's value as nested tuples of arrays."""
        raise NotImplementedError

    def unpack(self, tree: Any) -> Any:
        """Nested tuples of arrays as the user's kind of value."""
        raise NotImplementedError

    def fill(self, tree: Any) -> Any:
        """The packed tree with every symbolic ``ZERO`` replaced by arrays of zeros."""
        raise NotImplementedError

    def _cut(self, v: Any, start: int, rng: np.random.Generator | None) -> Any:
        raise NotImplementedError

    def _checked(self, tree: Any) -> Any:
        raise NotImplementedError


def _dtype(name: Any) -> np.dtype[Any]:
    found: np.dtype[Any] = np.dtype(name)
    return found


@attrs.frozen(repr=False, cache_hash=True)
class Array(Space):
    """Arrays of one shape and dtype: ``R`` is float64 scalars, ``R[2, 3]`` arrays; ``C`` is complex128.

    >>> R[2, 3], C[4], R.of("float32")[5], R[2].random(np.random.default_rng(0)).shape
    (R[2, 3], C[4], R.of('float32')[5], (2,))
    """

    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] = attrs.field(default=np.dtype(np.float64), converter=_dtype)

    @property
    def dim(self) -> int:  # type: ignore[override]
        """The number of components."""
        return math.prod(self.shape)

    @property
    def pattern(self) -> Pattern:
        """The structural type: one array."""
        return NUM

    @property
    def discrete(self) -> bool:
        """Whether the tangent space is zero: booleans, integers and other things that cannot move a little."""
        return self.dtype.kind not in "fcO"

    def of(self, dtype: Any) -> Array:
        """The same shape with another dtype."""
        return Array(self.shape, dtype)

    def __getitem__(self, shape: int | tuple[int, ...]) -> Array:
        return Array(tuple(shape) if isinstance(shape, tuple) else (shape,), self.dtype)

    def __repr__(self) -> str:
        shape = f"[{', '.join(map(str, self.shape))}]" if self.shape else ""
        names = {"float64": "R", "complex128": "C"}
        return names.get(self.dtype.name, f"R.of({self.dtype.name!r})") + shape

    def pack(self, a: Any) -> Any:
        """The value itself; an error when it is a product."""
        tree = pack(a)
        if isinstance(tree, tuple):
            raise StructureError(
                f"an element of {self} was expected", found=describe(a), expected=f"one array of {self}",
                remedy="give one array or number; a tuple, list or dict is a product",
            )  # fmt: skip
        return tree

    def unpack(self, tree: Any) -> Any:
        """The value itself, or an array of zeros."""
        return self.fill(tree)

    def fill(self, tree: Any) -> Any:
        """The value itself, or an array of zeros for ``ZERO``."""
        if tree is not ZERO:
            return tree
        if self.shape:
            return np.zeros(self.shape, self.dtype)
        return (
            0.0
            if self.dtype.kind == "f" and self.dtype.itemsize == 8
            else 0
            if self.dtype == object
            else self.dtype.type(0)
        )

    def units(self) -> Iterator[Any]:
        """Arrays with one 1 each; exact where numbers are objects."""
        for i in range(self.dim):
            unit = np.zeros(self.dim, self.dtype)
            unit[i] = 1
            yield np.reshape(unit, self.shape) if self.shape else 1.0 if self.dtype == np.float64 else unit[0]

    def _cut(self, v: Any, start: int, rng: np.random.Generator | None) -> Any:
        part = np.reshape(v[start : start + self.dim], self.shape)
        if rng is not None and self.dtype.kind == "c":
            part = part + 1j * rng.standard_normal(self.shape)
        if self.dtype.kind in "fc":
            kept = part.dtype if part.dtype.kind == "c" or part.dtype == object else self.dtype
            part = (
                part.astype(kept if self.dtype.kind == "f" else self.dtype, copy=False)
                if hasattr(part, "astype")
                else part
            )
        return part[()] if isinstance(part, np.ndarray) else part

    def _checked(self, tree: Any) -> Any:
        if tree is ZERO:
            return tree
        found = space_of(tree)
        if isinstance(found, Array) and found.shape != self.shape:
            raise ShapeError(
                f"an array does not fit the space {self}", found=f"shape {found.shape}", expected=f"shape {self.shape}",
                remedy="reshape the argument, or send the program to the space of the argument",
            )  # fmt: skip
        if isinstance(found, Array) and not np.can_cast(found.dtype, self.dtype, "same_kind"):
            raise DTypeError(
                f"an array does not fit the space {self}", found=f"dtype {found.dtype}", expected=f"dtype {self.dtype}",
                remedy="convert the argument with astype",
            )  # fmt: skip
        return self._converted(tree)

    def _converted(self, tree: Any) -> Any:
        """A number or array of another kind than the space's (integers for reals) as one of its kind."""
        kind = self.dtype.kind
        if type(tree) in (int, float, bool, complex):
            exact = kind not in "fc" or (kind == "f" and type(tree) is float) or (kind == "c" and type(tree) is complex)
            return tree if exact else complex(tree) if kind == "c" else float(tree)
        return tree.astype(self.dtype) if kind in "fc" and tree.dtype.kind != kind else tree


@attrs.frozen(repr=False)
class Product(Space):
    """A product of spaces, written by the user as some container; ``Unit`` is the empty one, the zero space.

    >>> R[2] * R, (R[2] * R).dim, space_of({"mass": 1.0, "place": (0.0, 2.0)}), Unit.dim
    (R[2] * R, 3, dict(mass: R, place: R * R), 0)
    """

    parts: tuple[Space, ...]
    container: Container = TUPLE

    @property
    def dim(self) -> int:  # type: ignore[override]
        """The number of components."""
        return sum(p.dim for p in self.parts)

    @property
    def pattern(self) -> Pattern:
        """The structural type: a tuple."""
        return tuple(p.pattern for p in self.parts)

    def __repr__(self) -> str:
        c = self.container
        if c.names is not None:
            inner = ", ".join(f"{n}: {p!r}" for n, p in zip(c.names, self.parts, strict=True))
            return f"{c.type.__name__}({inner})"
        if c.type is not tuple:
            return f"{c.type.__name__}({', '.join(map(repr, self.parts))})"
        if len(self.parts) > 1:
            first, *rest = [f"({p!r})" if isinstance(p, Product) and len(p.parts) > 1 else repr(p) for p in self.parts]
            if len(self.parts) == 2:
                return " * ".join([first, *rest])
            return f"Product(({', '.join(map(repr, self.parts))}))"
        return f"Product(({self.parts[0]!r},))" if self.parts else "Unit"

    def pack(self, a: Any) -> Any:
        """The parts as a tuple, each packed; an error when the structure is another one."""
        if a is ZERO:
            return a
        if type(a) is tuple and self.container.names is None:
            children = a
        else:
            found = container_of(a)
            if found is None or not self._takes(found):
                raise StructureError(
                    f"an element of {self} was expected", found=describe(a),
                    expected=f"a {self.container.type.__name__} of {len(self.parts)}"
                    + (f" with {list(self.container.names)}" if self.container.names else ""),
                    remedy="give the argument the structure that the program takes",
                )  # fmt: skip
            children = self.container.children(a)
        if len(children) != len(self.parts):
            raise StructureError(
                f"an element of {self} was expected", found=f"{len(children)} parts",
                expected=f"{len(self.parts)} parts", remedy="give one value for each part of the product",
            )  # fmt: skip
        return tuple([p.pack(c) for p, c in zip(self.parts, children, strict=True)])

    def _takes(self, found: Container) -> bool:
        mine, theirs = self.container, found
        if mine.names is None:
            return theirs.names is None
        return mine.type is theirs.type and (set(mine.names) == set(theirs.names or ()))

    def unpack(self, tree: Any) -> Any:
        """The user's container around the parts."""
        if tree is ZERO:
            tree = (ZERO,) * len(self.parts)
        parts = [p.unpack(t) for p, t in zip(self.parts, tree, strict=True)]
        return tuple(parts) if self.container is TUPLE else self.container.build(parts)

    def fill(self, tree: Any) -> Any:
        """The packed tree without symbolic zeros."""
        if tree is ZERO:
            tree = (ZERO,) * len(self.parts)
        return tuple([p.fill(t) for p, t in zip(self.parts, tree, strict=True)])

    def units(self) -> Iterator[Any]:
        """The units of each part."""
        for i, part in enumerate(self.parts):
            for unit in part.units():
                yield tuple([unit if j == i else ZERO for j in range(len(self.parts))])

    def _cut(self, v: Any, start: int, rng: np.random.Generator | None) -> Any:
        parts = []
        for p in self.parts:
            parts.append(p._cut(v, start, rng))
            start += p.dim
        return tuple(parts)

    def _checked(self, tree: Any) -> Any:
        return tree if tree is ZERO else tuple([p._checked(t) for p, t in zip(self.parts, tree, strict=True)])


R = Array()
C = Array((), np.dtype(np.complex128))
Unit = Product(())


def pack(value: Any) -> Any:
    """Any user's value as nested tuples with arrays and numbers at the leaves.

    >>> pack({"w": [1.0, 2.0], "b": (3.0,)})
    ((1.0, 2.0), (3.0,))
    """
    if type(value) in PLAIN:
        return value
    container = container_of(value)
    if container is not None:
        return tuple([pack(c) for c in container.children(value)])
    space_of(value)
    return value


def reals(tree: Any) -> Any:
    """A packed value with Python integers as real numbers, which do not wrap around as NumPy's do.

    >>> reals((2, (3.0, True)))
    (2.0, (3.0, True))
    """
    if type(tree) is int:
        return float(tree)
    return tuple([reals(t) for t in tree]) if isinstance(tree, tuple) else tree


def space_of(value: Any) -> Space:
    """The space that a value is an element of; a Python ``int`` counts as a real number.

    >>> space_of((1, np.zeros((2, 3)))), space_of({"w": 1.0})
    (R * R[2, 3], dict(w: R))
    """
    kind = type(value)
    if kind is float or kind is int:
        return R
    if kind is np.ndarray or isinstance(value, np.generic) or (hasattr(value, "shape") and hasattr(value, "dtype")):
        if kind is not np.ndarray:
            _require_plain(value)
        dtype = value.dtype
        if dtype.kind not in "biufcO":
            raise DTypeError(
                "an array that does not hold numbers", found=f"dtype {dtype}", expected="numbers",
                remedy="convert it, or keep it outside the program",
            )  # fmt: skip
        return Array(tuple(value.shape), dtype)
    if kind is complex:
        return C
    if kind is bool:
        return Array((), np.dtype(bool))
    container = container_of(value)
    if container is not None:
        return Product(tuple([space_of(c) for c in container.children(value)]), container)
    if isinstance(value, numbers.Number):
        return Array((), np.dtype(object))
    raise StructureError(
        "a value that is neither an array of numbers nor a product of them", found=describe(value),
        expected="a number, an array, or a tuple, list, dict, dataclass or attrs class of them",
        remedy="keep other things outside the program, or convert them to arrays",
    )  # fmt: skip


def _require_plain(value: Any) -> None:
    """An error for arrays with another arithmetic than NumPy's, as a matrix' product or a mask: it would be lost here."""
    kind = type(value)
    other = isinstance(value, np.ndarray) and (
        kind.__mul__ is not np.ndarray.__mul__ or kind.__array_ufunc__ is not np.ndarray.__array_ufunc__
    )
    if other or not (hasattr(value, "__array__") or hasattr(value, "__array_ufunc__")):
        name = f"{kind.__module__.partition('.')[0]}'s {kind.__name__}"
        raise StructureError(
            "an array with an arithmetic of its own", found=name, expected="a plain NumPy array",
            remedy="convert it: np.asarray, x.filled(0) of a masked array, x.toarray() of a sparse one",
        )  # fmt: skip


def components(tree: Any) -> Any:
    """The components of a packed value without symbolic zeros, in one array.

    >>> components((1.0, (np.ones((1, 2)),)))
    array([1., 1., 1.])
    """
    parts = [np.ravel(leaf) for leaf in leaves(tree)]
    return np.concatenate(parts) if parts else np.zeros(0)


def fits(a: Space, b: Space) -> bool:
    """Whether two spaces have the same structure and shapes; dtypes and containers may differ.

    >>> fits(R * R[2], C * C[2]), fits(R, R[1])
    (True, False)
    """
    if isinstance(a, Product) and isinstance(b, Product):
        return len(a.parts) == len(b.parts) and all(map(fits, a.parts, b.parts))
    return isinstance(a, Array) and isinstance(b, Array) and a.shape == b.shape


def add(a: Any, b: Any) -> Any:
    """The sum of two packed elements of one space; ``ZERO`` costs nothing.

    Raises ``StructureError`` or ``ShapeError`` for elements of two spaces: nothing is broadcast.
    """
    if a is ZERO:
        return b
    if b is ZERO:
        return a
    if isinstance(a, tuple) or isinstance(b, tuple):
        if not isinstance(a, tuple) or not isinstance(b, tuple) or len(a) != len(b):
            raise StructureError("values of different structure cannot be added", **_two(a, b))
        return tuple([add(x, y) for x, y in zip(a, b, strict=True)])
    if (type(a) is np.ndarray or type(b) is np.ndarray) and type(a) in PLAIN and type(b) in PLAIN:
        if np.shape(a) != np.shape(b):
            raise ShapeError("values of different shapes cannot be added", **_two(a, b))
    return a + b


def _two(a: Any, b: Any) -> dict[str, str]:
    return {
        "found": f"{describe(a)} and {describe(b)}",
        "expected": "two elements of one space",
        "remedy": "reshape one of the two before jam or join; the primitive add broadcasts",
    }


def scale(s: Any, a: Any) -> Any:
    """A packed element times a number."""
    if a is ZERO:
        return a
    if isinstance(a, tuple):
        return tuple([scale(s, x) for x in a])
    return s * a


def dot(a: Any, b: Any) -> Any:
    """The bilinear dot product of two packed elements."""
    if a is ZERO or b is ZERO:
        return 0.0
    if isinstance(a, tuple):
        return sum([dot(x, y) for x, y in zip(a, b, strict=True)], 0.0)
    return np.sum(a * b) if np.ndim(a) or np.ndim(b) else a * b
