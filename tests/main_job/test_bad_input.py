"""Bad input: each kind gets one sentence, the plain wheel stays installable, and nothing half-written stays behind.

A release of one project is spoilt in one way, then every verb that meets it is run as a user runs it.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.http_index import body, disconnect, hang, http_index, status, truncate
from support.served import write_release
from support.uv import UV
from support.wheels import make_wheel
from variantkit.cli.main import main
from variantkit.index import upstream
from variantkit.index.upstream.connections import HttpOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support.http_index import Answer, HttpIndex

SUPPORT = ("--override", "site :: level :: v3,v2")
DOCUMENT = "sel-1.0-variants.json"
PLAIN, V3 = "sel-1.0-py3-none-any.whl", "sel-1.0-py3-none-any-v3.whl"
HTML = "text/html; charset=utf-8"


class Ended(NamedTuple):
    """How a command ended; `said` is what it printed on either stream."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Place:
    """A user's place: a directory of wheels, and commands that are run with one machine's answers."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self.wheels = root / "wheels"
        self._capfd = capfd

    def run(self, *words: str) -> Ended:
        self._capfd.readouterr()
        code = main(words)
        return Ended(code, *self._capfd.readouterr())

    def install(self, installer: str, index: str, *more: str) -> tuple[Ended, str]:
        """Install from an index into a new directory; also what the module there says it is, "" when it is absent."""
        target = self.root / f"target-{installer}-{len(list(self.root.iterdir()))}"
        named = ("--installer", installer, "--python", sys.executable, "--target", str(target))
        ended = self.run("install", *named, "--index-url", index, *SUPPORT, *more, "sel")
        module = target / "sel" / "__init__.py"
        return ended, module.read_text().strip() if module.exists() else ""

    def tree(self) -> dict[str, str]:
        """Every file below the directory of wheels and the output directory, with its digest."""
        return {
            os.path.relpath(path, self.root): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in (self.wheels, self.root / "out")
            for path in folder.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Place:
    """A place with a sound release, an own home, and installers that try once and wait a second."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "VARIANTKIT_"))]:
        monkeypatch.delenv(name)
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "home"),
        "PATH": os.path.dirname(UV) + os.pathsep + os.environ["PATH"],
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_CACHE_DIR": str(tmp_path / "pip-cache"),
        "PIP_RETRIES": "0",
        "PIP_DEFAULT_TIMEOUT": "1",
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_HTTP_RETRIES": "0",
        "UV_HTTP_TIMEOUT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    write_release(str(tmp_path / "wheels"))
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, capfd)


@pytest.fixture
def index(place: Place) -> Iterator[HttpIndex]:
    with http_index(place.wheels) as running:
        yield running


def no_traceback(ended: Ended) -> None:
    assert "Traceback" not in ended.said
    assert "internal error" not in ended.said


def one_sentence(ended: Ended, code: int, pattern: str) -> None:
    """Exit code, and exactly one line of ours, which says the pattern."""
    no_traceback(ended)
    lines = [line for line in ended.err.splitlines() if line.startswith("variantkit: ")]
    assert (ended.code, len(lines)) == (code, 1), ended.said
    assert re.search(pattern, lines[0]), lines[0]


# Documents that cannot be used


def with_schema(version: str) -> bytes:
    schema = f"https://variants-schema.wheelnext.dev/peps/850/{version}.json"
    return json.dumps({"$schema": schema, "default-priorities": {"namespace": ["site"]}, "variants": {}}).encode()


DOCUMENTS = {
    "broken-json": (b'{"variants": ', r"expected JSON, found a fault at line 1 column 14"),
    "not-an-object": (b"[]", r"expected .*object"),
    "empty": (b"", r"expected JSON"),
    "not-utf-8": (b'{"variants": "\xe9"}', r"expected UTF-8, found .* at byte 14"),
    "unknown-major": (with_schema("v7.0.0"), r"\$schema: expected major version 0, found .*7\.0\.0; update variantkit"),
    "no-schema": (b'{"default-priorities": {"namespace": []}, "variants": {}}', r"\$schema: "),
}
documents = pytest.mark.parametrize(("data", "sentence"), DOCUMENTS.values(), ids=list(DOCUMENTS))


@documents
def test_a_document_that_cannot_be_used_is_refused_where_it_is_named(place: Place, data: bytes, sentence: str) -> None:
    path = place.wheels / DOCUMENT
    path.write_bytes(data)
    before = place.tree()
    label = ("wheel", "label", str(place.wheels / PLAIN), "--label", "v3", "--metadata", str(path), "-o", "out")
    for words in (("select", str(path)), ("explain", str(path)), label):
        ended = place.run(*words)
        one_sentence(ended, 2, f"{re.escape(str(path))}: .*{sentence}")
        assert ended.out == ""
    assert place.tree() == before


