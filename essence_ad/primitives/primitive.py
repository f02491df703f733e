"""The record of a primitive: its meaning on arrays and the facts from which every category draws its conclusions.

A derivative is stated once, as a linear map: by slopes (``Elementwise``: ``sin`` at ``a`` is ``scale(cos a)``), by the
adjoint of a map that is linear already (``Linear``) or linear in each argument (``Bilinear``), or composed of such
maps (``Partials``). No rule here knows of a mode. Broadcasting and dtypes are handled once, by ``embed``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from essence_ad.diagram import IDENTITY, Chain, Op
from essence_ad.errors import DTypeError, NeedsSpaceError, OptionError, ShapeError
from essence_ad.spaces import ZERO, Array, Product, Space, describe, scale, space_of
from essence_ad.structure import NUM, Pattern

REQUIRED = "required"  #: the default of an option that must be given


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function on arrays that NumPy does not have, made to answer traced arrays as NumPy's own functions do."""

    @functools.wraps(function)
    def dispatch(*args: Any, **options: Any) -> Any:
        for arg in args:
            answer = getattr(type(arg), "__essence_call__", None)
            if answer is not None:
                return answer(dispatch, args, options)
        return function(*args, **options)

    return dispatch


@kernel
def astype(x: Any, *, dtype: Any) -> Any:
    """An array with its numbers converted; complex to real takes the real part."""
    if np.dtype(dtype).kind in "fiu" and np.iscomplexobj(x):
        x = np.real(x)
    return np.asarray(x).astype(dtype)[()]


# ---------------------------------------------------------------------------------------------- linear operations


class Scale(Op):
    """Multiplication by a fixed number or, elementwise, by a fixed array: its own transpose (the paper's ``scale``)."""

    __slots__ = ("factor",)
    linear = True
    name = "scale"
    dom = 0
    cod = 0

    def __init__(self, factor: Any) -> None:
        self.factor = factor

    def apply(self, *inputs: Any) -> Any:
        """The input times the factor."""
        (x,) = inputs
        return scale(self.factor, x) if type(x) is tuple else self.factor * x

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """Itself."""
        return self

    def shape(self, *spaces: Space) -> Any:
        """The space it is given, broadcast with the factor."""
        (space,) = spaces
        factor = space_of(self.factor)
        if isinstance(space, Array) and isinstance(factor, Array):
            shape, dtype = np.broadcast_shapes(space.shape, factor.shape), np.result_type(space.dtype, factor.dtype)
            return Array(shape, dtype)
        return space

    def __repr__(self) -> str:
        return f"scale({self.factor!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scale) and same(self.factor, other.factor)

    def __hash__(self) -> int:
        return hash(("scale", key(self.factor)))


class Negate(Op):
    """Scaling by minus one."""

    __slots__ = ()
    linear = True
    name = "negative"
    dom = 0
    cod = 0

    def apply(self, *inputs: Any) -> Any:
        """The negated input."""
        (x,) = inputs
        return scale(-1, x) if type(x) is tuple else -x

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """Itself."""
        return self

    def shape(self, *spaces: Space) -> Any:
        """The space it is given."""
        return spaces[0]


NEGATE = Negate()


class LinearOp(Op):
    """A linear operation between known spaces, with its adjoint; transposing swaps the two."""

    __slots__ = ("adjoint", "forward", "merge", "merge_T", "name", "source", "target")
    linear = True

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        adjoint: Callable[..., Any],
        source: tuple[Space, ...],
        target: tuple[Space, ...],
        merge: Any = None,
        merge_T: Any = None,
    ) -> None:
        self.name, self.forward, self.adjoint = name, forward, adjoint
        self.source, self.target, self.merge, self.merge_T = source, target, merge, merge_T

    @property
    def dom(self) -> Pattern:  # type: ignore[override]
        """One array for each source space."""
        return 0 if isinstance(self.source[0], Product) else NUM if len(self.source) == 1 else (NUM,) * len(self.source)

    @property
    def cod(self) -> Pattern:  # type: ignore[override]
        """One array for each target space."""
        return NUM if len(self.target) == 1 else (NUM,) * len(self.target)

    def apply(self, *inputs: Any) -> Any:
        """The image of a vector."""
        if len(inputs) > 1 or type(inputs[0]) is tuple:
            inputs = tuple([s.fill(x) for s, x in zip(self.source, inputs, strict=True)])
        return self.forward(*inputs)

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return self

    @property
    def T(self) -> Op:
        """The adjoint."""
        name = self.name[:-1] if self.name.endswith("ᵀ") else self.name + "ᵀ"
        return LinearOp(name, self.adjoint, self.forward, self.target, self.source, self.merge_T, self.merge)

    def shape(self, *spaces: Space) -> Any:
        """The target spaces."""
        return self.target[0] if len(self.target) == 1 else self.target

    def fault(self, inputs: Sequence[Any], error: Exception) -> Exception | None:
        """Tells the shapes."""
        return fault(self.name, inputs, error, expected=" and ".join(map(repr, self.source)))


