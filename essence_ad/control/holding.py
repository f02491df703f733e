"""Operations that hold bodies: what loops and branches share, and how a body becomes a function that is called at each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from essence_ad.backends import numpy as numpy_backend
from essence_ad.compiler.simplify import simplify
from essence_ad.control.body import Joint, bound, continuous, packed, plain, run, spaces_in
from essence_ad.diagram import Diagram, Op
from essence_ad.errors import EssenceError
from essence_ad.morphism import from_diagram
from essence_ad.spaces import Array, Product, Space, space_of
from essence_ad.structure import leaves
from essence_ad.tracing.batch import Batch
from essence_ad.tracing.calls import is_abstract, leader
from essence_ad.tracing.shadow import Shadow, Work
from essence_ad.tracing.sparse import Sparse

LONG = 64  #: steps from which on a body is compiled when the loop is run
Step = Callable[..., Sequence[Any]]
Later = Callable[[], Sequence[Step]] | None


class Whole(Op):
    """An operation that is called as a whole, on arrays: on traced ones it is recorded, of many arrays it takes each."""

    __slots__ = ()
    whole = True

    def run(self, inputs: tuple[Any, ...]) -> Any:
        """The result at arrays."""
        raise NotImplementedError

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """What generated code calls."""
        return lambda *inputs: self.run(inputs)

    def apply(self, *inputs: Any) -> Any:
        """The result: a box more where the inputs are traced, and the operation itself otherwise."""
        inputs = tuple(leaves(inputs))
        if any([is_abstract(x) for x in inputs]):
            return self._at_kind(leader(inputs), inputs)
        return self.run(inputs)

    def _at_kind(self, first: Any, inputs: tuple[Any, ...]) -> Any:
        """The result at arrays that stand for others: traced ones, one of many, or the columns of a matrix."""
        if isinstance(first, Batch):
            owner = first.owner
            lifted = tuple([isinstance(x, Batch) and x.owner is owner for x in inputs])
            given = [x.array if has else x for has, x in zip(lifted, inputs, strict=True)]
            return packed([Batch(owner, y) for y in self.batched(owner.size, lifted, given)])
        if isinstance(first, Sparse):
            lifted = tuple([isinstance(x, Sparse) for x in inputs])
            given = [x.matrix(turned=True) if has else x for has, x in zip(lifted, inputs, strict=True)]
            results = self.batched(first.width, lifted, given)
            return packed([Sparse(Array(y.shape[1:], y.dtype), first.width, dense=y) for y in results])
        if isinstance(first, Shadow):
            tallies = tuple({id(t): t for x in inputs if isinstance(x, Shadow) for t in x.tallies}.values())
            found = self.shape(*[space_of(x) for x in inputs])
            outs = found if isinstance(found, tuple) else (found,)
            for tally in tallies:
                self.count(tally, inputs, outs)
            return packed([Shadow(space, *tallies) for space in outs])
        return bound(self, inputs)

    def count(self, tally: Work, inputs: Sequence[Any], outs: Sequence[Array]) -> None:
        """Add the work of one call, which gives these spaces."""
        tally.calls += 1
        tally.elements += sum([s.dim for s in outs])

    def batched(self, n: int, lifted: tuple[bool, ...], inputs: Sequence[Any]) -> Sequence[Any]:
        """The results with an added axis of length ``n`` in front, which the ``lifted`` inputs have: one by one."""
        if n == 0:
            spaces = [space_of(x) for x in inputs]
            flat = [
                Array(s.shape[has:], s.dtype) for s, has in zip(spaces, lifted, strict=True) if isinstance(s, Array)
            ]
            found = self.shape(*flat)
            return [np.zeros((0, *s.shape), s.dtype) for s in (found if isinstance(found, tuple) else (found,))]
        rows = [self.apply(*[x[i] if has else x for has, x in zip(lifted, inputs, strict=True)]) for i in range(n)]
        return [np.stack(parts) for parts in zip(*[r if isinstance(r, tuple) else (r,) for r in rows], strict=True)]


class Holding(Whole):
    """An operation that runs bodies: flat programs, one array on each wire.

    A kind of loop or branch says how it is run with functions for its bodies (``runner``), and what its derivative is in
    each direction (``push``, ``pull``), written with operations that hold bodies again.
    """

    __slots__ = ("_kept", "cod", "dom", "holds")

    holds: tuple[Diagram, ...]  #: the bodies

    def __init__(self, holds: Sequence[Diagram], dom: Any, cod: Any) -> None:
        self.holds, self.dom, self.cod = tuple(holds), dom, cod
        self._kept: dict[Any, Any] = {}

    def holding(self, holds: Sequence[Diagram]) -> Holding:
        """The same operation with other programs for its bodies, of the same meaning."""
        raise NotImplementedError

    def runner(self, functions: Sequence[Step], fast: bool = False, later: Later = None) -> Callable[..., Any]:
        """The operation as a function of arrays, with a function for each body; ``fast`` where numbers are Python floats.

        A loop of a length that is not known asks ``later`` for better functions when it has become long.
        """
        raise NotImplementedError

    def inner(self, *spaces: Array) -> tuple[Sequence[Array], ...]:
        """The spaces of the inputs of each body, from those of the operation."""
        raise NotImplementedError

    def outer(self, *spaces: Array) -> Sequence[Array]:
        """The spaces of the outputs, from those of the inputs, at bodies that know theirs."""
        raise NotImplementedError

    def steps(self, inputs: Sequence[Any]) -> int:
        """How often a body may be run."""
        return 1

    def push(self, inputs: Sequence[Any], tangents: Sequence[Any], active: tuple[bool, ...]) -> Sequence[Any] | None:
        """A tangent for each output, ``ZERO`` where it does not move."""
        raise NotImplementedError

    def pull(self, inputs: Sequence[Any], covectors: Sequence[Any], active: tuple[bool, ...]) -> Sequence[Any]:
        """A covector for each input, ``ZERO`` where it does not move."""
        raise NotImplementedError

    def count(self, tally: Work, inputs: Sequence[Any], outs: Sequence[Array]) -> None:
        """The work of the bodies, as often as they are known to run."""
        steps = self.steps(inputs)
        for d in self.at(*[space_of(x) for x in inputs]).holds:
            env = d.spaces(Product(spaces_in(d)))
            work = [(op, ins) for op, ins, _ in d.boxes if op is not None and ins]
            one = Work()
            for op, ins in work:
                shadows = [Shadow(env[i], one) for i in ins]
                op.apply(*shadows)
            tally.include(one * steps)

    def moving(self, active: tuple[bool, ...]) -> bool:
        """Whether any output moves where these inputs do, at bodies that know their spaces."""
        return any(active)

    # ------------------------------------------------------------------ what follows

    def kept(self, make: Callable[..., Any], *arguments: Any) -> Any:
        """What a method makes at arguments, made once."""
        key = make.__name__, arguments
        if key not in self._kept:
            self._kept[key] = make(*arguments)
        return self._kept[key]

    def run(self, inputs: tuple[Any, ...]) -> Any:
        """The result at arrays; a long loop runs compiled bodies."""
        op = self.at(*[space_of(x) for x in inputs])
        functions = [lambda *a, d=d: run(d, a) for d in op.holds]
        if not plain(inputs):
            return op.runner(functions)(*inputs)
        with np.errstate(all="ignore"):
            try:
                if self.steps(inputs) >= LONG:
                    return op.runner(op.compiled(True), True)(*inputs)
                return op.runner(functions, later=lambda: op.compiled(True))(*inputs)
            except EssenceError:
                raise
            except (ValueError, OverflowError, ZeroDivisionError):  # Python's math raises where NumPy gives NaN
                return op.runner(op.compiled(False))(*inputs)

    def compiled(self, fast: bool) -> Sequence[Step]:
        """Functions for the bodies, from generated code."""
        functions: Sequence[Step] = self.kept(self._compiled, fast)
        return functions

    def _compiled(self, fast: bool) -> Sequence[Step]:
        return [numpy_backend.write(simplify(d), fast=fast).function() for d in self.holds]

    def at(self, *spaces: Space) -> Holding:
        """The operation with bodies that know their spaces."""
        flat = tuple([a for space in spaces for a in _arrays(space)])
        found = self._kept.get(flat)
        if found is None:
            wanted = self.inner(*flat)
            if all(
                d.dom_space is not None and spaces_in(d) == tuple(s) for d, s in zip(self.holds, wanted, strict=True)
            ):
                found = self
            else:
                found = self.holding([_at(d, s) for d, s in zip(self.holds, wanted, strict=True)])
            self._kept[flat] = found
        placed: Holding = found
        return placed

    def shape(self, *spaces: Space) -> Any:
        """The spaces of the outputs."""
        flat = tuple([a for space in spaces for a in _arrays(space)])
        return packed(tuple(self.at(*flat).outer(*flat)))

    def derivative(self, inputs: Sequence[Any], output: Any, wanted: Sequence[Any]) -> Any:
        """One linear operation from all inputs to all outputs, which runs bodies in either direction."""
        spaces = tuple([space_of(x) for x in inputs])
        op, active = self.at(*spaces), continuous(inputs, wanted)
        if not op.moving(active):
            return None
        outputs = output if isinstance(output, (tuple, list)) else (output,)
        return Joint(
            self.name,
            lambda *v: op.push(inputs, v, active),
            lambda *w: op.pull(inputs, w, active),
            spaces,
            tuple([space_of(y) for y in outputs]),
        )

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(_text, self.holds))})"

    def __reduce__(self) -> Any:
        return _again, (type(self), {s: getattr(self, s) for s in _slots(type(self)) if s != "_kept"})


def _again(kind: Any, state: dict[str, Any]) -> Any:
    op = kind.__new__(kind)
    for name, value in state.items():
        setattr(op, name, value)
    op._kept = {}
    return op


def _slots(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]


def _arrays(space: Space) -> tuple[Array, ...]:
    if isinstance(space, Product):
        return tuple([a for part in space.parts for a in _arrays(part)])
    assert isinstance(space, Array)
    return (space,)


def _at(d: Diagram, spaces: Sequence[Array]) -> Diagram:
    """A body at spaces; its boxes are left as they are, since nobody transposes them."""
    space = Product(tuple(spaces))
    env = d.spaces(space)
    return Diagram(d.dom, d.cod, d.boxes, d.n_wires, space, Product(tuple([env[w] for w in d.cod])))


def _text(d: Diagram) -> str:
    """A body as combinators where it is short."""
    if len(d.boxes) >= 8:
        return f"<{len(d.boxes)} boxes>"
    dom, cod = (p[0] if len(p) == 1 else p for p in (d.dom, d.cod))
    return repr(from_diagram(Diagram(dom, cod, d.boxes, d.n_wires)))
