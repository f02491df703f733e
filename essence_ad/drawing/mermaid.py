"""Scenes as text for Mermaid, which GitHub and many notebooks draw. Wires are numbered where the order of ports matters."""

from __future__ import annotations

from essence_ad.drawing.scene import Scene, Show

_SHAPES = {
    "input": ("([", "])"), "output": ("([", "])"), "sum": ("((", "))"), "copy": ("{{", "}}"),
    "constant": ("(", ")"), "zero": ("(", ")"), "fold": ("[[", "]]"),
}  # fmt: skip


def mermaid(scene: Scene, prefix: str = "n") -> list[str]:
    r"""The lines of a scene: a node for each place, the linear part in a frame, and an arrow for each wire.

    >>> from essence_ad import Graphs, exl, exr, fork, subtract
    >>> from essence_ad.drawing.scene import scene
    >>> print("\n".join(mermaid(scene(Graphs(fork(exr, exl) >> subtract).drawn))))
      n0(["x0"])
      n1(["x1"])
      n2["−"]
      n3(["y"])
      n1 -->|1| n2
      n0 -->|2| n2
      n2 --> n3
    """
    shows = scene.shows
    lines: list[str] = []
    inside = [i for i, show in enumerate(shows) if show.linear]
    framed = bool(inside) and len(inside) < len(shows)
    for i, show in enumerate(shows):
        if not (framed and show.linear):
            lines.append(f"  {prefix}{i}{_box(show)}")
    if framed:
        lines.append(f'  subgraph {prefix}linear ["linear map"]')
        lines += [f"    {prefix}{i}{_box(shows[i])}" for i in inside]
        lines.append("  end")
    for maker, port, reader, place in scene.edges:
        several = len(shows[reader].wires if scene.turned else shows[reader].reads) > 1
        texts = [str(place + 1)] if several and shows[reader].kind != "sum" else []
        value = scene.values.get(shows[reader].wires[place] if scene.turned else shows[maker].wires[port])
        texts += [value] if value else []
        note = f"|{_quoted(', '.join(texts))}|" if texts else ""
        lines.append(f"  {prefix}{maker} -->{note} {prefix}{reader}")
    return lines


def _box(show: Show) -> str:
    left, right = _SHAPES.get(show.kind, ("[", "]"))
    return f'{left}"{_escaped(show.label)}"{right}'


def _quoted(text: str) -> str:
    return text if text.isalnum() else f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
