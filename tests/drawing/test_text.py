"""Room for texts, and short numbers."""

from __future__ import annotations

import numpy as np
import pytest

from essence_ad.containers import ZERO
from essence_ad.drawing.text import number, shortened, width

# Advance widths of DejaVu Sans and Verdana, in hundredths of the font size, from the fonts' own tables.
DEJAVU = {"i": 28, "l": 28, "t": 39, "r": 41, "f": 35, "s": 52, "c": 55, "e": 62, "a": 61, "n": 63, "m": 97, "w": 82,
          "W": 99, "M": 86, "0": 64, "+": 84, "(": 39, " ": 32, "-": 36, ".": 32, "=": 84, ",": 32, "B": 69, "N": 75}  # fmt: skip
VERDANA = {"i": 27, "l": 27, "t": 39, "r": 43, "f": 35, "s": 52, "c": 52, "e": 60, "a": 60, "n": 63, "m": 97, "w": 82,
           "W": 99, "M": 84, "0": 64, "+": 82, "(": 45, " ": 35, "-": 45, ".": 36, "=": 82, ",": 36, "B": 69, "N": 75}  # fmt: skip


@pytest.mark.parametrize("font", [DEJAVU, VERDANA], ids=["DejaVu Sans", "Verdana"])
def test_no_common_font_is_wider(font: dict[str, int]) -> None:
    for character, hundredths in font.items():
        assert width(character, 100) >= hundredths, character
        assert width(character, 100) <= hundredths + 25, character


def test_a_text_is_as_wide_as_its_characters() -> None:
    assert width("multiply") == pytest.approx(sum(width(c) for c in "multiply"))
    assert width("x", bold=True) > width("x")
    assert width("漢", 10) == 10.0


def test_numbers_are_short() -> None:
    assert [number(v) for v in (1.0, -2.5, 1234567.0, 1e-9, True, np.float64(0.1), 3)] == [
        "1", "−2.5", "1.23e+06", "1e−09", "true", "0.1", "3",
    ]  # fmt: skip
    assert number(ZERO) == "0" and number((1.0, np.zeros((2, 2)))) == "(1, array 2×2)"
    assert number(np.array([True, False])) == "[true false]" and number(1 + 2j) == "1+2j"
    assert number(np.zeros(5)) == "array 5" and number("text") == "text"
    assert (
        number(tuple(range(100))) == shortened(number(tuple(range(100))), 24) and len(number(tuple(range(100)))) == 24
    )
