"""Candidate: one wheel on its way into the list, as far as a decision has to know it."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from variantkit_allowlist.model import GrantedNeeds


class Base(NamedTuple):
    """The approved version that a change was compared with.

    `data_only` says that the change is literal tables alone; if not, `reasons` say why. `shrunk` are what
    `get_all_configs` no longer lists, known once both were asked.
    """

    version: str
    data_only: bool
    reasons: tuple[str, ...] = ()
    shrunk: tuple[str, ...] = ()


class Candidate(NamedTuple):
    """A wheel and the entry that is proposed for it.

    `package` is the canonical name. `first_seen` is our own first sight in unix seconds, `emails` are those of the
    wheel's METADATA. `not_canonical` says why the wheel is not canonical, `without` are approved endpoints whose module
    it lacks. `configs_sha256` is the digest of `get_all_configs` once known, `configs_expected` what it was said to be.
    """

    package: str
    version: str
    filename: str
    sha256: str
    first_seen: int
    expires: datetime.date
    emails: tuple[str, ...] = ()
    not_canonical: str = ""
    without: tuple[str, ...] = ()
    base: Base | None = None
    configs_sha256: str | None = None
    configs_expected: tuple[str, ...] = ()
    needs: GrantedNeeds = GrantedNeeds()
    presence: tuple[str, ...] = ()
    fingerprint: tuple[str, ...] = ()
    index: tuple[str, ...] = ()  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a candidate
    reimplements: tuple[str, ...] = ()
    notes: str = ""


def date_of(seconds: int) -> datetime.date:
    """The day, in UTC, of a moment in unix seconds."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).date()
