"""The hook puts the locked bytes into the wheel, and no others: real builds with hatchling, one fault each."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from support.vendoring import FILES, INFO, METADATA, PACKAGE, TABLE, THING, install, write_project, write_thing
from variantkit.trust.canonical import check_wheel
from variantkit_build import __version__
from variantkit_build import project as projects
from variantkit_build.development import ABSENT, CURRENT, fill, require_unedited
from variantkit_build.update import find_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

VENDOR = f"{PACKAGE}/_vendor"
COMPILE = 'version = "2.0"\ntransform = "compile_it"'
TRANSFORM = "def compile_it(files):\n    return {'thing.py': b'ANSWER = %d\\n' % len(files)}\n"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A locked provider project, and in the build environment the package that it vendors two files of."""
    write_thing(tmp_path / "wheels")
    monkeypatch.syspath_prepend(
        str(install(tmp_path / "wheels" / os.listdir(tmp_path / "wheels")[0], tmp_path / "site"))
    )
    root = write_project(tmp_path / "project")
    lock(root)
    shutil.rmtree(root / "src" / PACKAGE / "_vendor")
    return root


def lock(root: Path) -> None:
    projects.update(str(root), partial(find_wheel, str(root.parent / "wheels")))


def build(root: Path, version: str = "standard") -> Path:
    return Path(next(iter(WheelBuilder(str(root)).build(directory=str(root.parent / "dist"), versions=[version]))))


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def add_hook(root: Path, statement: str) -> None:
    """Add a hook that runs after the one that vendors."""
    table = "[tool.hatch.build.hooks.variantkit-vendor]\n"
    replace(root / "pyproject.toml", table, table + "[tool.hatch.build.hooks.custom]\n")
    (root / "hatch_build.py").write_text(
        "from pathlib import Path\n"
        "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
        "class Hook(BuildHookInterface):\n"
        "    def initialize(self, version, build_data):\n"
        f"        {statement}\n"
    )


def test_the_wheel_holds_the_locked_files_with_relative_imports(demo: Path) -> None:
    found = members(build(demo))
    assert found[f"{VENDOR}/thing.py"] == THING.replace(b"import thing_tables", b"from . import thing_tables")
    assert sorted(name for name in found if name.startswith(VENDOR)) == [
        f"{VENDOR}/__init__.py",
        f"{VENDOR}/thing.py",
        f"{VENDOR}/thing_tables.py",
    ]


def test_the_wheel_runs_without_the_package_that_it_vendors(demo: Path) -> None:
    query = "import sys; sys.path.insert(0, sys.argv[1]); import demo_variant_provider as d; print(d.ANSWER)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", query, str(build(demo))], capture_output=True, text=True, check=True
    )
    assert done.stdout == "42\n"


def test_the_wheel_is_canonical_and_requires_nothing(demo: Path) -> None:
    wheel = build(demo)
    assert check_wheel(wheel.read_bytes()) is None
    assert b"Requires-Dist" not in members(wheel)["demo_variant_provider-1.0.dist-info/METADATA"]


def test_the_wheel_holds_the_licence_texts(demo: Path) -> None:
    info = "demo_variant_provider-1.0.dist-info"
    assert members(build(demo))[f"{info}/licenses/vendored-thing/LICENSE"] == b"Do what you like.\n"


def test_a_licence_that_stands_in_a_comment_becomes_a_file(demo: Path) -> None:
    replace(demo / "pyproject.toml", 'files = ["*.py"]', 'files = ["*.py"]\nlicense-header = "thing.py"')
    lock(demo)
    text = members(build(demo))["demo_variant_provider-1.0.dist-info/licenses/vendored-thing/LICENSE"]
    assert text == b"Copyright 2020 Somebody\nDo what you like.\n"


