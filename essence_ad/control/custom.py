"""``custom``: a function with a derivative of the user's own; ``stop_gradient``: a value whose derivative is zero."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.containers import container_of, describe
from essence_ad.control.body import record, unshared
from essence_ad.control.holding import Step, Whole
from essence_ad.control.rule import Ruled
from essence_ad.control.structured import rebuilt
from essence_ad.errors import EssenceError, OptionError, TracingError
from essence_ad.linear_map import arrays
from essence_ad.spaces import Product, Space, space_of
from essence_ad.structure import NUM, leaves
from essence_ad.tracing import source
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import name_of


class Custom:
    """A function whose derivative the user gives; made by ``custom``."""

    def __init__(self, function: Callable[..., Any], out: Any = None) -> None:
        functools.update_wrapper(self, function)
        self.function, self.out = function, out
        self.__essence_reads__, self._write = _state((function,))  # what a function that calls this one depends on
        self._targets: dict[Any, Space] = {}

    @property
    def rules(self) -> dict[str, Callable[..., Any]]:
        """The rules by their kinds."""
        return dict(self.__essence_reads__()[1:])

    def derivative(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """``rule(value, *arguments)`` gives the derivative: a linear map for each argument (alone where there is one).

        A linear map is a factor (a number, or an array for elementwise products), a linear program, or a ``LinearMap``;
        ``None`` is zero.
        """
        return self._ruled("derivative", rule)

    def jvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """``rule(value, *arguments)`` gives the function from tangents, one for each argument, to the value's tangent."""
        return self._ruled("jvp", rule)

    def vjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """``rule(value, *arguments)`` gives the function from the value's covector to those of the arguments.

        For one argument it is the covector alone, for several a tuple, with ``None`` for zero.
        """
        return self._ruled("vjp", rule)

    def _ruled(self, kind: str, rule: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(rule):
            raise OptionError(
                f"{kind} takes a rule", found=source.found(describe(rule)), expected="a function of the value and the arguments",
                remedy=f"write @{name_of(self.function)}.{kind} over the rule",
            )  # fmt: skip
        self._write((self.function, *{**self.rules, kind: rule}.items()))
        return rule

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The function's value; one operation where an argument is traced."""
        if not any([is_abstract(leaf) for a in (*args, *options.values()) for leaf in _parts(a)]):
            return self.function(*args, **options)
        if options:
            args = self._by_position(args, options)
        spaces = tuple([space_of(a) for a in args])
        target = self._target(spaces, args)
        op = Ruled(self.function, self.rules, spaces, target)
        found = op.apply(*[leaf for s, a in zip(spaces, args, strict=True) for leaf in leaves(s.pack(a))])
        return rebuilt(target, found if isinstance(found, tuple) else (found,))

    def _by_position(self, args: tuple[Any, ...], options: dict[str, Any]) -> tuple[Any, ...]:
        bound = inspect.signature(self.function).bind(*args, **options)
        bound.apply_defaults()
        if bound.kwargs:
            raise OptionError(
                f"{name_of(self.function)} has arguments by keyword only, of which its rule knows nothing",
                found=source.found(f"{sorted(bound.kwargs)} by keyword"), expected="arguments that may be given by position",
                remedy="let it take them by position, or fix them: custom(functools.partial(f, name=value))",
            )  # fmt: skip
        return bound.args

    def _target(self, spaces: tuple[Space, ...], args: Sequence[Any]) -> Space:
        """The space of the value: as given, or found by recording the function, or by running it."""
        if self.out is not None:
            target = self.out if isinstance(self.out, Space) else self.out(*spaces)
            if not isinstance(target, Space):
                raise OptionError(
                    f"out tells the space of the value of {name_of(self.function)}", found=source.found(describe(target)),
                    expected="a space, or a function from the arguments' spaces to it", remedy="for example out=R[3]",
                )  # fmt: skip
            return target
        found = self._targets.get(spaces)
        if found is None:
            found = self._targets[spaces] = self._found(spaces)
        return found

    def _found(self, spaces: tuple[Space, ...]) -> Space:
        try:
            body = record(self.function, spaces)
        except Exception:  # it leaves NumPy
            return self._run(spaces)
        if body.captured:
            raise TracingError(
                f"{name_of(self.function)} reads a traced array from outside, of which its rule knows nothing",
                found=source.found(f"{body.captured[0]!r}"), expected="a function of its arguments alone",
                remedy="give the array as an argument",
            )  # fmt: skip
        return body.target

    def _run(self, spaces: tuple[Space, ...]) -> Space:
        try:
            with np.errstate(all="ignore"):
                return space_of(self.function(*[s.unpack(_ones(s)) for s in spaces]))
        except Exception as error:
            if isinstance(error, EssenceError) and not isinstance(error, TracingError):
                raise
            raise TracingError(
                f"the space of the value of {name_of(self.function)} is not known: it takes no traced arrays, nor ones",
                found=source.found(f"{type(error).__name__}: {error}"), expected="the space of the value",
                remedy="say it: custom(f, out=R), or out=lambda *spaces: ...",
            ) from error  # fmt: skip

    def __repr__(self) -> str:
        return f"<custom {name_of(self.function)} with {', '.join(self.rules) or 'no rule'}>"


def custom(function: Any = None, *, out: Any = None) -> Any:
    """A function with a derivative of the user's own, also one that leaves NumPy.

    Give it by one or more of three decorators. Each rule gets the value and the arguments, and gives: ``derivative`` a
    linear map for each argument, ``jvp`` a function of the tangents, ``vjp`` a function of the covector. The last two are
    autograd's ``defjvp`` and ``defvjp`` for all arguments at once; where both are given (which JAX refuses),
    ``check_derivatives`` compares them. Where one direction is missing, the other rule is recorded and transposed. Rules
    written with NumPy's functions can be differentiated again.

    The function gets plain arrays when it runs. ``out`` says the space of its value, or is a function of the arguments'
    spaces; otherwise it is found by recording the function, or by running it on ones.

    Raises, when a derivative is asked for, ``NotDifferentiableError`` where no rule serves, ``ShapeError`` where what a
    rule gives does not fit, ``TracingError`` where the space of the value cannot be found.

    >>> import math
    >>> from essence_ad import check_derivatives, grad
    >>> @custom
    ... def log1pexp(x):
    ...     return math.log1p(math.exp(x))  # not NumPy
    >>> @log1pexp.derivative
    ... def _(y, x):
    ...     return 1 - np.exp(-y)  # a factor
    >>> float(grad(log1pexp)(0.0)), round(float(grad(grad(log1pexp))(0.0)), 6)
    (0.5, 0.25)
    >>> check_derivatives(log1pexp, 0.3)
    """
    if function is None:
        return lambda f: custom(f, out=out)
    if not callable(function):
        raise OptionError(
            "custom takes a function", found=source.found(describe(function)), expected="a function of arrays",
            remedy="write @custom over it",
        )  # fmt: skip
    return Custom(function, out)


def _state(state: tuple[Any, ...]) -> tuple[Callable[[], tuple[Any, ...]], Callable[[tuple[Any, ...]], None]]:
    """Functions that read and write a state; compiled code that depends on the first is used while the state stands."""

    def read() -> tuple[Any, ...]:
        return state

    def write(new: tuple[Any, ...]) -> None:
        nonlocal state
        state = new

    return read, write


def _parts(value: Any) -> list[Any]:
    container = container_of(value)
    return [value] if container is None else [leaf for child in container.children(value) for leaf in _parts(child)]


def _ones(space: Space) -> Any:
    if isinstance(space, Product):
        return tuple([_ones(p) for p in space.parts])
    (array,) = arrays(space)
    return np.ones(array.shape, array.dtype)[()]


# ---------------------------------------------------------------------------------------------- no derivative


class StopGradient(Whole):
    """The identity whose derivative is zero."""

    __slots__ = ()
    name = "stop_gradient"
    discrete = True
    dom = NUM
    cod = NUM

    def run(self, inputs: tuple[Any, ...]) -> Any:
        """The input."""
        return inputs[0]

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Any = None) -> Callable[..., Any]:
        """A copy, since generated code writes over its arrays."""
        return unshared

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """None."""
        return None

    def shape(self, *spaces: Space) -> Any:
        """The space it is given."""
        return spaces[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StopGradient)

    def __hash__(self) -> int:
        return hash(self.name)


_STOP = StopGradient()


def stop_gradient(x: Any) -> Any:
    """The value itself, taken as a constant by every derivative; ``x`` may have any structure.

    >>> from essence_ad import grad
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    3.0
    """
    space = space_of(x)
    return rebuilt(space, [_STOP.apply(leaf) for leaf in leaves(space.pack(x))])
