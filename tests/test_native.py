"""Functions of C: compiled and called, or refused with what is missing."""

from __future__ import annotations

import shutil

import pytest

from essence_ad.errors import UnsupportedError
from essence_ad.native import PYTHON, loaded

TWICE = (
    PYTHON
    + """
PyObject *kernel(PyObject *self, PyObject *const *arguments, long n)
{
    PyObject *numbers = PyTuple_New(1);
    PyTuple_SetItem(numbers, 0, PyFloat_FromDouble(2.0 * PyFloat_AsDouble(arguments[0])));
    return numbers;
}
"""
)


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs the C compiler cc on the machine")
def test_a_function_of_c() -> None:
    assert loaded(TWICE)(21.0) == (42.0,) and loaded(TWICE) is loaded(TWICE)
    with pytest.raises(UnsupportedError, match="refused the program"):
        loaded("this is not C")


def test_no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(UnsupportedError, match="needs a C compiler"):
        loaded(TWICE + "// a text of its own")
