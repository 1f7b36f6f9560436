"""The `needs` of an approved entry, proposed from what the provider asked for, each with the line that asked."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.conformance.behaviour import need_of
from variantkit.conformance.findings import Finding
from variantkit.errors import InputError
from variantkit.provider.foreign import shown
from variantkit.trust.needs import Needs, check_need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from variantkit.conformance.laboratory import Run

MANY = 6
"""More names than a provider would spell out in one directory."""

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
    looked_at: tuple[tuple[str, str], ...] = ()
    """Device nodes that were looked at, not opened, and by which line: a library may open them by itself, unseen."""

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
        if any(self.of("libraries")):
            lines += [f"# devices: a library may open {path}, which {place} looks at" for path, place in self.looked_at]
        if self.fork:
            lines.append(f"fork = true  # {self.fork}")
        refused = [need for need in self.needs if need.refused]
        lines += [
            f"# not granted: {need.kind} {json.dumps(need.text)} ({need.place}): {need.refused}" for need in refused
        ]
        # Names of files and lines are the wheel's, and a line end in one would grant what nobody asked for.
        return "\n".join([shown(line, 2000) for line in lines])


def propose_needs(runs: Sequence[Run]) -> Proposal:
    """Everything that was opened, listed, loaded, started or forked on machines with plausible contents."""
    records = [record for run in runs if "garbage" not in run.name and run.name != "huge" for record in run.records]
    places: dict[tuple[str, str], str] = {}
    for record in records:
        need = need_of(record)
        if need is not None and need != ("read", "/dev"):  # its names are what `devices` grants
            places.setdefault(need, record.place or "a thread or a process of its own")
    listed = {posixpath.normpath(record.subject) for record in records if record.kind == "list"}
    globs = merge_paths([text for _, text in places if text.startswith("/")], listed)
    found: dict[tuple[str, str], Need] = {}
    for (kind, text), place in places.items():
        glob = globs.get(text, text) if kind != "programs" else text
        found.setdefault((kind, glob), Need(kind, glob, place, check_need(kind, glob) or ""))
    forks = [record.place for record in records if record.kind in ("fork", "program")]
    nodes = {
        posixpath.normpath(record.subject): record.place
        for record in records
        if record.kind == "exists" and record.subject.startswith("/dev/")
    }
    shortened = merge_paths(nodes, listed)
    looked_at = {shortened[path]: place for path, place in nodes.items()}
    needs = sorted(found.values(), key=lambda need: (KINDS.index(need.kind), need.text))
    return Proposal(tuple(needs), _first(forks), tuple(sorted(looked_at.items())))


def check_grantable(proposal: Proposal) -> Iterator[Finding]:
    """What no approved list can grant; a program without a path, or a library with one, has a law of its own."""
    for need in proposal.needs:
        elsewhere = need.kind in ("programs", "libraries") and ("/" in need.text) == (need.kind == "libraries")
        if need.refused and not elsewhere:
            text = f"{need.kind} {shown(need.text, 120)}: {need.refused}"
            yield Finding("need-never-granted", text, place=need.place)


def check_declared(proposal: Proposal, declared: Needs) -> Iterator[Finding]:
    """What was asked for and could be granted, but is not declared; a directory covers what lies below it."""
    for need in proposal.needs:
        granted: tuple[str, ...] = getattr(declared, need.kind)
        if not need.refused and not any(_covers(pattern, need.text) for pattern in granted):
            yield Finding("need-not-declared", f"{need.kind} {shown(need.text, 120)}", place=need.place)
    if proposal.fork and not declared.fork:
        yield Finding("need-not-declared", "fork", place=proposal.fork)


def parse_needs(data: bytes, where: str) -> Needs:
    """Read read, devices, libraries, programs and fork from TOML: alone, or below `needs` or `providers.needs`.

    InputError for anything else.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        table = tomllib.loads(data.decode())
    except ValueError as error:  # both of TOML and of its encoding
        raise InputError(f"{where}: cannot be read as TOML: {error}") from None
    entry = table.get("providers", table)
    found = entry.get("needs", entry) if isinstance(entry, dict) else None
    if not isinstance(found, dict) or not set(found) <= set(Needs._fields):
        raise InputError(f"{where}: expected {', '.join(Needs._fields)}, or the table that --propose-needs prints")
    fork = found.get("fork", False)
    lists = {kind: found.get(kind, []) for kind in KINDS}
    texts = all(isinstance(value, list) and all(isinstance(text, str) for text in value) for value in lists.values())
    if not texts or not isinstance(fork, bool):
        raise InputError(f"{where}: expected lists of texts, and fork true or false")
    return Needs(**{kind: tuple(value) for kind, value in lists.items()}, fork=fork)


def _covers(pattern: str, text: str) -> bool:
    wanted, given = text.split("/"), pattern.split("/")
    return len(given) <= len(wanted) and all(map(fnmatch.fnmatchcase, wanted, given))


def _first(places: Iterable[str]) -> str:
    return next(iter(places), "")


def merge_paths(paths: Iterable[str], listed: Iterable[str]) -> dict[str, str]:
    """Each path with the glob to grant for it: names that were found by listing, or by counting, become `stem*`."""
    current = {path: path.split("/") for path in (*paths, *listed)}
    folders = set(listed)
    for level in range(2, max(map(len, current.values()), default=0)):
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
        for parts in current.values():
            groups.setdefault((tuple(parts[:level]), tuple(parts[level + 1 :])), set()).update(parts[level : level + 1])
        inside = {tuple(current[folder]) for folder in folders if len(current[folder]) == level}
        for parts in current.values():
            if len(parts) > level:
                names = groups[tuple(parts[:level]), tuple(parts[level + 1 :])]
                parts[level] = _stem(parts[level], names, listed=tuple(parts[:level]) in inside)
    globs = sorted({"/".join(parts) for parts in current.values()})
    return {path: _widest("/".join(parts), globs) for path, parts in current.items()}


def _widest(path: str, globs: Sequence[str]) -> str:
    """The glob that covers this path already, `card*` for `card`; the path itself when none does."""
    parts = path.split("/")
    for glob in globs:
        others = glob.split("/")
        if "*" in glob and len(others) == len(parts) and all(map(fnmatch.fnmatchcase, parts, others)):
            return glob
    return path


def _stem(name: str, names: set[str], *, listed: bool) -> str:
    """A name, or the glob that stands for it and its like; a file with a fixed name in a listed directory stays."""
    if listed and len(names) > MANY:
        return posixpath.commonprefix(sorted(names)).rstrip("0123456789.:") + "*"
    if listed:
        return re.sub("[0-9].*$", "*", name)
    counted = re.sub("[0-9]+", "*", name)
    alike = [other for other in names if re.sub("[0-9]+", "*", other) == counted]
    return counted if len(alike) > 2 else name
