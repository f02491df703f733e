"""Ordinary functions as programs: ``@program`` records what a function does, once for each space it meets."""

from __future__ import annotations

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from essence_ad.containers import TUPLE
from essence_ad.diagram import Diagram
from essence_ad.errors import EssenceError, OptionError, StructureError
from essence_ad.functor import Wiring
from essence_ad.morphism import Morphism, from_diagram
from essence_ad.spaces import Product, Space, space_of
from essence_ad.structure import NUM, Arrow, Pattern
from essence_ad.tracing import source
from essence_ad.tracing.pickling import reduced
from essence_ad.tracing.static import Static
from essence_ad.tracing.tracer import Trace

REMEMBERED = 64  #: how many spaces a program keeps its recordings for


def name_of(function: Any) -> str:
    """What a function is called in messages."""
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def trace(function: Callable[..., Any], space: Space, *, spread: bool | None = None) -> Morphism[Any, Any]:
    """The program that a function is at a space; a function of several arguments takes a product.

    ``spread`` says whether the parts of a product are several arguments; without it the function's signature tells.

    Arguments and results may be numbers, arrays, and tuples, lists, dicts, dataclasses and attrs classes of them.
    Raises ``TracingError`` where the function needs values (``if x > 0``), ``UnsupportedError`` where it calls
    something that no primitive stands for.

    >>> from essence_ad import R
    >>> trace(lambda x, y: {"first": x, "second": (y, 1)}, R * R)((1.5, 2.5))
    {'first': 1.5, 'second': (2.5, 1)}
    """
    if spread is None:
        spread = isinstance(space, Product) and space.container == TUPLE and _takes(function, len(space.parts))
    return _recorded(function, space, spread)


def _recorded(function: Callable[..., Any], space: Space, spread: bool, point: Any = None) -> Morphism[Any, Any]:
    return _morphism(_record(function, space, spread, point)[0], function)


def _record(function: Callable[..., Any], space: Space, spread: bool, point: Any = None) -> tuple[Diagram, bool]:
    """The diagram at a space, and whether it may be kept (it holds no traced array of an outer trace).

    With a packed ``point``, values that the function asks for are those that it has there.
    """
    with Trace(name_of(function)) as record:
        tree = record.argument(space)
        if point is not None:
            record.point = tree, point
        x = space.unpack(tree)
        result = run_function(function, x if spread else (x,))
        try:
            d = record.diagram(tree, result, space)
        except StructureError as error:
            found = f"{error.found}, from {source.defined(function)}"
            raise StructureError(error.what, found=found, expected=error.expected, remedy=error.remedy) from None
    return d, not record.captured


def run_function(function: Callable[..., Any], args: Any) -> Any:
    """What a function returns; NumPy's general errors are undone where ours is their cause."""
    try:
        return function(*args)
    except ValueError as error:
        if isinstance(error.__cause__, EssenceError):
            raise error.__cause__ from None
        raise
    except (TypeError, AttributeError) as error:
        if not isinstance(error, EssenceError) and any(isinstance(a, list) for a in args):
            error.add_note(
                f"{name_of(function)} was given a list, which is a product of its items here and no array, as in Python; "
                "give np.array(x) for an array"
            )
        raise


def _morphism(d: Diagram, function: Any) -> Morphism[Any, Any]:
    return from_diagram(d, Arrow(_numbers(d.dom), _numbers(d.cod)), _identifier(function))


def _identifier(function: Any) -> str | None:
    name = name_of(function)
    return name if name.isidentifier() else None


def _numbers(pattern: Pattern) -> Pattern:
    return tuple([_numbers(p) for p in pattern]) if isinstance(pattern, tuple) else NUM


def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def _takes(function: Any, n: int) -> bool:
    """Whether a function takes ``n`` arguments and not one."""
    return not _accepts(function, 1) and _accepts(function, n)


def _accepts(function: Any, n: int) -> bool:
    ufunc_inputs = getattr(function, "nin", None)
    if ufunc_inputs is not None:
        return bool(ufunc_inputs == n)
    signature = _signature(function)
    if signature is None:
        return n == 1
    try:
        signature.bind(*(None,) * n)
    except TypeError:
        return False
    return True


def _arity(function: Any) -> int:
    """How many arguments a function needs."""
    ufunc_inputs = getattr(function, "nin", None)
    if ufunc_inputs is not None:
        return int(ufunc_inputs)
    signature = _signature(function)
    if signature is None:
        return 1
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return len([p for p in signature.parameters.values() if p.kind in kinds and p.default is p.empty])


