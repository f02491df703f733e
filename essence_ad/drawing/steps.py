"""Forward, reverse and mixed accumulation, step by step: one picture, and what stands on its wires after each step.

Accumulation is composing the derivatives of the boxes (section 11), and all that can be chosen is in which order. Before a
cut, tangents go forward with the values; after it, cotangents come back. The cut behind the last box is forward mode, the
cut before the first box is reverse mode, any other is mixed, and there the two meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, overload

import attrs

from essence_ad.categories.graphs import Graphs
from essence_ad.containers import ZERO
from essence_ad.diagram import Box, Diagram
from essence_ad.drawing.draw import letter_of_result, names, ones, subject_of
from essence_ad.drawing.mirror import space_of_value
from essence_ad.drawing.picture import Sheet, Shown
from essence_ad.drawing.scene import Scene, scene
from essence_ad.drawing.svg import CAPTION, Panel, Pen, document, port_heights
from essence_ad.drawing.text import number
from essence_ad.errors import OptionError
from essence_ad.spaces import add, dot, space_of
from essence_ad.structure import leaves

MODES = ("forward", "reverse", "mixed")
SECONDS = 1.4  #: for each step of an animation
REST = 3  #: steps that it rests at its end


@attrs.frozen
class Step:
    """What is on the wires after a step, and which box was run: values above the wires, derivatives below."""

    text: str
    values: dict[int, Any]
    tangents: dict[int, Any]
    cotangents: dict[int, Any]
    box: int = -1

    @property
    def above(self) -> dict[int, str]:
        """The values as texts."""
        return {wire: number(value) for wire, value in self.values.items()}

    @property
    def below(self) -> dict[int, str]:
        """Tangents, which go forward, and cotangents, which come back, as texts."""
        texts: dict[int, list[str]] = {}
        for arrow, values in (("→", self.tangents), ("←", self.cotangents)):
            for wire, value in values.items():
                texts.setdefault(wire, []).append(f"{arrow} {number(value)}")
        return {wire: "  ".join(parts) for wire, parts in texts.items()}


class Steps(Shown):
    """Accumulation step by step: a sequence of pictures, one animated SVG, or a slider.

    ``steps[i]`` is the picture after step ``i``, for a slider of a notebook; ``svg`` is an animation that shows the last
    step where nothing moves; ``slider()`` is a slider that needs no running notebook.
    """

    __slots__ = ("layout", "scene", "steps", "title")

    def __init__(self, full: Scene, steps: Sequence[Step], title: str) -> None:
        self.steps, self.title = tuple(steps), title
        self.scene, self.layout = full, full.layout()

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, place: int) -> Sheet: ...
    @overload
    def __getitem__(self, place: slice) -> list[Sheet]: ...
    def __getitem__(self, place: int | slice) -> Sheet | list[Sheet]:
        """The picture after a step."""
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        step = self.steps[place]
        return Sheet([self._panel(step)], f"{self.title}: {step.text}")

    def __iter__(self) -> Iterator[Sheet]:
        return (self[i] for i in range(len(self)))

    def _panel(self, step: Step) -> Panel:
        shown = attrs.evolve(self.scene, values=step.above, below=step.below)
        return Panel(shown, self.layout, step.text, now=self._place(step), room=self.longest)

    @property
    def longest(self) -> str:
        """The longest text of a step, for which every picture has room."""
        return max([step.text for step in self.steps], key=len)

    def _place(self, step: Step) -> int:
        return next((i for i, show in enumerate(self.scene.shows) if show.box == step.box >= 0), -1)

    @property
    def svg(self) -> str:  # type: ignore[override]
        """The animation."""
        return _animation(self)

    @property
    def dot(self) -> str:  # type: ignore[override]
        """The program as text for Graphviz."""
        return self[-1].dot

    @property
    def mermaid(self) -> str:  # type: ignore[override]
        """The last step as text for Mermaid."""
        return self[-1].mermaid

    def slider(self) -> Slider:
        """A slider over the steps that works in a page and in a stored notebook."""
        return Slider(self)

    def __repr__(self) -> str:
        return f"<{len(self)} steps: {self.title}>"


class Slider:
    """All steps in one piece of HTML, of which a slider shows one."""

    __slots__ = ("steps",)

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def __repr__(self) -> str:
        return f"<a slider of {len(self.steps)} steps>"

    def _repr_html_(self) -> str:
        last = len(self.steps) - 1
        show = (
            "for(const [i,f] of [...this.parentNode.querySelectorAll('figure')].entries())"
            "f.style.display=i==this.value?'block':'none'"
        )
        style = ("margin:0;display:none", "margin:0;display:block")
        figures = "".join(
            f'<figure style="{style[i == last]}">{step.svg}</figure>' for i, step in enumerate(self.steps)
        )
        label = f'aria-label="step of {escape(self.steps.title)}"'
        slider = f'<input type="range" min="0" max="{last}" value="{last}" style="width:100%" {label} oninput="{show}">'
        return f"<div>{slider}{figures}</div>"


def steps(
    f: Any, x: Any, *, mode: str = "forward", along: Any = None, back: Any = None, cut: int | None = None
) -> Steps:
    """The steps of an accumulation at ``x``: ``mode`` is ``"forward"``, ``"reverse"`` or ``"mixed"``.

    ``along`` is the tangent, ``back`` the cotangent (ones, where they are not given); ``cut`` tells after how many boxes
    mixed mode turns (after half of them). Values stand above the wires, tangents and cotangents below.
    Raises ``OptionError`` for another mode, or a cut that the program does not have.

    >>> from essence_ad import cos, dup, mul
    >>> found = steps(dup >> mul >> cos, 2.0, mode="reverse")
    >>> found, found.steps[-1].text
    (<6 steps: reverse accumulation>, 'cotangents back through multiply')
    """
    if mode not in MODES:
        raise OptionError(
            f"there is no mode {mode}", found=repr(mode), expected=f"one of {MODES}", remedy="choose one of them"
        )
    subject = subject_of(f, x)
    d = Graphs.diagram(subject.diagram).drawn
    n = len(d.boxes)
    turn = {"forward": n, "reverse": 0}.get(mode, n // 2 if cut is None else cut)
    if not 0 <= turn <= n or (cut is not None and mode != "mixed"):
        raise OptionError(
            "an accumulation turns after some of the boxes", found=f"cut={cut} with mode={mode!r}",
            expected=f'mode="mixed" and 0 <= cut <= {n}', remedy="leave it out to turn after half of them",
        )  # fmt: skip
    env = d.evaluate(subject.packed)
    space, target = space_of(x), space_of_value(d, env)
    inputs = subject.inputs or names("x", space)
    run = _Run(d, env)
    dx = ones(space) if along is None else space.pack(along)
    dy = ones(target) if back is None else target.pack(back)
    found = run.all(dx, dy, turn)
    full = scene(
        d, inputs=inputs, outputs=names(letter_of_result(inputs), target),
        values=dict(enumerate(env)),
    )  # fmt: skip
    widest: dict[int, str] = {}
    for step in found:
        for wire, text in step.below.items():
            widest[wire] = max(widest.get(wire, ""), text, key=len)
    return Steps(attrs.evolve(full, below=widest), found, f"{mode} accumulation")


class _Run:
    """One accumulation: what is known so far, and the steps taken."""

    def __init__(self, d: Diagram, env: Sequence[Any]) -> None:
        self.d, self.env = d, env
        self.values: dict[int, Any] = {}
        self.tangents: dict[int, Any] = {}
        self.cotangents: dict[int, Any] = {}
        self.found: list[Step] = []

    def note(self, text: str, box: int = -1) -> None:
        """A step is done."""
        self.found.append(Step(text, dict(self.values), dict(self.tangents), dict(self.cotangents), box))

    def all(self, dx: Any, dy: Any, turn: int) -> list[Step]:
        """The steps, with tangents before the cut and cotangents behind it."""
        d = self.d
        inputs = leaves(d.dom)
        self.values.update({w: self.env[w] for w in inputs})
        if turn:
            self.tangents.update(zip(inputs, leaves(dx), strict=True))
        self.note("the point and the direction" if turn else "the point")
        for n, (op, _, outs) in enumerate(d.boxes):
            self.values.update({w: self.env[w] for w in outs})
            if n < turn:
                self.forward(d.boxes[n])
            self.note(f"value{' and tangent' if n < turn else ''} through {op.name}", n)
        if turn == len(d.boxes):
            return self.found
        for wire, part in zip(leaves(d.cod), leaves(dy), strict=True):
            self.cotangents[wire] = add(self.cotangents.get(wire, ZERO), part)
        self.note("the cotangent of the value")
        for n in range(len(d.boxes) - 1, turn - 1, -1):
            self.back(d.boxes[n])
            self.note(f"cotangents back through {d.boxes[n][0].name}", n)
        if turn:
            self.meet(turn)
        return self.found

    def local(self, box: Box) -> Diagram:
        """The derivative of one box, between its wires."""
        _, ins, outs = box
        return Diagram(tuple(dict.fromkeys(ins)), tuple(outs), [box], self.d.n_wires).linearize(self.env)

    def forward(self, box: Box) -> None:
        """The tangents of what a box makes."""
        linear = self.local(box)
        found = linear.propagate(tuple([self.tangents.get(w, ZERO) for w in linear.dom]))
        self.tangents.update(zip(box[2], found, strict=True))

    def back(self, box: Box) -> None:
        """The cotangents of what a box reads, added to those from other boxes."""
        linear = self.local(box)
        found = linear.T.propagate(tuple([self.cotangents.get(w, ZERO) for w in box[2]]))
        for wire, part in zip(linear.dom, found, strict=True):
            self.cotangents[wire] = add(self.cotangents.get(wire, ZERO), part)

    def meet(self, turn: int) -> None:
        """Tangents and cotangents at the cut, paired: what either of them would have come to alone."""
        made = {*leaves(self.d.dom), *(w for _, _, outs in self.d.boxes[:turn] for w in outs)}
        behind = {w for _, ins, _ in self.d.boxes[turn:] for w in ins} | set(leaves(self.d.cod))
        total = 0.0
        for wire in sorted(made & behind):
            tangent, cotangent = self.tangents.get(wire, ZERO), self.cotangents.get(wire, ZERO)
            if tangent is not ZERO and cotangent is not ZERO:
                total = total + dot(tangent, cotangent)
        self.note(f"tangents meet cotangents at the cut: {number(total)}")


# ---------------------------------------------------------------------------------------------- animation


def _animation(found: Steps) -> str:
    """One SVG in which texts and marks come and go; what stands at the end stands there also where nothing moves."""
    still = Panel(attrs.evolve(found.scene, values={}, below={}), found.layout, " ")
    n = len(found) + REST
    pen = Pen(still)
    extra: list[str] = []
    for text, start, end in _spans([step.text for step in found.steps]):
        extra.append(
            f'<text class="caption" x="0" y="{CAPTION / 2 - 3:g}" opacity="{_last(end, found)}">'
            f"{escape(str(text))}{_timed(start, end, n)}</text>"
        )
    above, below = [step.above for step in found.steps], [step.below for step in found.steps]
    for i, show in enumerate(found.scene.shows):
        for wire, off in zip(show.wires, port_heights(found.layout, i, len(show.wires)), strict=True):
            rows = (
                (above, -8, "value"),
                (below, 9, "linear value"),
            )
            for texts, down, kind in rows:
                for text, start, end in _spans([text.get(wire) for text in texts]):
                    if text is not None and show.kind != "copy":
                        element = pen.value(i, off + down, text, kind, _timed(start, end, n))
                        extra.append(element.replace("<text ", f'<text opacity="{_last(end, found)}" ', 1))
    for place, start, end in _spans([found._place(step) for step in found.steps]):
        if place is not None and place >= 0:
            x, y, size = pen.x(found.layout.x[place]), pen.y(found.layout.y[place]), found.layout.places[place]
            corner = f'x="{x - size.width / 2 - 3:.1f}" y="{y - size.height / 2 - 3:.1f}"'
            extra.append(
                f'<rect class="ring" {corner} width="{size.width + 6:.1f}" height="{size.height + 6:.1f}" rx="7" '
                f'opacity="{_last(end, found)}">{_timed(start, end, n)}</rect>'
            )
    return document([attrs.evolve(still, room=found.longest)], found.title, inside="\n".join(extra))


def _spans(values: Sequence[Any]) -> list[tuple[Any, int, int]]:
    """Values that stay the same over several steps: ``(value, first step, step behind the last)``."""
    found: list[tuple[Any, int, int]] = []
    for i, value in enumerate(values):
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1], i + 1)
        else:
            found.append((value, i, i + 1))
    return found


def _last(end: int, found: Steps) -> int:
    return int(end == len(found))


def _timed(start: int, end: int, n: int) -> str:
    """When a thing is seen, of ``n`` steps; the last step is rested at."""
    end = n if end == n - REST else end
    times, seen = [0.0], ["1" if start == 0 else "0"]
    for at, value in ((start, "1"), (end, "0")):
        if 0 < at < n:
            times.append(at / n)
            seen.append(value)
    if len(seen) == 1:
        return ""
    keys = ";".join(f"{t:.4g}" for t in times)
    return (
        f'<animate attributeName="opacity" calcMode="discrete" dur="{n * SECONDS:g}s" repeatCount="indefinite" '
        f'values="{";".join(seen)}" keyTimes="{keys}"/>'
    )
