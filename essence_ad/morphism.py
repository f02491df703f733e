"""The free category: a program as an immutable value with its inferred type, built by operators and sent to categories.

``f >> g`` is ``f`` then ``g`` and ``g @ f`` the same; ``f & g`` forks, ``f | g`` joins; ``+ - * / **`` act pointwise.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, overload

from essence_ad import term
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import NotAdditiveError, NotLinearError, OptionError
from essence_ad.functor import Wiring, flatten
from essence_ad.inlining import run, shared
from essence_ad.linearity import held, transposed
from essence_ad.primitives import arithmetic, catalogue
from essence_ad.primitives.primitive import Call, Constant, Open, Projection, Scale
from essence_ad.spaces import Space, pack
from essence_ad.structure import Arrow, Pattern, compose_types, parallel_types

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


class Morphism(Generic[A, B]):
    """A program from ``A`` to ``B``: a leaf (an operation, a wiring, a diagram), or a composition of programs.

    >>> from essence_ad import cos, mul, dup
    >>> f = dup >> mul >> cos
    >>> f, str(f.type), float(f(2.0))
    (dup >> multiply >> cos, 'num -> num', -0.6536436208636119)
    """

    __slots__ = ("__weakref__", "_diagram", "_hash", "form", "name", "parts", "type")
    __array_ufunc__ = None  # NumPy leaves binary operators to this class

    form: Any  #: an operation, a ``Wiring``, a ``Diagram``, or one of "compose", "cross", "fork", "join"
    parts: tuple[Morphism[Any, Any], ...]
    type: Arrow
    name: str | None
    _diagram: Diagram | None
    _hash: int | None

    def __init__(self, form: Any, parts: tuple[Morphism[Any, Any], ...], type: Arrow, name: str | None = None) -> None:
        put = object.__setattr__
        put(self, "form", form)
        put(self, "parts", parts)
        put(self, "type", type)
        put(self, "name", name)
        put(self, "_diagram", None)
        put(self, "_hash", None)

    def __setattr__(self, key: str, value: object) -> None:
        raise AttributeError(f"a Morphism is immutable: {key} cannot be set")

    # ------------------------------------------------------------------ reading

    @property
    def diagram(self) -> Diagram:
        """The same program with sharing."""
        found = self._diagram
        if found is None:
            found = flatten(self)
            if found.misfits[1]:  # h(x) + h(y) is h(x + y), where h is linear
                found = shared(found, [id(op) for op, _, _ in found.boxes])
            object.__setattr__(self, "_diagram", found)
        return found

    @property
    def factors(self) -> list[Morphism[Any, Any]]:
        """The arrows that this one composes, first to last, however it was bracketed."""
        found: list[Morphism[Any, Any]] = term.factors(self)
        return found

    @property
    def is_linear(self) -> bool:
        """Whether the program is built of linear arrows only; products with constants are."""
        return self.diagram.is_linear or held(self.diagram) is not None

    @property
    def T(self) -> Morphism[B, A]:
        """The transpose of a linear arrow.

        >>> from essence_ad import dup, scale
        >>> (scale(3.0) >> dup).T
        jam >> scale(3.0)
        """
        if isinstance(self.form, Wiring):
            w = self.form.T
            return Morphism(w, (), Arrow(w.dom, w.cod), w.name)
        if not self.is_linear:
            op = next(op for op, _, _ in self.diagram.boxes if op is not None and not op.linear)
            raise NotLinearError(
                f"a program that is not linear has no transpose: {op.name} occurs in it", found=f"{self} : {self.type}",
                expected="an arrow built of linear ones only",
                remedy="transpose its derivative at a point: linearize(f, x)[1].T",
            )  # fmt: skip
        return from_diagram(transposed(self.diagram), Arrow(self.type.cod, self.type.dom))

    def at(self, space: Space) -> Morphism[A, B]:
        """The same program at a space: shapes are checked, and every linear primitive knows its transpose.

        >>> from essence_ad import R, sum
        >>> sum.at(R[3]).T(2.0)
        array([2., 2., 2.])
        """
        return from_diagram(self.diagram.at(space), self.type)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value at an argument (several make a tuple); with options alone, the primitive with them bound.

        >>> from essence_ad import sum
        >>> sum(axis=0)
        sum(axis=0)
        """
        if options:
            if not isinstance(self.form, (Call, Open)):
                raise OptionError(
                    f"{self} takes no options",
                    found=sorted(options),
                    expected="none",
                    remedy="only primitives have options",
                )
            bound = box(self.form.primitive.call(**{**self.form.options(), **options}))
            return bound(*args) if args else bound
        if not args:
            raise OptionError(
                f"{self} was called without an argument", found="nothing", expected="an argument or options",
                remedy="call f(x); the unit of a constant program is f(())",
            )  # fmt: skip
        x = args[0] if len(args) == 1 else args
        require_cartesian(self.diagram, self)
        return run(self.diagram, x)

    # ------------------------------------------------------------------ building

    def __rshift__(self, other: Morphism[B, C]) -> Morphism[A, C]:
        if not isinstance(other, Morphism):
            return NotImplemented
        return Morphism("compose", (self, other), compose_types(self.type, other.type, lambda: (self, other)))

    def __matmul__(self, other: Morphism[C, A]) -> Morphism[C, B]:
        if not isinstance(other, Morphism):
            return NotImplemented
        composed: Morphism[C, B] = other >> self
        return composed

    def __and__(self, other: Morphism[A, C]) -> Morphism[A, tuple[B, C]]:
        if not isinstance(other, Morphism):
            return NotImplemented
        return fork(self, other)

    def __or__(self, other: Morphism[C, B]) -> Morphism[tuple[A, C], B]:
        if not isinstance(other, Morphism):
            return NotImplemented
        return join(self, other)

    def __add__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.add, self, other)

    def __radd__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.add, other, self)

    def __sub__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.subtract, self, other)

    def __rsub__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.subtract, other, self)

    def __mul__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.multiply, self, other) if isinstance(other, Morphism) else self >> scale(other)

    def __rmul__(self, other: Any) -> Morphism[A, B]:
        return self >> scale(other)

    def __truediv__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.divide, self, other)

    def __rtruediv__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.divide, other, self)

    def __pow__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.power, self, other)

    def __rpow__(self, other: Any) -> Morphism[A, B]:
        return _binary(arithmetic.power, other, self)

    def __neg__(self) -> Morphism[A, B]:
        return self >> box(arithmetic.negative.call())

    # ------------------------------------------------------------------ as a value

    def __copy__(self) -> Morphism[A, B]:
        return self

    def __deepcopy__(self, memo: Any) -> Morphism[A, B]:
        return self

    def __reduce__(self) -> Any:
        return _rebuilt, (term.numbered(self, Morphism),)

    def __repr__(self) -> str:
        return term.show(self)

    def __hash__(self) -> int:
        found = self._hash
        if found is None:
            found = term.digest(self)
            object.__setattr__(self, "_hash", found)
        return found

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Morphism):
            return NotImplemented
        return self is other or (hash(self) == hash(other) and term.tokens(self) == term.tokens(other))


