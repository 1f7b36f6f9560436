"""`[tool.variantkit.vendor]` of a provider's pyproject.toml: what it vendors, of whom, under which licence."""

from __future__ import annotations

import os
from typing import NamedTuple

from variantkit_build.errors import VendorError
from variantkit_build.fields import FUNCTION, LICENSE, PACKAGE, PATH, PATTERN, VERSION, Fields, parse_toml

_KEYS = ("name", "version", "files", "license", "license-files", "license-header", "transform")


class PackageSettings(NamedTuple):
    """One package to vendor.

    `files` and `license_files` are paths inside the package in which * and ? match any characters, `/` included;
    `license` is an SPDX expression ("": the one in the package's own metadata); `license_header` names a file whose
    leading comment is the licence; `transform` a function in vendoring.py ("": files go in as they are).
    """

    name: str
    version: str
    files: tuple[str, ...]
    license: str
    license_files: tuple[str, ...]
    license_header: str
    transform: str

    @property
    def requirement(self) -> str:
        """The exact requirement that brings this package."""
        return f"{self.name}=={self.version}"


class Settings(NamedTuple):
    """What a project vendors; `package` is the folder of its import package, relative to the project."""

    package: str
    packages: tuple[PackageSettings, ...]

    @property
    def import_name(self) -> str:
        """The name that the project's package is imported by."""
        return self.package.rpartition("/")[2]


def load_settings(root: str) -> Settings:
    """Read the table of the project at `root`; raise VendorError when it is missing or wrong."""
    path = os.path.join(root, "pyproject.toml")
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except OSError as error:
        raise VendorError(f"{path}: cannot be read: {error.strerror or error}") from None
    settings = parse_settings(text, path)
    if not os.path.isdir(os.path.join(root, settings.package)):
        raise VendorError(
            f"{path}: tool.variantkit.vendor.package must be the folder of the import package, such as "
            f"'src/my_variant_provider'; there is no {settings.package!r}"
        )
    return settings


def parse_settings(text: str, where: str = "pyproject.toml") -> Settings:
    """Read the table [tool.variantkit.vendor] of a pyproject.toml."""
    table: object = parse_toml(text, where)
    for key in ("tool", "variantkit", "vendor"):
        table = table.get(key) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise VendorError(f"{where}: there is no table [tool.variantkit.vendor], which says what to vendor")
    fields = Fields(table, where, "tool.variantkit.vendor", ("package", "packages"))
    packages = tuple(_parse_package(package) for package in fields.tables("packages", _KEYS, required=False))
    fields.require_distinct("packages", (package.name for package in packages))
    return Settings(fields.text("package", PATH), packages)


def _parse_package(fields: Fields) -> PackageSettings:
    return PackageSettings(
        name=fields.text("name", PACKAGE),
        version=fields.text("version", VERSION),
        files=fields.texts("files", PATTERN, required=True),
        license=fields.text("license", LICENSE, default=""),
        license_files=fields.texts("license-files", PATTERN, required=False),
        license_header=fields.text("license-header", PATH, default=""),
        transform=fields.text("transform", FUNCTION, default=""),
    )
