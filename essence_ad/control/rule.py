"""A function with a derivative of the user's own, as an operation.

A rule gets the value and the arguments, and gives a linear map, a function of tangents (``jvp``) or a function of covectors
(``vjp``). Where the direction that is asked for has no rule, the rule of the other is recorded and transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.categories.additive import Additive
from essence_ad.containers import ZERO, describe
from essence_ad.control.body import Flags, Joint, boundary, chosen, continuous, linear_at, packed, staged, zeros
from essence_ad.control.holding import Whole
from essence_ad.control.structured import rebuilt
from essence_ad.diagram import Diagram
from essence_ad.errors import (
    EssenceError,
    NotDifferentiableError,
    OptionError,
    ShapeError,
    StructureError,
    TracingError,
    UnsupportedError,
)
from essence_ad.linear_map import LinearMap, arrays
from essence_ad.morphism import Morphism
from essence_ad.operation import Scale, as_element
from essence_ad.spaces import Array, Product, Space, add, fits, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.calls import is_abstract
from essence_ad.tracing.program import name_of

Rule = Callable[..., Any]
FORWARD, REVERSE = ("jvp", "derivative", "vjp"), ("vjp", "derivative", "jvp")


class Ruled(Whole):
    """A call of a function with rules, between known spaces: one for each argument, and one for the value."""

    __slots__ = ("cod", "dom", "function", "name", "rules", "spaces", "target")

    def __init__(self, function: Any, rules: dict[str, Rule], spaces: Sequence[Space], target: Space) -> None:
        self.function, self.rules, self.spaces, self.target = function, dict(rules), tuple(spaces), target
        self.name = f"custom_{name_of(function)}"
        self.dom, self.cod = boundary(len(self.inputs)), boundary(len(self.outputs))

    @property
    def inputs(self) -> list[Array]:
        """The arrays of the arguments."""
        return [a for space in self.spaces for a in arrays(space)]

    @property
    def outputs(self) -> list[Array]:
        """The arrays of the value."""
        return arrays(self.target)

    def run(self, inputs: tuple[Any, ...]) -> Any:
        """The function's value at arrays."""
        value = self.function(*self._arguments(inputs))
        return packed(self._leaves("the value", value, self.target, self.function))

    def shape(self, *spaces: Space) -> Any:
        """The arrays of the value; ``ShapeError`` for arguments of other shapes than it was made for."""
        flat = [a for space in spaces for a in arrays(space)]
        if len(flat) != len(self.inputs) or not all(map(fits, flat, self.inputs)):
            raise ShapeError(
                f"{self.name} was made for other spaces", found=" and ".join(map(repr, spaces)),
                expected=" and ".join(map(repr, self.spaces)), remedy="call the function itself at these arguments",
            )  # fmt: skip
        return packed(tuple(self.outputs))

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """What the rules say, in either direction."""
        active = continuous(inputs, wanted)
        if not any(active):
            return None
        if not self.rules:
            raise NotDifferentiableError(
                f"{name_of(self.function)} has no rule for its derivative", found=f"custom({name_of(self.function)})",
                expected="a rule: a linear map, a jvp or a vjp", remedy="give one with .derivative, .jvp or .vjp",
            )  # fmt: skip
        values = tuple(output) if isinstance(output, (tuple, list)) else (output,)
        point = (*inputs, *values)
        return Joint(
            self.name,
            lambda *v: _applied(self, "push", active, point, self._filled(v, self.inputs, active)),
            lambda *w: _applied(self, "pull", active, point, self._filled(w, self.outputs, None)),
            tuple(self.inputs),
            tuple(self.outputs),
        )

    def _filled(self, vector: Sequence[Any], spaces: Sequence[Array], active: Flags | None) -> tuple[Any, ...]:
        flags = active or (True,) * len(spaces)
        return tuple(
            [zeros(s) if v is ZERO or not flag else v for v, s, flag in zip(vector, spaces, flags, strict=True)]
        )

    # ------------------------------------------------------------------ the rules

    def moved(self, way: str, active: Flags, point: Sequence[Any], vector: Sequence[Any]) -> list[Any]:
        """The image of a vector, forward (``push``) or in reverse (``pull``), by the first rule that says it."""
        n = len(self.inputs)
        args, value = self._arguments(point[:n]), rebuilt(self.target, point[n:])
        for kind in FORWARD if way == "push" else REVERSE:
            rule = self.rules.get(kind)
            if rule is not None:
                moved: list[Any] = getattr(self, f"_{way}_by_{kind}")(rule, value, args, vector, active)
                return moved
        raise AssertionError("a function with rules has one")

    def _push_by_jvp(self, rule: Rule, value: Any, args: Sequence[Any], v: Sequence[Any], active: Flags) -> list[Any]:
        return self._leaves("a tangent", self._linear(rule, value, args)(*self._arguments(v)), self.target, rule)

    def _pull_by_vjp(self, rule: Rule, value: Any, args: Sequence[Any], w: Sequence[Any], active: Flags) -> list[Any]:
        result = self._linear(rule, value, args)(rebuilt(self.target, w))
        one = len(self.spaces) == 1
        alone = one and not (type(result) is tuple and len(result) == 1 and not _takes(self.spaces[0], result))
        parts = (result,) if alone else result
        if not isinstance(parts, (tuple, list)) or len(parts) != len(self.spaces):
            raise StructureError(
                f"the vjp of {name_of(self.function)} gives a covector for each argument", found=describe(result),
                expected=f"a tuple of {len(self.spaces)}", remedy=f"return one for each argument, None for zero, in {_place(rule)}",
            )  # fmt: skip
        found: list[Any] = []
        for part, space in zip(parts, self.spaces, strict=True):
            found += [ZERO] * len(arrays(space)) if part is None else self._leaves("a covector", part, space, rule)
        return [x if flag else ZERO for x, flag in zip(found, active, strict=True)]

    def _push_by_derivative(self, rule: Rule, value: Any, args: Any, v: Sequence[Any], active: Flags) -> list[Any]:
        total: Any = ZERO
        for linear, tangent in zip(self._maps(rule, value, args), self._packed(v), strict=True):
            if linear is not None:
                total = add(total, linear.apply(tangent))
        return self._spread(total, self.target)

    def _pull_by_derivative(self, rule: Rule, value: Any, args: Any, w: Sequence[Any], active: Flags) -> list[Any]:
        covector = self.target.pack(rebuilt(self.target, w))
        found: list[Any] = []
        for linear, space in zip(self._maps(rule, value, args), self.spaces, strict=True):
            found += self._spread(ZERO if linear is None else linear.T.apply(covector), space)
        return [x if flag else ZERO for x, flag in zip(found, active, strict=True)]

    def _push_by_vjp(self, rule: Rule, value: Any, args: Sequence[Any], v: Sequence[Any], active: Flags) -> list[Any]:
        def pull(*w: Any) -> list[Any]:
            found = self._pull_by_vjp(rule, value, args, w, active)
            return [s.fill(x) for s, x in zip(chosen(self.inputs, active), chosen(found, active), strict=True)]

        turned = self._transposed("jvp", "vjp", pull, self.outputs)
        return self._spread(turned.apply(tuple(chosen(v, active))), Product(tuple(self.outputs)))

    def _pull_by_jvp(self, rule: Rule, value: Any, args: Sequence[Any], w: Sequence[Any], active: Flags) -> list[Any]:
        def push(*v: Any) -> list[Any]:
            rest = iter(v)
            every = [next(rest) if flag else zeros(s) for s, flag in zip(self.inputs, active, strict=True)]
            return self._push_by_jvp(rule, value, args, every, active)

        spaces = chosen(self.inputs, active)
        found = self._spread(self._transposed("vjp", "jvp", push, spaces).apply(tuple(w)), Product(tuple(spaces)))
        rest = iter(found)
        return [next(rest) if flag else ZERO for flag in active]

    def _transposed(self, wanted: str, given: str, function: Any, spaces: Sequence[Array]) -> LinearMap:
        """The transpose of a rule's linear function, which is recorded for that."""
        name = name_of(self.function)
        try:
            d = staged(f"the {given} of {name}", spaces, function)
            _, linear = linear_at(d, [zeros(s) for s in spaces], (True,) * len(spaces))
        except Exception as error:
            raise NotDifferentiableError(
                f"{name} has no {wanted}, and its {given} cannot be recorded to be transposed",
                found=f"in {_place(self.rules[given])}: {str(error).splitlines()[0] if str(error) else type(error).__name__}",
                expected=f"a {given} of NumPy's functions, or a {wanted} too", remedy=f"give the other direction with .{wanted}",
            ) from error  # fmt: skip
        return linear.T

    def _linear(self, rule: Rule, value: Any, args: Sequence[Any]) -> Any:
        function = rule(value, *args)
        if not callable(function):
            raise OptionError(
                f"a rule of {name_of(self.function)} gives a linear function", found=describe(function),
                expected="a function of the tangents (jvp), or of the covector (vjp)",
                remedy=f"return lambda ...: ... in {_place(rule)}",
            )  # fmt: skip
        return function

    def _maps(self, rule: Rule, value: Any, args: Sequence[Any]) -> list[LinearMap | None]:
        """The linear maps that a ``derivative`` rule gives, one for each argument."""
        result = rule(value, *args)
        parts = (result,) if len(self.spaces) == 1 and not isinstance(result, (tuple, list)) else result
        if not isinstance(parts, (tuple, list)) or len(parts) != len(self.spaces):
            raise StructureError(
                f"the derivative of {name_of(self.function)} is a linear map for each argument", found=describe(result),
                expected=f"{len(self.spaces)} of them", remedy=f"return one for each, None for zero, in {_place(rule)}",
            )  # fmt: skip
        return [self._map(part, space, rule) for part, space in zip(parts, self.spaces, strict=True)]

    def _map(self, part: Any, space: Space, rule: Rule) -> LinearMap | None:
        if part is None or isinstance(part, LinearMap):
            return part
        if isinstance(part, Morphism):
            linear: LinearMap = Additive(part.at(space))
            return linear
        if callable(part):
            raise OptionError(
                f"the derivative of {name_of(self.function)} is a linear map", found=describe(part),
                expected="a linear program, a LinearMap, or a factor",
                remedy=f"give functions with .jvp or .vjp instead, in {_place(rule)}",
            )  # fmt: skip
        d = Diagram(0, 1, [(Scale(part), (0,), (1,))], 2, space, self.target)
        return LinearMap(d)

    # ------------------------------------------------------------------ structure

    def _arguments(self, values: Sequence[Any]) -> list[Any]:
        answer, at = [], 0
        for space in self.spaces:
            n = len(arrays(space))
            answer.append(rebuilt(space, values[at : at + n]))
            at += n
        return answer

    def _packed(self, values: Sequence[Any]) -> list[Any]:
        return [s.pack(x) for s, x in zip(self.spaces, self._arguments(values), strict=True)]

    def _spread(self, tree: Any, space: Space) -> list[Any]:
        parts = [ZERO] * len(arrays(space)) if tree is ZERO else leaves(tree)
        return [as_element(x, s) for x, s in zip(parts, arrays(space), strict=True)]

    def _leaves(self, what: str, value: Any, space: Space, rule: Any) -> list[Any]:
        """The arrays of what a rule or the function gave, in a space; an error where it does not fit."""
        try:
            tree = space.pack(value)
            if fits(space_of(rebuilt(space, leaves(tree))), space):
                return self._spread(tree, space)
        except StructureError:
            pass
        raise ShapeError(
            f"{what} that a rule of {name_of(self.function)} gives does not fit" if rule is not self.function
            else f"{name_of(self.function)} gives a value of another space than it said",
            found=f"{describe(value)}, from {_place(rule)}", expected=repr(space),
            remedy="return the structure and the shapes of the argument or value that it belongs to",
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        mine = self.function, self.rules, self.spaces, self.target
        return isinstance(other, Ruled) and mine == (other.function, other.rules, other.spaces, other.target)

    def __hash__(self) -> int:
        return hash((self.name, self.spaces))


class Moved(Whole):
    """A rule that cannot be recorded, called as a whole: inputs are the point and a vector. It has no derivative."""

    __slots__ = ("active", "cod", "dom", "name", "op", "way")

    def __init__(self, op: Ruled, way: str, active: Flags) -> None:
        self.op, self.way, self.active = op, way, active
        self.name = f"{op.name}.{way}"
        n, m = len(op.inputs), len(op.outputs)
        self.dom = boundary(n + m + (n if way == "push" else m))
        self.cod = boundary(m if way == "push" else n)

    def run(self, inputs: tuple[Any, ...]) -> Any:
        """The image of the vector."""
        n = len(self.op.inputs) + len(self.op.outputs)
        found = self.op.moved(self.way, self.active, inputs[:n], inputs[n:])
        spaces = self.op.outputs if self.way == "push" else self.op.inputs
        return packed([s.fill(x) for s, x in zip(spaces, found, strict=True)])

    def shape(self, *spaces: Space) -> Any:
        """The spaces of the image."""
        return packed(tuple(self.op.outputs if self.way == "push" else self.op.inputs))

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """An error: nobody said the second derivative."""
        name = name_of(self.op.function)
        raise NotDifferentiableError(
            f"the rule of {name} cannot be recorded, so it has no derivative itself",
            found=" and ".join(f"{k} in {_place(r)}" for k, r in self.op.rules.items()),
            expected="a rule of NumPy's functions, for second derivatives",
            remedy="write the rule with NumPy's functions, or with a custom function that has a rule of its own",
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moved) and (self.op, self.way, self.active) == (other.op, other.way, other.active)

    def __hash__(self) -> int:
        return hash((self.op, self.way, self.active))


def _applied(op: Ruled, way: str, active: Flags, point: Sequence[Any], vector: Sequence[Any]) -> Sequence[Any]:
    """The image of a vector; where a rule does not take traced arrays, it is one box that is called with arrays."""
    inputs = (*point, *vector)
    if not any([is_abstract(x) for x in inputs]):
        return op.moved(way, active, point, vector)
    try:
        return op.moved(way, active, point, vector)
    except NotDifferentiableError:
        raise
    except Exception as error:
        if isinstance(error, EssenceError) and not isinstance(error, (TracingError, UnsupportedError)):
            raise
        found = Moved(op, way, active).apply(*inputs)
        return found if isinstance(found, tuple) else (found,)


def _takes(space: Space, value: Any) -> bool:
    try:
        space.pack(value)
    except StructureError:
        return False
    return True


def _place(rule: Any) -> str:
    """Where a rule was written."""
    code = getattr(rule, "__code__", None)
    if code is None:
        return name_of(rule)
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno}"
