"""The vendor lock: one canonical form, read strictly; every fault is one sentence that names its key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit_build import LicenseFile, LockedFile, LockedPackage, VendorError, VendorLock, parse_lock, render_lock

DIGEST = "ab" * 32
LOCK = VendorLock(
    (
        LockedPackage(
            name="archspec",
            version="0.2.7",
            wheel="archspec-0.2.7-py3-none-any.whl",
            sha256=DIGEST,
            license="Apache-2.0 OR MIT",
            transform="compile_archspec",
            files=(LockedFile("archspec/json/cpu/microarchitectures.json", DIGEST),),
            license_files=(
                LicenseFile("archspec-0.2.7.dist-info/NOTICE", DIGEST, "NOTICE", False),
                LicenseFile("archspec/__init__.py", DIGEST, "LICENSE", True),
            ),
            outputs=(LockedFile("microarchitectures.py", DIGEST),),
        ),
        LockedPackage(
            name="nvidia-ml-py",
            version="13.615.71",
            wheel="nvidia_ml_py-13.615.71-py3-none-any.whl",
            sha256=DIGEST,
            license="BSD-3-Clause",
            transform="",
            files=(LockedFile("pynvml.py", DIGEST),),
            license_files=(LicenseFile("pynvml.py", DIGEST, "LICENSE", True),),
            outputs=(LockedFile("pynvml.py", DIGEST),),
        ),
    )
)
TEXT = f"""\
# Written by `variantkit provider vendor`. A build refuses every byte of other projects that is not named here.
schema = "variantkit.vendor-lock/1"

[[packages]]
name = "archspec"
version = "0.2.7"
wheel = "archspec-0.2.7-py3-none-any.whl"
sha256 = "{DIGEST}"
license = "Apache-2.0 OR MIT"
transform = "compile_archspec"
files = [
  {{ path = "archspec/json/cpu/microarchitectures.json", sha256 = "{DIGEST}" }},
]
license-files = [
  {{ path = "archspec-0.2.7.dist-info/NOTICE", sha256 = "{DIGEST}", to = "NOTICE" }},
  {{ header-of = "archspec/__init__.py", sha256 = "{DIGEST}", to = "LICENSE" }},
]
outputs = [
  {{ path = "microarchitectures.py", sha256 = "{DIGEST}" }},
]

[[packages]]
name = "nvidia-ml-py"
version = "13.615.71"
wheel = "nvidia_ml_py-13.615.71-py3-none-any.whl"
sha256 = "{DIGEST}"
license = "BSD-3-Clause"
files = [
  {{ path = "pynvml.py", sha256 = "{DIGEST}" }},
]
license-files = [
  {{ header-of = "pynvml.py", sha256 = "{DIGEST}", to = "LICENSE" }},
]
outputs = [
  {{ path = "pynvml.py", sha256 = "{DIGEST}" }},
]
"""
NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
PATHS = st.lists(st.from_regex(r"[a-z0-9_][a-z0-9_.@+ -]{0,8}[a-z0-9_]", fullmatch=True), min_size=1, max_size=3).map(
    "/".join
)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
FILES = st.lists(st.builds(LockedFile, PATHS, DIGESTS), min_size=1, max_size=3, unique_by=lambda file: file.path)
PACKAGES = st.builds(
    LockedPackage,
    name=NAMES,
    version=st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3})?(\.post1|rc2)?", fullmatch=True),
    wheel=PATHS,
    sha256=DIGESTS,
    license=st.sampled_from(["MIT", "Apache-2.0 OR MIT", "(MIT OR 0BSD) AND BSD-3-Clause"]),
    transform=st.sampled_from(["", "compile_it"]),
    files=FILES.map(tuple),
    license_files=st.lists(
        st.builds(LicenseFile, PATHS, DIGESTS, PATHS, st.booleans()),
        min_size=1,
        max_size=2,
        unique_by=lambda file: file.to,
    ).map(tuple),
    outputs=st.builds(lambda path, digest: (LockedFile(path, digest),), PATHS, DIGESTS),
)


def test_a_lock_has_one_canonical_form() -> None:
    assert render_lock(LOCK) == TEXT
    assert parse_lock(TEXT) == LOCK


@given(st.lists(PACKAGES, min_size=1, max_size=3, unique_by=(lambda p: p.name, lambda p: p.outputs[0].path)))
def test_reading_gives_back_what_was_written(packages: list[LockedPackage]) -> None:
    written = render_lock(VendorLock(tuple(packages)))
    assert render_lock(parse_lock(written)) == written
    assert {package.requirement for package in parse_lock(written).packages} == {p.requirement for p in packages}


def test_who_vendors_nothing_has_an_empty_lock() -> None:
    assert parse_lock(render_lock(VendorLock(()))) == VendorLock(())


def test_a_package_becomes_an_exact_build_requirement() -> None:
    assert [package.requirement for package in LOCK.packages] == ["archspec==0.2.7", "nvidia-ml-py==13.615.71"]


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        pytest.param(("version = ", "versoin = "), "packages[0].versoin", id="unknown key"),
        pytest.param(('"0.2.7"', '">=0.2"'), "packages[0].version", id="a range instead of a version"),
        pytest.param((DIGEST, DIGEST.upper()), "packages[0].sha256", id="digest in capitals"),
        pytest.param(('"pynvml.py"', '"../pynvml.py"'), "packages[1].files[0].path", id="path that climbs"),
        pytest.param(('"pynvml.py"', '"/etc/passwd"'), "packages[1].files[0].path", id="absolute path"),
        pytest.param(('"pynvml.py"', '"C:\\\\pynvml.py"'), "packages[1].files[0].path", id="backslash"),
        pytest.param(('"microarchitectures.py"', '"PYNVML.py"'), "packages names 'pynvml.py' twice", id="one place"),
        pytest.param(('name = "nvidia-ml-py"', 'name = "archspec"'), "packages names 'archspec'", id="package twice"),
        pytest.param(('name = "nvidia-ml-py"', 'name = "NVIDIA_ml"'), "packages[1].name", id="name not normalised"),
        pytest.param(('"compile_archspec"', '"os.system"'), "packages[0].transform", id="transform of a module"),
        pytest.param(("{ header-of", "{ path = 'x', header-of"), "either a path or header-of", id="two licences"),
        pytest.param(("vendor-lock/1", "vendor-lock/2"), "schema must be", id="another schema"),
        pytest.param(("[[packages]]", "[[packages]"), "not a TOML document", id="broken TOML"),
        pytest.param((TEXT[TEXT.index("\n[[") :], "packages = 1"), "packages must be", id="no list"),
        pytest.param(("outputs = [\n", "outputs = []\nx = [\n"), "packages[0].x", id="another list"),
    ],
)
def test_a_fault_is_named_by_its_key(spoil: tuple[str, str], key: str) -> None:
    spoiled = TEXT.replace(*spoil)
    assert spoiled != TEXT
    with pytest.raises(VendorError) as caught:
        parse_lock(spoiled, "vendor.lock")
    assert str(caught.value).startswith("vendor.lock: ")
    assert key in str(caught.value)
