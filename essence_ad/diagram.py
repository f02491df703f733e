"""Programs with sharing: a ``Diagram`` is the general n-ary composition of a category, boxes on named wires.

Wires are numbers. The domain and the codomain are nested tuples of wires; a box is ``(operation, ins, outs)``, and
boxes stand in an order in which every wire is made before it is read. A wire read twice is a copy, one never read is
discarded, one that several boxes make is their sum, and one that nothing makes is zero. So copying and addition,
discarding and zero are each other's mirror image, and the transpose of a diagram of linear boxes is the same diagram
read from the other side. The operation ``None`` is the identity.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from essence_ad.containers import ZERO, describe
from essence_ad.errors import (
    EssenceError,
    NeedsSpaceError,
    NotDifferentiableError,
    NotLinearError,
    ShapeError,
    StructureError,
)
from essence_ad.reach import chooses, jumping, masks
from essence_ad.spaces import Product, Space, add, fits
from essence_ad.structure import Pattern, leaves

Box = tuple[Any, tuple[int, ...], tuple[int, ...]]


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: what is built in long loops is kept, and the collector would walk it each time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Op:
    """What a box holds: an operation on arrays, and the facts that categories draw their conclusions from."""

    __slots__ = ()

    name: str = "?"
    linear: bool = False  #: whether it is its own derivative everywhere
    discrete: bool = False  #: whether its derivative is zero everywhere
    merge: Any = None  #: for linear operations whose results are cheaper to add before they are made, see ``propagate``
    elementwise: bool = False  #: whether each element of the result depends on those that stand at its place alone
    selects: bool = False  #: whether it is ``where``: the first input tells which of the two others is taken
    dom: Pattern = "num"
    cod: Pattern = "num"
    diagram: Any = None  #: the boxes that an arrow is made of, where it may stand in a diagram as if written out
    holds: tuple[
        Diagram, ...
    ] = ()  #: the programs that it runs as a whole: the body of a loop, the branches of a choice
    whole: bool = False  #: whether a backend calls it as one function, which ``runner`` gives
    passing: bool = False  #: whether the memory that its bodies work in is given back after each run

    def apply(self, *inputs: Any) -> Any:
        """The result (a tuple when the codomain has several parts)."""
        raise NotImplementedError

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """The derivative at a point: a tuple of one linear operation (or ``None``) for each input, or one for all.

        Only inputs that are ``wanted`` depend on the domain; the others may get ``None``.
        """
        raise NotDifferentiableError(
            f"{self.name} states no derivative", found=self.name, expected="an operation with a derivative",
            remedy="write the program with other primitives, or give a derivative of your own as an arrow of D(k)",
        )  # fmt: skip

    @property
    def T(self) -> Op | None:
        """The transposed operation, of a linear one."""
        raise NotLinearError(
            f"{self.name} has no transpose", found=f"{self.name}, which is not linear", expected="a linear arrow",
            remedy="transpose its derivative at a point: linearize(f, x)[1].T",
        )  # fmt: skip

    def at(self, *spaces: Space) -> Op:
        """The same operation, knowing the spaces of its inputs."""
        return self

    def shape(self, *spaces: Space) -> Any:
        """The space of the result (a tuple when the codomain has several parts)."""
        raise NeedsSpaceError(
            f"{self.name} states no shape rule", found=self.name, expected="a shape rule",
            remedy="give the operation one",
        )  # fmt: skip

    def within(self, mask: Any) -> Op:
        """The same linear operation where it matters at the elements of a mask alone; ``mask()`` tells them."""
        return self

    def fault(self, inputs: Sequence[Any], error: Exception) -> Exception | None:
        """A clearer error to raise where ``apply`` failed, ``None`` to let the first one through."""
        return None

    def __repr__(self) -> str:
        return self.name


class Diagram:
    """A straight-line program with named wires; immutable.

    >>> from essence_ad.primitives import catalogue
    >>> d = Diagram(0, 1, ((catalogue()["sin"].call(), (0,), (1,)),), 2)
    >>> float(d.evaluate(0.0)[1])
    0.0
    """

    __slots__ = ("_cache", "boxes", "cod", "cod_space", "dom", "dom_space", "n_wires")

    def __init__(
        self,
        dom: Pattern,
        cod: Pattern,
        boxes: Iterable[Box],
        n_wires: int,
        dom_space: Space | None = None,
        cod_space: Space | None = None,
    ) -> None:
        self.dom, self.cod, self.boxes, self.n_wires = dom, cod, tuple(boxes), n_wires
        self.dom_space, self.cod_space = dom_space, cod_space
        self._cache: dict[str, Any] = {}

    def __reduce__(self) -> Any:
        return Diagram, (self.dom, self.cod, self.boxes, self.n_wires, self.dom_space, self.cod_space)

    @property
    def T(self) -> Diagram:
        """The transpose: the same wires, read from the other side."""
        boxes = [(op if op is None else op.T, outs, ins) for op, ins, outs in reversed(self.boxes)]
        return Diagram(self.cod, self.dom, boxes, self.n_wires, self.cod_space, self.dom_space)

    @property
    def is_linear(self) -> bool:
        """Whether every box is linear."""
        return all(op is None or op.linear for op, _, _ in self.boxes)

    @property
    def misfits(self) -> tuple[list[int], list[int]]:
        """The wires that are read without being made (zeros), and those made more than once (sums)."""
        if "misfits" not in self._cache:
            made, sums = bytearray(self.n_wires), bytearray(self.n_wires)
            read = bytearray(self.n_wires)
            for wires in ((leaves(self.dom),), (outs for _, _, outs in self.boxes)):
                for group in wires:
                    for wire in group:
                        if made[wire]:
                            sums[wire] = 1
                        made[wire] = 1
            for wires in ((leaves(self.cod),), (ins for _, ins, _ in self.boxes)):
                for group in wires:
                    for wire in group:
                        read[wire] = 1
            zeros = [w for w, r in enumerate(read) if r and not made[w]]
            self._cache["misfits"] = zeros, [w for w, more in enumerate(sums) if more]
        answer: tuple[list[int], list[int]] = self._cache["misfits"]
        return answer

    def pruned(self) -> Diagram:
        """The same program without the boxes whose results nobody reads."""
        live = bytearray(self.n_wires)
        for wire in leaves(self.cod):
            live[wire] = 1
        kept: list[Box] = []
        for box in reversed(self.boxes):
            if any([live[w] for w in box[2]]):
                kept.append(box)
                for wire in box[1]:
                    live[wire] = 1
        if len(kept) == len(self.boxes):
            return self
        return Diagram(self.dom, self.cod, reversed(kept), self.n_wires, self.dom_space, self.cod_space)

    def active(self) -> bytearray:
        """For each wire, whether it depends on the domain through operations that have a derivative."""
        if "active" not in self._cache:
            active = bytearray(self.n_wires)
            for wire in leaves(self.dom):
                active[wire] = 1
            for op, ins, outs in self.boxes:
                if (op is None or not op.discrete) and any([active[w] for w in ins]):
                    for wire in outs:
                        active[wire] = 1
            self._cache["active"] = active
        answer: bytearray = self._cache["active"]
        return answer

    def bind(self, pattern: Pattern, tree: Any) -> list[Any]:
        """An environment with a packed value on the wires of a pattern; the parts of a repeated wire are added."""
        env: list[Any] = [ZERO] * self.n_wires
        if isinstance(pattern, int):
            env[pattern] = tree
            return env
        stack = [(pattern, tree)]
        while stack:
            wires, value = stack.pop()
            if isinstance(wires, tuple):
                if value is ZERO:
                    continue
                if not isinstance(value, tuple) or len(value) != len(wires):
                    raise StructureError(
                        "the argument does not fit the program", found=describe(value),
                        expected=f"a product of {len(wires)}", remedy="give one value for each part of the domain",
                    )  # fmt: skip
                stack.extend(zip(reversed(wires), reversed(value), strict=True))
            else:
                env[wires] = add(env[wires], value)
        return env

    def evaluate(self, tree: Any, *, drop: bool = False) -> list[Any]:
        """Run the boxes on a packed value, each once, and return what is on every wire.

        ``drop`` forgets what no later box and not the codomain reads.
        """
        env = self.bind(self.dom, tree)
        box: Box | None = None
        try:
            for box in self._dropping(env) if drop else self.boxes:
                op, ins, outs = box
                if len(ins) == 1:
                    result = env[ins[0]] if op is None else op.apply(env[ins[0]])
                else:
                    result = op.apply(*[env[i] for i in ins])
                if len(outs) == 1:
                    env[outs[0]] = result
                else:
                    for wire, part in zip(outs, result, strict=True):
                        env[wire] = part
        except EssenceError:
            raise
        except Exception as error:
            better = None if box is None or box[0] is None else box[0].fault([env[i] for i in box[1]], error)
            if better is None:
                raise
            raise better from error
        return env

    def _dropping(self, env: list[Any]) -> Iterator[Box]:
        """The boxes in order; what is on a wire is forgotten after the last box that reads it."""
        if "ending" not in self._cache:
            kept, ending = set(leaves(self.cod)), []
            for _, ins, outs in reversed(self.boxes):
                over = {w for w in (*ins, *outs) if w not in kept}
                kept |= over
                ending.append(tuple(over))
            self._cache["ending"] = ending[::-1]
        for box, over in zip(self.boxes, self._cache["ending"], strict=True):
            yield box
            for wire in over:
                env[wire] = ZERO

    def propagate(self, tree: Any) -> Any:
        """Run a diagram of linear boxes on a packed vector, adding up where wires meet; the packed result.

        A box whose inputs are all ``ZERO`` is skipped. Results for one wire are added when it is read, so that
        operations which know a cheaper way (``Op.merge``: scattering into one array) take it.
        """
        env = self.bind(self.dom, tree)
        waiting: dict[int, list[tuple[Any, Any]]] = {}
        sums = set(self.misfits[1])
        for op, ins, outs in self.boxes:
            if len(ins) == 1 and len(outs) == 1:
                wire, target = ins[0], outs[0]
                x = _settle(env, waiting, wire) if wire in waiting else env[wire]
                if x is ZERO:
                    continue
                if op is not None and op.merge is not None and target in sums:
                    waiting.setdefault(target, []).append((op, x))
                    continue
                y = x if op is None else op.apply(x)
                old = env[target]
                env[target] = y if old is ZERO else add(old, y)
                continue
            inputs = [_settle(env, waiting, w) if w in waiting else env[w] for w in ins]
            if inputs and all([x is ZERO for x in inputs]):
                continue
            result = op.apply(*inputs)
            for wire, part in zip(outs, (result,) if len(outs) == 1 else result, strict=True):
                env[wire] = add(env[wire], part)
        for wire in list(waiting):
            _settle(env, waiting, wire)
        return collect(self.cod, env)

    def linearize(self, env: Sequence[Any]) -> Diagram:
        """The derivative at the point whose evaluation left ``env``: a diagram of linear boxes on the same wires."""
        active, n = self.active(), self.n_wires
        found = [self._facts(box, env, active) for box in self.boxes]
        matter = self._masks(env, found)
        boxes: list[Box] = []
        push = boxes.append
        for number, ((op, ins, outs), facts) in enumerate(zip(self.boxes, found, strict=True)):
            if op is None:
                if active[ins[0]]:
                    push((None, ins, outs))
                continue
            if type(facts) is not tuple:
                if facts is not None:
                    push((facts, ins, outs))
                continue
            for place, (wire, linear) in enumerate(zip(ins, facts, strict=True)):
                if linear is None or not active[wire]:
                    continue
                if type(linear) is Chain:
                    *steps, last = linear.steps
                    for step in steps:
                        push((step, (wire,), (n,)))
                        wire, n = n, n + 1
                    linear = last
                mask = matter[number][place] if matter and matter[number] is not None else None
                if mask is not None:
                    linear = linear.within(mask)
                push((None if linear is IDENTITY else linear, ins if ins == (wire,) else (wire,), outs))
        return Diagram(self.dom, self.cod, boxes, n)

    @staticmethod
    def _facts(box: Box, env: Sequence[Any], active: bytearray) -> Any:
        """What a box states of its derivative; ``None`` where nothing that it reads moves."""
        op, ins, outs = box
        if op is None or op.discrete or not any([active[i] for i in ins]):
            return None
        output = env[outs[0]] if len(outs) == 1 else [env[o] for o in outs]
        return op.derivative([env[i] for i in ins], output, [active[i] for i in ins])

    def _masks(self, env: Sequence[Any], facts: Sequence[Any]) -> list[Any] | None:
        """For each box where its slopes matter, if there are branches that are not taken, masks or clipped values."""
        if "chooses" not in self._cache:
            jumps = jumping(self)
            self._cache["chooses"] = jumps, chooses(self, jumps)
        jumps, choices = self._cache["chooses"]
        if not choices and not any(
            [getattr(getattr(env[w], "dtype", None), "kind", "") == "b" for w in leaves(self.dom)]
        ):
            return None
        return masks(self, env, facts, jumps)

    def spaces(self, space: Space) -> list[Any]:
        """The space on every wire, from that of the domain, by the shape rules of the boxes."""
        env: list[Any] = [None] * self.n_wires
        stack: list[tuple[Pattern, Space]] = [(self.dom, space)]
        while stack:
            wires, part = stack.pop()
            if not isinstance(wires, tuple):
                _put(env, wires, part)
            elif isinstance(part, Product) and len(part.parts) == len(wires):
                stack.extend(zip(wires, part.parts, strict=True))
            else:
                raise StructureError(
                    "the space does not fit the program", found=part, expected=f"a product of {len(wires)}",
                    remedy="give one space for each part of the domain",
                )  # fmt: skip
        for op, ins, outs in self.boxes:
            inputs = [env[i] for i in ins]
            if any(i is None for i in inputs):
                known = next((i for i in inputs if i is not None), None)
                if known is None:
                    continue
                inputs = [known if i is None else i for i in inputs]
            result = inputs[0] if op is None else op.shape(*inputs)
            for wire, part in zip(outs, result if isinstance(result, tuple) else (result,), strict=True):
                _put(env, wire, part)
        return env

    def at(self, space: Space) -> Diagram:
        """The same program at a space: boxes know their shapes, so that every linear one has its transpose."""
        env = self.spaces(space)
        boxes = [(op if op is None else op.at(*[env[i] for i in ins]), ins, outs) for op, ins, outs in self.boxes]
        known = self.cod_space is not None and space == self.dom_space
        return Diagram(
            self.dom, self.cod, boxes, self.n_wires, space, self.cod_space if known else _space(self.cod, env)
        )


def _put(env: list[Any], wire: int, space: Space) -> None:
    """A space onto a wire; what stands there is a summand, so it must fit."""
    if env[wire] is not None and not fits(env[wire], space):
        raise ShapeError(
            "values of different spaces cannot be added", found=f"{env[wire]} and {space}", expected="one space",
            remedy="reshape one of the two before jam or join; the primitive add broadcasts",
        )  # fmt: skip
    env[wire] = space


def _space(pattern: Pattern, env: Sequence[Any]) -> Any:
    if isinstance(pattern, tuple):
        parts = [_space(p, env) for p in pattern]
        return None if any(p is None for p in parts) else Product(tuple(parts))
    return env[pattern]


def _settle(env: list[Any], waiting: dict[int, list[tuple[Any, Any]]], wire: int) -> Any:
    groups: dict[Any, list[tuple[Any, Any]]] = {}
    for op, x in waiting.pop(wire, ()):
        groups.setdefault(op.merge, []).append((op, x))
    for merge, pairs in groups.items():
        part = (
            pairs[0][0].apply(pairs[0][1]) if len(pairs) == 1 else merge([o for o, _ in pairs], [x for _, x in pairs])
        )
        env[wire] = add(env[wire], part)
    return env[wire]


def collect(pattern: Pattern, env: Sequence[Any]) -> Any:
    """The packed value that stands on the wires of a pattern."""
    return tuple([collect(p, env) for p in pattern]) if isinstance(pattern, tuple) else env[pattern]


class Chain(Op):
    """Unary linear operations one after another, as a primitive states a derivative with several steps."""

    __slots__ = ("steps",)
    linear = True
    steps: tuple[Op, ...]

    def __init__(self, *steps: Op) -> None:
        flat: list[Op] = []
        for step in steps:
            flat.extend(step.steps if isinstance(step, Chain) else [] if step is IDENTITY else [step])
        self.steps = tuple(flat) or (IDENTITY,)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The names of the steps, first to last."""
        return " >> ".join(s.name for s in self.steps)

    def apply(self, *inputs: Any) -> Any:
        """The steps in order."""
        (x,) = inputs
        for step in self.steps:
            x = step.apply(x)
        return x

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """Itself."""
        return (self,)

    def shape(self, *spaces: Space) -> Any:
        """Where the last step ends."""
        for step in self.steps:
            spaces = (step.shape(*spaces),)
        return spaces[0]

    @property
    def T(self) -> Op:
        """The transposed steps in the other order."""
        return Chain(*[s.T for s in reversed(self.steps) if s.T is not None])


class Identity(Op):
    """The linear operation that does nothing."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "IDENTITY"

    name = "identity"
    linear = True
    dom = 0
    cod = 0

    def apply(self, *inputs: Any) -> Any:
        """The input."""
        return inputs[0]

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


IDENTITY = Identity()
