"""Where a vendored package's files are read from: the build environment, or a wheel."""

from __future__ import annotations

import email.message
import email.parser
import importlib.metadata
import io
import os
import zipfile
from typing import TYPE_CHECKING, Protocol

from variantkit_build.errors import VendorError

if TYPE_CHECKING:
    from variantkit_build.lock import LockedPackage


class Source(Protocol):
    """One package, unpacked or not. `label` is how an error calls it; paths are those inside its wheel."""

    label: str

    def names(self) -> list[str]:
        """Return the path of every file, sorted."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raise VendorError when there is none."""

    def metadata(self) -> email.message.Message:
        """Return the package's METADATA."""


class InstalledPackage:
    """A package that an installer put into this environment, as frontends do with build requirements."""

    def __init__(self, distribution: importlib.metadata.Distribution, label: str) -> None:
        self._distribution = distribution
        self.label = label

    def names(self) -> list[str]:
        """Return the path of every file that the installer took from the wheel, sorted."""
        return sorted(file.as_posix() for file in self._distribution.files or () if _is_of_wheel(file.as_posix()))

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        try:
            with open(str(self._distribution.locate_file(path)), "rb") as stream:
                return stream.read()
        except OSError as error:
            raise VendorError(f"{self.label} has no {path}: {error.strerror or error}") from None

    def metadata(self) -> email.message.Message:
        """Return the package's METADATA."""
        return email.parser.HeaderParser().parsestr(self._distribution.read_text("METADATA") or "")


_OF_INSTALLERS = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json")


def _is_of_wheel(path: str) -> bool:
    # An installer compiles, and writes files of its own: in its RECORD, but not in the wheel that anybody reviewed.
    folder, _, name = path.rpartition("/")
    made = path.endswith(".pyc") or (folder.endswith(".dist-info") and name in _OF_INSTALLERS)
    # And a RECORD can say anything: what lies elsewhere on this machine is of no wheel.
    elsewhere = path.startswith("/") or ".." in path.split("/") or ":" in path.partition("/")[0]
    return not made and not elsewhere and "/__pycache__/" not in f"/{path}"


def require_installed(package: LockedPackage) -> InstalledPackage:
    """Return the locked package from this environment; raise VendorError when it is not there in that version."""
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        raise VendorError(
            f"vendor.lock: {package.requirement} is not in the build environment; build with isolation, or install it"
        ) from None
    if distribution.version != package.version:
        raise VendorError(
            f"vendor.lock: expected {package.requirement} in the build environment, found {distribution.version}"
        )
    return InstalledPackage(distribution, package.requirement)


def find_in_directory(directory: str, requirement: str) -> InstalledPackage:
    """Return the package that an installer put into `directory`; raise VendorError when it is not there."""
    name, _, version = requirement.partition("==")
    found = list(importlib.metadata.distributions(name=name, path=[directory]))
    if [distribution.version for distribution in found] != [version]:
        raise VendorError(f"{directory}: expected {requirement} alone, found {[one.version for one in found]}")
    return InstalledPackage(found[0], requirement)


class Wheel:
    """A wheel file."""

    def __init__(self, path: str) -> None:
        self.label = os.path.basename(path)
        try:
            with open(path, "rb") as stream:
                self.data = stream.read()
            self._archive = zipfile.ZipFile(io.BytesIO(self.data))
        except (OSError, zipfile.BadZipFile) as error:
            raise VendorError(f"{path}: not a readable wheel: {error}") from None

    def names(self) -> list[str]:
        """Return the path of every file, sorted."""
        return sorted(name for name in self._archive.namelist() if not name.endswith("/") and _is_of_wheel(name))

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        try:
            return self._archive.read(path)
        except (KeyError, zipfile.BadZipFile) as error:
            raise VendorError(f"{self.label} has no readable {path}: {error}") from None

    def metadata(self) -> email.message.Message:
        """Return the wheel's METADATA."""
        found = [name for name in self.names() if name.count("/") == 1 and name.endswith(".dist-info/METADATA")]
        if len(found) != 1:
            raise VendorError(f"{self.label}: expected one .dist-info/METADATA, found {len(found)}")
        return email.parser.HeaderParser().parsestr(self.read(found[0]).decode("utf-8", "replace"))