def _rebuilt(nodes: list[Any]) -> Morphism[Any, Any]:
    """A program from its nodes, parts before wholes, so that pickling does not recurse."""
    made: list[Any] = []
    for form, parts, own in nodes:
        made.append(own if form is None else Morphism(form, tuple([made[i] for i in parts]), *own))
    return made[-1]  # type: ignore[no-any-return]


def require_cartesian(d: Diagram, program: Any) -> None:
    """An error when a program adds arrows or makes zeros: functions have no ``jam`` and no ``zero``."""
    zeros, sums = d.misfits
    if zeros or sums:
        raise NotAdditiveError(
            f"functions cannot be {'added: jam or join' if sums else 'zero: zero, inl or inr'} occurs in the program",
            found=str(program) if len(d.boxes) < 50 else f"a program of {len(d.boxes)} boxes",
            expected="a program without jam, join, inl, inr, inj and zero",
            remedy="send it to a category of linear maps, as Additive; to add two numbers use the primitive add",
        )  # fmt: skip


def _binary(primitive: Any, f: Any, g: Any) -> Morphism[Any, Any]:
    f = f if isinstance(f, Morphism) else const(f)
    g = g if isinstance(g, Morphism) else const(g)
    return fork(f, g) >> box(primitive.call())


# ---------------------------------------------------------------------------------------------- leaves


