"""Names are followed backwards from the calls that lead out of a wheel; what only computes is left alone."""

from __future__ import annotations

import ast

import pytest

from support.first_party import PROVIDERS
from variantkit_allowlist.inspection import outward
from variantkit_allowlist.inspection.outward import outward_names

LEADING = {
    "directly": "open(X)",
    "by a keyword": "open(file=X)",
    "in an expression": "open('/a/' + X[0])",
    "in an f-string": "open(f'/a/{X}')",
    "as an attribute": "from . import t\nopen(t.X)",
    "by its text": "open(getattr(t, 'X'))",
    "by another name": "from .t import X as y\nopen(y)",
    "by assignments": "y = X\nz = y\nopen(z)",
    "by a walrus": "open(y) if (y := X) else 0",
    "by a loop": "for y in X:\n    open(y)",
    "by several targets": "for y, z in X.items():\n    open(z)",
    "by a comprehension": "[open(y) for y in X]",
    "in a function": "def f():\n    y = X\n    open(y)",
    "by a parameter": "def f(y):\n    open(y)\nf(X)",
    "by a parameter before its function": "def g():\n    f(1, X)\ndef f(x, y):\n    open(y)",
    "by a named parameter": "def f(*, y):\n    open(y)\nf(y=X)",
    "by a starred argument": "def f(x, y):\n    open(y)\nf(*X)",
    "by starred parameters": "def f(*y):\n    open(y)\nf(1, 2, X)",
    "by two functions": "def f(y):\n    open(y)\ndef g(z):\n    f(z)\ng(X)",
    "by a result": "def f():\n    return X\nopen(f())",
    "by a result that is kept": "def f():\n    return X\ndef g():\n    y = f()\n    open(y)",
    "by a generator": "def f():\n    yield X\nopen(*f())",
    "by a property": "class A:\n    @property\n    def y(self):\n        return X\nopen(a.y)",
    "by an attribute of another method": (
        "class A:\n    def __init__(self):\n        self.y = X\n    def f(self):\n        open(self.y)"
    ),
    "by a field": "class A(NamedTuple):\n    x: int\n    y: str\nb = [A(1, X)]\nopen(c.y)",
    "by a list that is filled": "y = []\ny.append(X)\nopen(y[0])",
    "by a default": "def f(y=X):\n    open(y)",
    "by a default that must be named": "def f(*, y=X):\n    open(y)",
    "by a match": "match X:\n    case [_, *y]:\n        open(y)",
    "by another name of the call": "go = subprocess.run\ngo(X)",
    "by an import under another name": "from subprocess import run as go\ngo(X)",
    "by a table of calls": "calls = {'go': subprocess.run}\ncalls['go'](X)",
    "by a call that is handed on": "map(subprocess.run, X)",
    "by a partial call": "f = partial(subprocess.run, X)",
    "by a lambda": "f = lambda y: open(y)\nf(X)",
    "as a path": "Path(X).parent",
    "as a path that is opened": "(ROOT / X).read_text()",
    "as a variable": "os.environ[X]",
    "as a variable that is asked for": "os.environ.get(X)",
    "as a variable that is set": "os.environ['y'] = X",
    "as a name of the module": "globals()[X]()",
    "as a method's name": "methodcaller(X)(y)",
    "by a method": "class A:\n    def f(self, y):\n        open(y)\na.f(X)",
}


@pytest.mark.parametrize("source", LEADING.values(), ids=LEADING)
def test_a_name_that_leads_outwards_is_found(source: str) -> None:
    found = outward_names({"m.py": ast.parse(source)})
    assert found is not None
    assert found["X"].startswith("m.py:")


@pytest.mark.parametrize(
    "source",
    [
        "y = X",
        "def f(x, y):\n    open(y)\nf(X, 1)",
        "def f():\n    y = 1\n    open(y)\ndef g():\n    y = X",
        "print(X)",
        "z = [y for y in X if y in FOUND]",
    ],
)
def test_a_name_that_only_computes_is_not(source: str) -> None:
    found = outward_names({"m.py": ast.parse(source)})
    assert found is not None
    assert "X" not in found


def test_names_are_followed_from_module_to_module() -> None:
    modules = {"a.py": "from .b import f\nfrom .t import X\nf(X)\n", "b.py": "def f(y):\n    open(y)\n"}
    found = outward_names({path: ast.parse(text) for path, text in modules.items()})
    assert found == {"X": "a.py:3"}


def test_a_name_is_followed_into_a_module_that_only_keeps_it() -> None:
    modules = {"a.py": "from .t import X\nY = X\n", "b.py": "from .a import Y as z\ndef f():\n    open(z)\n"}
    found = outward_names({path: ast.parse(text) for path, text in modules.items()})
    assert found is not None
    assert found["X"] == "b.py:3"


def test_the_tables_of_our_own_providers_are_told_apart() -> None:
    folder = f"{PROVIDERS}/nvidia/src/nvidia_variant_provider"
    trees = {}
    for name in ("_tables", "_probe", "_reports", "_calls", "_inquiry", "_native", "_sources", "_machine", "_child"):
        with open(f"{folder}/{name}.py", encoding="utf-8") as stream:
            trees[f"{name}.py"] = ast.parse(stream.read())
    found = outward_names(trees)
    assert found is not None
    assert {"PROGRAMS", "VERSION_FILE", "CONTROL_NODE", "LIBRARIES"} <= {*found}
    assert not {"FAMILIES", "TEGRA", "CUDA_OF_BRANCH", "POLICIES"} & {*found}


def test_what_is_too_much_to_follow_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    nested = (
        "".join(" " * depth + f"def f{depth}(x):\n" for depth in range(90)) + " " * 90 + "x = [" + "x," * 9000 + "]"
    )
    tree = ast.parse(nested)
    monkeypatch.setattr(outward, "MOST_STEPS", 100_000)
    assert outward_names({"m.py": tree}) is None