def embed(x: Any, y: Any, then: Op = IDENTITY) -> Op:
    """The linear map that takes ``x`` to the shape and dtype of ``y`` by broadcasting, followed by another.

    Its adjoint sums over what was broadcast, and takes the real part where a real number entered complex arithmetic.
    """
    if type(x) is type(y) and type(x) is not np.ndarray and not hasattr(x, "shape"):
        return then
    xs, ys = getattr(x, "shape", ()), getattr(y, "shape", ())
    xd, yd = getattr(x, "dtype", None), getattr(y, "dtype", None)
    if xs == ys and (xd is yd or xd == yd or (xd is None and yd is not None and yd.kind != "c" and not isinstance(x, complex))):
        return then
    source, target = space_of(x), space_of(y)
    assert isinstance(source, Array) and isinstance(target, Array)
    if source == target or target.dtype == object or source.dtype == object and source.shape == target.shape:
        return then

    def forward(v: Any) -> Any:
        if target.dtype != source.dtype:
            v = astype(v, dtype=target.dtype)
        return np.broadcast_to(v, target.shape) if target.shape != source.shape else v

    def adjoint(v: Any) -> Any:
        v = sum_to(v, source.shape) if target.shape != source.shape else v
        return astype(v, dtype=source.dtype) if target.dtype != source.dtype else v

    return Chain(LinearOp("broadcast", forward, adjoint, (source,), (target,)), then)


def sum_to(v: Any, shape: tuple[int, ...]) -> Any:
    """An array summed over the axes along which ``shape`` was broadcast to its shape."""
    extra = len(v.shape) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and v.shape[i + extra] != 1)
    if axes:
        v = np.sum(v, axis=axes)
    return v if v.shape == shape else np.reshape(v, shape)


def scaled(slope: Any, x: Any, y: Any) -> Op | None:
    """The derivative of an elementwise operation in an input ``x`` with output ``y``: scaling by the slope."""
    if slope is None or is_discrete(x):
        return None
    if type(slope) is int:
        if slope == 0:
            return None
        then: Op = IDENTITY if slope == 1 else NEGATE if slope == -1 else Scale(slope)
    else:
        then = Scale(slope)
    return embed(x, y, then)


def is_discrete(x: Any) -> bool:
    """Whether a value cannot move a little: an array or NumPy number of booleans or integers, or a Python bool."""
    dtype = getattr(x, "dtype", None)
    return type(x) is bool if dtype is None else dtype.kind in "bui"


def linear_op(name: str, forward: Callable[..., Any], adjoint: Callable[..., Any], x: Any, y: Any, merge_T: Any = None) -> Op:
    """A linear operation from the space of the value ``x`` to that of ``y``, its adjoint's results cast to those of ``x``."""
    source, target = space_of(x), space_of(y)
    if isinstance(source, Array) and isinstance(target, Array) and source.dtype != target.dtype:
        return Chain(*_cast(source, target), LinearOp(name, forward, adjoint, (source.of(target.dtype),), (target,), None, merge_T))
    return LinearOp(name, forward, adjoint, (source,), (target,), None, merge_T)


def _cast(source: Array, target: Array) -> tuple[Op, ...]:
    middle = source.of(target.dtype)
    if object in (source.dtype, target.dtype):
        return ()
    to, back = target.dtype, source.dtype
    return (LinearOp("astype", lambda v: astype(v, dtype=to), lambda v: astype(v, dtype=back), (source,), (middle,)),)