def box(op: Op, name: str | None = None) -> Morphism[Any, Any]:
    """An operation as a program."""
    return Morphism(op, (), Arrow(op.dom, op.cod), name)


def from_diagram(d: Diagram, type: Arrow | None = None, name: str | None = None) -> Morphism[Any, Any]:
    """A diagram as a program; without a type, every wire of its boundary holds one array."""
    if type is None:
        type = Arrow(_numbers(d.dom), _numbers(d.cod))
    return Morphism(d, (), type, name)


def _numbers(pattern: Pattern) -> Pattern:
    return tuple([_numbers(p) for p in pattern]) if isinstance(pattern, tuple) else "num"


def wiring(name: str, dom: Pattern, cod: Pattern) -> Morphism[Any, Any]:
    """A structural program."""
    return Morphism(Wiring(name, dom, cod), (), Arrow(dom, cod), name)


identity: Morphism[Any, Any] = wiring("identity", 0, 0)
exl: Morphism[Any, Any] = wiring("exl", (0, 1), 0)
exr: Morphism[Any, Any] = wiring("exr", (0, 1), 1)
dup: Morphism[Any, Any] = wiring("dup", 0, (0, 0))
it: Morphism[Any, Any] = wiring("it", 0, ())
inl: Morphism[Any, Any] = wiring("inl", 0, (0, 1))
inr: Morphism[Any, Any] = wiring("inr", 1, (0, 1))
jam: Morphism[Any, Any] = wiring("jam", (0, 0), 0)
zero: Morphism[Any, Any] = wiring("zero", 0, 1)
swap: Morphism[Any, Any] = wiring("swap", (0, 1), (1, 0))
assoc: Morphism[Any, Any] = wiring("assoc", (0, (1, 2)), ((0, 1), 2))
unassoc: Morphism[Any, Any] = wiring("unassoc", ((0, 1), 2), (0, (1, 2)))


def _index(name: str, i: int, n: int | None) -> None:
    if not isinstance(i, int) or i < 0 or (n is not None and i >= n):
        raise OptionError(
            f"{name} takes the place of a part, counted from 0", found=f"{name}({i}{'' if n is None else f', {n}'})",
            expected="0 <= i < n", remedy="give the number of a part",
        )  # fmt: skip


def proj(i: int, n: int | None = None) -> Morphism[Any, Any]:
    """The part ``i`` of a product, of any length or of ``n``: the paper's indexed ``exl``.

    >>> proj(1)(5.0, 6.0, 7.0), str(proj(1, 3).type)
    (6.0, 'a × b × c -> b')
    """
    _index("proj", i, n)
    if n is None:
        return Morphism(Projection(i), (), Arrow(0, 1, ((0, i, 1),)), f"proj({i})")
    return wiring(f"proj({i}, {n})", tuple(range(n)), i)


def inj(i: int, n: int) -> Morphism[Any, Any]:
    """The product of ``n`` that is zero but for the part ``i``: the paper's indexed ``inl``, linear maps only.

    >>> str(inj(1, 3).type), inj(1, 3).T((5.0, 6.0, 7.0))
    ('b -> a × b × c', 6.0)
    """
    _index("inj", i, n)
    return wiring(f"inj({i}, {n})", i, tuple(range(n)))


