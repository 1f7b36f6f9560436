"""A capture: what a provider read on this machine and what it answered, as a document that replays elsewhere."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.machine.redaction import Redactor
from variantkit.machine.supported import DENIED, DISABLED, UNDETERMINED, NamespaceSupport
from variantkit.provider.replay import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.supported import ProviderRef
    from variantkit.runner.answers import Answer

MAX_TEXT = 1 << 19
"""Characters of one source; the rest is cut."""


class Circumstances(NamedTuple):
    """What a capture says of itself besides what was read, and the names that it must not hold."""

    created: str
    python: str
    platform: str
    variables: Mapping[str, str]
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()


class Capture(NamedTuple):
    """A capture's document, how many identifying things were taken out of it by kind, and sources left out."""

    document: dict[str, Any]
    redacted: Mapping[str, int]
    left_out: int


def take_capture(machine: ThisMachine, namespace: str, circumstances: Circumstances) -> Capture:
    """Ask the approved provider of `namespace` what it reads here.

    Raises RefusedError where it may not run, UndeterminedError where it gives no answer or cannot tell its evidence.
    """
    asked = machine.witness(namespace)
    if isinstance(asked, NamespaceSupport):
        reason = ": ".join(part for part in (asked.code, asked.detail) if part)
        kind = RefusedError if asked.status in (DENIED, DISABLED) else UndeterminedError
        raise kind(f"namespace {namespace} cannot be captured: {reason}")
    answer, provider = asked
    called = f"{provider.package} {provider.version}"
    if answer.status == UNDETERMINED and answer.evidence is None:
        said = "; ".join(f"{code}: {message}" for code, message in answer.diagnostics)
        raise UndeterminedError(f"{called} gave no answer that could be captured: {said}")
    if answer.evidence is None:
        raise UndeterminedError(
            f"{called} does not tell what it read: it has no get_evidence(), so that nothing can be captured of it"
        )
    return write_document(namespace, provider, answer, circumstances)


def write_document(namespace: str, provider: ProviderRef, answer: Answer, circumstances: Circumstances) -> Capture:
    """The document of an answer and its evidence, without what identifies the machine or its user."""
    kept = {namespace, *provider.package.split("-")}
    for feature in answer.features:
        kept |= {feature.name, *feature.values}
    redactor = Redactor(circumstances.users, circumstances.hosts, circumstances.homes, kept)
    evidence = [(path, text) for path, text in answer.evidence or () if path != "!cut"]
    document = {
        "schema": SCHEMA,
        "namespace": namespace,
        "provider": provider._asdict(),
        "created": circumstances.created,
        "python": circumstances.python,
        "platform": circumstances.platform,
        "variables": {name: redactor.path(value) for name, value in circumstances.variables.items()},
        "sources": [
            dict(zip(("path", "text"), redactor.source(path, text[:MAX_TEXT]), strict=True))
            for path, text in dict.fromkeys(evidence)
        ],
        "answer": {
            "features": [feature._asdict() | {"values": list(feature.values)} for feature in answer.features],
            "diagnostics": [{"code": code, "message": redactor.text(message)} for code, message in answer.diagnostics],
        },
    }
    cut = dict(answer.evidence or ()).get("!cut", "0")
    return Capture(document, redactor.counts, int(cut) if cut.isdecimal() else 0)


def save_capture(capture: Capture, path: str) -> None:
    """Write the document to a file that is not there yet; it appears when it is complete."""
    import tempfile

    text = json.dumps(capture.document, indent=2) + "\n"
    folder = os.path.dirname(os.path.abspath(path))
    try:
        descriptor, made = tempfile.mkstemp(prefix=".capture-", dir=folder)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            if os.path.lexists(path):
                raise InputError(f"{path}: is there already, and a capture overwrites nothing; give another -o FILE")
            os.replace(made, path)
        except BaseException:
            os.unlink(made)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