class Program(Morphism[Any, Any]):
    """A Python function as a program: recorded at the spaces of what it is called with, and kept for the next call.

    Where it is composed with others before any space is known, it is recorded once without shapes; a function that
    needs them says so by ``NeedsSpaceError``, and ``f.at(R[3])`` gives it one.

    What the function reads from outside (a global, a closure) is what it was when it was recorded.

    >>> from essence_ad import cos
    >>> half = Program(lambda x: 0.5 * x)
    >>> float((half >> cos)(0.0)), half.is_linear, half.T(3.0)
    (1.0, True, 1.5)
    """

    __slots__ = ("__dict__", "_by_name", "_free", "_kept", "_lock", "arity", "function")

    arity: int  #: how many arguments the function needs
    function: Callable[..., Any]
    _free: tuple[Any, Arrow] | None  #: the program recorded without shapes
    _kept: OrderedDict[Any, Morphism[Any, Any]]  #: the program at the spaces met last
    _by_name: dict[Any, Program]  #: the programs that take some arguments by name
    _lock: threading.Lock

    def __init__(self, function: Callable[..., Any]) -> None:
        put = object.__setattr__
        put(self, "function", function)
        put(self, "arity", _arity(function))
        put(self, "parts", ())
        put(self, "name", _identifier(function))
        put(self, "_diagram", None)
        put(self, "_free", None)
        put(self, "_kept", OrderedDict())
        put(self, "_by_name", {})
        put(self, "_lock", threading.Lock())
        for attribute in functools.WRAPPER_ASSIGNMENTS:
            if hasattr(function, attribute):
                self.__dict__[attribute] = getattr(function, attribute)

    def __reduce__(self) -> Any:
        return reduced(self, self.function, (Program, (self.function,)))

    # ------------------------------------------------------------------ without a space

    @property
    def form(self) -> Any:
        """The program recorded without shapes: a diagram, or a wiring where it does nothing but move its arguments."""
        return self._without_space()[0]

    @property
    def type(self) -> Arrow:  # type: ignore[override]
        """The type of the program recorded without shapes."""
        return self._without_space()[1]

    def _without_space(self) -> tuple[Any, Arrow]:
        if self._free is None:
            object.__setattr__(self, "_free", _shapeless(self.function, self.arity))
        found = self._free
        assert found is not None
        return found

    # ------------------------------------------------------------------ at a space

    def program_at(self, space: Space, spread: bool | None = None) -> Morphism[Any, Any]:
        """The program at a space, from memory where the function was recorded there before."""
        if spread is None:
            spread = isinstance(space, Product) and space.container == TUPLE and _takes(self.function, len(space.parts))
        kept = self._kept
        with self._lock:
            found: Morphism[Any, Any] | None = kept.get((space, spread))
            if found is not None:
                kept.move_to_end((space, spread))
                return found
        d, keep = _record(self.function, space, spread)
        found = _morphism(d, self.function)
        if keep:
            with self._lock:
                kept[space, spread] = found
                while len(kept) > REMEMBERED:
                    kept.popitem(last=False)
        return found

    def at(self, space: Space) -> Morphism[Any, Any]:
        """The program recorded at a space, every linear primitive knowing its transpose."""
        return self.program_at(space).at(space)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The value at arguments, by position or by name."""
        if options:
            args, named = self._bound(args, options)
            if named:
                return self._named(len(args), tuple(named))(*args, *named.values())
        if not args:
            return self.program_at(Product(()), spread=True)(())
        if getattr(self.function, "__essence_derivative__", False):
            with np.errstate(all="ignore"):  # a derivative may be infinite where the function itself warns of nothing
                return as_program(self, args)(*args)
        return as_program(self, args)(*args)

    def _named(self, n: int, names: tuple[str, ...]) -> Program:
        """The program of ``n`` arguments by position and others after them, which the function takes by name."""
        found = self._by_name.get((n, names))
        if found is None:
            found = self._by_name[n, names] = Program(_taking(self.function, n, names))
        return found

    def _bound(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        signature = _signature(self.function)
        try:
            assert signature is not None
            bound = signature.bind(*args, **options)
        except (AssertionError, TypeError) as error:
            raise OptionError(
                f"{name_of(self.function)} does not take these arguments", found=f"{len(args)} and {sorted(options)}",
                expected=f"{name_of(self.function)}{signature}", remedy=f"as Python says: {error}",
            ) from error  # fmt: skip
        return bound.args, bound.kwargs

    def __hash__(self) -> int:
        return hash(self.function)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Program) and self.function == other.function)

    def __repr__(self) -> str:
        return self.name or "<program>"


def _taking(function: Any, n: int, names: tuple[str, ...]) -> Callable[..., Any]:
    """A function as one of arguments by position, of which all after the first ``n`` have names."""

    def call(*args: Any) -> Any:
        return function(*args[:n], **dict(zip(names, args[n:], strict=True)))

    call.__name__ = name_of(function)
    return call


def _shapeless(function: Any, arity: int) -> tuple[Any, Arrow]:
    with Trace(name_of(function)) as record:
        arguments = [record.argument(None) for _ in range(arity)]
        tree = arguments[0] if arity == 1 else tuple(arguments)
        d = record.diagram(tree, run_function(function, arguments), None)
    if not d.boxes:
        wiring = Wiring(name_of(function), d.dom, d.cod)
        return wiring, Arrow(d.dom, d.cod)
    return d, Arrow(_numbers(d.dom), _numbers(d.cod))


def program(
    function: Any = inspect.Parameter.empty,
    *spaces: Space,
    static: str | int | tuple[str | int, ...] = (),
    static_argnums: int | tuple[int, ...] = (),
    static_argnames: str | tuple[str, ...] = (),
) -> Any:
    """A Python function as a program; with spaces (one for each argument), recorded there at once.

    ``static`` names arguments (or gives their places) that the function needs as values: counts, names, anything that
    can be a key of a dict. The function is then recorded once for each of their values, see ``Static``;
    ``static_argnums`` and ``static_argnames`` say the same, for users of JAX. Raises ``OptionError`` for static arguments
    that the function does not have, and when it is called with some that cannot be hashed.

    >>> import numpy as np
    >>> from essence_ad import D, Dual, Additive, R
    >>> @program
    ... def f(x, y):
    ...     return np.sin(x) * y
    >>> value, gradient = D(Dual(Additive))(f)(0.0, 3.0)
    >>> gradient(1.0) == (3.0, 0.0)
    True
    >>> @program(static="n")
    ... def repeated(x, n):
    ...     return x if n == 0 else np.cos(repeated(x, n - 1))
    >>> float(repeated(0.0, 1)), repeated.given(n=2).at(R)
    (1.0, cos >> cos)
    """
    places = tuple([p for given in (static, static_argnums, static_argnames) for p in _places(given)])
    if function is inspect.Parameter.empty:
        return functools.partial(program, static=places)
    if isinstance(function, Morphism) and not places:
        return function if not spaces else function.at(_one(spaces))
    if not callable(function) or (places and (spaces or isinstance(function, Morphism))):
        raise OptionError(
            "program takes a Python function", found=type(function).__name__ + (" with static arguments" if places else ""),
            expected="a function on arrays, without spaces where it has static arguments",
            remedy="use const(c) for a constant program; name the space later: program(f, static='n').given(n=3).at(R[3])",
        )  # fmt: skip
    if places:
        return Static(function, places, Program)
    if not spaces:
        return Program(function)
    return trace(function, spaces[0]) if len(spaces) == 1 else _recorded(function, _one(spaces), True)


def _places(given: Any) -> tuple[Any, ...]:
    return tuple(given) if isinstance(given, (tuple, list)) else (given,)


def _one(spaces: tuple[Space, ...]) -> Space:
    return spaces[0] if len(spaces) == 1 else Product(spaces)


def as_program(function: Any, args: tuple[Any, ...], *, at_point: bool = False) -> Morphism[Any, Any]:
    """What the calculus runs: a program as it is, a function recorded at the spaces of its arguments.

    Only the shapes of the arguments are used, which may be traced arrays themselves. With ``at_point`` a plain function
    that asks for values gets those that it has at the arguments, and the recording is good for that point alone. The
    domain is the space of the argument where there is one, and a product of the spaces where there are several.

    >>> as_program(lambda x, y: (y, x), (2, 3.0))
    fork(exr, exl)
    """
    if isinstance(function, Morphism) and not isinstance(function, Program):
        return function
    spaces = tuple([space_of(a) for a in args])
    spread = len(args) != 1
    space = _one(spaces)
    python = function.function if isinstance(function, Program) else function
    if not spread and isinstance(space, Product) and space.container == TUPLE:
        spread = _takes(python, len(space.parts))
    if isinstance(function, Program):
        return function.program_at(space, spread)
    if not callable(function):
        raise OptionError(
            "a program or a Python function was expected", found=type(function).__name__, expected="something to call",
            remedy="give a morphism, or a function on arrays",
        )  # fmt: skip
    return _recorded(function, space, spread, space.pack(args[0] if len(args) == 1 else args) if at_point else None)
