"""The namespace `abi_dependency`: which versions of dependencies an environment has (PEP 850, optional section)."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_is_value = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}").fullmatch
_release_of = re.compile(r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)").match
_separators = re.compile(r"[-_.]+")


def feature_name(dependency: str) -> str:
    """The feature of a dependency: its normalised name, with `_` for `-`, which a feature cannot contain."""
    return _separators.sub("_", dependency).lower()


def installed_versions(paths: Sequence[str]) -> dict[str, str]:
    """Return feature name -> version of every distribution in these site-packages; the first path that has it wins.

    The names of the `.dist-info` folders carry name and version; opening hundreds of files would cost more than all
    the rest of a selection. A folder without METADATA is what an interrupted removal leaves: nothing is installed.
    """
    found: dict[str, str] = {}
    for path in paths:
        try:
            names = sorted(os.listdir(path or os.curdir))
        except OSError:
            continue  # sys.path may name archives and folders that are not there
        for name in names:
            dependency, _, version = name.removesuffix(".dist-info").rpartition("-")
            if name.endswith(".dist-info") and dependency and os.path.isfile(os.path.join(path, name, "METADATA")):
                found.setdefault(feature_name(dependency), version)
    return found


def abi_features(used: Mapping[str, Iterable[str]], installed: Mapping[str, str]) -> tuple[Feature, ...]:
    """Return what the environment supports of the features and values that variants use.

    The draft gives no order, so ours is: features by name, values newest first, and of two that name one release the
    more exact. A value is `=={value}.*` of the installed version; one of a version with an epoch is never supported.
    """
    features = []
    for feature in sorted(used):
        release = _parse_release(installed.get(feature_name(feature), ""))
        matching = {value for value in used[feature] if release is not None and _matches(value, release)}
        if matching:
            ordered = sorted(sorted(matching), key=lambda value: (*map(int, value.split(".")),), reverse=True)
            features.append(Feature(feature, tuple(ordered), multi_value=True))
    return tuple(features)


def _parse_release(version: str) -> tuple[int, ...] | None:
    match = _release_of(version)
    if match is None or int(match[1] or 0) != 0:
        return None
    return tuple(map(int, match[2].split(".")))


def _matches(value: str, release: tuple[int, ...]) -> bool:
    """Whether a release is `=={value}.*`; missing components are zero, so `2.0` matches 2 and not 2.1."""
    if not _is_value(value):
        return False
    wanted = tuple(map(int, value.split(".")))
    padded = release + (0,) * (len(wanted) - len(release))
    return padded[: len(wanted)] == wanted
