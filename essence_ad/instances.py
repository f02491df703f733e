"""Instances of laws: programs with holes for arrows and numbers, and what may fill them, smallest first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad import derived
from essence_ad.category import Category
from essence_ad.diagram import Op
from essence_ad.functor import Wiring
from essence_ad.morphism import Morphism, box, compose, const, cross, fork, identity, join, proj, scale
from essence_ad.operation import LinearOp, Scale
from essence_ad.primitives import catalogue
from essence_ad.spaces import Array, Product, R, Space, Unit
from essence_ad.structure import Pattern
from essence_ad.term import postorder

Program = Morphism[Any, Any]
Objects = Any  #: an object in a law: a letter, or a tuple of objects


# ---------------------------------------------------------------------------------------------- programs with holes


class Hole(Op):
    """A hole for an arrow between objects that are letters."""

    __slots__ = ("name", "source", "target")
    dom = 0
    cod = 1

    def __init__(self, name: str, source: Objects, target: Objects) -> None:
        self.name, self.source, self.target = name, source, target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hole) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def hole(name: str, source: Objects, target: Objects) -> Program:
    """The program that is a hole.

    >>> hole("g", "b", "c") @ hole("f", "a", "b")
    f >> g
    """
    return box(Hole(name, source, target))


@attrs.frozen
class Number:
    """A hole for a number, or a sum or product of them."""

    text: str
    value: Callable[[Mapping[str, float]], float] = attrs.field(eq=False)

    def __add__(self, other: Number) -> Number:
        return Number(f"{self.text} + {other.text}", lambda table: self.value(table) + other.value(table))

    def __mul__(self, other: Number) -> Number:
        return Number(f"{self.text} * {other.text}", lambda table: self.value(table) * other.value(table))

    def __repr__(self) -> str:
        return self.text


def number(name: str) -> Number:
    """The hole for a number.

    >>> number("s") + number("t") * number("t")
    s + t * t
    """
    return Number(name, lambda table: table[name])


def holes(*programs: Program) -> list[Hole]:
    """The holes for arrows, each once, by name."""
    found = {node.form for p in programs for node in postorder(p) if isinstance(node.form, Hole)}
    return sorted(found, key=lambda hole: hole.name)


def numbers(*programs: Program) -> list[str]:
    """The names of the holes for numbers."""
    found: dict[str, None] = {}
    for node in (node for p in programs for node in postorder(p)):
        if isinstance(node.form, Scale) and isinstance(node.form.factor, Number):
            found.update(dict.fromkeys(node.form.factor.text.replace("+", "*").replace(" ", "").split("*")))
    return sorted(found)


def _factor(op: Scale, table: Mapping[str, float]) -> Any:
    return op.factor.value(table) if isinstance(op.factor, Number) else op.factor


def fill(program: Program, arrows: Mapping[str, Program], table: Mapping[str, float]) -> Program:
    """The program with its holes filled."""
    done: dict[int, Program] = {}
    build = {"cross": cross, "fork": fork, "join": join}
    for node in postorder(program):
        parts = [done[id(p)] for p in node.parts]
        if isinstance(node.form, Hole):
            made: Program = arrows[node.form.name]
        elif node.form == "compose":
            made = compose(*parts[::-1])
        elif isinstance(node.form, str):
            made = build[node.form](*parts)
        else:
            made = scale(_factor(node.form, table)) if isinstance(node.form, Scale) else node
        done[id(node)] = made
    return done[id(program)]


# ---------------------------------------------------------------------------------------------- vocabulary

_WORDS: dict[tuple[Pattern, Pattern], Callable[[Any], Any]] = {
    (0, 0): lambda k: k.identity(),
    ((0, 1), 0): lambda k: k.exl(),
    ((0, 1), 1): lambda k: k.exr(),
    (0, (0, 0)): lambda k: k.dup(),
    (0, (0, 1)): lambda k: k.inl(),
    (1, (0, 1)): lambda k: k.inr(),
    ((0, 0), 0): lambda k: k.jam(),
    (0, ()): lambda k: k.it(),
    (0, 1): lambda k: k.zero(),
    ((0, 1), (1, 0)): derived.swap,
    ((0, (1, 2)), ((0, 1), 2)): derived.assoc,
    (((0, 1), 2), (0, (1, 2))): derived.unassoc,
}


def word(k: Category, w: Wiring) -> Any:
    """A structural arrow said with the vocabulary of a category."""
    found = _WORDS.get((w.dom, w.cod))
    if found is not None:
        return found(k)
    dom, cod = w.dom, w.cod
    if isinstance(cod, int) and isinstance(dom, tuple) and dom:
        return k.sum_(len(dom)) if set(dom) == {cod} else k.proj(cod, len(dom))
    if isinstance(dom, int) and isinstance(cod, tuple) and cod:
        return k.repl(len(cod)) if set(cod) == {dom} else k.inj(dom, len(cod))
    return k.wiring(dom, cod)


def say(k: Category, program: Program, arrows: Mapping[str, Any], table: Mapping[str, float]) -> Any:
    """A program with holes said with the vocabulary of a category, where arrows of that fill the holes."""
    done: dict[int, Any] = {}
    for node in postorder(program):
        parts = [done[id(p)] for p in node.parts]
        form = node.form
        if isinstance(form, Hole):
            made = arrows[form.name]
        elif form == "compose":
            made = k.compose(*parts[::-1])
        elif form == "cross":
            made = k.cross(*parts)
        elif form == "fork":
            made = derived.fork(k, *parts) if parts else k.it()
        elif form == "join":
            made = derived.join(k, *parts)
        elif isinstance(form, Wiring):
            made = word(k, form)
        else:
            made = k.scale(_factor(form, table)) if isinstance(form, Scale) else k.primitive(form)
        done[id(node)] = made
    return done[id(program)]


# ---------------------------------------------------------------------------------------------- what fills holes

_SPACES: tuple[tuple[int, Space], ...] = ((1, R), (2, R * R), (3, R[2]), (4, R * (R * R[2])), (5, Unit))
_COEFFICIENTS = (2.0, 3.0, 5.0, 7.0, -1.0, 4.0, -3.0, 6.0)


def space_of_objects(objects: Objects, spaces: Mapping[str, Space]) -> Space:
    """The space that objects of a law are, for a choice of its letters."""
    if isinstance(objects, tuple):
        return Product(tuple([space_of_objects(o, spaces) for o in objects]))
    return spaces[objects]


def letters(*objects: Objects) -> list[str]:
    """The letters of objects, each once."""
    found: list[str] = []
    for o in objects:
        found += letters(*o) if isinstance(o, tuple) else [o]
    return list(dict.fromkeys(found))


def choices(names: Sequence[str], fixed: Mapping[str, Space], unit: bool = True) -> Iterator[dict[str, Space]]:
    """Spaces for letters, those that are small together first; a letter with a digit is one array."""
    free = [n for n in names if n not in fixed]
    some = (_SPACES if unit else _SPACES[:-1]) if len(free) <= 3 else _SPACES[:3]
    options = [[pair for pair in some if isinstance(pair[1], Array)] if n[-1].isdigit() else some for n in free]
    chosen = sorted(itertools.product(*options), key=lambda pairs: sum(size for size, _ in pairs))
    for pairs in chosen:
        yield {**fixed, **{n: space for n, (_, space) in zip(free, pairs, strict=True)}}


class Filler:
    """Programs between given spaces, drawn one after the other: first with small prime factors, then with random ones."""

    def __init__(self, kind: str, functions: Sequence[Program], rng: np.random.Generator, plain: bool) -> None:
        self.kind, self.functions, self.rng = kind, functions, rng
        self.coefficients = iter(_COEFFICIENTS) if plain else iter(())
        self.turn = 0 if plain else int(rng.integers(100))

    def coefficient(self) -> float:
        """The next factor."""
        drawn = next(self.coefficients, None)
        return drawn if drawn is not None else float(self.rng.integers(2, 9) * self.rng.choice([-1, 1]))

    def program(self, source: Space, target: Space) -> Program:
        """A program from ``source`` to ``target``: linear, linear without sums, or neither."""
        if isinstance(target, Product):
            return fork(*[self.program(source, t) for t in target.parts])
        assert isinstance(target, Array)
        if self.kind == "linear":
            return self._joined(source, target)
        paths = list(_paths(source))
        self.turn += 1
        if not paths:
            return const(target.scale(self.coefficient(), target.from_vector(np.ones(target.dim))))
        path, start = paths[self.turn % len(paths)]
        if self.kind == "plain":
            return _then(path, self._block(start, target))
        f = _then(self._shaped(path, start, target), self.functions[self.turn % len(self.functions)])
        if len(paths) > 1 and self.turn % 2:
            other, start = paths[(self.turn + 1) % len(paths)]
            f = fork(f, self._shaped(other, start, target)) >> box(catalogue()["multiply"].call())
        return f

    def _joined(self, source: Space, target: Array) -> Program:
        if isinstance(source, Product):
            return join(*[self._joined(s, target) for s in source.parts])
        assert isinstance(source, Array)
        return self._block(source, target)

    def _block(self, source: Array, target: Array) -> Program:
        if source.shape == () and target.shape == ():
            return scale(self.coefficient())
        m = np.array([[self.coefficient() for _ in range(source.dim)] for _ in range(target.dim)])
        return box(MatrixOp(m, source, target))

    def _shaped(self, path: Program, source: Array, target: Array) -> Program:
        """Part of an argument in the shape of the target."""
        if source.shape == target.shape:
            return path
        if source.shape:
            path = _then(path, box(catalogue()["sum"].call()))
        ones = const(np.arange(1.0, target.dim + 1).reshape(target.shape)) if target.shape else None
        return path if ones is None else fork(path, ones) >> box(catalogue()["multiply"].call())


def _then(path: Program, f: Program) -> Program:
    """``f`` after a projection, which may be none."""
    return f if path == identity else path >> f


class MatrixOp(LinearOp):
    """Multiplication by a matrix, between arrays."""

    __slots__ = ("m",)

    def __init__(self, m: Any, source: Array, target: Array) -> None:
        def forward(x: Any) -> Any:
            return np.reshape(m @ np.reshape(x, (source.dim,)), target.shape)[()]

        def adjoint(y: Any) -> Any:
            return np.reshape(m.T @ np.reshape(y, (target.dim,)), source.shape)[()]

        super().__init__("matrix", forward, adjoint, (source,), (target,), origin=(MatrixOp, (m, source, target)))
        self.m = m

    @property
    def T(self) -> MatrixOp:
        """Multiplication by the transposed matrix."""
        source, target = self.source[0], self.target[0]
        assert isinstance(source, Array) and isinstance(target, Array)
        return MatrixOp(self.m.T, target, source)

    def __repr__(self) -> str:
        return f"matrix({self.m.tolist()})"


def _paths(space: Space) -> Iterator[tuple[Program, Array]]:
    """The projection to each array of a space."""
    if isinstance(space, Product):
        n = len(space.parts)
        for i, part in enumerate(space.parts):
            for path, start in _paths(part):
                yield (proj(i, n) if path == identity else proj(i, n) >> path), start
    else:
        assert isinstance(space, Array)
        yield identity, space


@attrs.frozen
class Instance:
    """One choice of objects, arrows and numbers for a law, with a point of its source."""

    spaces: dict[str, Space]
    arrows: dict[str, Program]
    numbers: dict[str, float]
    source: Space
    target: Space
    point: Any

    def __str__(self) -> str:
        objects = [f"{name} = {space}" for name, space in self.spaces.items()]
        arrows = [f"{name} = {program}" for name, program in self.arrows.items()]
        values = [f"{name} = {value}" for name, value in self.numbers.items()]
        return ", ".join([*objects, *arrows, *values, f"at {_shown(self.point)}"])


def _shown(point: Any) -> str:
    """A point as numbers."""
    if isinstance(point, tuple):
        return f"({', '.join(map(_shown, point))})"
    return str(point.tolist()) if isinstance(point, (np.ndarray, np.generic)) else repr(point)
