"""The `needs` of an approved entry, proposed from what the provider asked for, each with the line that asked."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.conformance.behaviour import need_of
from variantkit.trust.needs import Needs, check_need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from variantkit.conformance.laboratory import Run
    from variantkit.conformance.records import Record

KINDS = ("read", "devices", "libraries", "programs")


class Need(NamedTuple):
    """One thing that the provider wanted: its kind in `Needs`, its text, who asked, and why it is never granted."""

    kind: str
    text: str
    place: str
    refused: str = ""


class Proposal(NamedTuple):
    """What to grant; `needs` holds everything that is not refused."""

    needs: tuple[Need, ...]
    fork: str = ""
    """The line that forks or starts a program, empty when none does."""

    def granted(self) -> Needs:
        """The proposal as the approved entry's value."""
        kinds = {kind: tuple(need.text for need in self.of(kind) if not need.refused) for kind in KINDS}
        return Needs(**kinds, fork=bool(self.fork))

    def of(self, kind: str) -> Iterator[Need]:
        """The needs of one kind."""
        return (need for need in self.needs if need.kind == kind)

    def as_toml(self) -> str:
        """The block to paste below the provider's entry."""
        lines = ["[providers.needs]"]
        for kind in KINDS:
            wanted = [need for need in self.of(kind) if not need.refused]
            if wanted:
                lines += [f"{kind} = [", *(f"  {json.dumps(need.text)},  # {need.place}" for need in wanted), "]"]
        if self.fork:
            lines.append(f"fork = true  # {self.fork}")
        refused = [need for need in self.needs if need.refused]
        lines += [
            f"# not granted: {need.kind} {json.dumps(need.text)} ({need.place}): {need.refused}" for need in refused
        ]
        return "\n".join(lines)


def propose_needs(runs: Sequence[Run]) -> Proposal:
    """Everything that was opened, listed, loaded, started or forked on machines with plausible contents."""
    records = [record for run in runs if "garbage" not in run.name and run.name != "huge" for record in run.records]
    listed = frozenset(posixpath.normpath(record.subject) for record in records if record.kind == "list")
    found: dict[tuple[str, str], Need] = {}
    for record in records:
        need = need_of(record)
        if need is not None:
            kind, text = need[0], _as_glob(need[1], listed)
            place = record.place or "a thread or a process of its own"
            found.setdefault((kind, text), Need(kind, text, place, check_need(kind, text) or ""))
    forks = [record.place for record in records if record.kind in ("fork", "program")]
    return Proposal(tuple(sorted(found.values(), key=lambda need: (KINDS.index(need.kind), need.text))), _first(forks))


def _first(places: Iterable[str]) -> str:
    return next(iter(places), "")


def _as_glob(path: str, listed: frozenset[str]) -> str:
    """A name that was found by listing its directory is one of many: what follows its stem becomes `*`."""
    if not path.startswith("/"):
        return path
    parts = path.split("/")
    for number in range(2, len(parts)):
        if "/".join(parts[:number]) in listed:
            parts[number] = re.sub(r"[0-9:.].*$", "*", parts[number])
    return "/".join(parts)


def wanted_records(runs: Iterable[Run]) -> list[Record]:
    """All records of these runs, in order."""
    return [record for run in runs for record in run.records]
