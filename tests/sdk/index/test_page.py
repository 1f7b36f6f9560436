"""Pages of a simple index: read, written, and refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variantkit.errors import InputError
from variantkit.index.pages.filename import FileName, parse_filename
from variantkit.index.pages.page import (
    HTML_TYPE,
    JSON_TYPE,
    PAGE_CAP,
    PLAIN_HTML_TYPE,
    File,
    Page,
    parse_page,
    parse_root,
)
from variantkit.index.pages.rendering import negotiate, render_html, render_json, render_root_html, render_root_json

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "https://index.invalid/simple/foo/"
SHA256 = "0123456789abcdef" * 4
WHEEL = "foo-1.0-py3-none-any.whl"

TEXT = st.text(min_size=1, max_size=20).filter(str.isprintable)
DIGESTS = st.sampled_from([{"sha256": SHA256}, {"sha256": "f" * 64}])
FILE_NAMES = st.sampled_from(
    [WHEEL, "foo-1.0-py3-none-any-x86_64_v3.whl", "foo-1.0-variants.json", "foo-2.0+cu12.tar.gz", "Foo-0.1.zip"]
)
FILES = st.builds(
    File,
    filename=FILE_NAMES,
    url=st.sampled_from(["https://files.invalid/a%20b/x.whl", "http://h:8/q?a=1&b=2", "https://index.invalid/~f/(1)'"]),
    hashes=st.just({}) | DIGESTS,
    requires_python=st.none() | TEXT,
    yanked=st.none() | st.just("") | TEXT,
    core_metadata=st.none() | st.just(True) | DIGESTS,
    size=st.none() | st.integers(0, 1 << 40),
    upload_time=st.none() | st.just("2026-11-02T10:20:30.000000Z"),
    provenance=st.none() | st.just("https://index.invalid/provenance?a=<b>"),
    gpg_sig=st.none() | st.booleans(),
)
PAGES = st.builds(
    Page,
    name=st.just("foo"),
    files=st.lists(FILES, max_size=6).map(tuple),
    status=st.sampled_from(["", "active", "archived", "quarantined", "deprecated"]),
    reason=st.just("") | TEXT,
    notes=st.just(()),
)


def html(*links: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(links)}</body></html>".encode()


def document(*files: Mapping[str, object], **more: object) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "foo", "files": [*files], **more}).encode()


def entry(**facts: object) -> dict[str, object]:
    return {"filename": WHEEL, "url": WHEEL, "hashes": {}, **{key.replace("_", "-"): facts[key] for key in facts}}


def read_one(body: bytes, content_type: str = JSON_TYPE, url: str = URL) -> File:
    page = parse_page(content_type, body, url, "foo")
    assert page.notes == ()
    assert len(page.files) == 1
    return page.files[0]


@given(PAGES)
def test_a_page_written_as_json_reads_back(page: Page) -> None:
    # PEP 792 has no reason without a status.
    page = page if page.status else page._replace(reason="")
    assert parse_page(JSON_TYPE, render_json(page).encode(), URL, "foo") == page


@given(PAGES)
def test_a_page_written_as_html_reads_back_but_for_sizes_and_times(page: Page) -> None:
    expected = page._replace(files=tuple(file._replace(size=None, upload_time=None) for file in page.files))
    assert parse_page(HTML_TYPE, render_html(page).encode(), URL, "foo") == expected


@given(st.lists(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True), unique=True, max_size=6))
def test_a_root_page_reads_back_in_both_forms(names: list[str]) -> None:
    assert parse_root(JSON_TYPE, render_root_json(names).encode(), URL) == tuple(names)
    assert parse_root(PLAIN_HTML_TYPE, render_root_html(names).encode(), URL) == tuple(names)


def test_html_keeps_the_digest_that_every_client_knows() -> None:
    hashes = {"md5": "a" * 32, "sha256": SHA256, "sha512": "b" * 128}
    page = Page("foo", (File(WHEEL, "https://h.invalid/" + WHEEL, hashes),))
    assert parse_page(JSON_TYPE, render_json(page).encode(), URL, "foo").files[0].hashes == hashes
    assert parse_page(HTML_TYPE, render_html(page).encode(), URL, "foo").files[0].hashes == {"sha256": SHA256}


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ([entry(size=3)], "1.1"),
        ([entry(size=3), entry()], "1.0"),
        ([entry(size=3, provenance="https://p.invalid")], "1.3"),
        ([], "1.1"),
    ],
    ids=["all sizes", "a size is missing", "provenance", "no files"],
)
def test_the_minor_version_promises_no_more_than_the_page_has(files: list[dict[str, object]], version: str) -> None:
    rendered = json.loads(render_json(parse_page(JSON_TYPE, document(*files), URL, "foo")))
    assert rendered["meta"]["api-version"] == version
    assert ("versions" in rendered) == (version != "1.0")


def test_versions_are_those_of_the_files() -> None:
    names = ["foo-1.0-py3-none-any.whl", "foo-1.0-variants.json", "foo-0.9.tar.gz"]
    page = Page("foo", tuple(File(name, "https://h.invalid/" + name, size=1) for name in names))
    assert json.loads(render_json(page))["versions"] == ["0.9", "1.0"]


@pytest.mark.parametrize(
    ("base", "href", "url"),
    [
        ("", WHEEL, URL + WHEEL),
        ("", f"../../files/{WHEEL}", f"https://index.invalid/files/{WHEEL}"),
        ("", f"/files/{WHEEL}", f"https://index.invalid/files/{WHEEL}"),
        ("", f"//cdn.invalid/{WHEEL}", f"https://cdn.invalid/{WHEEL}"),
        ("", f"https://cdn.invalid/{WHEEL}?a=1&amp;b=2", f"https://cdn.invalid/{WHEEL}?a=1&b=2"),
        ("https://base.invalid/x/", f"y/{WHEEL}", f"https://base.invalid/x/y/{WHEEL}"),
        ("/files/", WHEEL, f"https://index.invalid/files/{WHEEL}"),
        ("", f"a b/\u00e4/{WHEEL}", f"{URL}a%20b/%C3%A4/{WHEEL}"),
    ],
    ids=["beside", "above", "root", "other host", "entities", "base", "relative base", "blank and umlaut"],
)
def test_links_become_absolute(base: str, href: str, url: str) -> None:
    head = f'<base href="{base}">' if base else ""
    body = html(f'<a href="{href}#sha256={SHA256}">{WHEEL}</a>', head=head)
    assert read_one(body, PLAIN_HTML_TYPE)[:3] == (WHEEL, url, {"sha256": SHA256})


@pytest.mark.parametrize(
    "link",
    [
        f'<a href="{WHEEL}" data-requires-python="&gt;=3.9" data-yanked="a &amp; b">{WHEEL}</a>',
        f"<A HREF='{WHEEL}' Data-Requires-Python='&#62;=3.9' data-yanked='a & b'\n>\n {WHEEL}\n</A>",
        f"<a href={WHEEL} data-requires-python=&gt;=3.9 data-yanked='a & b' href=other.whl><b>{WHEEL}</b>",
        f"<!-- <a href='no.whl'> --><script>'<a href=no.whl>'</script><a href='{WHEEL}' data-requires-python='>=3.9'"
        f" data-yanked='a &amp; b'>foo-1.0-py3-no..&gt;</a>",
    ],
    ids=["usual", "upper case, single quotes", "bare values, no end tag", "shortened text, comment, script"],
)
def test_the_same_link_in_any_html_is_the_same_file(link: str) -> None:
    file = read_one(html(link), "text/html; charset=utf-8")
    assert file == File(WHEEL, URL + WHEEL, requires_python=">=3.9", yanked="a & b")


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("data-core-metadata=true", True),
        (f"data-core-metadata=sha256={SHA256}", {"sha256": SHA256}),
        (f"data-dist-info-metadata='sha256={SHA256}'", {"sha256": SHA256}),
        ("data-core-metadata=false", None),
        ("data-core-metadata=true data-dist-info-metadata=false", True),
        ("", None),
    ],
    ids=["true", "digest", "old name", "false", "new name first", "absent"],
)
def test_core_metadata_in_html(attribute: str, expected: object) -> None:
    assert read_one(html(f"<a href={WHEEL} {attribute}>{WHEEL}</a>"), PLAIN_HTML_TYPE).core_metadata == expected


@pytest.mark.parametrize(
    ("facts", "field", "expected"),
    [
        ({"yanked": True}, "yanked", ""),
        ({"yanked": "bad"}, "yanked", "bad"),
        ({"yanked": False}, "yanked", None),
        ({"yanked": ""}, "yanked", None),
        ({"core_metadata": {}}, "core_metadata", True),
        ({"core_metadata": {"blake9": "xyz"}}, "core_metadata", True),
        ({"dist_info_metadata": True}, "core_metadata", True),
        ({"core_metadata": False, "dist_info_metadata": True}, "core_metadata", None),
        ({"size": True}, "size", None),
        ({"size": -1}, "size", None),
        ({"size": 1e300}, "size", None),
        ({"size": 10**30}, "size", None),
        ({"requires_python": 3}, "requires_python", None),
        ({"requires_python": ">=3\x1b[31m\ud800"}, "requires_python", ">=3 [31m "),
        ({"hashes": {"sha256": SHA256.upper(), "new9": "x"}}, "hashes", {"sha256": SHA256}),
        ({"hashes": {}, "url": f"{WHEEL}#sha256={SHA256}&egg=foo"}, "hashes", {"sha256": SHA256}),
        ({"gpg_sig": "yes"}, "gpg_sig", None),
    ],
)
def test_a_fact_of_a_wrong_type_is_absent(facts: dict[str, object], field: str, expected: object) -> None:
    assert getattr(read_one(document(entry(**facts))), field) == expected


HOSTILE_NAMES = [
    "../../.ssh/authorized_keys",
    "../foo-1.0-py3-none-any.whl",
    "%2e%2e/foo-1.0-py3-none-any.whl",
    "%2e%2e%2ffoo-1.0-py3-none-any.whl",
    "foo-1.0-py3-none-any.whl\0.txt",
    "foo-1.0-py3-none-any.whl\n",
    "..\\foo-1.0-py3-none-any.whl",
    "C:foo-1.0-py3-none-any.whl",
    ".foo-1.0-py3-none-any.whl",
    "-foo-1.0.tar.gz",
    "bar-1.0-py3-none-any.whl",
    "foobar-1.0.tar.gz",
    "bar-1.0-variants.json",
    "variants.json",
    "foo-variants.json",
    "foo-.tar.gz",
    "foo-1.0.exe",
    "foo-1.0-py3-none-any.whl.metadata",
    "foo-1.0-py3-none-any.WHL",
    "fo\u043e-1.0.tar.gz",
    f"foo-1.0-py3-none-any-{'x' * 300}.whl",
    "",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_a_file_that_is_not_plainly_the_projects_is_left_out_with_a_note(name: str) -> None:
    assert parse_filename(name, "foo") is None
    page = parse_page(JSON_TYPE, document(entry(filename=name), entry()), URL, "Foo")
    assert [file.filename for file in page.files] == [WHEEL]
    assert len(page.notes) == 1
    assert "left out 1 link(s) that are no usable file of foo" in page.notes[0]
    assert page.notes[0].isprintable()


def test_a_hostile_name_in_html_is_left_out_however_it_is_escaped() -> None:
    links = [f'<a href="x/%2e%2e%2f{WHEEL}">..&#47;{WHEEL}</a>', f'<a href="..%5c{WHEEL}">..\\{WHEEL}</a>']
    page = parse_page(PLAIN_HTML_TYPE, html(*links), URL, "foo")
    assert page.files == ()
    assert "left out 2 link(s)" in page.notes[0]


@pytest.mark.parametrize(
    ("filename", "project", "expected"),
    [
        (WHEEL, "foo", FileName("wheel", "1.0")),
        ("zope.interface-5.0.tar.gz", "zope-interface", FileName("sdist", "5.0")),
        ("zope-interface-5.0.post1.zip", "zope.interface", FileName("sdist", "5.0.post1")),
        ("zope_interface-1!5.0+l.1-variants.json", "Zope_Interface", FileName("variants", "1!5.0+l.1")),
        ("a-1-2.tar.gz", "a", FileName("sdist", "1-2")),
        ("a-1-2.tar.gz", "a-1", FileName("sdist", "2")),
    ],
)
def test_legal_names(filename: str, project: str, expected: FileName) -> None:
    assert parse_filename(filename, project) == expected


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://h.invalid/x", "javascript:alert(1)", "", "http://[::1", "data:,x", "c:\\x"],
)
def test_a_remote_page_names_only_http_addresses(url: str) -> None:
    page = parse_page(JSON_TYPE, document(entry(url=url)), URL, "foo")
    assert page.files == ()
    assert len(page.notes) == 1


def test_a_page_that_is_a_file_may_name_files() -> None:
    file = read_one(html(f"<a href='../../{WHEEL}'>{WHEEL}</a>"), PLAIN_HTML_TYPE, "file:///w/simple/foo/index.html")
    assert file.url == f"file:///w/{WHEEL}"


@pytest.mark.parametrize(
    "facts",
    [
        {"hashes": {"sha256": "abc"}},
        {"hashes": {"sha256": None}},
        {"hashes": {"sha256": SHA256[:-1] + "g"}},
        {"hashes": [SHA256]},
        {"url": f"{WHEEL}#sha256=abc"},
        {"core_metadata": {"sha256": 5}},
    ],
    ids=["short", "null", "not hexadecimal", "list", "fragment", "of the metadata"],
)
def test_a_malformed_digest_does_not_count_as_none(facts: dict[str, object]) -> None:
    page = parse_page(JSON_TYPE, document(entry(**facts)), URL, "foo")
    assert page.files == ()
    assert len(page.notes) == 1


NO_PAGES = {
    "empty JSON": (JSON_TYPE, b"", "broken JSON"),
    "broken JSON": (JSON_TYPE, b'{"meta": ', "broken JSON"),
    "deep JSON": (JSON_TYPE, b"[" * 100_000, "broken JSON"),
    "long number": (JSON_TYPE, b"1" * 10_000, "broken JSON|no 'meta.api-version'"),
    "not UTF-8": (JSON_TYPE, b'{"meta": "\xff"}', "expected a page in UTF-8, found byte 0xff"),
    "HTML not UTF-8": (PLAIN_HTML_TYPE, b"<html>\xe4</html>", "expected a page in UTF-8, found byte 0xe4"),
    "JSON list": (JSON_TYPE, b"[]", "no 'meta.api-version'"),
    "no version": (JSON_TYPE, b'{"files": []}', "no 'meta.api-version'"),
    "version of a wrong type": (JSON_TYPE, b'{"meta": {"api-version": 1.0}, "files": []}', "no 'meta.api-version'"),
    "major 2": (JSON_TYPE, b'{"meta": {"api-version": "2.0"}, "files": []}', "expected version 1 .* found '2.0'"),
    "HTML major 2": (
        PLAIN_HTML_TYPE,
        html(head='<meta name="pypi:repository-version" content="2.0">'),
        "expected version 1 .* found '2.0'",
    ),
    "no files": (JSON_TYPE, b'{"meta": {"api-version": "1.0"}}', "list 'files', found NoneType"),
    "files of a wrong type": (JSON_TYPE, b'{"meta": {"api-version": "1.0"}, "files": {}}', "list 'files', found dict"),
    "JSON as HTML": (PLAIN_HTML_TYPE, b'{"files": []}', "found no HTML element"),
    "empty HTML": (PLAIN_HTML_TYPE, b"", "found no HTML element"),
    "other type": ("application/pdf", b"%PDF", "found 'application/pdf'"),
    "v2 type": ("application/vnd.pypi.simple.v2+json", b"{}", "found 'application/vnd.pypi.simple.v2.json'"),
    "reference to a number of 5000 digits": (PLAIN_HTML_TYPE, html(f"<a href='&#{'9' * 5000};'>"), "broken HTML"),
}


@pytest.mark.parametrize(("content_type", "body", "sentence"), NO_PAGES.values(), ids=NO_PAGES)
def test_what_is_no_page_is_refused_in_one_sentence(content_type: str, body: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        parse_page(content_type, body, URL, "foo")
    assert str(caught.value).startswith(f"{URL}: expected")
    assert "\n" not in str(caught.value)


def test_a_page_over_the_cap_is_refused() -> None:
    with pytest.raises(InputError, match="at most 64 MiB"):
        parse_page(JSON_TYPE, bytes(PAGE_CAP + 1), URL, "foo")


def test_an_unknown_minor_version_is_read() -> None:
    body = document(entry(new=1), meta={"api-version": "1.99"}, unknown={})
    assert read_one(body).filename == WHEEL


def test_a_status_that_is_no_status_is_none() -> None:
    page = parse_page(JSON_TYPE, document(**{"project-status": {"status": "sold", "reason": 3}}), URL, "foo")
    assert (page.status, page.reason) == ("", "")


@settings(deadline=None)
@given(
    body=st.binary(max_size=300) | st.text("<>a='\"/!-&#; \n", max_size=200).map(str.encode), json_page=st.booleans()
)
def test_any_bytes_are_a_page_or_refused(body: bytes, json_page: bool) -> None:
    try:
        page = parse_page(JSON_TYPE if json_page else PLAIN_HTML_TYPE, body, URL, "foo")
    except InputError:
        return
    assert all(parse_filename(file.filename, "foo") and file.url.startswith("http") for file in page.files)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(["filename", "url", "hashes", "yanked", "core-metadata", "size", "gpg-sig", "provenance"])


@given(st.lists(st.dictionaries(KEYS, JSON_VALUES) | JSON_VALUES, max_size=4), JSON_VALUES)
def test_any_json_values_in_a_page_never_break_the_reader(files: list[object], status: object) -> None:
    body = json.dumps({"meta": {"api-version": "1.0"}, "files": files, "project-status": status}).encode()
    page = parse_page(JSON_TYPE, body, URL, "foo")
    assert len(page.files) <= len(files)


@pytest.mark.parametrize(
    "unit",
    ["<!--", "<", "<a ", "<a href=x>", "&", "<?", "<!", "<![CDATA[", "</", "<a x='", "<script>", "<a b= ", "<a/"],
)
def test_hostile_html_takes_linear_time(unit: str) -> None:
    # Quadratic time would be hours for this megabyte: the test would not end.
    body = (unit * (1_000_000 // len(unit))).encode()
    try:
        page = parse_page(PLAIN_HTML_TYPE, body, URL, "foo")
    except InputError:
        return
    assert page.files == ()


def test_json_has_no_core_metadata_under_its_old_name_which_ends_pip_22_3_to_23_1_in_a_traceback() -> None:
    page = Page("foo", (File(WHEEL, URL, {}, core_metadata={"sha256": SHA256}),))
    (written,) = json.loads(render_json(page))["files"]
    assert (written["core-metadata"], "dist-info-metadata" in written) == ({"sha256": SHA256}, False)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", PLAIN_HTML_TYPE),
        ("*/*", PLAIN_HTML_TYPE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", PLAIN_HTML_TYPE),
        (f"{JSON_TYPE}, {HTML_TYPE}; q=0.1, text/html; q=0.01", JSON_TYPE),
        (f"{JSON_TYPE}, {HTML_TYPE};q=0.2, text/html;q=0.01", JSON_TYPE),
        (f"{JSON_TYPE};q=0.1, {HTML_TYPE};q=0.2", HTML_TYPE),
        (f"{JSON_TYPE};q=0.1, text/html;q=0.2", PLAIN_HTML_TYPE),
        (f"{JSON_TYPE}, */*", JSON_TYPE),
        (f"text/html, {JSON_TYPE}", JSON_TYPE),
        (f"{JSON_TYPE};q=0, */*", PLAIN_HTML_TYPE),
        ("text/html;q=0, */*;q=0.5", JSON_TYPE),
        ("application/*", JSON_TYPE),
        ("text/*", PLAIN_HTML_TYPE),
        ("application/vnd.pypi.simple.latest+json", JSON_TYPE),
        ("application/vnd.pypi.simple.latest+html", HTML_TYPE),
        (f"{JSON_TYPE.upper()} ; Q=1.0", JSON_TYPE),
        (f"{JSON_TYPE};q=2, text/html;q=0.1", PLAIN_HTML_TYPE),
        (f"{JSON_TYPE};q=nan, text/html;q=0.1", PLAIN_HTML_TYPE),
        (f"{JSON_TYPE};q=x, text/html;q=0.1", PLAIN_HTML_TYPE),
        ("image/png", PLAIN_HTML_TYPE),
        (",;,", PLAIN_HTML_TYPE),
    ],
)
def test_the_content_type_is_the_one_the_client_wants_most(accept: str, expected: str) -> None:
    assert negotiate(accept) == expected


def test_a_root_page_has_each_legal_name_once() -> None:
    body = json.dumps(
        {"meta": {"api-version": "1.0"}, "projects": [{"name": "Foo"}, {"name": "foo"}, {"name": "../x"}, 3, {}]}
    )
    assert parse_root(JSON_TYPE, body.encode(), URL) == ("foo",)
    assert parse_root(PLAIN_HTML_TYPE, html("<a href='foo/'>Foo</a><a href='../'>../</a>"), URL) == ("foo",)
