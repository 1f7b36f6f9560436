"""The vendor lock is read strictly, and every fault is one sentence that names its key."""

from __future__ import annotations

import pytest

from variantkit_build import LockError, VendoredFile, VendoredPackage, VendorLock, parse_lock

DIGEST = "ab" * 32
GOOD = f"""
[[packages]]
name = "nvidia-ml-py"
version = "13.615.71"
[[packages.files]]
path = "pynvml.py"
sha256 = "{DIGEST}"
[[packages.files]]
path = "data/table.json"
sha256 = "{DIGEST}"
to = "table.json"
"""


def test_a_lock_names_packages_and_their_files() -> None:
    files = (VendoredFile("pynvml.py", DIGEST, "pynvml.py"), VendoredFile("data/table.json", DIGEST, "table.json"))
    assert parse_lock(GOOD) == VendorLock((VendoredPackage("nvidia-ml-py", "13.615.71", files),))


def test_a_package_becomes_an_exact_build_requirement() -> None:
    assert parse_lock(GOOD).packages[0].requirement == "nvidia-ml-py==13.615.71"


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        pytest.param(("version = ", "versoin = "), "packages[0].versoin", id="unknown key"),
        pytest.param(('"13.615.71"', '">=13"'), "packages[0].version", id="a range instead of a version"),
        pytest.param(("ab" * 32, "AB" * 32), "packages[0].files[0].sha256", id="digest in capitals"),
        pytest.param(('"pynvml.py"', '"../pynvml.py"'), "packages[0].files[0].path", id="path that climbs"),
        pytest.param(('"pynvml.py"', '"/etc/passwd"'), "packages[0].files[0].path", id="absolute path"),
        pytest.param(('to = "table.json"', 'to = "pynvml.py"'), "packages names to", id="two files at one place"),
        pytest.param(('to = "table.json"', 'to = "a\\\\b"'), "packages[0].files[1].to", id="backslash"),
        pytest.param(("[[packages]]", "[[packages]"), "not a TOML document", id="broken TOML"),
        pytest.param((GOOD, ""), "packages must be one or more tables", id="nothing locked"),
    ],
)
def test_a_fault_is_named_by_its_key(spoil: tuple[str, str], key: str) -> None:
    with pytest.raises(LockError) as caught:
        parse_lock(GOOD.replace(*spoil), "vendor.lock")
    assert str(caught.value).startswith("vendor.lock: ")
    assert key in str(caught.value)
