"""Verified lists: `status --verify`, which compares every list on this machine with what its keyholders signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust.union import EMBEDDED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.levels import Status
    from variantkit_allowlist.repository.installed import Verification

    Verified = Mapping[str, Verification]
    """By the list's path."""


def verify_lists(status: Status, now: int) -> Verified:
    """Verify every list in a file; the one inside the SDK is as safe as the SDK itself."""
    from variantkit_allowlist.repository.installed import state_directory, verify_installed

    paths = [item.path for item in status.lists if item.level != EMBEDDED]
    return {path: verify_installed(path, state_directory(path), now) for path in paths}


def verified_json(verified: Verified) -> dict[str, object]:
    """The key `verified` of the JSON object."""
    shown = [
        {"path": path, **{key.replace("_", "-"): value for key, value in found._asdict().items()}}
        for path, found in verified.items()
    ]
    return {"verified": shown}


def verified_lines(verified: Verified) -> list[str]:
    """A line for each list, for people."""
    if not verified:
        return ["verified: there is no list in a file here"]
    return [f"verified: {found.code}: {found.detail}" for found in verified.values()]


def verified_exit(verified: Verified, otherwise: int) -> int:
    """1 when a list is not what was signed, 3 when that cannot be said of one, else what there was to say already."""
    codes = {found.exit_code for found in verified.values()}
    return 1 if 1 in codes else 3 if 3 in codes else otherwise