def repl(n: int) -> Morphism[Any, Any]:
    """``n`` copies of the argument: the indexed ``dup``.

    >>> repl(3)(2.0)
    (2.0, 2.0, 2.0)
    """
    return wiring(f"repl({n})", 0, (0,) * n)


def sum_(n: int) -> Morphism[Any, Any]:
    """The sum of ``n`` parts: the indexed ``jam``, linear maps only.

    >>> from essence_ad import Additive
    >>> Additive(sum_(3))((1.0, 2.0, 3.0))
    6.0
    """
    return wiring(f"sum_({n})", (0,) * n, 0)


def scale(s: Any) -> Morphism[Any, Any]:
    """Multiplication by ``s``, linear on any space (elementwise where ``s`` is an array).

    >>> scale(3.0)(2.0), scale(3.0)((1.0, 2.0))
    (6.0, (3.0, 6.0))
    """
    return box(Scale(s))


def const(value: Any) -> Morphism[Any, Any]:
    """The program that ignores its argument; a product of arrays is a fork of constants.

    >>> const(2.5), const((1.0, 2.0))
    (const(2.5), fork(const(1.0), const(2.0)))
    """
    tree = pack(value)
    if isinstance(tree, tuple):
        return fork(*[const(t) for t in tree]) if tree else it
    return Morphism(Constant(tree), (), Arrow(0, "num"))


# ---------------------------------------------------------------------------------------------- compositions

_Any = Morphism[Any, Any]


def _programs(name: str, fs: tuple[Any, ...]) -> None:
    for f in fs:
        if not isinstance(f, Morphism):
            raise OptionError(
                f"{name} takes programs", found=type(f).__name__, expected="morphisms",
                remedy="use const(c) for a constant, scale(s) for a factor, program(f) for a Python function",
            )  # fmt: skip


# The overloads for four and more arrows say nothing of types; they must not take what the others refuse.


@overload
def compose() -> Morphism[Any, Any]: ...
@overload
def compose(f: Morphism[A, B], /) -> Morphism[A, B]: ...
@overload
def compose(g: Morphism[B, C], f: Morphism[A, B], /) -> Morphism[A, C]: ...
@overload
def compose(h: Morphism[C, D], g: Morphism[B, C], f: Morphism[A, B], /) -> Morphism[A, D]: ...
@overload
def compose(k: _Any, h: _Any, g: _Any, f: _Any, /, *fs: _Any) -> _Any: ...
def compose(*fs: Morphism[Any, Any]) -> Morphism[Any, Any]:
    """``compose(h, g, f)`` is ``h`` after ``g`` after ``f``; of nothing, the identity.

    >>> from essence_ad import cos, sin
    >>> compose(sin, cos), compose()
    (cos >> sin, identity)
    """
    _programs("compose", fs)
    if len(fs) < 2:
        return fs[0] if fs else identity
    first, *rest = reversed(fs)
    type, before = first.type, first
    for g in rest:
        type = compose_types(type, g.type, lambda before=before, g=g: (before, g))
        before = g
    return Morphism("compose", (first, *rest), type)


def _parallel(shape: str, fs: tuple[Morphism[Any, Any], ...]) -> Morphism[Any, Any]:
    _programs(shape, fs)
    return Morphism(shape, fs, parallel_types(tuple([f.type for f in fs]), shape, lambda: fs))


@overload
def cross() -> Morphism[tuple[()], tuple[()]]: ...
@overload
def cross(f: Morphism[A, B], /) -> Morphism[tuple[A], tuple[B]]: ...
@overload
def cross(f: Morphism[A, B], g: Morphism[C, D], /) -> Morphism[tuple[A, C], tuple[B, D]]: ...
@overload
def cross(f: Morphism[A, B], g: Morphism[C, D], h: Morphism[E, F], /) -> Morphism[tuple[A, C, E], tuple[B, D, F]]: ...
@overload
def cross(f: _Any, g: _Any, h: _Any, k: _Any, /, *fs: _Any) -> _Any: ...
def cross(*fs: Morphism[Any, Any]) -> Morphism[Any, Any]:
    """Side by side: ``(a, b) -> (f a, g b)``, for any number of programs.

    >>> from essence_ad import add, exp
    >>> f = cross(add, exp)
    >>> str(f.type), f((1.0, 2.0), 0.0) == (3.0, 1.0)
    ('(num × num) × num -> num × num', True)
    """
    return _parallel("cross", fs)


