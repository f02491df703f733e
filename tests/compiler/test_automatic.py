"""Compilation without asking: the same numbers, also after anything that the function reads has changed."""

from __future__ import annotations

import functools
import sys
import threading
import types
from typing import Any

import numpy as np
import pytest

import essence_ad.compiler.automatic as automatic_module
from essence_ad.calculus.gradient import grad, value_and_grad
from essence_ad.compiler.automatic import REMEMBERED, Automatic
from essence_ad.errors import DTypeError, NotCompiledWarning, NotScalarError, UnsupportedError


def test_the_second_call_at_a_space_compiles() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sin(x) ** 2)

    g = Automatic(grad(f), f)
    x = np.array([0.1, 0.2, 0.3])
    expected = np.sin(2 * x)
    for kept in (0, 1, 1):
        assert np.allclose(g(x), expected) and g.kept == kept
    g(x[:2])
    assert np.allclose(g(x[:2]), expected[:2]) and g.kept == 2
    assert np.allclose(g(x.astype(np.float32)), expected, rtol=1e-5) and g.kept == 2


def test_written_arrays_and_rebound_names_are_seen() -> None:
    data, factor = np.arange(3.0), 1.0

    def f(x: Any) -> Any:
        return np.sum(data * x * factor) + np.sum(data @ x)

    g = Automatic(value_and_grad(f), f)
    x = np.ones(3)
    for step in range(10):
        value, slope = g(x)
        assert value == pytest.approx(f(x)) and np.allclose(slope, data * (factor + 1))
        if step == 2:
            data[1] = 10.0
        if step == 4:
            data = data + 1.0
        if step == 5:
            factor = 2.5
    assert g.kept == 1


def test_what_cannot_be_told_is_not_kept() -> None:
    class Model:
        weight = 1.0

    model = Model()

    def f(x: Any) -> Any:
        return x * x * model.weight

    g = Automatic(grad(f), f)
    for w in (1.0, 2.0, 3.0, 4.0):
        model.weight = w
        assert g(3.0) == pytest.approx(6.0 * w)
    assert g.kept == 0


def test_traced_arguments_pass_through() -> None:
    def cube(x: Any) -> Any:
        return x * x * x

    g = Automatic(grad(cube), cube)
    for _ in range(3):
        assert grad(g)(2.0) == pytest.approx(12.0)
        assert g(2.0) == pytest.approx(12.0)
    assert g.kept == 1


def test_structures() -> None:
    def f(p: Any) -> Any:
        return np.sum(p["w"] * p["b"])

    g = Automatic(grad(f), f)
    p = {"w": np.ones(2), "b": 3.0}
    for _ in range(3):
        slope = g(p)
        assert np.allclose(slope["w"], 3.0) and slope["b"] == pytest.approx(2.0)


def test_errors_stay_what_they_are() -> None:
    def vector(x: Any) -> Any:
        return x * 2.0

    g = Automatic(grad(vector), vector)
    for _ in range(3):
        with pytest.raises(NotScalarError):
            g(np.ones(2))
        with pytest.raises(DTypeError):
            g(np.ones(2, dtype=int))
    assert g.kept == 0


