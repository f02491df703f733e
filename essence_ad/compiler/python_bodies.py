"""Loops and branches as Python: their bodies are functions inside the function, and read its values by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from essence_ad.compiler.python_calls import Written
from essence_ad.diagram import Diagram
from essence_ad.spaces import Product

Group = Sequence[int]  #: wires that are one argument of a body, or one part of its result


def holding(writer: Any, op: Any, ins: tuple[int, ...], outs: tuple[int, ...]) -> bool:
    """Write the statements of ``cond``, ``while_`` or ``scan``; false for other operations."""
    write = _KINDS.get(op.name) if hasattr(op, "holds") else None
    if write is None:
        return False
    writer.imported("essence_ad", op.name)
    names = [writer.temporary() for _ in outs]
    writer.lines.append(write(writer, op, [writer.value(i) for i in ins], names))
    for wire, name in zip(outs, names, strict=True):
        writer.missing[wire] -= 1
        writer.contribute(wire, Written.atom(name))
    return True


def _cond(writer: Any, op: Any, given: list[Written], names: list[str]) -> str:
    bodies = [
        _body(writer, d, stem, [[w] for w in d.dom], {}, [d.cod])
        for d, stem in zip(op.holds, ("if_so", "otherwise"), strict=True)
    ]
    operands = [g.text for g in given[1:]]
    return f"{', '.join(names)} = cond({', '.join([given[0].text, *bodies, *operands])})"


def _while(writer: Any, op: Any, given: list[Written], names: list[str]) -> str:
    n = op.n_carry
    held = [_named(writer, g) for g in given[n:]]
    predicate, body = op.holds
    bodies = [
        _body(writer, d, stem, [d.dom[:n]], dict(zip(d.dom[n:], held, strict=True)), [d.cod])
        for d, stem in ((predicate, "goes_on"), (body, "step"))
    ]
    return f"{', '.join(names)} = while_({', '.join([*bodies, _one([g.text for g in given[:n]])])})"


def _scan(writer: Any, op: Any, given: list[Written], names: list[str]) -> str:
    n, m = op.n_carry, op.n_carry + op.n_xs
    held = [_named(writer, g) for g in given[m:]]
    (d,) = op.holds
    body = _body(
        writer, d, "step", [d.dom[:n], d.dom[n:m]], dict(zip(d.dom[m:], held, strict=True)), [d.cod[:n], d.cod[n:]]
    )
    init, xs = _one([g.text for g in given[:n]]), _one([g.text for g in given[n:m]], "None")
    options = ("" if op.length is None or m > n else f", length={op.length}") + (", reverse=True" if op.reverse else "")
    targets = f"{_one(names[:n], '_')}, {_one(names[n:], '_')}"
    return f"{targets} = scan({body}, {init}, {xs}{options})"


_KINDS: dict[str, Callable[[Any, Any, list[Written], list[str]], str]] = {
    "cond": _cond, "while_": _while, "scan": _scan,
}  # fmt: skip


def _one(texts: Sequence[str], nothing: str = "()") -> str:
    """Several values as one: itself, or a tuple."""
    return f"({', '.join(texts)})" if len(texts) > 1 else texts[0] if texts else nothing


def _named(writer: Any, given: Written) -> Written:
    """A value that a body reads: by a name, so that it is not computed at each step."""
    if given.simple:
        return given
    name = writer.temporary()
    writer.lines.append(f"{name} = {given.text}")
    return Written.atom(name, python=given.python)


def _body(
    writer: Any, d: Diagram, stem: str, arguments: list[Group], held: dict[int, Written], results: list[Group]
) -> str:
    """The definition of a body; its name."""
    name = writer.names.fresh(stem)
    inner = writer.inside(d)
    assert isinstance(d.dom_space, Product)
    spaces = dict(zip(d.dom, d.dom_space.parts, strict=True))
    inner.wires.update(held)
    parameters = []
    for group in arguments:
        parameters.append(writer.names.fresh("state" if len(group) > 1 else "x" if group else "_nothing"))
        if len(group) == 1:
            inner.argument(parameters[-1], group[0], spaces[group[0]])
        elif group:
            inner.argument(parameters[-1], tuple(group), Product(tuple([spaces[w] for w in group])))
    for box in d.boxes:
        inner.box(*box)
    answers = [_one([inner.value(w).text for w in group], "None" if len(results) > 1 else "()") for group in results]
    body = [*inner.lines, f"return {', '.join(answers)}"]
    writer.lines += [f"def {name}({', '.join(parameters)}):", *[f"    {line}" for line in body]]
    return str(name)
