"""The record of a primitive: its meaning on arrays and the facts from which every category draws its conclusions.

A derivative is stated once, as a linear map: by slopes (``Elementwise``: ``sin`` at ``a`` is ``scale(cos a)``), by the
adjoint of a map that is linear already (``Linear``) or linear in each argument (``Bilinear``), or composed of such
maps (``Partials``). No rule here knows of a mode. Broadcasting and dtypes are handled once, by ``operation.embed``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.batching import Way, aligned
from essence_ad.containers import ZERO
from essence_ad.diagram import Op
from essence_ad.errors import DTypeError, NeedsSpaceError, OptionError, ShapeError
from essence_ad.kernel import astype, kernel
from essence_ad.operation import (
    NEGATE,
    Constant,
    LinearOp,
    Negate,
    Scale,
    as_element,
    embed,
    example,
    fault,
    is_discrete,
    key,
    linear_op,
    same,
    scaled,
    sum_to,
)
from essence_ad.origin import joined, made_at, made_held, remembering
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import NUM
from essence_ad.wires import Injection, Projection

__all__ = [
    "NEGATE", "REQUIRED", "Bilinear", "Call", "Constant", "Discrete", "Elementwise", "Example", "Injection", "Linear",
    "LinearOp", "Negate", "Open", "Partials", "Primitive", "Projection", "Rule", "Scale", "astype", "embed", "fault",
    "is_discrete", "kernel", "key", "linear_op", "on", "same", "scaled", "sum_to",
]  # fmt: skip

REQUIRED = "required"  #: the default of an option that must be given


# ---------------------------------------------------------------------------------------------- rules


class Rule:
    """How a primitive states its derivative."""

    linear = False
    discrete = False
    elementwise = False
    selects = False

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """The facts of ``Op.derivative`` for a call of the primitive."""
        raise NotImplementedError

    def transpose(self, call: Call) -> Op:
        """The transposed call where shapes are not needed to tell it."""
        raise NeedsSpaceError(
            f"the transpose of {call.name} depends on the shape of its argument", found=f"{call.name} at no known space",
            expected="a space", remedy="ask f.at(space).T, for example f.at(R[3]).T",
        )  # fmt: skip

    def at(self, call: Call, spaces: tuple[Space, ...]) -> Op:
        """The call at known spaces."""
        return call


class Elementwise(Rule):
    """An elementwise operation with one slope for each input: a number, or a function of the inputs and the output."""

    elementwise = True

    def __init__(self, *slopes: Any) -> None:
        self.slopes = slopes
        self.linear = all(isinstance(s, int | float) for s in slopes)

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Scaling by each slope."""
        if len(inputs) == 1:
            (slope,) = self.slopes
            return (scaled(slope(inputs[0], output, **call.params) if callable(slope) else slope, inputs[0], output),)
        return tuple(
            [
                scaled(slope(*inputs, output, **call.params) if callable(slope) else slope, x, output) if want else None
                for slope, x, want in zip(self.slopes, inputs, wanted, strict=True)
            ]
        )

    def transpose(self, call: Call) -> Op:
        """A unary linear one is its own transpose."""
        if self.linear and len(self.slopes) == 1:
            return call
        return super().transpose(call)

    def at(self, call: Call, spaces: tuple[Space, ...]) -> Op:
        """A linear one becomes the join of its components."""
        if not self.linear:
            return call
        out = call.shape(*spaces)
        values = [example(s) for s in spaces]
        parts = [scaled(s, x, example(out)) for s, x in zip(self.slopes, values, strict=True)]
        back = [None if p is None else p.T for p in parts]

        def adjoint(v: Any) -> Any:
            answer = tuple([s.fill(ZERO) if b is None else b.apply(v) for s, b in zip(spaces, back, strict=True)])
            return answer if len(answer) > 1 else answer[0]

        return LinearOp(call.name, call.apply, adjoint, spaces, (out,), origin=(made_at, (call, spaces)))