@overload
def fork() -> Morphism[Any, tuple[()]]: ...
@overload
def fork(f: Morphism[A, B], /) -> Morphism[A, tuple[B]]: ...
@overload
def fork(f: Morphism[A, B], g: Morphism[A, C], /) -> Morphism[A, tuple[B, C]]: ...
@overload
def fork(f: Morphism[A, B], g: Morphism[A, C], h: Morphism[A, D], /) -> Morphism[A, tuple[B, C, D]]: ...
@overload
def fork(f: _Any, g: _Any, h: _Any, k: _Any, /, *fs: _Any) -> _Any: ...
def fork(*fs: Morphism[Any, Any]) -> Morphism[Any, Any]:
    """One argument to each: ``a -> (f a, g a)``; of nothing, ``it``.

    >>> from essence_ad import exp, scale
    >>> fork(exp, scale(2.0))(0.0) == (1.0, 0.0)
    True
    """
    return _parallel("fork", fs) if fs else it


@overload
def join() -> Morphism[tuple[()], Any]: ...
@overload
def join(f: Morphism[A, B], /) -> Morphism[tuple[A], B]: ...
@overload
def join(f: Morphism[A, C], g: Morphism[B, C], /) -> Morphism[tuple[A, B], C]: ...
@overload
def join(f: Morphism[A, D], g: Morphism[B, D], h: Morphism[C, D], /) -> Morphism[tuple[A, B, C], D]: ...
@overload
def join(f: _Any, g: _Any, h: _Any, k: _Any, /, *fs: _Any) -> _Any: ...
def join(*fs: Morphism[Any, Any]) -> Morphism[Any, Any]:
    """The sum of linear arrows of each part: ``(a, b) -> f a + g b``; of nothing, the zero out of the unit.

    >>> from essence_ad import Additive, scale
    >>> Additive(join(scale(2.0), scale(3.0)))((10.0, 1.0))
    23.0
    """
    return _parallel("join", fs) if fs else wiring("zero_", (), 0)


def to_combinators(f: Morphism[Any, Any]) -> Morphism[Any, Any]:
    """The same program as a term of the vocabulary alone: a traced function or a derivative becomes combinators.

    >>> from essence_ad import dup, mul, sin
    >>> to_combinators(from_diagram((sin >> dup >> mul).diagram))
    sin >> dup >> multiply
    """
    return _build(term.unflatten(f.diagram))


def _build(root: term.Term) -> Morphism[Any, Any]:
    done: dict[int, Morphism[Any, Any]] = {}
    for node in term.postorder(root):
        parts = tuple([done[id(p)] for p in node.parts])
        if isinstance(node.form, Wiring):
            done[id(node)] = wiring(node.name, node.form.dom, node.form.cod)
        elif node.form == "compose":
            done[id(node)] = compose(*parts[::-1])
        elif isinstance(node.form, str):
            done[id(node)] = _parallel(node.form, parts)
        else:
            dom = 0 if isinstance(node.form, Constant) else node.form.dom
            done[id(node)] = Morphism(node.form, (), Arrow(dom, node.form.cod))
    return done[id(root)]


def primitives() -> dict[str, Morphism[Any, Any]]:
    """Every primitive of the catalogue as a program, by all its names; options that are required are bound later."""
    programs = {p.name: box(p.open()) for p in catalogue().values()}
    return {name: programs[p.name] for name, p in catalogue().items()}
