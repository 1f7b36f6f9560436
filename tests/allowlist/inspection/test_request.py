"""A vendor's request is read as foreign text: only what could be granted, about one wheel, in one form."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variantkit.errors import DocumentError, InputError
from variantkit_allowlist.inspection import Request, read_request, write_request
from variantkit_allowlist.inspection.request import MAX_EVIDENCE_BYTES, MAX_REQUEST_BYTES, check_against, embed
from variantkit_allowlist.model import GrantedNeeds

if TYPE_CHECKING:
    from collections.abc import Callable

WHEEL = b"the wheel"


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def a_request(**changes: Any) -> Request:
    values: dict[str, Any] = {
        "filename": "acme_variant_provider-1.1-py3-none-any.whl",
        "package": "acme-variant-provider",
        "version": "1.1",
        "sha256": digest_of(WHEEL),
        "namespace": "acme",
        "plugin_api": ("acme_variant_provider",),
        "needs": GrantedNeeds(read=("/sys/class/acme/*",), libraries=("libacme.so.1",), fork=True),
        "presence": ("/sys/class/acme",),
        "evidence": (embed("bundle.json", b'{"a": 1}'),),
        "inspection": {"sha256": digest_of(WHEEL)},
    }
    return Request(**{**values, **changes})


def test_a_request_is_read_back_as_it_was_written() -> None:
    data = write_request(a_request())
    assert read_request(data, "r.json") == a_request()
    assert write_request(read_request(data, "r.json")) == data
    assert read_request(data, "r.json").evidence_bytes() == {"bundle.json": b'{"a": 1}'}
    assert data.isascii()
    assert json.loads(data)["schema"] == "variantkit.request/1"


def test_a_request_is_about_one_wheel() -> None:
    assert check_against(a_request(), WHEEL) == []
    assert "this wheel has" in check_against(a_request(), b"another")[0]


def changed(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update({key.replace("_", "-"): value for key, value in changes.items()})


def needs(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["needs"].update(changes)


def evidence(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["evidence"][0].update(changes)


HOSTILE: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "another schema": (changed(schema="variantkit.request/2"), "schema"),
    "an unknown key": (changed(approved=True), "approved"),
    "no digest": (lambda document: document.pop("sha256"), "sha256"),
    "an upper-case digest": (changed(sha256="A" * 64), "sha256"),
    "a digest with a line end": (changed(sha256="a" * 64 + "\n"), "control"),
    "another package": (changed(package="other"), "package"),
    "another version": (changed(version="1.2"), "package"),
    "a path as file name": (changed(filename="../acme_variant_provider-1.1-py3-none-any.whl"), "filename"),
    "no file name of a wheel": (changed(filename="x"), "filename"),
    "no namespace": (changed(namespace="Acme"), "namespace"),
    "a namespace with a line end": (changed(namespace="acme\n"), "control"),
    "no endpoint": (changed(plugin_api=[]), "plugin-api"),
    "an endpoint that is none": (changed(plugin_api=["a b"]), "plugin-api"),
    "the root": (needs(read=["/"]), "needs.read"),
    "a home": (needs(read=["/home/*/.ssh/id"]), "needs.read"),
    "a shell": (needs(programs=["/bin/sh"]), "needs.programs"),
    "a library by its path": (needs(libraries=["/tmp/x.so"]), "needs.libraries"),
    "raw memory": (needs(devices=["/dev/mem"]), "needs.devices"),
    "a text for a yes or no": (needs(fork="yes"), "needs.fork"),
    "a need of another kind": (needs(network=True), "needs.network"),
    "too many needs": (needs(read=[f"/sys/a{number}/b" for number in range(100)]), "needs.read"),
    "a presence elsewhere": (changed(presence=["/etc/passwd"]), "presence"),
    "a fingerprint of a process": (changed(fingerprint=["/proc/1/environ"]), "fingerprint"),
    "a package that is none": (changed(reimplements=["a b"]), "reimplements"),
    "evidence with a folder in its name": (evidence(name="../x"), "evidence"),
    "evidence with a hidden name": (evidence(name=".bashrc"), "evidence"),
    "evidence that is no base64": (evidence(content="é"), "evidence"),
    "evidence with other bytes": (evidence(content="AAAA"), "evidence"),
    "an inspection of another wheel": (changed(inspection={"sha256": "0" * 64}), "inspection"),
    "a conformance report of another wheel": (changed(conformance={"passed": True}), "conformance"),
    "a direction character": (changed(namespace="acme\u202e"), "control or invisible"),
    "an inspection that is no object": (changed(inspection=[]), "inspection"),
}


@pytest.mark.parametrize(("spoil", "named"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_request_is_refused_with_the_key(spoil: Callable[[dict[str, Any]], Any], named: str) -> None:
    document = json.loads(write_request(a_request()))
    spoil(document)
    with pytest.raises(InputError, match=named) as caught:
        read_request(json.dumps(document).encode(), "r.json")
    assert str(caught.value).isprintable()


def test_all_that_is_wrong_is_told_at_once() -> None:
    document = json.loads(write_request(a_request()))
    document["needs"]["programs"] = ["/bin/sh"]
    document["namespace"] = "A"
    with pytest.raises(DocumentError) as caught:
        read_request(json.dumps(document).encode(), "r.json")
    assert {problem.path for problem in caught.value.problems} == {"namespace", "needs.programs"}


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"schema": 1, "schema": 1}', b"[" * 100_000, b'{"a": NaN}'],
    ids=repr,
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_request(data[:200_000], "r.json")


def test_a_request_that_asks_for_what_none_can_have_is_not_written() -> None:
    with pytest.raises(DocumentError, match="never granted"):
        write_request(a_request(needs=GrantedNeeds(programs=("/bin/sh",))))


def test_sizes_are_bounded() -> None:
    with pytest.raises(InputError, match="at most 4 MiB"):
        embed("x", bytes(MAX_EVIDENCE_BYTES + 1))
    with pytest.raises(InputError, match="expected a file name"):
        embed("a/b", b"")
    with pytest.raises(InputError, match="at most 32 MiB"):
        read_request(bytes(MAX_REQUEST_BYTES + 1), "r.json")


TEXT = write_request(a_request())


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(TEXT) - 1), st.binary(max_size=3))
def test_any_change_of_bytes_ends_in_a_request_or_a_sentence(at: int, piece: bytes) -> None:
    try:
        found = read_request(TEXT[:at] + piece + TEXT[at + len(piece) :], "r.json")
    except InputError:
        return
    assert write_request(found)