def test_memory_is_bounded_and_threads_agree() -> None:
    def f(x: Any) -> Any:
        return np.sum(x * x)

    g = Automatic(grad(f), f)
    for n in range(2 * REMEMBERED):
        g(np.ones(n + 1))
    assert len(g._entries) == REMEMBERED
    found = []

    def work() -> None:
        for n in range(1, 30):
            found.append(np.allclose(g(np.ones(n)), 2.0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(found) and len(found) == 4 * 29


def _fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    store = automatic_module._Shared()
    monkeypatch.setattr(automatic_module, "_shared", store)
    return store


def _compiled(store: Any) -> int:
    return sum(k.compiled is not None for known in store.found.values() for k in known)


def test_a_new_operator_on_the_same_function_finds_what_was_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _fresh(monkeypatch)
    calls = []
    real = automatic_module.Compiled

    def counted(*args: Any) -> Any:
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(automatic_module, "Compiled", counted)
    for _ in range(4):
        assert grad(lambda x: np.sum(np.sin(x) * x))(np.ones(3)) == pytest.approx(np.cos(1) + np.sin(1))
    assert len(calls) == 1 and _compiled(store) == 1


def test_a_closure_that_reads_other_things_is_another_function(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _fresh(monkeypatch)
    for k in [*range(5), 2.5, np.float32(2), 2, 2, 2.0, 2.0, 2.0]:
        assert grad(_scaled(k))(np.ones(3)) == pytest.approx(np.full(3, k))
    assert _compiled(store) == 2  # of the int 2 and of the float 2.0
    for k in (2, 2.0, 3):
        assert grad(lambda x, factor=k: np.sum(x * factor))(np.ones(3)) == pytest.approx(np.full(3, k))
        assert grad(functools.partial(_times, factor=k))(np.ones(3)) == pytest.approx(np.full(3, k))


def _scaled(k: Any) -> Any:
    return lambda x: np.sum(x * k)


def _times(x: Any, factor: Any) -> Any:
    return np.sum(x * factor)


def test_rebound_names_and_written_arrays_are_seen_by_new_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    _fresh(monkeypatch)
    data, factor = np.ones(3), 2.0

    def inner(x: Any) -> Any:
        return x * factor

    def outer(x: Any) -> Any:
        return np.sum(inner(x) * data)

    for step in range(12):
        found = grad(outer)(np.ones(3))
        assert found == pytest.approx(data * factor), step
        if step == 3:
            data[1] = 5.0
        if step == 6:
            factor = 3.0
        if step == 9:
            data = data + 1.0


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    store = _fresh(monkeypatch)
    for n in range(1, 40):
        grad(np.sum)(np.ones(n))
    for place in range(2 * automatic_module.SHARED):
        store.put(place, automatic_module._Known((), [], None))
    assert all(len(known) <= automatic_module.VARIANTS for known in store.found.values())
    assert len(store.found) == automatic_module.SHARED
    large = np.ones(automatic_module.LARGE // 8 + 1)
    for _ in range(3):
        grad(lambda x: np.sum(x * large))(large)
    assert all(k.compiled is None for known in store.found.values() for k in known)


def test_what_cannot_be_compiled_is_told_once_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    _fresh(monkeypatch)

    def refuse(*args: Any) -> Any:
        raise UnsupportedError("no backend writes this", found="a box", expected="another", remedy="use Functions")

    monkeypatch.setattr(automatic_module, "Compiled", refuse)
    g = grad(lambda x: x * x)
    assert g(3.0) == 6.0
    with pytest.warns(NotCompiledWarning, match=r"<lambda> is run as it is.*no backend writes this"):
        assert g(3.0) == 6.0
    assert g(3.0) == 6.0


def test_lists_that_change_are_seen_and_functions_that_change_them_are_not_kept() -> None:
    weights, calls = [2.0], []

    def f(x: Any) -> Any:
        return x * x * weights[0]

    def counted(x: Any) -> Any:
        calls.append(1)
        return f(x)

    g, h = Automatic(grad(f), f), Automatic(grad(counted), counted)
    for w in (2.0, 2.0, 2.0, 5.0, 5.0, 5.0):
        weights[0] = w
        assert g(3.0) == h(3.0) == pytest.approx(6.0 * w)
    assert g.kept == 1 and h.kept == 0 and len(calls) >= 5


class Settings:
    scale = 2.0


class Layer:
    def __call__(self, x: Any) -> Any:
        return x * x * WEIGHTS[0] * Settings.scale


WEIGHTS = [1.0]
NESTED = [[2.0]]
OPTIONS = {"k": 2.0}
look = OPTIONS.get


def by_class(x: Any) -> Any:
    return x * x * Settings.scale


def by_instance(x: Any) -> Any:
    return Layer()(x)


def by_bound_method(x: Any) -> Any:
    return x * x * look("k")


def by_import(x: Any) -> Any:
    import a_module_of_a_user  # type: ignore[import-not-found]

    return x * x * a_module_of_a_user.scale


def by_globals(x: Any) -> Any:
    return x * x * globals()["NESTED"][0][0]


def by_attribute(x: Any) -> Any:
    return x * x * by_attribute.scale  # type: ignore[attr-defined]


by_attribute.scale = 2.0  # type: ignore[attr-defined]


def by_default(x: Any, scale: float = 2.0) -> Any:
    return x * x * scale


def by_keyword(x: Any, *, scale: float = 2.0) -> Any:
    return x * x * scale


def by_list(x: Any) -> Any:
    return x * x * NESTED[0][0]


def by_builtin(x: Any) -> Any:
    return abs(x) * x


def by_code(x: Any) -> Any:
    return by_list(x)


@pytest.mark.parametrize(
    ("f", "change"),
    [
        (by_class, lambda m: m.setattr(Settings, "scale", 3.0)),
        (by_instance, lambda m: m.setattr(Settings, "scale", 3.0)),
        (by_instance, lambda m: m.setattr(Layer, "__call__", lambda self, x: x)),
        (by_bound_method, lambda m: m.setitem(OPTIONS, "k", 3.0)),
        (by_import, lambda m: m.setattr(sys.modules["a_module_of_a_user"], "scale", 3.0)),
        (by_globals, lambda _: NESTED[0].__setitem__(0, NESTED[0][0] + 1.0)),
        (by_attribute, lambda m: m.setattr(by_attribute, "scale", 3.0)),
        (by_default, lambda m: m.setattr(by_default, "__defaults__", (3.0,))),
        (by_keyword, lambda m: m.setitem(by_keyword.__kwdefaults__, "scale", 3.0)),
        (by_list, lambda _: NESTED[0].__setitem__(0, NESTED[0][0] + 1.0)),
        (by_code, lambda m: m.setattr(by_list, "__code__", (lambda x: x**3).__code__)),
        (by_builtin, lambda m: m.setitem(globals(), "abs", lambda x: 3 * x)),
    ],
    ids=range(12),
)
def test_a_change_of_anything_that_is_read_is_seen(f: Any, change: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also at the second call after it, and by new operators."""
    module = types.ModuleType("a_module_of_a_user")
    module.scale = 2.0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "a_module_of_a_user", module)
    derivative = grad(f)
    before = {derivative(1.5) for _ in range(4)}
    change(monkeypatch)
    after = {derivative(1.5) for _ in range(4)} | {grad(f)(1.5) for _ in range(4)}
    expected = (f(1.5 + 1e-5) - f(1.5 - 1e-5)) / 2e-5
    assert len(before) == 1 and before != after
    assert sorted(after) == pytest.approx([expected] * len(after), rel=1e-6)