def test_the_bill_of_materials_names_package_wheel_licence_and_files(demo: Path) -> None:
    wheel = demo.parent / "wheels" / "vendored_thing-2.0-py3-none-any.whl"
    sbom = json.loads(members(build(demo))["demo_variant_provider-1.0.dist-info/sboms/variantkit-build.cdx.json"])
    assert (sbom["bomFormat"], sbom["specVersion"], sbom["version"]) == ("CycloneDX", "1.6", 1)
    assert "serialNumber" not in sbom
    assert "timestamp" not in sbom["metadata"]
    assert sbom["metadata"]["component"]["purl"] == "pkg:pypi/demo-variant-provider@1.0"
    (component,) = sbom["components"]
    assert component["purl"] == "pkg:pypi/vendored-thing@2.0"
    assert component["licenses"] == [{"expression": "MIT"}]
    assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}]
    assert {file["name"] for file in component["components"]} == {"_vendor/thing.py", "_vendor/thing_tables.py"}
    refs = {sbom["metadata"]["component"]["bom-ref"], component["bom-ref"]}
    assert {entry["ref"] for entry in sbom["dependencies"]} == refs


def test_what_an_installer_writes_is_not_the_package(demo: Path) -> None:
    replace(demo / "pyproject.toml", 'files = ["*.py"]', 'files = ["*"]')
    lock(demo)
    shutil.rmtree(demo / "src" / PACKAGE / "_vendor")
    site = demo.parent / "site"
    with open(site / INFO / "RECORD", "a") as record:
        for name in (f"{INFO}/INSTALLER", f"{INFO}/REQUESTED", "__pycache__/thing.cpython-311.pyc"):
            (site / name).parent.mkdir(exist_ok=True)
            (site / name).write_bytes(b"x")
            record.write(f"{name},,\n")
    assert f"{VENDOR}/{INFO}/METADATA" in members(build(demo))


def test_a_transform_makes_the_files(demo: Path) -> None:
    replace(demo / "pyproject.toml", 'version = "2.0"', COMPILE)
    (demo / "vendoring.py").write_text(TRANSFORM)
    lock(demo)
    assert members(build(demo))[f"{VENDOR}/thing.py"] == b"ANSWER = 2\n"
    assert not (demo / "__pycache__").exists()


def test_two_builds_from_two_places_have_the_same_bytes(demo: Path) -> None:
    first = build(demo).read_bytes()
    other = demo.parent / "elsewhere" / "deeper" / "project"
    shutil.copytree(demo, other)
    before = os.umask(0o077)
    try:
        assert build(other).read_bytes() == first
    finally:
        os.umask(before)


def test_the_source_tree_stays_as_it_was(demo: Path) -> None:
    before = sorted(demo.rglob("*"))
    build(demo)
    assert sorted(demo.rglob("*")) == before


def test_the_sdist_holds_the_lock_and_nothing_vendored(demo: Path) -> None:
    build(demo, "editable")
    sdist = next(iter(SdistBuilder(str(demo)).build(directory=str(demo.parent / "dist"))))
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert "demo_variant_provider-1.0/vendor.lock" in names
    assert not [name for name in names if "_vendor" in name]


