"""One provider project as `variantkit provider vendor` sees it: the table, the lock, and the working copy's copy."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import NamedTuple

from variantkit_build.development import ABSENT, CURRENT, fill, require_unedited
from variantkit_build.errors import VendorError
from variantkit_build.lock import NAME, VendorLock, parse_lock, render_lock
from variantkit_build.making import all_digests, all_outputs
from variantkit_build.settings import PackageSettings, Settings, load_settings
from variantkit_build.update import PinnedSource, make_lock, require_same_wheels

Finder = Callable[[PackageSettings], PinnedSource]
"""Where a pinned package is to be had: a directory of wheels, or what an installer fetched."""


class State(NamedTuple):
    """What a project's lock and `_vendor/` are, or were made: each `current`, or why it is not."""

    lock: VendorLock
    lock_state: str
    vendor_state: str

    @property
    def stale(self) -> bool:
        """Whether the lock or `_vendor/` is not what the table asks for; a `_vendor/` that is not there is fine."""
        return self.lock_state not in (CURRENT, "written") or self.vendor_state not in (CURRENT, ABSENT, "written")

    def as_json(self) -> dict[str, object]:
        """Return the state as JSON values."""
        packages = [
            {
                "name": package.name,
                "version": package.version,
                "wheel": package.wheel,
                "sha256": package.sha256,
                "license": package.license,
                "files": [file.path for file in package.files],
                "outputs": [file.path for file in package.outputs],
            }
            for package in self.lock.packages
        ]
        return {"lock": self.lock_state, "_vendor": self.vendor_state, "packages": packages}

    def lines(self) -> list[str]:
        """Return the state as lines of text."""
        packages = [
            f"{package.requirement} ({package.license}): {len(package.files)} of its files, "
            f"{len(package.outputs)} in _vendor/, wheel sha256 {package.sha256}"
            for package in self.lock.packages
        ]
        return [*packages, f"{NAME}: {self.lock_state}", f"_vendor/: {self.vendor_state}"]


def requirements(root: str) -> list[str]:
    """Return the exact requirements of a project's vendored packages."""
    return [package.requirement for package in load_settings(root).packages]


def update(root: str, find: Finder) -> State:
    """Write the lock and fill `_vendor/` from the packages that `find` returns."""
    settings = load_settings(root)
    old = _load_old(root)
    lock, made = make_lock(settings, [find(package) for package in settings.packages], root)
    if old is not None:
        require_same_wheels(old, lock)
    lock_state = CURRENT if _read(root) == render_lock(lock) else "written"
    if lock_state != CURRENT:
        _replace_file(os.path.join(root, NAME), render_lock(lock))
    vendor_state = _vendor_state(root, settings, lock)
    outputs = all_outputs(made)
    if vendor_state != CURRENT and (outputs or vendor_state != ABSENT):
        fill(_vendor(root, settings), outputs, root)
        vendor_state = "written" if outputs else ABSENT
    return State(lock, lock_state, vendor_state)


def check(root: str, find: Finder) -> State:
    """Say whether the lock and `_vendor/` are what the table and the packages give; write nothing."""
    settings = load_settings(root)
    old = _load_old(root)
    lock, _ = make_lock(settings, [find(package) for package in settings.packages], root)
    if old is None:
        lock_state = "missing; `variantkit provider vendor` writes it"
    elif old != lock:
        lock_state = "not what pyproject.toml and the wheels give; `variantkit provider vendor` writes it anew"
    elif _read(root) != render_lock(lock):
        lock_state = "not in its canonical form; `variantkit provider vendor` writes it anew"
    else:
        lock_state = CURRENT
    return State(lock, lock_state, _vendor_state(root, settings, lock))


def _vendor(root: str, settings: Settings) -> str:
    return os.path.join(root, *settings.package.split("/"), "_vendor")


def _vendor_state(root: str, settings: Settings, lock: VendorLock) -> str:
    try:
        return require_unedited(_vendor(root, settings), all_digests(lock))
    except VendorError as error:
        return str(error)


def _load_old(root: str) -> VendorLock | None:
    text = _read(root)
    return None if text is None else parse_lock(text, os.path.join(root, NAME))


def _read(root: str) -> str | None:
    try:
        with open(os.path.join(root, NAME), encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _replace_file(path: str, text: str) -> None:
    """Write a file at once, so that nobody ever reads half a lock."""
    descriptor, made = tempfile.mkstemp(prefix=".vendor-", dir=os.path.dirname(path))
    with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    os.chmod(made, 0o644)
    os.replace(made, path)