@documents
@pytest.mark.parametrize("verb", ["select", "explain"])
def test_a_document_that_cannot_be_used_leaves_the_plain_wheel_of_an_index(
    place: Place, index: HttpIndex, verb: str, data: bytes, sentence: str
) -> None:
    (place.wheels / DOCUMENT).write_bytes(data)
    ended = place.run(verb, index.url, "sel")
    assert (ended.code, "plain wheel" in ended.out) == (0, True)
    (line,) = [line for line in ended.said.splitlines() if "metadata-invalid: " in line]
    assert re.search(f"{DOCUMENT}: .*{sentence}", line)
    no_traceback(ended)


@pytest.mark.parametrize("name", ["broken-json", "not-utf-8", "unknown-major"])
def test_a_document_that_cannot_be_used_costs_an_installation_the_variants_alone(
    place: Place, index: HttpIndex, name: str
) -> None:
    data, sentence = DOCUMENTS[name]
    (place.wheels / DOCUMENT).write_bytes(data)
    for installer in ("pip", "uv"):
        ended, installed = place.install(installer, index.url)
        assert (ended.code, installed) == (0, "LABEL = None"), ended.said
        assert re.fullmatch(f"sel 1.0: took the plain build — .*{sentence}.*\n", ended.out)
        no_traceback(ended)


@documents
def test_index_writes_a_broken_document_anew(place: Place, data: bytes, sentence: str) -> None:
    (place.wheels / DOCUMENT).write_bytes(data)
    ended = place.run("index", str(place.wheels))
    assert ended.code == 0, ended.said
    assert place.run("select", str(place.wheels / DOCUMENT), *SUPPORT).out == "v3\n"


# Wheels that contradict


def document_of(properties: dict[str, list[str]], label: str = "v3") -> dict[str, object]:
    return {
        "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
        "default-priorities": {"namespace": ["site"]},
        "providers": {"site": {"requires": ["site-provider"], "plugin-api": "site_provider:Plugin"}},
        "variants": {label: {"site": properties}},
    }


def other_label(place: Place) -> None:
    make_wheel(place.wheels, "sel", label="v3", variant=document_of({"level": ["v2"]}, "v2"))


def no_document(place: Place) -> None:
    make_wheel(place.wheels, "sel", label="v3")


def conflicting_labels(place: Place) -> None:
    (place.wheels / DOCUMENT).unlink()
    make_wheel(place.wheels, "sel", tag="py2.py3-none-any", label="v3", variant=document_of({"level": ["v2"]}))


def conflicting_providers(place: Place) -> None:
    (place.wheels / DOCUMENT).unlink()
    other = {"site": {"requires": ["another-provider"]}}
    make_wheel(place.wheels, "sel", label="v3", variant=document_of({"level": ["v3"]}) | {"providers": other})


