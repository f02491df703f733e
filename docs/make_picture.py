"""Draws ``docs/program.svg``: a program with its values, and its derivative in reverse, which is the same wires turned round.

Run it by ``python docs/make_picture.py``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from essence_ad import draw_adjoint


def picture() -> str:
    """The picture of the README."""

    def f(x: float, y: float) -> float:
        return np.cos(x * y) + np.sin(y)

    return draw_adjoint(f, (1.0, 2.0), title="z = cos(x*y) + sin(y) at x = 1, y = 2", stacked=True).svg


if __name__ == "__main__":
    target = Path(__file__).with_name("program.svg")
    target.write_text(picture(), encoding="utf-8")
    print(f"wrote {target.name}")
