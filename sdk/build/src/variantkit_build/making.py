"""From the files of pinned packages to the files below `_vendor/`: pure, but for the project's own transform."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from variantkit_build.contents import require_source
from variantkit_build.errors import VendorError
from variantkit_build.fields import is_inner_path
from variantkit_build.imports import rewrite_imports
from variantkit_build.lock import REFRESH, LicenseFile, LockedFile, LockedPackage, VendorLock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from variantkit_build.settings import PackageSettings, Settings
    from variantkit_build.sources import Source

MARKER = "__init__.py"
MARKER_TEXT = (
    b'"""Code and data of other projects, pinned by vendor.lock; their licences are in .dist-info/licenses."""\n'
)


class Made(NamedTuple):
    """What one package contributes: its licence expression, the files taken, licence texts, files below `_vendor/`."""

    license: str
    files: dict[str, bytes]
    licenses: tuple[tuple[LicenseFile, bytes], ...]
    outputs: dict[str, bytes]

    def locked_files(self) -> tuple[LockedFile, ...]:
        """Return the files taken and their sha256."""
        return _digests(self.files)

    def locked_outputs(self) -> tuple[LockedFile, ...]:
        """Return the files below `_vendor/` and their sha256."""
        return _digests(self.outputs)


def make_all(settings: Settings, sources: Sequence[Source], root: str) -> list[Made]:
    """Make what each package of the table contributes, from its source; `root` is the project's folder."""
    made = [_make(package, source, root) for package, source in zip(settings.packages, sources, strict=True)]
    _require_one_place(made)
    tops = frozenset(
        path.partition("/")[0].removesuffix(".py") for one in made for path in one.outputs if path.endswith(".py")
    ) - {"__init__"}
    return [
        one._replace(
            outputs={
                path: rewrite_imports(data, path, tops) if path.endswith(".py") else data
                for path, data in one.outputs.items()
            }
        )
        for one in made
    ]


def all_outputs(made: Sequence[Made]) -> dict[str, bytes]:
    """Return every file below `_vendor/`, the package marker included; none where nothing is vendored."""
    outputs = {path: data for one in made for path, data in one.outputs.items()}
    return {MARKER: MARKER_TEXT, **outputs} if outputs else {}


def all_digests(lock: VendorLock) -> dict[str, str]:
    """Return the sha256 of every file below `_vendor/`, the package marker included."""
    outputs = lock.outputs()
    return {MARKER: hashlib.sha256(MARKER_TEXT).hexdigest(), **outputs} if outputs else {}


def require_locked(settings: Settings, made: Sequence[Made], lock: VendorLock) -> None:
    """Raise VendorError for the first byte that the lock does not name, and for what it names and is not there."""
    for package, one, locked in zip(settings.packages, made, in_order(settings, lock), strict=True):
        _require_same(f"{package.requirement}: file", one.locked_files(), locked.files)
        found = tuple(file for file, _ in one.licenses)
        if sorted(found) != sorted(locked.license_files) or one.license != locked.license:
            raise VendorError(f"vendor.lock: the licence of {package.requirement} is not what it says; {REFRESH}")
        _require_same(f"{package.requirement}: _vendor/", one.locked_outputs(), locked.outputs)


def require_same_packages(settings: Settings, lock: VendorLock) -> None:
    """Raise VendorError unless table and lock name the same packages, versions and transforms."""
    asked = {package.requirement: package.transform for package in settings.packages}
    locked = {package.requirement: package.transform for package in lock.packages}
    if asked != locked:
        differing = sorted(asked.items() ^ locked.items())[0][0]
        raise VendorError(f"vendor.lock: {differing} is not as [tool.variantkit.vendor] asks for it; {REFRESH}")


def in_order(settings: Settings, lock: VendorLock) -> list[LockedPackage]:
    """Return the lock's packages in the table's order."""
    by_name = {package.name: package for package in lock.packages}
    return [by_name[package.name] for package in settings.packages]


def _require_same(what: str, found: Sequence[LockedFile], locked: Sequence[LockedFile]) -> None:
    here, there = {file.path: file.sha256 for file in found}, {file.path: file.sha256 for file in locked}
    for path in sorted(here.keys() | there.keys()):
        if path not in there:
            raise VendorError(f"vendor.lock: {what} {path} is not in the lock; {REFRESH}")
        if path not in here:
            raise VendorError(f"vendor.lock: {what} {path} is in the lock but not there; {REFRESH}")
        if here[path] != there[path]:
            raise VendorError(f"vendor.lock: {what} {path}: expected sha256 {there[path]}, found {here[path]}")