def truncated(place: Place) -> None:
    data = (place.wheels / V3).read_bytes()
    (place.wheels / V3).write_bytes(data[: len(data) // 2])


def corrupted(place: Place) -> None:
    data = bytearray((place.wheels / V3).read_bytes())
    data[60:70] = b"0123456789"
    (place.wheels / V3).write_bytes(data)


def no_zip(place: Place) -> None:
    (place.wheels / V3).write_bytes(b"<html>404</html>")


WHEELS: dict[str, tuple[Callable[[Place], None], str]] = {
    "label-in-name-only": (other_label, rf"{V3}: expected a variant.json for the label 'v3', found one for 'v2'"),
    "no-variant-json": (no_document, rf"{V3}: .*variant.json"),
    "conflicting-providers": (conflicting_providers, r"sel 1\.0: providers\.site.*-v2\.whl and .*-v3\.whl differ"),
    "truncated": (truncated, rf"{V3}: expected a wheel, found a broken zip archive"),
    "no-zip": (no_zip, rf"{V3}: expected a wheel, found a broken zip archive"),
}
wheels = pytest.mark.parametrize(("spoil", "sentence"), WHEELS.values(), ids=list(WHEELS))
# Who reads an index needs one wheel of each label alone (PEP 825 "Suggested implementation logic", step 5).
PUBLISHED = {
    **WHEELS,
    "conflicting-labels": (conflicting_labels, r"sel 1\.0: variants\.v3: .*-v3\.whl and .*-v3\.whl differ"),
}


@pytest.mark.parametrize(("spoil", "sentence"), PUBLISHED.values(), ids=list(PUBLISHED))
def test_index_refuses_wheels_that_cannot_be_published_and_writes_nothing(
    place: Place, spoil: Callable[[Place], None], sentence: str
) -> None:
    spoil(place)
    before = place.tree()
    one_sentence(place.run("index", str(place.wheels)), 2, sentence)
    assert place.tree() == before


@pytest.mark.parametrize("spoil", [truncated, corrupted, no_zip], ids=["truncated", "corrupted", "no-zip"])
def test_a_broken_wheel_is_neither_labelled_nor_unlabelled_nor_shown(
    place: Place, spoil: Callable[[Place], None]
) -> None:
    spoil(place)
    plain = place.wheels / PLAIN
    plain.write_bytes((place.wheels / V3).read_bytes())
    before = place.tree()
    one_sentence(
        place.run("wheel", "label", str(plain), "--label", "v2", "--metadata", str(place.wheels / DOCUMENT)),
        2,
        f"{re.escape(str(plain))}: expected a wheel, found",
    )
    for action in ("unlabel", "show"):
        ended = place.run("wheel", action, str(place.wheels / V3))
        no_traceback(ended)
        assert ended.code in (1, 2), ended.said
        assert V3 in ended.said
    assert place.tree() == before


@wheels
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_wheel_that_no_digest_vouches_for_is_passed_over(
    place: Place, index: HttpIndex, installer: str, spoil: Callable[[Place], None], sentence: str
) -> None:
    spoil(place)
    index.hashes = False
    ended, installed = place.install(installer, index.url)
    assert (ended.code, installed != "" and "v3" not in installed) == (0, True), ended.said
    (line,) = ended.out.splitlines()
    assert V3 in line
    no_traceback(ended)


# Indexes that fail


class Fault(NamedTuple):
    """An index that answers `path` so; `code` is what every verb ends with, `sentence` what it says."""

    path: str
    answer: Answer
    code: int
    sentence: str


PAGE, FILE = "/simple/sel/", f"/files/{DOCUMENT}"
PIECE = b'{"meta": {"api-version": "1.0"}, "name": "s\xe9l", "files": []}'
FAULTS = {
    "page-500": Fault(PAGE, status(500), 3, "/simple/sel/: expected an answer, found status 500"),
    "page-not-utf-8": Fault(PAGE, body(PIECE), 2, "/simple/sel/: expected a page in UTF-8, found byte 0xe9"),
    "html-not-utf-8": Fault(
        PAGE, body(b"<a href='x'>\xe9</a>", HTML), 2, "/simple/sel/: expected a page in UTF-8, found byte 0xe9"
    ),
    "page-not-json": Fault(PAGE, body(b"{"), 2, "/simple/sel/: "),
    "page-broken-off": Fault(PAGE, truncate, 3, "/simple/sel/: the answer broke off"),
    "page-hangs": Fault(PAGE, hang, 3, r"/simple/sel/: no usable answer \(timed out\); check the index's URL"),
    "connection-ends": Fault(PAGE, disconnect, 3, "/simple/sel/: no usable answer"),
    "document-500": Fault(FILE, status(500), 3, f"{DOCUMENT}: expected an answer, found status 500"),
    "document-hangs": Fault(FILE, hang, 3, rf"{DOCUMENT}: no usable answer \(timed out\)"),
}
faults = pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))


@faults
def test_an_index_that_fails_ends_a_choice(
    place: Place, index: HttpIndex, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = functools.partial(upstream.open_upstream, options=HttpOptions(read_timeout=0.3))
    monkeypatch.setattr(upstream, "open_upstream", impatient)
    index.answer(fault.path, fault.answer)
    for verb in ("select", "explain"):
        ended = place.run(verb, index.url, "sel", *SUPPORT)
        one_sentence(ended, fault.code, fault.sentence)
        assert ended.out == ""


@faults
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_index_that_fails_ends_an_installation_before_it_changes_anything(
    place: Place, index: HttpIndex, fault: Fault, installer: str
) -> None:
    # Falling back to the plain wheel here would let whoever disturbs the network choose the build.
    index.answer(fault.path, fault.answer)
    ended, installed = place.install(installer, index.url)
    one_sentence(ended, fault.code, fault.sentence)
    assert (ended.out, installed) == ("", "")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_document_that_is_listed_and_not_there_leaves_the_plain_wheel(
    place: Place, index: HttpIndex, installer: str
) -> None:
    index.answer(FILE, status(404))
    ended, installed = place.install(installer, index.url)
    assert (ended.code, installed) == (0, "LABEL = None"), ended.said
    assert re.search(f"took the plain build — .*{DOCUMENT}.* found status 404; its variants are left out", ended.out)
    selected = place.run("select", index.url, "sel", *SUPPORT)
    assert (selected.code, selected.out) == (0, "(the plain wheel)\n")
    one_sentence(selected, 0, "variants-json-missing: .* found status 404")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_project_that_is_not_there_is_the_installers_to_say(place: Place, index: HttpIndex, installer: str) -> None:
    one_sentence(place.run("select", index.url, "nobody"), 2, "expected the project 'nobody', found no such project")
    index.answer(PAGE, status(404))
    ended, installed = place.install(installer, index.url)
    no_traceback(ended)
    assert (ended.code, ended.out, installed) == (1, "", "")
    assert "sel" in ended.err
