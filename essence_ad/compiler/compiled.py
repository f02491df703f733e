"""``compile``: a program at known spaces as straight-line source, and that as a program again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.backends import c as c_backend
from essence_ad.backends import numpy as numpy_backend
from essence_ad.blocks import build
from essence_ad.compiler.quiet import quietly
from essence_ad.compiler.simplify import arrays, simplify
from essence_ad.containers import TUPLE
from essence_ad.diagram import Diagram, collect, uncollected
from essence_ad.errors import EssenceError, OptionError
from essence_ad.inlining import inline
from essence_ad.kernel import Abstract
from essence_ad.morphism import Morphism
from essence_ad.primitives.primitive import Call, Constant, Negate, Scale
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import NUM, Arrow, Pattern, leaves
from essence_ad.tracing.program import trace

BACKENDS = {"numpy": numpy_backend, "c": c_backend}


class Compiled(Morphism[Any, Any]):
    """A program with its source: called, it runs the source; composed or differentiated, it is its diagram."""

    __slots__ = ("_careful", "_fast", "_flat", "_n", "_numbers", "_objects", "_plain", "source")

    source: str  #: the text that runs
    _fast: Callable[..., Any]
    _careful: Callable[..., Any] | None
    _numbers: bool
    _objects: bool
    _n: int
    _flat: bool
    _plain: bool

    def __init__(self, d: Diagram, backend: Any = numpy_backend) -> None:
        super().__init__(d, (), Arrow(_numbers(d.dom), _numbers(d.cod)))
        written = backend.write(d)
        put = object.__setattr__
        put(self, "source", written.text)
        put(self, "_fast", written.function())
        put(self, "_careful", None)
        assert d.dom_space is not None
        put(self, "_numbers", written.numbers)
        put(self, "_objects", any([a.dtype == object for a in arrays(d.dom_space)]))
        put(self, "_n", len(arrays(d.dom_space)))
        put(self, "_flat", isinstance(d.dom_space, Array) or _flat(d.dom_space))
        put(self, "_plain", d.cod_space is None or _plain(d.cod_space))

    def __reduce__(self) -> Any:
        return Compiled, (self.form,)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value at an argument of the space that this was compiled for."""
        d: Diagram = self.form
        space = d.dom_space
        assert space is not None
        if options:
            raise OptionError(
                "a compiled program takes no options", found=sorted(options), expected="none",
                remedy="bind options before compiling",
            )  # fmt: skip
        if self._flat and len(args) == self._n:
            given: Any = args
        else:
            given = leaves(space.pack(args[0] if len(args) == 1 else args))
        y = self.run(*given)
        return y if self._plain or d.cod_space is None else d.cod_space.unpack(y)

    def run(self, *leaves: Any) -> Any:
        """The packed result for the arrays of the argument.

        Python's ``math`` raises where NumPy gives NaN or infinity; there the second form, on NumPy numbers, answers.
        """
        try:
            if self._numbers:
                return self._fast(*leaves)
            if not self._objects:
                return quietly(self._fast, leaves)  # derivatives may be infinite, and say nothing about it anywhere
            with np.errstate(all="ignore"):  # numbers of other libraries may read the context of the caller
                return self._fast(*leaves)
        except Abstract:
            d: Diagram = self.form
            return collect(d.cod, d.evaluate(build(d.dom, iter(leaves))))
        except EssenceError:
            raise
        except (ValueError, OverflowError, ZeroDivisionError):
            with np.errstate(all="ignore"):
                return self.careful(*leaves)

    @property
    def careful(self) -> Callable[..., Any]:
        """The second form of the source, on NumPy numbers alone."""
        found = self._careful
        if found is None:
            found = numpy_backend.write(self.form, fast=False).function()
            object.__setattr__(self, "_careful", found)
        return found


def _flat(space: Space) -> bool:
    """Whether a space is a plain tuple of arrays."""
    if not isinstance(space, Product) or len(space.parts) == 1:  # which is given as one tuple
        return False
    return space.container == TUPLE and all(isinstance(p, Array) for p in space.parts)


def _plain(space: Any) -> bool:
    """Whether the packed values of a space are what users have: arrays and plain tuples."""
    return isinstance(space, Array) or (space.container == TUPLE and all(map(_plain, space.parts)))


def _numbers(pattern: Pattern) -> Pattern:
    return tuple([_numbers(p) for p in pattern]) if isinstance(pattern, tuple) else NUM


def compile(f: Any, *spaces_or_examples: Any, backend: str = "numpy") -> Compiled:
    """A program or function at spaces (or at the spaces of examples), simplified and written as source.

    ``backend="numpy"`` takes every primitive; ``"c"`` is for long chains of numbers and for small arrays, where it is
    several times faster, and needs a C compiler on the machine. Raises ``UnsupportedError`` for a primitive that the
    backend does not have, ``TracingError`` where the function depends on values, ``OptionError`` for no such backend;
    the program raises ``ShapeError`` or ``DTypeError`` for arguments of other spaces.

    >>> from essence_ad import R, cos, dup, mul
    >>> f = compile(dup >> mul >> cos, R)
    >>> print(f.source)
    def compiled(x0):
        if type(x0) is not float: x0 = converted(x0)
        return cos(x0 * x0)
    <BLANKLINE>
    >>> f(2.0)
    -0.6536436208636119
    """
    if backend not in BACKENDS:
        raise OptionError(
            f"there is no backend {backend}", found=repr(backend), expected=f"one of {sorted(BACKENDS)}",
            remedy="choose one of them",
        )  # fmt: skip
    if not spaces_or_examples:
        raise OptionError(
            "compile needs to know the spaces of the arguments", found="compile(f)", expected="compile(f, R[3])",
            remedy="give one space, or one example, for each argument",
        )  # fmt: skip
    space = argument_space([s if isinstance(s, Space) else space_of(s) for s in spaces_or_examples])
    with uncollected():
        spread = True if len(spaces_or_examples) > 1 else None
        return Compiled(simplify(staged(f, space, spread)), BACKENDS[backend])


def argument_space(spaces: Sequence[Space]) -> Space:
    """The domain of a function of arguments in these spaces: the space itself where there is one."""
    return spaces[0] if len(spaces) == 1 else Product(tuple(spaces))


def staged(f: Any, space: Space, spread: bool | None = None) -> Diagram:
    """What a program or function does to symbolic arrays of a space; ``spread`` as ``trace`` takes it."""
    if isinstance(f, Morphism) and not hasattr(f, "function"):
        d = inline(f.diagram, space.pattern)
        if all(isinstance(op, (Call, Constant, Scale, Negate)) for op, _, _ in d.boxes) and not any(d.misfits):
            return Diagram(d.dom, d.cod, d.boxes, d.n_wires, space, d.cod_space)
    return trace(getattr(f, "function", f), space, spread=spread).diagram
