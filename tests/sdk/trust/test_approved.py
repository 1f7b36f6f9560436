"""Enforcement files: what two readers could read differently is no approved list at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.lists import DIGEST, OTHER_DIGEST, encode, make_entry, make_list
from variantkit.errors import UndeterminedError
from variantkit.trust import ListError, Needs, parse_approved
from variantkit.trust.approved import MAX_BYTES
from variantkit.trust.dates import parse_date


def _text(**changes: object) -> str:
    return json.dumps(make_list(make_entry(), **changes))


def _parse(document: object) -> object:
    return parse_approved(document if isinstance(document, bytes) else encode(document), "list.json")


def test_a_whole_list_is_read() -> None:
    entry = make_entry(
        index=["https://wheels.example/simple/"],
        configs_sha256=OTHER_DIGEST,
        isolation="sandboxed",
        needs={"read": ["/proc/cpuinfo"], "devices": ["/dev/acme*"], "libraries": ["libacme.so.1"], "fork": True},
        presence=["/dev/acme*"],
        fingerprint=["/sys/module/acme/version"],
        reimplements=["Provider.Variant_Acme"],
        expires="2028-01-01",
        superseded=True,
    )
    revoked = {"package": "Acme_Variant.Provider", "version": "0.2", "since": "2026-10-01", "reason": "it lied"}
    data = encode(make_list(entry, revoked=[revoked, {"sha256": [DIGEST]}], exclusive=True, origin="development"))
    read = parse_approved(data, "list.json")
    assert (read.id, read.serial, read.exclusive, read.origin) == ("example.org/providers", 5, True, "development")
    assert (read.issued, read.expires) == (parse_date("2026-11-01"), parse_date("2029-11-01"))
    assert read.sha256 == hashlib.sha256(data).hexdigest()
    (only,) = read.entries
    assert only.needs == Needs(("/proc/cpuinfo",), ("/dev/acme*",), ("libacme.so.1",), (), True)
    assert only.reimplements == ("provider-variant-acme",)
    assert (only.isolation, only.configs_sha256, only.superseded) == ("sandboxed", OTHER_DIGEST, True)
    assert only.expires == parse_date("2028-01-01")
    assert read.revoked[0].package == "acme-variant-provider"
    assert read.revoked[1].sha256 == (DIGEST,)


def test_the_required_keys_are_enough_and_the_rest_is_safe() -> None:
    minimal = {"schema": "variantkit.approved/1", "serial": 1, "expires": "2029-01-01", "providers": [make_entry()]}
    read = parse_approved(encode(minimal), "list.json")
    assert (read.exclusive, read.id, read.issued, read.revoked) == (False, "", None, ())
    assert read.entries[0].needs == Needs()


@pytest.mark.parametrize("key", ["schema", "serial", "expires"])
def test_a_list_without_a_required_key_is_refused(key: str) -> None:
    with pytest.raises(ListError, match=key):
        _parse(make_list(make_entry(), **{key: None}))


@pytest.mark.parametrize("key", ["namespace", "package", "version", "sha256", "plugin-api"])
def test_an_entry_without_a_required_key_makes_the_list_invalid(key: str) -> None:
    with pytest.raises(ListError, match=rf"providers\[0\].{key}"):
        _parse(make_list(make_entry(**{key: None})))


def test_every_problem_is_told_at_once_with_its_key_path() -> None:
    entry = make_entry(version="new", sha256=["x"], needs={"read": ["/home/a/b"]})
    with pytest.raises(ListError) as caught:
        _parse(make_list(entry, serial=-1, expires="soon"))
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {
        "serial",
        "expires",
        "providers[0].version",
        "providers[0].sha256[0]",
        "providers[0].needs.read[0]",
    }
    assert caught.value.code == "list-invalid"
    assert isinstance(caught.value, UndeterminedError)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_text()[:-1] + ', "revoked": [], "revoked": []}', id="a key twice"),
        pytest.param(_text()[:-1] + r', "revoked": [], "revok\u0065d": []}', id="a key twice, once escaped"),
        pytest.param(_text().replace('"version"', '"sha256": [], "version"'), id="a key twice in an entry"),
        pytest.param(_text().replace('"serial": 5', '"serial": NaN'), id="NaN"),
        pytest.param(_text().replace('"serial": 5', '"serial": Infinity'), id="Infinity"),
        pytest.param(_text().replace('"serial": 5', '"serial": 1e999'), id="a number that is infinite"),
        pytest.param(_text().replace('"serial": 5', '"serial": 5.0'), id="a float serial"),
        pytest.param(_text().replace('"serial": 5', '"serial": true'), id="a true serial"),
        pytest.param(_text().replace('"serial": 5', '"serial": "5"'), id="a text serial"),
        pytest.param(_text().replace('"serial": 5', '"serial": -5'), id="a negative serial"),
        pytest.param(_text().replace('"serial": 5', f'"serial": {"9" * 5000}'), id="a serial of 5000 digits"),
        pytest.param(_text()[:-1] + ', "x": NaN}', id="NaN under an unknown key"),
        pytest.param(_text()[:-1] + ', "x": ' + "[" * 20 + "]" * 20 + "}", id="depth"),
        pytest.param("[" * 100_000, id="depth that exhausts the parser"),
        pytest.param('{"a":' * 100_000, id="depth in objects"),
        pytest.param(_text() + " " * MAX_BYTES, id="over 1 MiB"),
        pytest.param("\ufeff" + _text(), id="byte order mark"),
        pytest.param(_text() + "x", id="something behind it"),
        pytest.param("[]", id="an array"),
        pytest.param("", id="nothing"),
        pytest.param("null", id="null"),
        pytest.param(_text(schema="variantkit.approved/2"), id="another schema"),
        pytest.param(_text(schema="variantkit.approved/1\n"), id="schema with a newline behind"),
        pytest.param(_text(id="exämple"), id="id beyond ASCII"),
        pytest.param(_text(id="x\n"), id="id with a newline behind"),
        pytest.param(_text(id=""), id="empty id"),
        pytest.param(_text(expires="2029-11-01\n"), id="date with a newline behind"),
        pytest.param(_text(expires="2029-02-30"), id="no such day"),
        pytest.param(_text(expires=1893456000), id="date as a number"),
        pytest.param(_text(expires="２029-11-01"), id="date in other digits"),
        pytest.param(_text(expires="2026-10-01"), id="expires before issued"),
        pytest.param(_text(renew_by="2030-01-01"), id="renew-by after expires"),
        pytest.param(_text(exclusive="yes"), id="exclusive as text"),
        pytest.param(_text(exclusive=1), id="exclusive as a number"),
        pytest.param(_text(revoked={}), id="revoked as an object"),
        pytest.param(_text(revoked=["x"]), id="revocation as text"),
        pytest.param(_text(revoked=[{"reason": "which?"}]), id="revocation of nothing"),
        pytest.param(_text(revoked=None)[:-1] + ', "revoked": null}', id="revoked null"),
        pytest.param(_text(revoked=[{"package": "x", "reason": "a\u202eb"}]), id="note that reorders text"),
        pytest.param(_text(revoked=[{"package": "x", "reason": "\u001b[2J"}]), id="note with an escape"),
        pytest.param(_text(revoked=[{"package": "x", "reason": "two\nlines"}]), id="note of two lines"),
        pytest.param(_text(revoked=[{"package": "x", "reason": "\ud800"}]), id="note with half a character"),
        pytest.param(_text(note="\u0007"), id="control character under an unknown key"),
        pytest.param(_text()[:-1] + ', "\\u0007": 1}', id="control character in a key"),
        pytest.param(_text(critical=["later"]), id="critical key that is not known"),
        pytest.param(_text(critical="providers"), id="critical as text"),
        pytest.param(_text(critical=[1]), id="critical of numbers"),
        pytest.param(json.dumps(make_list(make_entry(), make_entry(version="0.3"))), id="one version twice"),
    ],
)
def test_attack_4_a_doubtful_document_is_invalid(text: str) -> None:
    with pytest.raises(ListError):
        parse_approved(text.encode("utf-8", "surrogatepass"), "list.json")


def test_bytes_that_are_not_utf8_are_invalid() -> None:
    with pytest.raises(ListError, match="UTF-8"):
        parse_approved(_text(id="x").encode("utf-16"), "list.json")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"namespace": "Acme"}, id="namespace in upper case"),
        pytest.param({"namespace": "acme\n"}, id="namespace with a newline behind"),
        pytest.param({"namespace": "аcme"}, id="namespace with a Cyrillic letter"),
        pytest.param({"package": "acme provider"}, id="package with a blank"),
        pytest.param({"package": "-acme"}, id="package that begins with a dash"),
        pytest.param({"package": "аcme"}, id="package with a Cyrillic letter"),
        pytest.param({"version": "0.3.0\n"}, id="version with a newline behind"),
        pytest.param({"version": "v0.3"}, id="version that is not canonical"),
        pytest.param({"version": "0.3.*"}, id="version with a wildcard"),
        pytest.param({"version": "٠.٣"}, id="version in other digits"),
        pytest.param({"sha256": []}, id="no hash"),
        pytest.param({"sha256": DIGEST}, id="hash as text"),
        pytest.param({"sha256": [DIGEST.upper()]}, id="hash in upper case"),
        pytest.param({"sha256": [DIGEST + "\n"]}, id="hash with a newline behind"),
        pytest.param({"sha256": [DIGEST[:-1]]}, id="short hash"),
        pytest.param({"sha256": [DIGEST, DIGEST]}, id="hash twice"),
        pytest.param({"sha256": [1]}, id="hash as a number"),
        pytest.param({"plugin-api": []}, id="no endpoint"),
        pytest.param({"plugin-api": ["a b"]}, id="endpoint with a blank"),
        pytest.param({"plugin-api": ["a:"]}, id="endpoint with an empty object"),
        pytest.param({"plugin-api": ["а.b"]}, id="endpoint beyond ASCII"),
        pytest.param({"index": ["ftp://wheels.example"]}, id="index of another scheme"),
        pytest.param({"index": ["https://user:pass@wheels.example"]}, id="index with credentials"),
        pytest.param({"configs-sha256": "x"}, id="digest of configs"),
        pytest.param({"isolation": "jail"}, id="isolation level that is not known"),
        pytest.param({"isolation": 1}, id="isolation as a number"),
        pytest.param({"needs": []}, id="needs as an array"),
        pytest.param({"needs": {"fork": "yes"}}, id="fork as text"),
        pytest.param({"needs": {"read": "/proc/cpuinfo"}}, id="read as text"),
        pytest.param({"presence": ["/etc/passwd"]}, id="presence outside /dev /sys /proc"),
        pytest.param({"fingerprint": ["/proc/../etc/passwd"]}, id="fingerprint that climbs"),
        pytest.param({"reimplements": ["x y"]}, id="reimplements no name"),
        pytest.param({"expires": "never"}, id="expires"),
        pytest.param({"superseded": "0.4"}, id="superseded as text"),
    ],
)
def test_attack_4_a_doubtful_entry_makes_the_list_invalid(changes: dict[str, object]) -> None:
    with pytest.raises(ListError):
        _parse(make_list(make_entry(**changes)))


def test_attack_5_an_unknown_key_is_ignored_unless_it_is_critical() -> None:
    later = make_list(make_entry(later=1, needs={"unix": ["/x"]}), later={"a": [1.5]})
    assert parse_approved(encode(later), "list.json").entries[0].needs == Needs()
    with pytest.raises(ListError, match="'later' is not known"):
        _parse({**later, "critical": ["later"]})


def test_a_known_key_may_be_critical() -> None:
    assert _parse(make_list(make_entry(), critical=["index", "needs.devices", "exclusive"]))


def test_names_in_other_scripts_are_welcome_in_a_note() -> None:
    read = parse_approved(encode(make_list(revoked=[{"package": "x", "reason": "供应商撤回"}])), "list.json")
    assert read.revoked[0].reason == "供应商撤回"


@given(st.text(alphabet=string.printable + "é\u202e\0", max_size=40), st.integers(0, 600))
def test_attack_4_a_damaged_list_never_approves_other_bytes(noise: str, at: int) -> None:
    text = _text()
    damaged = text[: at % len(text)] + noise + text[at % len(text) :]
    try:
        read = parse_approved(damaged.encode(), "list.json")
    except ListError:
        return
    assert all(digest == DIGEST for entry in read.entries for digest in entry.sha256)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_anywhere_is_read_or_refused(value: object) -> None:
    for key in ("id", "serial", "issued", "exclusive", "critical", "providers", "revoked", "origin"):
        for document in (make_list(make_entry(), **{key: value}), make_list(make_entry(needs={key: value}))):
            with contextlib.suppress(ListError):
                _parse(document)