def test_frontends_learn_the_pinned_build_requirement(demo: Path) -> None:
    query = "from hatchling.build import get_requires_for_build_wheel as f; print(f())"
    done = subprocess.run([sys.executable, "-c", query], cwd=demo, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['vendored-thing==2.0']"


def test_the_version_is_said_once() -> None:
    text = (Path(__file__).resolve().parents[2] / "sdk" / "build" / "pyproject.toml").read_text()
    assert f'version = "{__version__}"' in text


def test_who_vendors_nothing_builds_with_the_same_hook(demo: Path) -> None:
    replace(demo / "pyproject.toml", TABLE[TABLE.index("[[") :], "")
    lock(demo)
    found = members(build(demo))
    assert not [name for name in found if "_vendor" in name]
    assert json.loads(found["demo_variant_provider-1.0.dist-info/sboms/variantkit-build.cdx.json"])["components"] == []


# One fault each: what is done to the project or to the build environment, and the sentence that the build ends with.
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a dependency": (
        lambda root: replace(root / "pyproject.toml", "[project]", '[project]\ndependencies = ["requests"]'),
        "a provider has no dependencies, found requests",
    ),
    "an extra": (
        lambda root: replace(root / "pyproject.toml", "[project]", "[project]\noptional-dependencies.x = ['y']"),
        "a provider has no dependencies, found the extra x",
    ),
    "a dependency of another hook": (
        lambda root: add_hook(root, "build_data['dependencies'].append('requests')"),
        "METADATA: a provider has no dependencies, found requests",
    ),
    "another hook that edits what is vendored": (
        lambda root: add_hook(
            root, "[Path(p).write_text('X') for p in build_data['force_include'] if p.endswith('/thing.py')]"
        ),
        r"_vendor/thing\.py: this wheel's file is not the one in vendor\.lock",
    ),
    "another hook that adds to what is vendored": (
        lambda root: add_hook(
            root, "build_data['force_include'][self.root + '/vendor.lock'] = 'demo_variant_provider/_vendor/more.txt'"
        ),
        r"_vendor/more\.txt: this wheel's file is not the one in vendor\.lock",
    ),
    "other bytes in the package": (
        lambda root: (root.parent / "site" / "thing_tables.py").write_text("ANSWER = 43\n"),
        r"vendored-thing==2\.0: file thing_tables\.py: expected sha256 [0-9a-f]{64}, found [0-9a-f]{64}",
    ),
    "a file that is not in the lock": (
        lambda root: replace(root / "pyproject.toml", '"*.py"', '"*.py", "thing_data/*"'),
        r"file thing_data/table\.txt is not in the lock; `variantkit provider vendor` writes it anew",
    ),
    "a file that is in the lock alone": (
        lambda root: replace(root / "pyproject.toml", '"*.py"', '"thing.py"'),
        r"file thing_tables\.py is in the lock but not there",
    ),
    "a pattern that matches nothing": (
        lambda root: replace(root / "pyproject.toml", '"*.py"', '"*.py", "*.pyx"'),
        r"no file matches '\*\.pyx'",
    ),
    "another version in the build environment": (
        lambda root: replace(root.parent / "site" / INFO / "METADATA", "Version: 2.0", "Version: 3.0"),
        r"expected vendored-thing==2\.0 in the build environment, found 3\.0",
    ),
    "no such package in the build environment": (
        lambda root: shutil.rmtree(root.parent / "site" / INFO),
        r"vendored-thing==2\.0 is not in the build environment; build with isolation, or install it",
    ),
    "another version in the table": (
        lambda root: replace(root / "pyproject.toml", 'version = "2.0"', 'version = "2.1"'),
        r"vendor\.lock: vendored-thing==2\.\d is not as \[tool\.variantkit\.vendor\] asks for it",
    ),
    "no lock": (lambda root: (root / "vendor.lock").unlink(), r"vendor\.lock: cannot be read: "),
    "no table": (
        lambda root: replace(root / "pyproject.toml", TABLE, ""),
        r"pyproject\.toml: there is no table \[tool\.variantkit\.vendor\]",
    ),
    "no such package folder": (
        lambda root: replace(root / "pyproject.toml", 'package = "src/demo', 'package = "src/other'),
        "must be the folder of the import package",
    ),
    "a lock that was edited": (
        lambda root: replace(root / "vendor.lock", 'license = "MIT"', 'license = "0BSD OR MIT"'),
        r"the licence of vendored-thing==2\.0 is not what it says",
    ),
    "an output that the lock does not have": (
        lambda root: replace(
            root / "vendor.lock", "outputs = [", 'outputs = [\n  { path = "x.py", sha256 = "%s" },' % ("0" * 64)
        ),
        r"_vendor/ x\.py is in the lock but not there",
    ),
    "a licence that the project does not name": (
        lambda root: replace(root / "pyproject.toml", "Apache-2.0 AND MIT", "Apache-2.0"),
        r"project\.license 'Apache-2\.0' does not name .* vendored-thing==2\.0; say license = 'Apache-2\.0 AND MIT'",
    ),
    "compiled Python of one's own": (
        lambda root: (root / "src" / PACKAGE / "x.pyc").write_bytes(b"x"),
        r"demo_variant_provider/x\.pyc is compiled or native code",
    ),
    "a library of one's own": (
        lambda root: (root / "src" / PACKAGE / "libx.so.1").write_bytes(b"x"),
        r"libx\.so\.1 is compiled or native code",
    ),
    "native code under a harmless name": (
        lambda root: (root / "src" / PACKAGE / "data.bin").write_bytes(b"\x7fELF\x02"),
        r"data\.bin is native code, whatever its name says",
    ),
    "a .pth file": (
        lambda root: (root / "src" / PACKAGE / "x.pth").write_bytes(b"x"),
        r"x\.pth is compiled or native code, or a \.pth file",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_build_and_leaves_nothing(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    if fault == "compiled Python of one's own":  # hatchling leaves it out, but for who asks for it
        replace(demo / "pyproject.toml", "packages = [", 'artifacts = ["*.pyc"]\npackages = [')
    spoil, sentence = FAULTS[fault]
    spoil(demo)
    with pytest.raises(ValueError, match=sentence):
        build(demo)
    assert not (tmp_path / "dist").exists() or os.listdir(tmp_path / "dist") == []
    assert [name for name in os.listdir(scratch) if name.startswith("variantkit-")] == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param(None, "there is no such file, which transform = 'compile_it' needs", id="no vendoring.py"),
        pytest.param("x = 1", "has no function 'compile_it'", id="no such function"),
        pytest.param("def compile_it(files): return 1 / 0", "compile_it raised ZeroDivisionError", id="it raises"),
        pytest.param("def compile_it(files): return []", "must return a mapping", id="no mapping"),
        pytest.param("def compile_it(files): return {}", "must return a mapping", id="nothing"),
        pytest.param("def compile_it(files): return {'../x': b''}", "relative paths and bytes", id="path that climbs"),
        pytest.param("def compile_it(files): return {'x.py': ''}", "relative paths and bytes", id="text"),
        pytest.param("def compile_it(files): return {'x.so': b''}", "native code", id="a library"),
        pytest.param("def compile_it(files): return {'__init__.py': b''}", "two files at one place", id="the marker"),
        pytest.param("def compile_it(files): return {'thing.py': b'2'}", "expected sha256", id="other bytes"),
        pytest.param(TRANSFORM.replace("}", ", 'x': b''}"), "x is not in the lock", id="a file more"),
    ],
)
def test_a_transform_that_is_not_as_it_must_be_fails_the_build(demo: Path, source: str | None, sentence: str) -> None:
    replace(demo / "pyproject.toml", 'version = "2.0"', COMPILE)
    (demo / "vendoring.py").write_text(TRANSFORM)
    lock(demo)
    shutil.rmtree(demo / "src" / PACKAGE / "_vendor")
    (demo / "vendoring.py").unlink()
    if source is not None:
        (demo / "vendoring.py").write_text(source)
    with pytest.raises(ValueError, match=sentence):
        build(demo)


