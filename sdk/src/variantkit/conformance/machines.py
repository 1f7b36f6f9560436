"""The fake machines: how each is made of what the provider was seen to ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.conformance.subject import hints, marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from variantkit.conformance.records import Record
    from variantkit.conformance.subject import Subject
    from variantkit.variants.grammar import Feature

    Value = str | int | bool | tuple[str, ...] | dict[str, str]

MEMORY = 1 << 29
"""Bytes of address space where files have no end: what is read into it without a bound ends as MemoryError."""

MAX_ALONE = 40
MAX_VARIABLES = 12
SEEDS = (1, 2)


class FakeMachine(NamedTuple):
    """A machine by name; `told` is what `runner/stage` reads, `stuck` that time passes on it by design."""

    name: str
    told: Mapping[str, Value]
    stuck: bool = False


class Wanted(NamedTuple):
    """What the provider asked for on any machine so far, each once, in the order of asking."""

    paths: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    forks: bool = False


_PATHS = frozenset({"read", "device", "exists", "execute", "link", "list"})


def wanted_of(records: Iterable[Record]) -> Wanted:
    """What these records ask for."""
    found: dict[str, dict[str, None]] = {
        "path": {},
        "list": {},
        "program": {},
        "library": {},
        "variable": {},
        "fork": {},
    }
    for record in records:
        if record.kind in _PATHS:
            found["path"].setdefault(os.path.normpath(record.subject))
        if record.kind in found:
            found[record.kind].setdefault(record.subject)
    return Wanted(
        tuple(found["path"]),
        tuple(map(os.path.normpath, found["list"])),
        tuple(found["program"]),
        tuple(found["library"]),
        tuple(found["variable"]),
        bool(found["fork"]),
    )


THIS = FakeMachine("this", {"twice": True})
ABSENT = FakeMachine("absent", {"files": "absent", "programs": "absent", "libraries": "absent", "twice": True})


def full_machine(subject: Subject, wanted: Wanted, content: str, **more: Value) -> dict[str, Value]:
    """A machine where everything that is asked for is there; `content` is what files and outputs hold."""
    words = hints(subject)
    names = tuple(dict.fromkeys(name for word in words for name in (word, word + "0")))
    told: dict[str, Value] = {"files": "present", "programs": "present", "libraries": "present"}
    told |= {"content": content, "words": words, "names": names, "directories": wanted.directories}
    return told | more


def discovery_machines(subject: Subject, wanted: Wanted) -> list[FakeMachine]:
    """Machines on which a provider shows more of what it asks for."""
    return [
        FakeMachine("empty", full_machine(subject, wanted, "empty")),
        FakeMachine("words", full_machine(subject, wanted, "words", twice=True)),
        *(
            FakeMachine(f"every file holds {mark}", full_machine(subject, wanted, "same", text=f"{mark}\n"))
            for mark in marks(subject)
        ),
    ]


def all_machines(subject: Subject, wanted: Wanted) -> Iterator[FakeMachine]:
    """Every further machine; those that take long come first."""
    yield from _stuck_machines(subject, wanted)
    yield from _broken_machines(subject, wanted)
    yield from _noisy_machines(subject, wanted)
    yield from _partial_machines(wanted)


def _stuck_machines(subject: Subject, wanted: Wanted) -> Iterator[FakeMachine]:
    def make(name: str, content: str = "words", **more: Value) -> FakeMachine:
        return FakeMachine(name, full_machine(subject, wanted, content, **more), stuck=True)

    if wanted.programs:
        yield make("hung programs", programs="hung")
    if wanted.libraries:
        yield make("hung libraries", libraries="hung")
    if any(path.startswith("/dev/") for path in wanted.paths):
        yield make("hung devices", devices="hung")
    if wanted.programs and wanted.libraries:
        yield make("hung driver", programs="hung", libraries="hung", devices="hung")


def _broken_machines(subject: Subject, wanted: Wanted) -> Iterator[FakeMachine]:
    def make(name: str, content: str = "words", **more: Value) -> FakeMachine:
        return FakeMachine(name, full_machine(subject, wanted, content, **more))

    yield make("crashing programs", programs="crash")
    yield make("crashing libraries", libraries="crash")
    yield make("damaged libraries", libraries="garbage")
    yield make("driver gone", libraries="absent", programs="absent")
    yield make("no ctypes", libraries="bare")
    yield make("no fork", fork="denied", libraries="absent", programs="denied")
    yield FakeMachine("denied", {"files": "denied", "programs": "denied", "libraries": "denied"})
    yield FakeMachine("sealed", {"files": "sealed", "programs": "denied", "libraries": "denied", "fork": "denied"})
    yield FakeMachine("no fork or files", {**ABSENT.told, "fork": "denied"})


def _noisy_machines(subject: Subject, wanted: Wanted) -> Iterator[FakeMachine]:
    yield FakeMachine("huge", full_machine(subject, wanted, "endless", memory=MEMORY))
    for content in ("bytes", "numbers", "words"):
        for seed in SEEDS:
            yield FakeMachine(f"garbage {content} {seed}", full_machine(subject, wanted, content, seed=seed))


def _partial_machines(wanted: Wanted) -> Iterator[FakeMachine]:
    """Each thing alone, the rest absent: as it is here when it is here, else empty."""
    things = [*wanted.paths, *wanted.programs, *wanted.libraries]
    for thing in list(dict.fromkeys(things))[:MAX_ALONE]:
        told: dict[str, Value] = {"files": "alone", "programs": "alone", "libraries": "alone", "only": (thing,)}
        yield FakeMachine(f"{thing} alone", told | {"directories": wanted.directories})


def override_machines(
    wanted: Wanted, documented: Iterable[str], everything: tuple[Feature, ...]
) -> Iterator[FakeMachine]:
    """Each override set to what a person might type, on a machine without the hardware."""
    known = dict.fromkeys([*(name for name in wanted.variables if "_VARIANT_PROVIDER_" in name), *documented])
    plausible = [feature.values[0] for feature in everything[:6] if feature.values]
    plausible += [",".join(feature.values[:3]) for feature in everything[:2] if len(feature.values) > 1]
    for variable in list(known)[:MAX_VARIABLES]:
        values = ["", "1", "0", "-1", "ABC", "910B", "a-b+c:d", "\x1b[31m", "9" * 4000, "1.2.3.4", " ", ",,", "é"]
        for number, value in enumerate(dict.fromkeys([*values, *plausible])):
            name = f"{variable}={ascii(value)[1:-1][:30]}" + (f" ({number})" if len(value) > 30 else "")
            yield FakeMachine(name, {**ABSENT.told, "twice": False, "variables": {variable: value}})


def given_machine(name: str, document: Mapping[str, object], where: str) -> FakeMachine:
    """A machine that its user describes: `files`, `programs` and `variables`, each a table of texts."""
    from variantkit.errors import InputError

    tables: dict[str, dict[str, str]] = {}
    for key, table in document.items():
        if key not in ("files", "programs", "variables") or not isinstance(table, dict):
            raise InputError(f"{where}: expected tables files, programs and variables, found {key!r}")
        if not all(isinstance(text, str) for text in table.values()):
            raise InputError(f"{where}: {key}: expected texts")
        tables[key] = dict(table)
    told: dict[str, Value] = {"files": "given", "programs": "given", "libraries": "absent", "content": "given"}
    programs = tables.get("programs", {})
    contents = {**tables.get("files", {}), **{path: "" for path in programs if path.startswith("/")}}
    # A program that is given by name alone is found where the system's own programs are.
    contents |= {f"/usr/bin/{name}": "" for name in programs if "/" not in name}
    told |= {"contents": contents, "outputs": programs, "variables": tables.get("variables", {}), "twice": True}
    return FakeMachine(name, told)
