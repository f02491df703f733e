"""The shape of the package: layers, no cycles, tests that mirror the tree, small files, documented names."""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import essence_ad
from essence_ad import Morphism

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "essence_ad"
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS = [  # ARCHITECTURE.md is the one place that fixes the order of imports, from the lowest layer up
    set(line.split())
    for line in (ROOT / "ARCHITECTURE.md")
    .read_text(encoding="utf-8")
    .split("## Imports")[1]
    .split("```")[1]
    .splitlines()[1:]
]
SHARED = {"categories.functions", "primitives.primitive"}  # the only siblings in a plural folder that others may import
PLURAL = {"categories", "primitives", "backends", "solvers"}
CORE_NEEDS = {"numpy", "attrs", "attr"}
MAY_IMPORT_MORE = {"backends", "drawing"}  # lazily, in the file of the backend or picture
MAY_IMPORT_ONE = {"primitives.special": {"scipy"}}  # when one of its functions is called
MOST_LINES = 500
# Tests of the project as a whole, which mirror no module.
WHOLE = {
    "test_architecture.py",  # this file
    "test_coverage.py",  # the calls of NumPy in a table
    "test_cost.py",  # counted operations of derivatives
    "test_edge_points.py",  # the lines of docs/edge_points.md
    "test_documents.py",  # the code in README.md and docs/
    "notebooks/test_solutions.py",  # the exercises of the notebooks
    "test_oracles.py",  # values that were computed without this project
    "test_paper.py",  # the rows of the paper
    "test_typing.py",  # what a type checker says of good and bad programs
}


def module_name(path: Path) -> str:
    """``categories/dual.py`` is ``categories.dual``; a package is its folder, the root ``__init__``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts[-1] == "__init__" and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


MODULES = {module_name(path): path for path in FILES}


def layer(name: str) -> int:
    """The number of the layer that a module belongs to: its own, where it is listed, or that of its folder."""
    top = name.split(".")[0]
    found = [i for i, names in enumerate(LAYERS) if name in names] or [
        i for i, names in enumerate(LAYERS) if top in names
    ]
    assert found, f"essence_ad/{top} stands in no layer of ARCHITECTURE.md"
    return found[0]


def imports(path: Path) -> Iterator[str]:
    """Every absolute name that a file imports, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def internal(path: Path) -> set[str]:
    """The modules of the package that a file imports."""
    found = set()
    for name in imports(path):
        top, *rest = name.split(".")
        if top != "essence_ad":
            continue
        while rest and ".".join(rest) not in MODULES:
            rest.pop()  # a name inside a module
        found.add(".".join(rest) if rest else "__init__")
    return found


GRAPH = {name: internal(path) for name, path in MODULES.items()}
GRAPH["primitives"] |= {name for name in MODULES if name.startswith("primitives.")}  # the catalogue looks in its folder


def test_there_is_something_to_check() -> None:
    assert len(MODULES) > 15
    assert sum(map(len, GRAPH.values())) > 40
    assert "diagram" in GRAPH["functor"]
    assert len(LAYERS) > 15 and LAYERS[0] == {"errors"} and LAYERS[-1] == {"__main__"}


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    for other in GRAPH[name]:
        same_folder = "." in f"{name}{other}" and name.split(".")[0] == other.split(".")[0]
        if same_folder:
            continue  # the next test
        assert layer(other) < layer(name), f"{name} imports {other}, which does not stand below it"


@pytest.mark.parametrize("name", [n for n in MODULES if n.split(".")[0] in PLURAL and "." in n])
def test_siblings_in_a_plural_folder_do_not_import_each_other(name: str) -> None:
    folder = name.split(".")[0]
    siblings = {other for other in GRAPH[name] if other.split(".")[0] == folder}
    assert siblings <= SHARED, f"{name} imports its siblings {sorted(siblings - SHARED)}"


def test_no_cycles() -> None:
    done: set[str] = set()
    for start in GRAPH:
        path: list[tuple[str, Iterator[str]]] = [(start, iter(GRAPH[start]))]
        open_names = [start]
        while path:
            name, rest = path[-1]
            following = next((n for n in rest if n not in done), None)
            if following is None:
                done.add(name)
                path.pop()
                open_names.pop()
                continue
            assert following not in open_names, f"a cycle: {' -> '.join([*open_names, following])}"
            path.append((following, iter(GRAPH[following])))
            open_names.append(following)


def naming(*names: str) -> set[str]:
    """The modules whose code uses one of these names."""
    return {
        module
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name) and node.id in names
    }


def test_only_the_catalogue_and_the_lazy_names_import_by_a_computed_name() -> None:
    computed = {
        module for module, path in MODULES.items() if any(name.startswith("importlib") for name in imports(path))
    }
    assert computed == {"primitives", "__init__"}
    assert not naming("__import__")


def test_the_lazy_names_are_those_that_type_checkers_see() -> None:
    tree = ast.parse(MODULES["__init__"].read_text())
    seen = {
        alias.asname: str(node.module).removeprefix("essence_ad").lstrip(".")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("essence_ad")
        for alias in node.names
    }
    assert seen == {**essence_ad._HOMES, **dict.fromkeys(essence_ad._MODULES, "")}


