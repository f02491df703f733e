"""The catalogue of primitives as the reference shows it: by family, and by how derivatives are stated. Needs no Sphinx."""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from typing import Any

from essence_ad import primitives
from essence_ad.primitives.primitive import Bilinear, Discrete, Elementwise, Linear, Partials, Primitive

RULES = {
    Elementwise: "slopes", Linear: "linear, by its adjoint", Bilinear: "bilinear, by its adjoints",
    Partials: "a derivative composed of linear maps", Discrete: "discrete: zero",
}  # fmt: skip


def families() -> dict[str, dict[str, list[str]]]:
    """The names of all primitives, by the first line of their module, and by the kind of their rule."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, primitive in sorted(primitives.catalogue().items()):
        home = next(m for m in modules() if any(v is primitive for v in vars(m).values()))
        found[(home.__doc__ or "").split("\n")[0]][rule(primitive)].append(name)
    return found


def rule(primitive: Primitive) -> str:
    """How a primitive states its derivative."""
    return next((text for kind, text in RULES.items() if isinstance(primitive.rule, kind)), "a rule of its own")


def modules() -> list[Any]:
    """The files of the catalogue, one for each family."""
    return [
        importlib.import_module(f"{primitives.__name__}.{m.name}") for m in pkgutil.iter_modules(primitives.__path__)
    ]
