"""The files that every provider carries a copy of: one text, the template's, so that a fault is mended once."""

from __future__ import annotations

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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_a_provider_that_asks_native_code_has_what_runs_it(package: Path) -> None:
    asks = any(".report(" in path.read_text() or ".program(" in path.read_text() for path in package.glob("_probe*.py"))
    assert not asks or (package / "_child.py").exists()
