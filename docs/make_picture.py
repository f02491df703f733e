"""Draws the pictures of the README and of ``docs/pictures.md``, by the library itself.

Run it by ``python docs/make_picture.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from essence_ad import Additive, add, check_laws, cos, draw, draw_adjoint, draw_failure, exr, mul, sin, steps
from essence_ad.errors import LawError

cos_sin_product = mul >> (cos & sin)


def picture() -> str:
    """The picture of the README."""

    def f(x: float, y: float) -> float:
        return np.cos(x * y) + np.sin(y)

    return draw_adjoint(f, (1.0, 2.0), title="z = cos(x*y) + sin(y) at x = 1, y = 2", stacked=True).svg


def primal() -> str:
    """The program of the tutorial, before it is differentiated."""
    program = (mul >> cos & exr >> sin) >> add
    return draw(program, title="cos(x*y) + sin(y)").svg


def reverse() -> str:
    """A derivative in reverse mode, in a frame beside the value whose wires it shares."""
    return draw(cos_sin_product, (3.0, 4.0), mode="reverse", values=True, title="cosSinProd, in reverse").svg


def mixed() -> str:
    """Mixed accumulation, moving."""
    return steps(cos_sin_product, (3.0, 4.0), mode="mixed", cut=1).svg


class Mistaken(type(Additive)):  # type: ignore[misc]
    """Additive functions with one mistake."""

    def exl(self) -> Any:
        """The wrong projection."""
        return self.exr()


def failure() -> str:
    """The law that this breaks."""
    try:
        check_laws(Mistaken())
    except LawError as error:
        return draw_failure(error).svg
    raise AssertionError("no law was broken")


PICTURES = {
    "program.svg": picture,
    "pictures/primal.svg": primal,
    "pictures/reverse.svg": reverse,
    "pictures/mixed.svg": mixed,
    "pictures/failure.svg": failure,
}

if __name__ == "__main__":
    for name, make in PICTURES.items():
        target = Path(__file__).parent / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(make(), encoding="utf-8")
        print(f"wrote {name}")
