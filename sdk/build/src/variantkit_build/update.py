"""From pinned wheels to a new lock: what `variantkit provider vendor` writes."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit_build.errors import VendorError
from variantkit_build.lock import LockedPackage, VendorLock, parse_lock, render_lock
from variantkit_build.making import Made, make_all
from variantkit_build.sources import Wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit_build.settings import PackageSettings, Settings
    from variantkit_build.sources import Source


class PinnedSource(NamedTuple):
    """A package's files, and the wheel that they come from: its file name and sha256."""

    source: Source
    wheel: str
    sha256: str


def find_wheel(directory: str, package: PackageSettings) -> PinnedSource:
    """Return the one pure wheel of this package and version in a directory; raise VendorError when there is none."""
    try:
        names = sorted(os.listdir(directory))
    except OSError as error:
        raise VendorError(f"{directory}: cannot be read: {error.strerror or error}") from None
    found = [name for name in names if _is_wheel_of(name, package)]
    if len(found) != 1:
        raise VendorError(
            f"{directory}: expected one pure wheel (*-none-any.whl) of {package.requirement}, found {found or 'none'}"
        )
    wheel = Wheel(os.path.join(directory, found[0]))
    return PinnedSource(wheel, found[0], hashlib.sha256(wheel.data).hexdigest())


def make_lock(settings: Settings, pinned: Sequence[PinnedSource], root: str) -> tuple[VendorLock, list[Made]]:
    """Make the lock of a project, and the files that it names, from its pinned packages in the table's order."""
    made = make_all(settings, [one.source for one in pinned], root)
    packages = [
        LockedPackage(
            name=package.name,
            version=package.version,
            wheel=one.wheel,
            sha256=one.sha256,
            license=result.license,
            transform=package.transform,
            files=result.locked_files(),
            license_files=tuple(sorted(file for file, _ in result.licenses)),
            outputs=result.locked_outputs(),
        )
        for package, one, result in zip(settings.packages, pinned, made, strict=True)
    ]
    lock = VendorLock(tuple(sorted(packages)))
    # Paths come from somebody else's wheel: what a lock cannot say, a climbing path above all, goes no further.
    if parse_lock(render_lock(lock)) != lock:
        raise VendorError("vendor.lock: a name in the packages cannot be written down as it is")
    return lock, made


def require_same_wheels(old: VendorLock, new: VendorLock) -> None:
    """Raise VendorError when a pinned version is now another wheel: a version's bytes never change by themselves."""
    before = {package.requirement: package for package in old.packages}
    for package in new.packages:
        known = before.get(package.requirement)
        if known and (known.wheel, known.sha256) != (package.wheel, package.sha256):
            raise VendorError(
                f"vendor.lock: {package.requirement} is locked as {known.wheel} with sha256 {known.sha256}, found "
                f"{package.wheel} with {package.sha256}; if you trust the new bytes, delete vendor.lock and run again"
            )


def _is_wheel_of(name: str, package: PackageSettings) -> bool:
    parts = name.split("-")
    return (
        name.endswith("-none-any.whl")
        and len(parts) in (5, 6)
        and re.sub(r"[-_.]+", "-", parts[0]).lower() == package.name
        and parts[1] == package.version
    )
