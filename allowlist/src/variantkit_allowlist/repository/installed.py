"""Installed list: is the file on this machine still the one that the keyholders signed?

At rest the file is as safe as its owner: the SDK checks no signature. This compares it with what `update` verified and
kept, from the pinned root on, without the network and without writing anything.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import UndeterminedError
from variantkit.trust.approved import MAX_BYTES
from variantkit.trust.dates import format_date
from variantkit.trust.ownership import read_own_file
from variantkit_allowlist.repository.approved import APPROVED
from variantkit_allowlist.repository.refusal import RepositoryError

if TYPE_CHECKING:
    from variantkit_allowlist.repository.chain import Chain


class Verification(NamedTuple):
    """What was found; `code` is "ok", "altered", "metadata-expired", "not-verifiable", or of refusal.CODES.

    `serial`, `root_version` and `signed` (the timestamp's issue, ISO 8601) are of the signed edition, if there is one.
    """

    code: str
    detail: str
    serial: int = 0
    root_version: int = 0
    signed: str = ""

    @property
    def exit_code(self) -> int:
        """0 it is what was signed, 1 it is not or the signatures have ended, 3 there is nothing to compare with."""
        return {"ok": 0, "not-verifiable": 3}.get(self.code, 1)


def state_directory(path: str) -> str:
    """Where `update` keeps what it verified of the list at `path`: beside it, as /etc/variantkit/approved.update."""
    return os.path.splitext(path)[0] + ".update"


def verify_installed(path: str, state_dir: str, now: int) -> Verification:
    """Compare the list at `path` with the signed edition that was kept in `state_dir`; `now` in unix seconds."""
    from variantkit_allowlist.repository.state import load_state

    fix = "install it anew with `variantkit-allowlist update`"
    try:
        state = load_state(state_dir)
        data = read_own_file(path, MAX_BYTES)
        if data is None:
            return Verification("not-verifiable", f"{path}: there is no list")
        if state is None:
            return Verification(
                "not-verifiable", f"{path}: was not installed by `update`, no signatures are kept for it"
            )
        chain = state.read_kept()
        _require_target(path, data, chain)
    except RepositoryError as error:
        return Verification(error.code, f"{error}; {fix}")
    except UndeterminedError as error:
        return Verification("not-verifiable", str(error))
    return _judge_dates(path, chain, now)


def _require_target(path: str, data: bytes, chain: Chain) -> None:
    from tuf.api.exceptions import LengthOrHashMismatchError

    target = chain.targets.signed.targets.get(APPROVED)
    if target is None:
        raise RepositoryError("target-missing", f"{path}: the signed edition has no {APPROVED}")
    try:
        target.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        serial = chain.targets.signed.version
        raise RepositoryError("altered", f"{path}: is not the list of serial {serial} that was signed") from None


def _judge_dates(path: str, chain: Chain, now: int) -> Verification:
    from variantkit_allowlist.repository.chain import own_fields

    serial, root = chain.targets.signed.version, chain.root.version
    issued = format_date(own_fields(chain.timestamp.signed).issued)
    parts = (chain.timestamp.signed, chain.snapshot.signed, chain.targets.signed)
    ends = min(role.expires.timestamp() for role in (chain.root, *parts))
    if now >= ends:
        detail = f"{path}: its signatures ended {format_date(int(ends))}; run: variantkit-allowlist update"
        return Verification("metadata-expired", detail, serial, root, issued)
    detail = f"{path}: is what the keyholders of root {root} signed as serial {serial}"
    return Verification("ok", detail, serial, root, issued)