class Linear(Rule):
    """A map that is linear already, with its adjoint ``(v, *spaces, **options) -> one value for each input``.

    ``merge``, if given, applies several adjoints at once: ``(calls' options, values, space) -> their sum``.
    """

    linear = True

    def __init__(
        self, adjoint: Callable[..., Any], *, symmetric: bool = False, merge: Any = None, elementwise: bool = False
    ) -> None:
        self.adjoint, self.symmetric, self.merge, self.elementwise = adjoint, symmetric, merge, elementwise

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        if all(is_discrete(x) for x in inputs):
            return None
        return self._make(call, inputs, output)

    def _make(self, call: Call, inputs: Sequence[Any], output: Any) -> Op:
        spaces = tuple([space_of(x) for x in inputs])
        targets = tuple([space_of(y) for y in output]) if isinstance(output, (tuple, list)) else (space_of(output),)
        options = call.params

        def adjoint(*v: Any) -> Any:
            answer = self.adjoint(*v, *spaces, **options)
            if len(spaces) > 1:
                return tuple([as_element(a, s) for a, s in zip(answer, spaces, strict=True)])
            return as_element(answer[0] if type(answer) is tuple else answer, spaces[0])

        merge = None
        if self.merge is not None:
            merge = _Merge(self.merge, spaces[0])
        op = LinearOp(call.name, call.apply, adjoint, spaces, targets, None, merge, (made_at, (call, spaces)))
        if merge is not None:
            return _Merging(op, options)
        return op

    def transpose(self, call: Call) -> Op:
        """A symmetric one is its own transpose."""
        return call if self.symmetric else super().transpose(call)

    def at(self, call: Call, spaces: tuple[Space, ...]) -> Op:
        """With its adjoint."""
        out = call.shape(*spaces)
        outs = tuple([example(o) for o in out]) if isinstance(out, tuple) else example(out)
        return self._make(call, [example(s) for s in spaces], outs)


@attrs.frozen
class _Merge:
    """How the adjoints of one kind that meet on a wire of one space are added: equal for operations that may merge."""

    function: Any
    space: Space

    def __call__(self, ops: Sequence[Any], values: Sequence[Any]) -> Any:
        return as_element(self.function([op.options for op in ops], values, self.space), self.space)


class _Merging(LinearOp):
    """A linear operation that remembers its options, for ``merge``."""

    __slots__ = ("options",)

    def __init__(self, op: LinearOp, options: Mapping[str, Any]) -> None:
        super().__init__(op.name, op.forward, op.adjoint, op.source, op.target, op.merge, op.merge_T, op.origin)
        self.options = options

    @property
    def T(self) -> Op:
        """The adjoint."""
        transposed = super().T
        assert isinstance(transposed, LinearOp)
        return _Merging(transposed, self.options)


class Bilinear(Rule):
    """A map that is linear in each of its two arguments: ``(v, other, space, **options) -> value`` for each."""

    def __init__(self, first: Callable[..., Any], second: Callable[..., Any]) -> None:
        self.adjoints = first, second

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """The map with one argument held, for each."""
        facts: list[Op | None] = []
        for i in range(2):
            x, other = inputs[i], inputs[1 - i]
            if not wanted[i] or is_discrete(x):
                facts.append(None)
                continue
            facts.append(self.held(call, i, other, space_of(x), space_of(output)))
        return tuple(facts)

    def held(self, call: Call, i: int, other: Any, space: Space, target: Space) -> Op:
        """The linear map in the argument ``i``, where the other one is held."""
        options, adjoint = call.params, self.adjoints[i]

        def forward(v: Any) -> Any:
            return call.apply(v, other) if i == 0 else call.apply(other, v)

        return LinearOp(
            f"{call.name}.{i + 1}",
            forward,
            lambda v: as_element(adjoint(v, other, space, **options), space),
            (space,),
            (target,),
            origin=(made_held, (call, i, other, space, target)),
        )


class Partials(Rule):
    """A derivative composed of linear operations: ``(inputs, output, wanted, **options)`` gives the facts."""

    def __init__(self, function: Callable[..., Any], *, elementwise: bool = False, selects: bool = False) -> None:
        self.function, self.elementwise, self.selects = function, elementwise, selects

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the function says."""
        if all(is_discrete(x) for x in inputs):
            return None
        return remembering(self.function(inputs, output, wanted, **call.params), call, inputs, output, wanted)


class Discrete(Rule):
    """Piecewise constant: the derivative is zero wherever there is one, and by convention everywhere."""

    discrete = True

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """None."""
        return None


# ---------------------------------------------------------------------------------------------- the record


@attrs.frozen
class Example:
    """One case of the catalogue's test: a shape or an array for each input, and the options."""

    inputs: tuple[Any, ...]
    options: dict[str, Any] = attrs.field(factory=dict)


def on(*inputs: Any, **options: Any) -> Example:
    """``on((2, 3), (3,), axis=0)``: an example for the catalogue's test."""
    return Example(inputs, options)