def test_a_package_with_native_code_is_not_vendored(demo: Path) -> None:
    write_thing(demo.parent / "wheels", {**FILES, "thing_data/x.py": b"\x7fELF"})
    replace(demo / "pyproject.toml", '"*.py"', '"*.py", "thing_data/*"')
    (demo / "vendor.lock").unlink()
    with pytest.raises(ValueError, match=r"thing_data/x\.py is native code, whatever its name says"):
        lock(demo)


@pytest.mark.parametrize(
    "path",
    ["a/./b.py", 'a", sha256 = "b.py', "a\nb.py", "a\\b.py", "a/b .py "],
)
def test_a_path_that_no_lock_can_name_goes_no_further(demo: Path, path: str) -> None:
    write_thing(demo.parent / "wheels", {**FILES, path: b"X = 1\n"})
    (demo / "vendor.lock").unlink()
    replace(demo / "pyproject.toml", 'files = ["*.py"]', 'files = ["*"]')
    before = sorted(demo.parent.rglob("*"))
    with pytest.raises(ValueError, match=r"vendor\.lock: "):
        lock(demo)
    assert sorted(demo.parent.rglob("*")) == before


@pytest.mark.parametrize("path", ["a/../../../../escaped.py", "/escaped.py"])
def test_a_path_that_leads_out_of_the_package_is_no_file_of_it(demo: Path, path: str) -> None:
    write_thing(demo.parent / "wheels", {**FILES, path: b"X = 1\n"})
    replace(demo / "pyproject.toml", 'files = ["*.py"]', 'files = ["*"]')
    (demo / "vendor.lock").unlink()
    lock(demo)
    assert "escaped" not in (demo / "vendor.lock").read_text()
    assert list(demo.parent.rglob("escaped*")) == []


