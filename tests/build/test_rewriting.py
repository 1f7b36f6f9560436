"""Imports of vendored packages become relative; every other byte stays."""

from __future__ import annotations

import codecs
import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from variantkit_build import VendorError
from variantkit_build.imports import rewrite_imports

if TYPE_CHECKING:
    from pathlib import Path

VENDORED = frozenset({"pynvml", "archspec"})


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.py", "import pynvml\n", "from . import pynvml\n"),
        ("a/b.py", "import pynvml\n", "from .. import pynvml\n"),
        ("a/__init__.py", "import pynvml\n", "from .. import pynvml\n"),
        ("a/b/c.py", "import pynvml as nv\n", "from ... import pynvml as nv\n"),
        ("a.py", "import os, pynvml, sys as s\n", "import os; from . import pynvml; import sys as s\n"),
        ("a.py", "import archspec.cpu as c\n", "from .archspec import cpu as c\n"),
        ("a.py", "import archspec.cpu\n", "from .archspec import cpu as _archspec_cpu; from . import archspec\n"),
        ("a.py", "from archspec.cpu import (\n    x,\n    y,\n)\n", "from .archspec.cpu import (\n    x,\n    y,\n)\n"),
        ("archspec/cli.py", "from archspec import cpu\n", "from ..archspec import cpu\n"),
        ("a.py", "from pynvml import *  # pynvml\n", "from .pynvml import *  # pynvml\n"),
        ("a.py", "from \\\n  pynvml import x\n", "from \\\n  .pynvml import x\n"),
        ("a.py", "try: import pynvml\nexcept OSError: pass\n", "try: from . import pynvml\nexcept OSError: pass\n"),
        ("a.py", "x = 'é'; import pynvml\r\n", "x = 'é'; from . import pynvml\r\n"),
        ("a.py", "def f():\n\timport pynvml; return pynvml\n", "def f():\n\tfrom . import pynvml; return pynvml\n"),
    ],
)  # fmt: skip
def test_an_import_becomes_relative(path: str, before: str, after: str) -> None:
    assert rewrite_imports(before.encode(), path, VENDORED) == after.encode()


@pytest.mark.parametrize(
    "source",
    [
        "'''import pynvml'''\n# import pynvml\nx = 'from archspec import y'\n",
        "from . import pynvml\nfrom .archspec import cpu\n",
        "import pynvml_extra\nfrom archspecs import x\n",
        "import os\r\nimport sys\r\n",
        "this is not Python at all\n",
    ],
)
def test_everything_else_stays_byte_for_byte(source: str) -> None:
    assert rewrite_imports(source.encode(), "a.py", VENDORED) == source.encode()


def test_a_byte_order_mark_stays_and_shifts_nothing() -> None:
    source = codecs.BOM_UTF8 + b"import pynvml\n"
    assert rewrite_imports(source, "a.py", VENDORED) == codecs.BOM_UTF8 + b"from . import pynvml\n"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("__import__('pynvml')\n", "line 1: imports 'pynvml' at run time"),
        ("__import__(globals={}, name='pynvml')\n", "line 1: imports 'pynvml' at run time"),
        ("import importlib\nimportlib.import_module('archspec.cpu')\n", "line 2: imports 'archspec.cpu' at run time"),
        ("# coding: latin-1\nimport pynvml\n", "not UTF-8"),
        ("import pynvml\nprint 'x'\n", "not Python that this interpreter reads"),
    ],
)
def test_what_cannot_be_rewritten_is_refused(source: str, why: str) -> None:
    with pytest.raises(VendorError, match=why):
        rewrite_imports(source.encode(), "a.py", VENDORED)


def test_rewritten_modules_import_each_other_and_no_other_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere" / "vk_one"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__init__.py").write_text("HERE = False\n")
    (elsewhere / "deep.py").write_text("HERE = False\n")
    modules = {
        "vk_one/__init__.py": "HERE = True\n",
        "vk_one/deep.py": "from vk_one import HERE\n",
        "vk_two.py": "import vk_one.deep, os\nHERE = vk_one.deep.HERE and vk_one.HERE\n",
    }
    for path, source in modules.items():
        target = tmp_path / "site" / "vk_provider" / "_vendor" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(rewrite_imports(source.encode(), path, frozenset({"vk_one", "vk_two"})))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.syspath_prepend(str(tmp_path / "elsewhere"))
    assert importlib.import_module("vk_provider._vendor.vk_two").HERE is True
    assert "vk_one" not in sys.modules
