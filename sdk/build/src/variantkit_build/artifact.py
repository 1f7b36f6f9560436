"""The finished wheel, read back: whatever the build was told to do, this is what it may hold."""

from __future__ import annotations

import email.parser
import hashlib
import zipfile
from typing import TYPE_CHECKING

from variantkit_build.contents import require_source
from variantkit_build.errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Mapping


def require_clean(wheel: str, folder: str, wanted: Mapping[str, str], extra: Mapping[str, str]) -> None:
    """Raise VendorError unless the wheel is source without requirements and its `folder` holds exactly `wanted`.

    `folder` is the wheel's `_vendor` folder; `wanted` maps paths below it, and `extra` paths below `.dist-info/`,
    to their sha256.
    """
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for name, data in members.items():
        require_source(name, data, "this wheel")
    info = _require_info(members)
    _require_no_requirements(members[f"{info}METADATA"])
    found = {
        name.removeprefix(f"{folder}/"): hashlib.sha256(data).hexdigest()
        for name, data in members.items()
        if name.startswith(f"{folder}/")
    }
    for path in sorted(found.keys() | wanted.keys()):
        if found.get(path) != wanted.get(path):
            raise VendorError(
                f"{folder}/{path}: this wheel's file is not the one in vendor.lock, or only in one of both"
            )
    for path, digest in extra.items():
        if hashlib.sha256(members.get(f"{info}{path}", b"")).hexdigest() != digest:
            raise VendorError(f"{info}{path}: missing in this wheel, or other bytes")


def require_no_dependencies(dependencies: list[str], where: str) -> None:
    """Raise VendorError when a project declares requirements of any kind."""
    if dependencies:
        raise VendorError(
            f"{where}: a provider has no dependencies, found {', '.join(dependencies)}; vendor what it needs"
        )


def _require_info(members: Mapping[str, bytes]) -> str:
    found = [name for name in members if name.count("/") == 1 and name.endswith(".dist-info/METADATA")]
    if len(found) != 1:
        raise VendorError(f"this wheel has {len(found)} files .dist-info/METADATA, expected one")
    return found[0].removesuffix("METADATA")


def _require_no_requirements(metadata: bytes) -> None:
    message = email.parser.HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    require_no_dependencies(message.get_all("Requires-Dist") or [], "METADATA")
