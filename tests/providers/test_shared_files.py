"""The files that every provider carries a copy of: one text, the template's, so that a fault is mended once."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "sdk/src/variantkit/provider/template/package"
SHARED = ("_machine.py", "_child.py", "__main__.py")
PACKAGES = sorted(path.parent for path in ROOT.glob("providers/*/src/*/_machine.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_provider_has_the_shared_files_as_they_are_in_the_template(package: Path) -> None:
    for name in SHARED:
        if (package / name).exists():
            copy = f"cp {(TEMPLATE / name).relative_to(ROOT)} {package.relative_to(ROOT)}"
            assert (package / name).read_bytes() == (TEMPLATE / name).read_bytes(), copy


# Those that start faster with less than the template's contract file.
OWN_FACE = {"aarch64_variant_provider", "x86_64_variant_provider"}


def body(face: Path) -> str:
    """What stands below the docstring, which is each provider's own."""
    return face.read_text().partition('"""\n')[2]


@pytest.mark.parametrize(
    "package", [path for path in PACKAGES if path.name not in OWN_FACE], ids=lambda path: path.name
)
def test_the_contract_file_is_the_templates_below_its_docstring(package: Path) -> None:
    assert body(package / "__init__.py") == body(TEMPLATE / "__init__.py")


@pytest.mark.parametrize("package", sorted(ROOT.glob("providers/*/src/*/")), ids=lambda path: path.name)
def test_the_contract_file_says_for_which_namespace_it_answers(package: Path) -> None:
    namespace = importlib.import_module(f"{package.name}._tables").NAMESPACE
    assert f"namespace `{namespace}`" in (package / "__init__.py").read_text().partition("\n")[0]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_provider_that_asks_native_code_has_what_runs_it(package: Path) -> None:
    asking = [path.read_text() for path in package.glob("*.py") if path.name in ("_probe.py", "_inquiry.py")]
    asks = any(".report(" in text or ".program(" in text for text in asking)
    assert not asks or (package / "_child.py").exists()
