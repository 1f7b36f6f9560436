"""Plain names: what a variant wheel is called for an installer that knows no variants."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from variantkit.index.selection import build_key
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from variantkit.index.pages.page import File
    from variantkit.index.selection import VersionChoice
    from variantkit.variants.wheel import WheelName

BUILD_BASE = 99000
"""Where the numbers of our build tags start: above what builds are numbered by, or else above the highest there is."""

_TagSets = tuple[str, str, str]
"""The compressed tag sets of a file name: python, abi and platform."""


def name_plainly(choice: VersionChoice, wheels: Iterable[File], target_tags: Sequence[str]) -> list[str]:
    """Return a plain name for each of `choice.ranked`, such that installers order the files as `choice` does.

    The build tag is a number, higher for better and above the build numbers of all `wheels`, then `h` and eight
    digits of the file's sha256: caches that go by name keep two builds apart, and a rank that passes to another
    build does not bring the old bytes back.
    """
    numbers = [key[0] for wheel in wheels if (key := build_key(parse_wheel_name(wheel.filename).build))]
    target = [frozenset(part) for part in zip(*(tag.split("-") for tag in target_tags), strict=True)]
    # Installers compare tags before builds, and not all in one order: releases of `packaging` disagree on where
    # linux_x86_64 stands among the manylinux tags. So every wheel is listed under its own tags and those of all that
    # it must beat: then its best tag is never worse than theirs. This interpreter takes them all, and the wheel fits.
    tags: _TagSets | None = None
    for wheel in choice.plain:
        tags = _add_tags(_tag_sets(parse_wheel_name(wheel.filename)), tags, target)
    named: list[str] = []
    for number, candidate in enumerate(reversed(choice.ranked), max([BUILD_BASE, *numbers]) + 1):
        name = parse_wheel_name(candidate.file.filename)
        tags = _add_tags(_tag_sets(name), tags, target)
        build = f"{number}h{_fingerprint(candidate.file)}"
        python, abi, platform = tags
        named.append(name._replace(build=build, python=python, abi=abi, platform=platform, label=None).text)
    return named[::-1]


def _tag_sets(name: WheelName) -> _TagSets:
    return name.python, name.abi, name.platform


def _add_tags(own: _TagSets, others: _TagSets | None, target: Sequence[frozenset[str]]) -> _TagSets:
    """Add to a wheel's own tags those of `others` that the target knows; unchanged where it has them already."""
    if others is None:
        return own
    python, abi, platform = map(_add_parts, own, others, target)
    return python, abi, platform


def _add_parts(own: str, others: str, target: frozenset[str]) -> str:
    parts = set(own.split("."))
    missing = (target & set(others.split("."))) - parts
    return ".".join(sorted(parts | missing)) if missing else own


def _fingerprint(file: File) -> str:
    """Eight hexadecimal digits that differ where the bytes do.

    Without a digest on the page they come from the address, name included: then two builds are still kept apart, and
    a file that its index replaces under one address is as stale in caches as a plain one there would be.
    """
    digest = file.hashes.get("sha256")
    return (digest or hashlib.sha256(f"{sorted(file.hashes.items())} {file.url}".encode()).hexdigest())[:8]