def test_two_licence_texts_of_one_name_are_refused(demo: Path) -> None:
    write_thing(demo.parent / "wheels", {**FILES, "other/LICENSE": b"And this.\n"})
    (demo / "vendor.lock").unlink()
    replace(demo / "pyproject.toml", 'files = ["*.py"]', 'files = ["*.py"]\nlicense-files = ["*LICENSE"]')
    with pytest.raises(ValueError, match="license-files names 'LICENSE' twice"):
        lock(demo)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        pytest.param(METADATA.replace("License-Expression: MIT\n", ""), "say license = ", id="no expression"),
        pytest.param(METADATA.replace("License-File: LICENSE\n", ""), "no licence text", id="no text"),
    ],
)
def test_a_package_without_a_licence_is_not_vendored(demo: Path, metadata: str, sentence: str) -> None:
    write_thing(demo.parent / "wheels", metadata=metadata)
    with pytest.raises(ValueError, match=sentence):
        lock(demo)


# The working copy's own _vendor/: made by an editable build, ignored by git, never edited.


def test_an_editable_build_fills_the_working_copy(demo: Path) -> None:
    build(demo, "editable")
    vendored = demo / "src" / PACKAGE / "_vendor"
    assert (
        (vendored / "thing.py").read_bytes().endswith(b"from . import thing_tables\n\nANSWER = thing_tables.ANSWER\n")
    )
    before = (vendored / "thing.py").stat().st_ino
    build(demo, "editable")
    assert (vendored / "thing.py").stat().st_ino == before


@pytest.mark.parametrize("version", ["standard", "editable"])
@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda vendored: (vendored / "thing.py").write_text("ANSWER = 43\n"), id="edited"),
        pytest.param(lambda vendored: (vendored / "more.py").write_text("X = 1\n"), id="added"),
        pytest.param(lambda vendored: (vendored / "thing_tables.py").unlink(), id="deleted"),
    ],
)
def test_an_edited_working_copy_fails_the_build_and_is_kept(
    demo: Path, version: str, edit: Callable[[Path], object]
) -> None:
    build(demo, "editable")
    vendored = demo / "src" / PACKAGE / "_vendor"
    edit(vendored)
    before = {path: path.read_bytes() for path in vendored.iterdir()}
    with pytest.raises(ValueError, match=r"_vendor/\w+\.py: edited, added or deleted by hand"):
        build(demo, version)
    assert {path: path.read_bytes() for path in vendored.iterdir()} == before


def test_a_working_copy_of_an_older_lock_is_brought_up_to_date(demo: Path) -> None:
    build(demo, "editable")
    replace(demo / "pyproject.toml", '"*.py"', '"thing*.py", "thing_data/*"')
    new = demo.parent / "new"
    shutil.copytree(demo, new)
    shutil.rmtree(new / "src" / PACKAGE / "_vendor")
    lock(new)
    shutil.copy(new / "vendor.lock", demo)
    build(demo)
    assert not (demo / "src" / PACKAGE / "_vendor" / "thing_data").exists()
    build(demo, "editable")
    assert (demo / "src" / PACKAGE / "_vendor" / "thing_data" / "table.txt").read_bytes() == b"42\n"


def test_a_working_copy_is_never_taken_for_the_package_itself(demo: Path) -> None:
    clean = build(demo).read_bytes()
    build(demo, "editable")
    assert not (demo / ".gitignore").exists()
    assert build(demo).read_bytes() == clean


def test_builds_at_the_same_time_never_see_half_a_working_copy(tmp_path: Path) -> None:
    vendored = tmp_path / "_vendor"
    files = {f"file_{number}.py": b"X = 1\n" for number in range(20)}
    wanted = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}

    def fill_and_look(_: int) -> str:
        fill(str(vendored), files, str(tmp_path))
        return require_unedited(str(vendored), wanted)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(fill_and_look, range(80))) <= {ABSENT, CURRENT}
    assert require_unedited(str(vendored), wanted) == CURRENT
    assert [path.name for path in tmp_path.iterdir()] == ["_vendor"]


def test_nothing_is_left_beside_the_working_copy(demo: Path) -> None:
    build(demo, "editable")
    assert sorted(path.name for path in demo.iterdir()) == ["pyproject.toml", "src", "vendor.lock"]
    assert sorted(path.name for path in (demo / "src" / PACKAGE).iterdir()) == ["__init__.py", "_vendor"]
