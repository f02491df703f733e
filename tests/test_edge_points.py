"""docs/edge_points.md, line by line: each answer in both modes, at both orders, interpreted and compiled.

The lines that the page must have are those of a table of edge points that the project collected from JAX, autograd, torch,
CasADi and mygrad; its last column, the sensible answers, is copied here.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import essence_ad as ad

PAGE = Path(__file__).resolve().parent.parent / "docs" / "edge_points.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]
NUMBERS = {"inf": np.inf, "pi": np.pi, "e": np.e, "log": np.log, "euler": 0.5772156649015329}
KNOWN = {"np": np, "ad": ad, "vfv": lambda w, v: np.sum((v * np.exp(w)) @ v.T)}

# expression, point, first and second derivative as the collected table has them; None where it says "state it"
COLLECTED: list[tuple[str, Any, Any, Any]] = [
    ("np.linalg.norm(x)", [0, 0], [0, 0], None),
    ("np.where(x > 0, np.sqrt(x), 0)", 0, 0, None),
    ("x ** 2", 0, 0, None),
    ("x ** 0.", 0, 0, None),
    ("0. ** x", 2, 0, None),
    ("np.abs(x)", 0, 0, None),
    ("np.max(x)", [1, 1], None, None),
    ("np.maximum(x, 0)", 0, None, None),
    ("np.arctan2(x[0], x[1])", [0, 0], None, None),
    ("np.hypot(x[0], x[1])", [0, 0], [0, 0], None),
    ("ad.logsumexp(x)", [-np.inf, -np.inf], None, None),
    ("np.logaddexp(x[0], x[1])", [-np.inf, -np.inf], None, None),
    ("np.prod(x)", [0, 2, 3], [6, 0, 0], None),
    ("np.std(x)", [2, 2, 2], [0, 0, 0], None),
    ("np.sinc(x)", 0, 0, -(np.pi**2) / 3),
    ("np.sum(np.linalg.eigvalsh(x) ** 2)", np.eye(2), 2 * np.eye(2), None),
    ("vfv(*np.linalg.eigh(x))", np.eye(2), None, None),
]


def code(cell: str) -> str:
    """What stands between the backquotes of a cell."""
    found = re.fullmatch(r"`(.*)`", cell)
    return found[1] if found else ""


def number(cell: str) -> Any:
    """The numbers that a cell says, ``None`` for an empty one."""
    return np.asarray(eval(code(cell), dict(NUMBERS)), float)[()] if code(cell) else None


def function(text: str) -> Any:
    """The function of x that a cell says."""
    known = dict(KNOWN)
    if "sp." in text:
        known["sp"] = pytest.importorskip("scipy.special", reason="the values of special functions are SciPy's")
    return eval(f"lambda x: {text}", known)


def derivatives(text: str, x: Any) -> list[tuple[str, int, Any]]:
    """The first and second derivative of an expression, computed in every way there is."""
    f, found = function(text), []
    modes = ("forward", "reverse")
    for inner in modes:
        slope = ad.jacobian(f, mode=inner)
        found += [(inner, 1, slope(x)), (f"{inner}, compiled", 1, ad.compile(slope, x)(x))]
        for outer in modes:
            bend = ad.jacobian(slope, mode=outer)
            found += [
                (f"{outer} over {inner}", 2, bend(x)),
                (f"{outer} over {inner}, compiled", 2, ad.compile(bend, x)(x)),
            ]
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: code(row[0]))
def test_each_line_is_what_is_answered(row: list[str]) -> None:
    text, point, first, second = code(row[0]), number(row[1]), number(row[2]), number(row[3])
    assert first is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns of the values of branches that are not taken
        for way, order, found in derivatives(text, point):
            expected = first if order == 1 else second
            if expected is not None:
                np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12, err_msg=f"{text}: {way}")


def test_the_page_has_every_line_of_the_collected_table() -> None:
    assert len(ROWS) > 35 and all(len(row) == 5 for row in ROWS)
    said = {code(row[0]): row for row in ROWS}
    assert len(said) == len(ROWS)
    for text, point, first, second in COLLECTED:
        row = said[text]
        np.testing.assert_array_equal(number(row[1]), point)
        for cell, sensible in zip(row[2:4], (first, second), strict=True):
            assert sensible is None or np.allclose(number(cell), sensible, rtol=1e-15), text


def test_the_conventions_are_stated() -> None:
    for text in ("np.max(x)", "np.maximum(x, 0)", "np.arctan2(x[0], x[1])", "np.logaddexp(x[0], x[1])"):
        assert "convention" in next(row for row in ROWS if code(row[0]) == text)[4]


def test_what_the_page_says_of_numbers_that_are_zero() -> None:
    with np.errstate(all="ignore"):
        assert ad.grad(np.sqrt)(0.0) == np.inf
        assert np.isnan(ad.grad(lambda x: 0 * np.sqrt(x))(0.0))
        assert np.isnan(ad.grad(lambda x: np.sum(np.sqrt(x)[1:]))(np.array([0.0, 4.0]))[0])


def test_the_gradient_of_a_singular_determinant_is_exact_where_torch_functions_are_silently_zero() -> None:
    minors = ad.grad(np.linalg.det)(np.array([[0.0, 2.0], [0.0, 5.0]]))
    np.testing.assert_allclose(minors, [[5, 0], [-2, 0]], atol=1e-14)


def test_complex_jacobians_in_reverse_mode_are_those_of_forward_mode() -> None:  # torch.func refuses them
    z = np.array([1 + 2j, 0.5 - 1j])

    def f(z: Any) -> Any:
        return np.stack([z[0] * z[1], np.exp(z[0])])

    expected = [[z[1], z[0]], [np.exp(z[0]), 0]]
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(ad.jacobian(f, mode=mode)(z), expected)
