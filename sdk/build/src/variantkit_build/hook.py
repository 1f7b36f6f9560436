"""The hatchling hook `variantkit-vendor`: brings the locked files and refuses any other bytes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from variantkit_build.lock import LockError, VendoredPackage, VendorLock, parse_lock


class VendorHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Copies each file of `vendor.lock` below the package's `_vendor/`."""

    PLUGIN_NAME = "variantkit-vendor"

    def dependencies(self) -> list[str]:
        """The pinned packages, as build requirements: the build frontend's own index settings fetch them."""
        if self.target_name != "wheel":
            return []
        return [package.requirement for package in self._read_lock().packages]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it builds; `version` is `standard` or `editable`."""
        if self.target_name != "wheel":
            return
        lock, package = self._read_lock(), self._package()
        if version == "editable":
            # An editable install imports from the source tree, so the files go there; `_vendor/` is ignored by git.
            _replace_directory(os.path.join(self.root, package, "_vendor"), lock)
            return
        self._made = tempfile.mkdtemp(prefix="variantkit-vendor-")
        try:
            _write_files(self._made, lock)
        except BaseException:  # hatchling calls `finalize` for builds that succeed alone
            shutil.rmtree(self._made, ignore_errors=True)
            raise
        build_data["force_include"][self._made] = f"{os.path.basename(package)}/_vendor"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Hatchling calls this after it built; the temporary directory goes."""
        if made := getattr(self, "_made", None):
            shutil.rmtree(made, ignore_errors=True)

    def _package(self) -> str:
        package = self.config.get("package")
        if not isinstance(package, str) or not os.path.isdir(os.path.join(self.root, package)):
            raise LockError(
                f"pyproject.toml: tool.hatch.build.hooks.variantkit-vendor.package must be the folder of the import "
                f"package, such as 'src/my_variant_provider', found {package!r}"
            )
        return package.rstrip("/")

    def _read_lock(self) -> VendorLock:
        path = os.path.join(self.root, self.config.get("lock", "vendor.lock"))
        try:
            with open(path, encoding="utf-8") as stream:
                return parse_lock(stream.read(), path)
        except OSError as error:
            raise LockError(f"{path}: cannot be read: {error.strerror or error}") from None


def _replace_directory(target: str, lock: VendorLock) -> None:
    """Make `target` hold exactly the locked files; it changes only once all of them have been checked."""
    made = tempfile.mkdtemp(prefix="_vendor-", dir=os.path.dirname(target))
    try:
        _write_files(made, lock)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made, target)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write_files(directory: str, lock: VendorLock) -> None:
    os.chmod(directory, 0o755)  # noqa: S103 - mkdtemp made it private, and it becomes part of a package
    for package in lock.packages:
        distribution = _require_distribution(package)
        for file in package.files:
            data = _read_file(distribution, package, file.path)
            if (found := hashlib.sha256(data).hexdigest()) != file.sha256:
                raise LockError(
                    f"vendor.lock: {package.requirement} {file.path}: expected sha256 {file.sha256}, found {found}"
                )
            path = os.path.join(directory, *file.to.split("/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as stream:
                stream.write(data)
    marker = os.path.join(directory, "__init__.py")
    if not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8", newline="\n") as stream:
            stream.write('"""Files of other projects, pinned by vendor.lock."""\n')


def _require_distribution(package: VendoredPackage) -> importlib.metadata.Distribution:
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        raise LockError(
            f"vendor.lock: {package.requirement} is not in the build environment; build with isolation, or install it"
        ) from None
    if distribution.version != package.version:
        raise LockError(f"vendor.lock: expected {package.requirement}, found version {distribution.version}")
    return distribution


def _read_file(distribution: importlib.metadata.Distribution, package: VendoredPackage, path: str) -> bytes:
    try:
        with open(str(distribution.locate_file(path)), "rb") as stream:
            return stream.read()
    except OSError as error:
        raise LockError(f"vendor.lock: {package.requirement} has no {path}: {error.strerror or error}") from None


@hookimpl  # type: ignore[untyped-decorator,unused-ignore]
def hatch_register_build_hook() -> type[VendorHook]:
    """Register the hook with hatchling."""
    return VendorHook
