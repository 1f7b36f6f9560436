"""`vendor.lock`: which bytes of which pinned packages travel inside a wheel. Text <-> model, in one canonical form."""

from __future__ import annotations

from typing import NamedTuple

from variantkit_build.errors import VendorError
from variantkit_build.fields import FUNCTION, LICENSE, PACKAGE, PATH, SHA256, VERSION, Fields, parse_toml

NAME = "vendor.lock"
SCHEMA = "variantkit.vendor-lock/1"
REFRESH = "`variantkit provider vendor` writes it anew"

_HEADER = """\
# Written by `variantkit provider vendor`. A build refuses every byte of other projects that is not named here.
"""
_KEYS = ("name", "version", "wheel", "sha256", "license", "transform", "files", "license-files", "outputs")


class LockedFile(NamedTuple):
    """A file and the sha256 of its bytes, in hexadecimal digits."""

    path: str
    sha256: str


class LicenseFile(NamedTuple):
    """A licence text: where it is in the package, its sha256, and its path below `.dist-info/licenses/<package>/`.

    `header`: not the whole file, but the comment that the file begins with.
    """

    path: str
    sha256: str
    to: str
    header: bool


class LockedPackage(NamedTuple):
    """One pinned package: its wheel, the files taken from it, and the files they become below `_vendor/`."""

    name: str
    version: str
    wheel: str
    sha256: str
    license: str
    transform: str
    files: tuple[LockedFile, ...]
    license_files: tuple[LicenseFile, ...]
    outputs: tuple[LockedFile, ...]

    @property
    def requirement(self) -> str:
        """The exact build requirement that brings this package."""
        return f"{self.name}=={self.version}"


class VendorLock(NamedTuple):
    """Everything that is vendored."""

    packages: tuple[LockedPackage, ...]

    def outputs(self) -> dict[str, str]:
        """Every path below `_vendor/` and the sha256 of its bytes."""
        return {file.path: file.sha256 for package in self.packages for file in package.outputs}


def parse_lock(text: str, where: str = NAME) -> VendorLock:
    """Read a lock; raise VendorError for the first thing in it that is not as it must be."""
    document = parse_toml(text, where)
    if document.get("schema") != SCHEMA:
        raise VendorError(
            f"{where}: schema must be {SCHEMA!r}, found {document.get('schema')!r}; delete the file, and {REFRESH}"
        )
    fields = Fields(document, where, "", ("schema", "packages"))
    lock = VendorLock(tuple(_parse_package(package) for package in fields.tables("packages", _KEYS, required=False)))
    fields.require_distinct("packages", (package.name for package in lock.packages))
    fields.require_distinct("packages", (file.path for package in lock.packages for file in package.outputs))
    return lock


def _parse_package(fields: Fields) -> LockedPackage:
    package = LockedPackage(
        name=fields.text("name", PACKAGE),
        version=fields.text("version", VERSION),
        wheel=fields.text("wheel", PATH),
        sha256=fields.text("sha256", SHA256),
        license=fields.text("license", LICENSE),
        transform=fields.text("transform", FUNCTION, default=""),
        files=_parse_files(fields, "files"),
        license_files=tuple(_parse_license(file) for file in fields.tables("license-files", _LICENSE_KEYS)),
        outputs=_parse_files(fields, "outputs"),
    )
    fields.require_distinct("license-files", (file.to for file in package.license_files))
    return package


_LICENSE_KEYS = ("path", "header-of", "sha256", "to")


def _parse_license(fields: Fields) -> LicenseFile:
    whole, header = fields.text("path", PATH, default=""), fields.text("header-of", PATH, default="")
    if bool(whole) == bool(header):
        raise VendorError(f"{NAME}: a licence file has either a path or header-of, found {whole!r} and {header!r}")
    return LicenseFile(whole or header, fields.text("sha256", SHA256), fields.text("to", PATH), bool(header))


def _parse_files(fields: Fields, name: str) -> tuple[LockedFile, ...]:
    files = tuple(
        LockedFile(file.text("path", PATH), file.text("sha256", SHA256))
        for file in fields.tables(name, ("path", "sha256"))
    )
    fields.require_distinct(name, (file.path for file in files))
    return files


def render_lock(lock: VendorLock) -> str:
    """Write a lock in its one canonical form: packages and files sorted, one file a line."""
    lines = [_HEADER, f'schema = "{SCHEMA}"\n']
    for package in sorted(lock.packages):
        lines.append("\n[[packages]]\n")
        lines += [
            f'{key} = "{value}"\n'
            for key, value in zip(_KEYS, package, strict=False)
            if isinstance(value, str) and value
        ]
        lines += _render_list("files", [_render_file(file) for file in sorted(package.files)])
        lines += _render_list("license-files", [_render_license(file) for file in sorted(package.license_files)])
        lines += _render_list("outputs", [_render_file(file) for file in sorted(package.outputs)])
    return "".join(lines)


def _render_list(name: str, items: list[str]) -> list[str]:
    return [f"{name} = [\n", *(f"  {{ {item} }},\n" for item in items), "]\n"]


def _render_file(file: LockedFile) -> str:
    return f'path = "{file.path}", sha256 = "{file.sha256}"'


def _render_license(file: LicenseFile) -> str:
    key = "header-of" if file.header else "path"
    return f'{key} = "{file.path}", sha256 = "{file.sha256}", to = "{file.to}"'