def test_importing_the_package_loads_nothing_until_a_name_is_used() -> None:
    code = "import sys, essence_ad; assert 'numpy' not in sys.modules; essence_ad.sin; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_text_is_never_evaluated_but_where_code_is_generated() -> None:
    assert not naming("eval")
    assert all(name.startswith(("backends.", "compiler.")) for name in naming("exec"))


@pytest.mark.parametrize("name", MODULES)
def test_the_core_needs_numpy_and_attrs_alone(name: str) -> None:
    if name.split(".")[0] in MAY_IMPORT_MORE:
        return
    tops = {imported.split(".")[0] for imported in imports(MODULES[name])} - {"essence_ad"}
    more = tops - CORE_NEEDS - sys.stdlib_module_names
    assert more <= MAY_IMPORT_ONE.get(name, set()), f"{name} imports {more}"


def expected_test(path: Path, root: Path) -> Path:
    """Where the test of a file stands."""
    inside = path.relative_to(root)
    if inside.name == "__init__.py":  # a folder's own code, as the catalogue in primitives/__init__.py
        return inside.parent / f"test_{inside.parent.name}.py"
    return inside.with_name(f"test_{inside.stem.strip('_')}.py")


def test_tests_mirror_the_tree() -> None:
    tests = {p.relative_to(ROOT / "tests") for p in (ROOT / "tests").rglob("test_*.py")}
    modules = {expected_test(p, PACKAGE) for p in FILES if p.name != "__init__.py" or _has_code(p)}
    modules |= {
        Path(folder) / expected_test(p, ROOT / folder)
        for folder in ("examples", "notebooks")
        for p in (ROOT / folder).glob("*.py")
    }
    missing = sorted(str(p) for p in modules - tests)
    measured = {Path("benchmarks") / expected_test(p, ROOT / "benchmarks") for p in (ROOT / "benchmarks").rglob("*.py")}
    extra = sorted(str(p) for p in tests - modules - measured if str(p) not in WHOLE)
    assert not missing, f"modules without a test: {missing}"
    assert not extra, f"tests without a module: {extra}"


def _has_code(path: Path) -> bool:
    """Whether an ``__init__.py`` below the root defines functions or classes, rather than only gathering names."""
    body = ast.parse(path.read_text()).body
    return path.parent != PACKAGE and any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)


def test_no_module_is_a_drawer() -> None:
    assert not {part for name in MODULES for part in name.split(".")} & {"utils", "util", "common", "helpers", "misc"}


@pytest.mark.parametrize("name", MODULES)
def test_files_stay_small(name: str) -> None:
    lines = len(MODULES[name].read_text().splitlines())
    assert lines <= MOST_LINES, f"{name} has {lines} lines: does it hide a second idea?"


def test_sine_is_known_to_one_file() -> None:
    def names_sine(node: ast.AST) -> bool:
        return (
            (isinstance(node, ast.Attribute) and node.attr == "sin")
            or (isinstance(node, ast.Name) and node.id == "sin")
            or (isinstance(node, ast.Constant) and node.value == "sin")
        )

    knowing = {name for name, path in MODULES.items() if any(map(names_sine, ast.walk(ast.parse(path.read_text()))))}
    spelling = {name for name in knowing if name.startswith("backends.")}  # how a target language writes it
    assert knowing - spelling == {"primitives.elementary"}


def test_all_is_sorted_and_complete() -> None:
    assert essence_ad.__all__ == sorted(set(essence_ad.__all__))
    for name in essence_ad.__all__:
        assert hasattr(essence_ad, name)
    from essence_ad.primitives import catalogue

    assert set(catalogue()) - set(dir(builtins)) <= set(essence_ad.__all__)
    assert not set(dir(builtins)) & set(essence_ad.__all__), "import * must leave Python's own names alone"
    taken = {*essence_ad._HOMES, *essence_ad._MODULES, *(name.split(".")[0] for name in MODULES)}
    assert not taken & set(catalogue()), "a primitive has the name of something else"
    for name, primitive in catalogue().items():
        assert getattr(essence_ad, name).form.name == primitive.name


# The names of DESIGN, section 3, that the library has by now.
USERS_NAMES = (
    "compose cross fork join identity exl exr dup proj it inl inr jam inj zero swap assoc scale repl sum_ "
    "sin exp add multiply mul sum Functions Additive Dual Cont Begin D forward reverse program grad value_and_grad "
    "jvp vjp linearize jacobian hessian hvp check_derivatives compile Graphs Matrices"
)


def test_the_names_that_users_type_are_there() -> None:
    assert all(hasattr(essence_ad, name) for name in USERS_NAMES.split())


@pytest.mark.parametrize("name", sorted(n for n in essence_ad.__all__ if n != "errors"))
def test_public_names_are_documented_with_an_example(name: str) -> None:
    value = getattr(essence_ad, name)
    if isinstance(value, Morphism):
        return  # an arrow is a value: its repr and its type say what it is
    documented = value if inspect.isclass(value) or inspect.isroutine(value) else type(value)
    text = inspect.getdoc(documented) or ""
    assert text, f"{name} has no docstring"
    if inspect.isclass(documented) or inspect.isroutine(documented):
        assert ">>>" in text, f"the docstring of {name} has no example"