@attrs.frozen(eq=False, repr=False)
class Primitive:
    """One primitive: name, meaning, rule, and what the catalogue's test needs to check it.

    ``function`` takes arrays by position and options by keyword; ``arity`` ``None`` takes any number of arrays.
    ``shape`` gives the result's space from the inputs' spaces and the options; without it, an elementwise rule
    broadcasts, and another function is run on ones of the shapes. ``numpy`` lists functions of NumPy that it stands for.
    ``batched`` says what it does to arrays with one axis more (see ``batching``); elementwise ones need not say it.
    """

    name: str
    function: Callable[..., Any]
    rule: Rule
    arity: int | None = 1
    options: Mapping[str, Any] = {}
    outputs: int | Callable[..., int] = 1
    shape: Callable[..., Any] | None = None
    numpy: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    domain: tuple[tuple[float, float], ...] = ((-2.0, 2.0),)
    linear_in: Sequence[int] = ()  #: inputs in each of which it is linear, while the others are held
    complex: bool = False  #: whether it is checked at complex points too (holomorphic, or real-linear)
    smooth: bool = True  #: whether second derivatives are checked by differences
    copies: bool = False  #: whether each element of the result is an element of an argument, or zero
    adds: bool = False  #: whether its adjoint copies: each element of an argument is added at one place of the result
    reaches: tuple[Any, ...] | None = (
        None  #: of functions that choose: for each argument where it is taken, ``None`` for all
    )
    examples: tuple[Example, ...] = ()
    batched: Way | None = None

    @property
    def way(self) -> Way | None:
        """What it does to arrays with one axis more: as stated, or as elementwise functions do; else ``None``."""
        ufunc = isinstance(self.function, np.ufunc) and self.function.signature is None
        elementwise = ufunc or self.rule.elementwise or self.rule.selects
        return aligned if self.batched is None and elementwise else self.batched

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> Any:
        catalogue = sys.modules[__package__]  # it imports this module, and is there before any record
        return catalogue.reduced(self)

    def call(self, **params: Any) -> Call:
        """The operation with its options bound."""
        for name in params:
            if name not in self.options:
                raise OptionError(
                    f"{self.name} has no option {name}", found=name,
                    expected=f"one of {sorted(self.options)}" if self.options else "no options",
                    remedy="check the spelling; arrays are given by position, options by keyword",
                )  # fmt: skip
        bound = {**self.options, **params}
        for name, value in bound.items():
            if isinstance(value, str) and value == REQUIRED:
                raise self.needs(name)
        return Call(self, bound)

    def needs(self, name: str) -> OptionError:
        """The error that an option is missing."""
        return OptionError(
            f"{self.name} needs the option {name}", found=f"{self.name}()", expected=f"{self.name}({name}=...)",
            remedy=f"give {name} by keyword",
        )  # fmt: skip

    def open(self) -> Call | Open:
        """The operation with its defaults; where an option must be given first, one that waits for it."""
        missing = [name for name, value in self.options.items() if isinstance(value, str) and value == REQUIRED]
        return Open(self, missing[0]) if missing else self.call()


_known_shapes: dict[Any, Any] = {}
_MANY = 4096