def _make(package: PackageSettings, source: Source, root: str) -> Made:
    names = source.names()
    files = {path: source.read(path) for pattern in package.files for path in _matching(pattern, names, source.label)}
    for path, data in files.items():
        require_source(path, data, source.label)
    outputs = _transform(root, package.transform, files) if package.transform else dict(files)
    for path, data in outputs.items():
        require_source(path, data, package.transform or source.label)
    return Made(_license(package, source), files, tuple(_licenses(package, source, names)), outputs)


def _matching(pattern: str, names: Sequence[str], label: str) -> list[str]:
    found = [name for name in names if fnmatchcase(name, pattern)]
    if not found:
        raise VendorError(f"{label}: no file matches {pattern!r} of [tool.variantkit.vendor]")
    return found


def _license(package: PackageSettings, source: Source) -> str:
    expression = package.license or str(source.metadata().get("License-Expression") or "")
    if not expression:
        raise VendorError(
            f'{source.label}: its metadata has no License-Expression; say license = "…" in [tool.variantkit.vendor]'
        )
    return expression


def _licenses(package: PackageSettings, source: Source, names: Sequence[str]) -> list[tuple[LicenseFile, bytes]]:
    """Return the licence texts: those asked for, else those that the metadata names (PEP 639)."""
    paths = [path for pattern in package.license_files for path in _matching(pattern, names, source.label)]
    if not paths and not package.license_header:
        declared = source.metadata().get_all("License-File") or ()
        paths = [name for name in names if any(name.endswith(f".dist-info/licenses/{file}") for file in declared)]
    found = [(LicenseFile(path, "", _license_target(path), False), source.read(path)) for path in paths]
    if package.license_header:
        header = _header(source.read(package.license_header))
        found.append((LicenseFile(package.license_header, "", "LICENSE", True), header))
    if not any(text.strip() for _, text in found):
        raise VendorError(
            f"{source.label}: no licence text; name license-files or a license-header in [tool.variantkit.vendor]"
        )
    return [(file._replace(sha256=hashlib.sha256(text).hexdigest()), text) for file, text in found]


def _license_target(path: str) -> str:
    _, found, rest = path.partition(".dist-info/licenses/")
    return rest if found else path.rpartition("/")[2]


def _header(source: bytes) -> bytes:
    """Return the comment that a module begins with, without its number signs."""
    lines = []
    for line in source.splitlines():
        if not line.startswith(b"#"):
            break
        lines.append(line.lstrip(b"#").removeprefix(b" ").rstrip())
    return b"\n".join(lines).strip() + b"\n"


def _transform(root: str, function: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Let the project's own vendoring.py make the files below `_vendor/` of the files taken."""
    try:
        outputs = _load_function(root, function)(dict(files))
    except Exception as error:
        raise VendorError(f"vendoring.py: {function} raised {type(error).__name__}: {error}") from error
    if not isinstance(outputs, Mapping) or not outputs:
        raise VendorError(f"vendoring.py: {function} must return a mapping of paths to bytes, found {outputs!r:.80}")
    for path, data in outputs.items():
        if not isinstance(path, str) or not is_inner_path(path) or not isinstance(data, bytes):
            raise VendorError(f"vendoring.py: {function} must return relative paths and bytes, found {path!r:.80}")
    return dict(outputs)


def _load_function(root: str, function: str) -> Callable[[dict[str, bytes]], object]:
    path = os.path.join(root, "vendoring.py")
    spec = importlib.util.spec_from_file_location("vendoring", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise VendorError(f"{path}: there is no such file, which transform = {function!r} needs")
    module = importlib.util.module_from_spec(spec)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nothing generated lies in a source tree
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    found = getattr(module, function, None)
    if not callable(found):
        raise VendorError(f"{path}: has no function {function!r}, which [tool.variantkit.vendor] names as transform")
    return found  # type: ignore[no-any-return]


def _require_one_place(made: Sequence[Made]) -> None:
    seen = {MARKER.casefold()}
    for one in made:
        for path in one.outputs:
            if path.casefold() in seen:
                raise VendorError(f"_vendor/{path}: two files at one place, case aside")
            seen.add(path.casefold())


def _digests(files: Mapping[str, bytes]) -> tuple[LockedFile, ...]:
    return tuple(LockedFile(path, hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))
