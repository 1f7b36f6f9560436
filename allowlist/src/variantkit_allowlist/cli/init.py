"""Start a list: its file, its keys' public parts, the pinned Sigstore root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError
from variantkit_allowlist.keys import parse_public
from variantkit_allowlist.store.beginning import Beginning, Person, begin_list
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.provenance import TrustRoot

SCHEMA = "variantkit.init/1"
MAX_PUBLIC_FILE = 65536

EXAMPLES = """\
examples:
  variantkit-allowlist init list --id example.org/providers --reviewer alice=alice.pem.pub:Example \\
    --reviewer bob=bob.pem.pub:Example --reviewer carol=carol.pem.pub:Partner
exit codes: 0 there is a list · 1 fewer persons than root needs · 2 wrong usage, or the directory is not empty
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("directory", metavar="DIR", help="where the list is kept; new or empty")
    add("--id", required=True, help="the list's lasting name, such as example.org/providers")
    add(
        "--reviewer",
        action="append",
        default=[],
        metavar="NAME=PUBLIC-KEY-FILE[:AFFILIATION]",
        help="a person with an OpenSSH public key; repeat for every person, and for further keys of one",
    )
    add(
        "--service",
        action="append",
        default=[],
        metavar="NAME=PUBLIC-KEY-FILE",
        help="a key that no person holds; it signs snapshot and timestamp, and nothing else",
    )
    add(
        "--root-threshold", type=int, default=2, metavar="N", help="persons who must sign root and targets (default: 2)"
    )
    add("--trust-root", metavar="FILE", help="a private Sigstore's trusted_root.json (default: the public one)")


def run(args: argparse.Namespace, world: World) -> int:
    """Write a new list of public parts alone."""
    from variantkit_allowlist.provenance import read_trust_root

    if args.root_threshold < 1:
        raise InputError(f"--root-threshold {args.root_threshold}: expected at least 1")
    persons = _read_persons(args.reviewer)
    services = tuple((name, _read_keys(path, "--service")[0]) for name, path in map(_split, args.service))
    trust_root = read_trust_root(args.trust_root)
    beginning = Beginning(args.id, persons, services, args.root_threshold, trust_root.data)
    ledger = begin_list(args.directory, beginning)
    if args.json:
        print_json(_as_json(args.directory, ledger, trust_root))
    else:
        _tell(args.directory, ledger, trust_root)
    for warning in _warnings(ledger):
        print_note(f"warning: {warning}")
    return 0


def _read_persons(arguments: Sequence[str]) -> tuple[Person, ...]:
    """The persons in their order; one who is named again has one key more."""
    found: dict[str, Person] = {}
    for argument in arguments:
        name, rest = _split(argument)
        path, affiliation = _split_affiliation(rest)
        keys = _read_keys(path, "--reviewer")
        known = found.get(name, Person(name, "", ()))
        if known.affiliation and affiliation not in ("", known.affiliation):
            raise InputError(f"--reviewer {name}: has two affiliations, {known.affiliation!a} and {affiliation!a}")
        found[name] = Person(name, affiliation or known.affiliation, (*known.keys, *keys))
    return tuple(person._replace(affiliation=person.affiliation or "not stated") for person in found.values())


def _split(argument: str) -> tuple[str, str]:
    name, equals, rest = argument.partition("=")
    if not equals or not name or not rest:
        raise InputError(f"{argument!a}: expected NAME=PUBLIC-KEY-FILE")
    return name, rest


def _split_affiliation(text: str) -> tuple[str, str]:
    """Part `alice.pub:Example` at its last colon, unless a file has the whole name."""
    path, colon, affiliation = text.rpartition(":")
    if not colon or os.path.exists(text) or "/" in affiliation or "\\" in affiliation:
        return text, ""
    return path, affiliation.strip()


def _read_keys(path: str, option: str) -> tuple[str, ...]:
    """The public lines of a file; a private key is refused by name."""
    data = read_file(os.path.expanduser(path), MAX_PUBLIC_FILE)
    if b"PRIVATE KEY" in data:
        fix = f"give its public part: {path}.pub, or what `variantkit-allowlist key show {path}` prints"
        raise InputError(f"{option} {path}: a private key, which has no place in a list; {fix}")
    lines = [line for line in data.decode("ascii", "replace").splitlines() if line.strip() and line[0] != "#"]
    if not lines:
        raise InputError(f"{option} {path}: expected an OpenSSH public key line, found none")
    try:
        return tuple(parse_public(line).line for line in lines)
    except InputError as error:
        raise InputError(f"{option} {path}: {error}") from None


def _warnings(ledger: Ledger) -> list[str]:
    found = []
    threshold, holders = ledger.roles["root"].threshold, len(ledger.roles["root"].keyholders)
    if threshold == 1:
        found.append("root threshold 1: whoever has one key publishes what everybody's machines run")
    elif threshold == holders:
        found.append(f"root needs all {holders} keys: when one is lost, nobody can publish; add one more person")
    if holders < ledger.policy.reviewers:
        found.append(f"[policy] reviewers = {ledger.policy.reviewers}, but there is {holders}: nothing can be approved")
    return found


def _as_json(directory: str, ledger: Ledger, trust_root: TrustRoot) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "directory": directory,
        "id": ledger.id,
        "reviewers": {
            name: {
                "affiliation": person.affiliation,
                "fingerprints": [parse_public(line).fingerprint for line in person.keys],
            }
            for name, person in ledger.reviewers.items()
        },
        "root-threshold": ledger.roles["root"].threshold,
        "trust-root-sha256": trust_root.sha256,
        "warnings": _warnings(ledger),
    }


def _tell(directory: str, ledger: Ledger, trust_root: TrustRoot) -> None:
    path = os.path.join(directory, "providers.toml")
    print_line(f"{path}: the list {ledger.id}")
    for name, person in ledger.reviewers.items():
        for line in person.keys:
            print_line(f"  {name} ({person.affiliation}) {parse_public(line).fingerprint}")
    root = ledger.roles["root"]
    print_line(f"  root and targets: {root.threshold} of {len(root.keyholders)} persons sign")
    print_line(f"  Sigstore root pinned: sha256 {trust_root.sha256}")
    print_line(
        f"next: name a provider under [packages] in {path}, then: variantkit-allowlist verify WHEEL --list {directory}"
    )