class Call(Op):
    """A primitive with its options bound: what a box of a program holds."""

    __slots__ = ("apply", "cod", "discrete", "dom", "elementwise", "line", "linear", "params", "primitive", "selects")

    def __init__(self, primitive: Primitive, params: dict[str, Any], line: Any = None) -> None:
        self.primitive, self.params, self.line = primitive, params, line
        function = functools.partial(primitive.function, **params) if params else primitive.function
        self.apply = _spread(function) if primitive.arity is None else function  # type: ignore[method-assign]
        rule = primitive.rule
        self.linear, self.discrete = rule.linear, rule.discrete
        self.elementwise, self.selects = rule.elementwise, rule.selects
        n = primitive.arity
        self.dom = 0 if n is None else NUM if n == 1 else (NUM,) * n
        outputs = primitive.outputs(**params) if callable(primitive.outputs) else primitive.outputs
        self.cod = NUM if outputs == 1 and not callable(primitive.outputs) else (NUM,) * outputs
        if self.cod == (NUM,):  # one wire holds the only part
            self.apply = lambda *inputs: function(*inputs)[0]  # type: ignore[method-assign]

    @property
    def name(self) -> str:  # type: ignore[override]
        """The primitive's name."""
        return self.primitive.name

    def __reduce__(self) -> Any:
        return Call, (self.primitive, self.params, self.line)

    def options(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        return {
            k: v
            for k, v in self.params.items()
            if k not in self.primitive.options or self.primitive.options[k] is not v
        }

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the primitive's rule states."""
        rule = self.primitive.rule
        if self.primitive.arity is None and len(inputs) == 1 and type(inputs[0]) is tuple:
            parts = inputs[0]
            return joined(self.name, parts, output, rule.derivative(self, parts, output, [True] * len(parts)))
        return rule.derivative(self, inputs, output, wanted)

    @property
    def T(self) -> Op | None:
        """The transpose, of a linear primitive that does not need its shapes for it."""
        return self.primitive.rule.transpose(self) if self.linear else super().T

    def at(self, *spaces: Space) -> Op:
        """The primitive at known spaces."""
        rule = self.primitive.rule
        if self.primitive.arity is None and len(spaces) == 1 and isinstance(spaces[0], Product):
            op, (space,) = rule.at(self, spaces[0].parts), spaces
            return op if op is self else joined(self.name, example(space), example(self.shape(space)), op) or op
        return rule.at(self, spaces)

    def shape(self, *spaces: Space) -> Any:
        """The space of the result, remembered where the options can be a key of a dict."""
        place: Any = (self.primitive, *spaces)
        if self.params:
            place = (place, *[(type(value), value) for value in self.params.values()])
        try:
            found = _known_shapes.get(place)
        except TypeError:  # a list or an array among the options
            return self._shape(spaces)
        if found is None:
            if len(_known_shapes) > _MANY:
                _known_shapes.clear()
            found = _known_shapes[place] = self._shape(spaces)
        return found

    def _shape(self, spaces: tuple[Any, ...]) -> Any:
        if self.primitive.arity is None and len(spaces) == 1 and isinstance(spaces[0], Product):
            spaces = spaces[0].parts
        for space in spaces:
            if not isinstance(space, Array):
                raise ShapeError(
                    f"{self.name} takes arrays",
                    found=space,
                    expected="one array",
                    remedy="take a part of the product first",
                )
        try:
            if self.primitive.shape is not None:
                return self.primitive.shape(*spaces, **self.params)
            with np.errstate(all="ignore"):
                if isinstance(self.primitive.rule, Elementwise) or self.primitive.rule.discrete:
                    shape = np.broadcast_shapes(*[s.shape for s in spaces])
                    kind = np.asarray(self.apply(*[np.ones(1, s.dtype) for s in spaces])).dtype
                    return Array(shape, kind)
                result = self.apply(*[example(s) for s in spaces])
            if not isinstance(self.cod, tuple):
                return space_of(result)
            return tuple([space_of(r) for r in (result if len(self.cod) > 1 else (result,))])
        except (ValueError, TypeError, IndexError) as error:
            if isinstance(error, (ShapeError, DTypeError)):
                raise
            raise fault(self.name, spaces, error, line=self.line) or error from error

    def fault(self, inputs: Sequence[Any], error: Exception) -> Exception | None:
        """Tells the shapes, and the line of the user's function where there is one."""
        return fault(self.name, inputs, error, line=self.line)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v!r}" for k, v in self.options().items())
        return f"{self.name}({options})" if options else self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self.primitive is other.primitive and same(self.params, other.params)

    def __hash__(self) -> int:
        return hash((self.primitive.name, key(self.params)))


class Open(Op):
    """A primitive that still waits for an option."""

    __slots__ = ("cod", "dom", "missing", "primitive")

    def __init__(self, primitive: Primitive, missing: str) -> None:
        self.primitive, self.missing = primitive, missing
        n, outputs = primitive.arity, primitive.outputs
        self.dom = 0 if n is None else NUM if n == 1 else (NUM,) * n
        self.cod = 1 if callable(outputs) else NUM if outputs == 1 else (NUM,) * outputs

    @property
    def name(self) -> str:  # type: ignore[override]
        """The primitive's name."""
        return self.primitive.name

    def options(self) -> dict[str, Any]:
        """None bound yet."""
        return {}

    def apply(self, *inputs: Any) -> Any:
        """An error that names the option."""
        raise self.primitive.needs(self.missing)


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*inputs: Any) -> Any:
        return function(*(inputs[0] if len(inputs) == 1 and type(inputs[0]) is tuple else inputs))

    return apply
