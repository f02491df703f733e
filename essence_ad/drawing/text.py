"""How much room a text takes, and numbers short enough for a wire: nothing here asks for a font."""

from __future__ import annotations

from typing import Any

import numpy as np

from essence_ad.containers import ZERO

# Advance widths in hundredths of the font size: the larger of DejaVu Sans and Verdana, which are the widest of the
# sans-serif fonts that browsers have, and bold where that is asked for.
_WIDTHS = {
    0.30: "'ijl", 0.38: " ,.fIJ", 0.46: "/:;\\|r-()[]t!", 0.56: '"*_`sz?cL', 0.64: "Fkvxy", 0.68: "PTYaoeSbdghnpqu$0123456789{}KAV",
    0.78: "ERBXZCUHN&D", 0.84: "GOQw#+<=>^~", 0.90: "M", 1.02: "m%W@",
}  # fmt: skip
_WIDTH = {character: width for width, characters in _WIDTHS.items() for character in characters}


def width(text: str, size: float = 13.0, bold: bool = False) -> float:
    """At least the width of a text in pixels, whatever sans-serif font it is set in.

    >>> width("") == 0.0, width("ii") < width("mm"), width("sin", 26) == 2 * width("sin", 13)
    (True, True, True)
    """
    return sum([_WIDTH.get(character, 1.0) for character in text]) * size * (1.12 if bold else 1.0)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters.

    >>> shortened("broadcast_to(shape=(3, 4))", 12)
    'broadcast_t…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def number(value: Any) -> str:
    """A value on a wire: a number to three digits, a short vector by its numbers, any other array by its shape.

    >>> number(-0.0), number(2.0), number(1 / 3), number(np.arange(3.0)), number(np.zeros((3, 4)))
    ('0', '2', '0.333', '[0 1 2]', 'array 3×4')
    """
    if value is ZERO:
        return "0"
    if isinstance(value, tuple):
        return shortened(f"({', '.join(map(number, value))})", 24)
    shape = np.shape(value)
    if not shape:
        return _digits(value)
    if len(shape) == 1 and shape[0] <= 4:
        return f"[{' '.join(map(_digits, np.asarray(value)))}]"
    return f"array {'×'.join(map(str, shape))}"


def _digits(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    try:
        text = f"{value:.3g}"
    except (TypeError, ValueError):
        return shortened(str(value), 12)
    return "0" if text == "-0" else text.replace("-", "−")
