"""A provider project that vendors, the package that it vendors, and wheels of what is installed here."""

from __future__ import annotations

import email.parser
import importlib.metadata
import os
import zipfile
from typing import TYPE_CHECKING

from support.wheels import EPOCH, record_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

THING = b"# Copyright 2020 Somebody\n# Do what you like.\n\nimport thing_tables\n\nANSWER = thing_tables.ANSWER\n"
TABLES = b"ANSWER = 42\n"
LICENSE = b"Do what you like.\n"
METADATA = "Metadata-Version: 2.4\nName: vendored-thing\nVersion: 2.0\nLicense-Expression: MIT\nLicense-File: LICENSE\n"
INFO = "vendored_thing-2.0.dist-info"
FILES = {
    "thing.py": THING,
    "thing_tables.py": TABLES,
    "thing_data/table.txt": b"42\n",
    f"{INFO}/licenses/LICENSE": LICENSE,
}
TABLE = """
[tool.variantkit.vendor]
package = "src/demo_variant_provider"

[[tool.variantkit.vendor.packages]]
name = "vendored-thing"
version = "2.0"
files = ["*.py"]
"""
PROJECT = """
[build-system]
requires = ["hatchling", "variantkit-build"]
build-backend = "hatchling.build"

[project]
name = "demo-variant-provider"
version = "1.0"
license = "Apache-2.0 AND MIT"

[tool.hatch.build.targets.wheel]
packages = ["src/demo_variant_provider"]

[tool.hatch.build.hooks.variantkit-vendor]
"""
PACKAGE = "demo_variant_provider"


def write_thing(directory: Path, files: Mapping[str, bytes] = FILES, metadata: str = METADATA) -> Path:
    """Write the wheel of the package that is vendored."""
    wheel = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    members = {**files, f"{INFO}/METADATA": metadata.encode(), f"{INFO}/WHEEL": wheel.encode()}
    record = "".join(record_line(name, data) for name, data in members.items()) + f"{INFO}/RECORD,,\n"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "vendored_thing-2.0-py3-none-any.whl"
    _write_zip(path, {**members, f"{INFO}/RECORD": record.encode()})
    return path


def install(wheel: Path, site: Path) -> Path:
    """Unpack a wheel, as an installer does."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def write_project(root: Path, table: str = TABLE, project: str = PROJECT) -> Path:
    """Write a provider project with one module, and no lock."""
    package = root / "src" / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from ._vendor.thing import ANSWER\n")
    (root / "pyproject.toml").write_text(project + table)
    return root


def repack(name: str, directory: Path) -> Path:
    """Make a wheel of a distribution that is installed here, so that a build without any index can have it."""
    distribution = importlib.metadata.distribution(name)
    info = next(str(file).split("/")[0] for file in distribution.files or () if str(file).endswith("/METADATA"))
    left_out = (f"{info}/INSTALLER", f"{info}/REQUESTED", f"{info}/direct_url.json", f"{info}/RECORD")
    members = {}
    for file in sorted(map(str, distribution.files or ())):
        if not file.startswith("..") and "__pycache__" not in file and file not in left_out:
            with open(str(distribution.locate_file(file)), "rb") as stream:
                members[file] = stream.read()
    tags = email.parser.HeaderParser().parsestr(distribution.read_text("WHEEL") or "").get_all("Tag") or []
    pythons, abi, platform = (sorted({tag.split("-")[part] for tag in tags}) for part in range(3))
    record = "".join(record_line(member, data) for member, data in members.items()) + f"{info}/RECORD,,\n"
    stem = info.removesuffix(".dist-info")
    path = directory / f"{stem}-{'.'.join(pythons)}-{'.'.join(abi)}-{'.'.join(platform)}.whl"
    _write_zip(path, {**members, f"{info}/RECORD": record.encode()})
    return path


def repack_all(directory: Path, *names: str) -> Path:
    """Make a directory of wheels of these distributions and of everything they require here."""
    directory.mkdir(exist_ok=True)
    wanted, done = list(names), set[str]()
    while wanted:
        name = wanted.pop()
        if name in done:
            continue
        done.add(name)
        repack(name, directory)
        wanted += _requirements(name)
    return directory


def _requirements(name: str) -> list[str]:
    from packaging.requirements import Requirement

    required = map(Requirement, importlib.metadata.requires(name) or ())
    return [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]


def _write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)


def environment(scratch: Path) -> dict[str, str]:
    """Return an environment in which pip and uv know no index, no settings and no cache of this machine."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_", "PYTHON"))}
    return {
        **kept,
        "HOME": str(scratch),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_CONFIG": "1",
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(scratch / "uv-cache"),
    }