# ---------------------------------------------------------------------------------------------- rules


class Rule:
    """How a primitive states its derivative."""

    linear = False
    discrete = False

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

    def __init__(self, *slopes: Any) -> None:
        self.slopes = slopes
        self.linear = all(isinstance(s, int) for s in slopes)

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Scaling by each slope."""
        if len(inputs) == 1:
            (slope,) = self.slopes
            return (scaled(slope(inputs[0], output) if callable(slope) else slope, inputs[0], output),)
        return tuple(
            [
                scaled(slope(*inputs, output) if callable(slope) else slope, x, output) if want else None
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

        return LinearOp(call.name, call.apply, adjoint, spaces, (out,))


class Linear(Rule):
    """A map that is linear already, with its adjoint ``(v, *spaces, **options) -> one value for each input``.

    ``merge``, if given, applies several adjoints at once: ``(calls' options, values, space) -> their sum``.
    """

    linear = True

    def __init__(self, adjoint: Callable[..., Any], *, symmetric: bool = False, merge: Any = None) -> None:
        self.adjoint, self.symmetric, self.merge = adjoint, symmetric, merge

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        if all(is_discrete(x) for x in inputs):
            return None
        return self._make(call, inputs, output)

    def _make(self, call: Call, inputs: Sequence[Any], output: Any) -> Op:
        spaces = tuple([space_of(x) for x in inputs])
        if isinstance(spaces[0], Product):
            return self._opaque(call, spaces[0], output)
        targets = tuple([space_of(y) for y in output]) if isinstance(output, (tuple, list)) else (space_of(output),)
        options = call.params

        def adjoint(*v: Any) -> Any:
            answer = self.adjoint(*v, *spaces, **options)
            if len(spaces) == 1:
                return _as(answer, spaces[0])
            return tuple([_as(a, s) for a, s in zip(answer, spaces, strict=True)])

        merge = None
        if self.merge is not None:
            merge = _Merge(self.merge, spaces[0])
        op = LinearOp(call.name, call.apply, adjoint, spaces, targets, None, merge)
        if merge is not None:
            return _Merging(op, options)
        return op

    def _opaque(self, call: Call, space: Product, output: Any) -> Op:
        """The same for a product that stands on one wire."""

        def adjoint(v: Any) -> Any:
            parts = self.adjoint(v, *space.parts, **call.params)
            return tuple([_as(a, s) for a, s in zip(parts, space.parts, strict=True)])

        return LinearOp(call.name, call.apply, adjoint, (space,), (space_of(output),))

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
        return self.function([op.options for op in ops], values, self.space)


class _Merging(LinearOp):
    """A linear operation that remembers its options, for ``merge``."""

    __slots__ = ("options",)

    def __init__(self, op: LinearOp, options: Mapping[str, Any]) -> None:
        super().__init__(op.name, op.forward, op.adjoint, op.source, op.target, op.merge, op.merge_T)
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
        facts = []
        for i, adjoint in enumerate(self.adjoints):
            x, other = inputs[i], inputs[1 - i]
            if not wanted[i] or is_discrete(x):
                facts.append(None)
                continue
            facts.append(self._partial(call, i, adjoint, x, other, output))
        return tuple(facts)

    def _partial(self, call: Call, i: int, adjoint: Any, x: Any, other: Any, output: Any) -> Op:
        options, space = call.params, space_of(x)

        def forward(v: Any) -> Any:
            return call.apply(v, other) if i == 0 else call.apply(other, v)

        return LinearOp(
            f"{call.name}.{i + 1}", forward, lambda v: _as(adjoint(v, other, space, **options), space), (space,), (space_of(output),)
        )


class Partials(Rule):
    """A derivative composed of linear operations: ``(inputs, output, wanted, **options)`` gives the facts."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the function says."""
        if all(is_discrete(x) for x in inputs):
            return None
        return self.function(inputs, output, wanted, **call.params)


class Discrete(Rule):
    """Piecewise constant: the derivative is zero wherever there is one, and by convention everywhere."""

    discrete = True

    def derivative(self, call: Call, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """None."""
        return None


def _as(v: Any, space: Space) -> Any:
    if isinstance(space, Array) and space.dtype.kind in "fc" and getattr(v, "dtype", space.dtype) != space.dtype:
        return v if v.dtype == object else astype(v, dtype=space.dtype)
    return v


def example(space: Space) -> Any:
    """A cheap value of a space: ones, without memory for each."""
    if isinstance(space, Product):
        return tuple([example(p) for p in space.parts])
    assert isinstance(space, Array)
    one = np.ones((), space.dtype)
    return np.broadcast_to(one, space.shape) if space.shape else one[()]


# ---------------------------------------------------------------------------------------------- the record


@attrs.frozen
class Example:
    """One case of the catalogue's test: a shape or an array for each input, and the options."""

    inputs: tuple[Any, ...]
    options: dict[str, Any] = {}


def on(*inputs: Any, **options: Any) -> Example:
    """``on((2, 3), (3,), axis=0)``: an example for the catalogue's test."""
    return Example(inputs, options)


@attrs.frozen(eq=False, repr=False)
class Primitive:
    """One primitive: name, meaning, rule, and what the catalogue's test needs to check it.

    ``function`` takes arrays by position and options by keyword; ``arity`` ``None`` takes any number of arrays.
    ``shape`` gives the result's space from the inputs' spaces and the options; without it, an elementwise rule
    broadcasts, and another function is run on ones of the shapes. ``numpy`` lists functions of NumPy that it stands for.
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
    complex: bool = False  #: whether it is checked at complex points too (holomorphic, or real-linear)
    smooth: bool = True  #: whether second derivatives are checked by differences
    examples: tuple[Example, ...] = ()

    def __repr__(self) -> str:
        return self.name

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


class Call(Op):
    """A primitive with its options bound: what a box of a program holds."""

    __slots__ = ("apply", "cod", "discrete", "dom", "line", "linear", "params", "primitive")

    def __init__(self, primitive: Primitive, params: dict[str, Any], line: str | None = None) -> None:
        self.primitive, self.params, self.line = primitive, params, line
        function = functools.partial(primitive.function, **params) if params else primitive.function
        self.apply = _spread(function) if primitive.arity is None else function
        self.linear, self.discrete = primitive.rule.linear, primitive.rule.discrete
        n = primitive.arity
        self.dom = 0 if n is None else NUM if n == 1 else (NUM,) * n
        outputs = primitive.outputs(**params) if callable(primitive.outputs) else primitive.outputs
        self.cod = NUM if outputs == 1 and not callable(primitive.outputs) else (NUM,) * outputs

    @property
    def name(self) -> str:  # type: ignore[override]
        """The primitive's name."""
        return self.primitive.name

    def options(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        return {k: v for k, v in self.params.items() if k not in self.primitive.options or self.primitive.options[k] is not v}

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the primitive's rule states."""
        return self.primitive.rule.derivative(self, inputs, output, wanted)

    @property
    def T(self) -> Op | None:
        """The transpose, of a linear primitive that does not need its shapes for it."""
        return self.primitive.rule.transpose(self) if self.linear else super().T

    def at(self, *spaces: Space) -> Op:
        """The primitive at known spaces."""
        return self.primitive.rule.at(self, spaces)

    def shape(self, *spaces: Space) -> Any:
        """The space of the result."""
        for space in spaces:
            if not isinstance(space, Array):
                raise ShapeError(
                    f"{self.name} takes arrays", found=space, expected="one array", remedy="take a part of the product first"
                )
        try:
            if self.primitive.shape is not None:
                return self.primitive.shape(*spaces, **self.params)
            with np.errstate(all="ignore"):
                if isinstance(self.primitive.rule, Elementwise) or self.primitive.rule.discrete:
                    shape = np.broadcast_shapes(*[s.shape for s in spaces])  # type: ignore[attr-defined]
                    kind = np.asarray(self.apply(*[np.ones((), s.dtype) for s in spaces])).dtype  # type: ignore[attr-defined]
                    return Array(shape, kind)
                result = self.apply(*[example(s) for s in spaces])
            return tuple([space_of(r) for r in result]) if isinstance(self.cod, tuple) else space_of(result)
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

    __slots__ = ("missing", "primitive")

    def __init__(self, primitive: Primitive, missing: str) -> None:
        self.primitive, self.missing = primitive, missing

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


class Constant(Op):
    """An array that does not depend on the domain."""

    __slots__ = ("value",)
    name = "const"
    discrete = True
    dom = ()

    def __init__(self, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value = value.copy()
            value.flags.writeable = False
        self.value = value

    def apply(self, *inputs: Any) -> Any:
        """The value."""
        return self.value

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """None."""
        return None

    def shape(self, *spaces: Space) -> Any:
        """The space of the value."""
        return space_of(self.value)

    def __repr__(self) -> str:
        return f"const({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and same(self.value, other.value)

    def __hash__(self) -> int:
        return hash(("const", key(self.value)))


class Projection(Op):
    """One part of a product that stands on one wire; its transpose, where the length is known, is the injection."""

    __slots__ = ("i", "n")
    linear = True
    name = "proj"
    dom = 0
    cod = 1

    def __init__(self, i: int, n: int | None = None) -> None:
        self.i, self.n = i, n

    def apply(self, *inputs: Any) -> Any:
        """The part."""
        return inputs[0][self.i]

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself, knowing the length."""
        return (Projection(self.i, len(inputs[0])),)

    @property
    def T(self) -> Op:
        """The injection."""
        if self.n is None:
            raise NeedsSpaceError(
                "the transpose of proj depends on the length of the product", found=repr(self), expected="a known product",
                remedy="give the length, proj(i, n), or ask f.at(space).T",
            )  # fmt: skip
        return Injection(self.i, self.n)

    def at(self, *spaces: Space) -> Op:
        """Itself, knowing the length."""
        (space,) = spaces
        assert isinstance(space, Product)
        return Projection(self.i, len(space.parts))

    def shape(self, *spaces: Space) -> Any:
        """The part."""
        (space,) = spaces
        assert isinstance(space, Product)
        return space.parts[self.i]

    def __repr__(self) -> str:
        return f"proj({self.i})" if self.n is None else f"proj({self.i}, {self.n})"


class Injection(Op):
    """A product on one wire that is zero but for one part: the transpose of ``Projection``."""

    __slots__ = ("i", "n")
    linear = True
    name = "inj"
    dom = 0
    cod = 1

    def __init__(self, i: int, n: int) -> None:
        self.i, self.n = i, n

    def apply(self, *inputs: Any) -> Any:
        """The product."""
        return tuple([inputs[0] if j == self.i else ZERO for j in range(self.n)])

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    @property
    def T(self) -> Op:
        """The projection."""
        return Projection(self.i, self.n)

    def __repr__(self) -> str:
        return f"inj({self.i}, {self.n})"


def fault(name: str, inputs: Sequence[Any], error: Exception, expected: str = "", line: str | None = None) -> Exception | None:
    """The clear form of an error that NumPy raised in a primitive; ``None`` for one that is clear already."""
    if not isinstance(error, (ValueError, TypeError, IndexError)) or isinstance(error, np.linalg.LinAlgError):
        return None
    kind = DTypeError if isinstance(error, TypeError) else ShapeError
    found = " and ".join(repr(x) if isinstance(x, Space) else describe(x) for x in inputs) or "no arrays"
    place = f" (in {line})" if line else ""
    what = "dtypes" if kind is DTypeError else "shapes"
    return kind(
        f"{name} does not take arguments of these {what}{place}", found=found,
        expected=expected or f"what numpy takes: {error}", remedy=f"change the argument, or the options of {name}",
    )  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Whether two constants or options are the same, arrays by their bits."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, (tuple, list)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return bool(a == b) or (a != a and b != b)


def key(a: Any) -> Any:
    """A hashable stand-in for a constant or options, equal for those that are ``same``."""
    if isinstance(a, np.ndarray):
        return a.shape, a.dtype.str, a.tobytes()
    if isinstance(a, (tuple, list)):
        return tuple([key(x) for x in a])
    if isinstance(a, dict):
        return tuple([(k, key(v)) for k, v in sorted(a.items())])
    if isinstance(a, slice):
        return "slice", a.start, a.stop, a.step
    try:
        return hash(a)
    except TypeError:
        return id(a)
