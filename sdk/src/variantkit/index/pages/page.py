"""A page of a simple index, HTML (PEP 503) or JSON (PEP 691), and its model."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.index.pages.filename import normalize_project, parse_filename

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
PLAIN_HTML_TYPE = "text/html"

ACCEPT = f"{JSON_TYPE}, {HTML_TYPE};q=0.2, {PLAIN_HTML_TYPE};q=0.1"
"""What a client of an index sends as `Accept`."""

PAGE_CAP = 64 << 20
"""The most bytes a decoded page may have."""

_JSON_TYPES = (JSON_TYPE, "application/vnd.pypi.simple.latest+json", "application/json")
_HTML_TYPES = (HTML_TYPE, "application/vnd.pypi.simple.latest+html", PLAIN_HTML_TYPE, "application/xhtml+xml")
_DIGEST_LENGTHS = {
    **{"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128},
    **{"sha3_256": 64, "sha3_384": 96, "sha3_512": 128, "blake2b": 128, "blake2s": 64},
}
_is_digest = re.compile(r"[0-9a-f]+").fullmatch
_is_whole_address = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/[A-Za-z0-9%/:@!$&'()*+,;=~._-]*").fullmatch
_STATUSES = ("active", "archived", "quarantined", "deprecated")


class File(NamedTuple):
    """One file of a project as its index lists it.

    `yanked` is None for a file that is not, else the reason ("" when none is given). `core_metadata` is None
    when the index serves no `.metadata` beside the file, True when it does, or that file's digests.
    """

    filename: str
    url: str
    hashes: Mapping[str, str] = {}
    requires_python: str | None = None
    yanked: str | None = None
    core_metadata: Mapping[str, str] | bool | None = None
    size: int | None = None
    upload_time: str | None = None
    provenance: str | None = None
    gpg_sig: bool | None = None


class Page(NamedTuple):
    """A project's files; `status` and `reason` are PEP 792's, "" when the index says nothing.

    `notes` are sentences about entries that were left out when the page was read.
    """

    name: str
    files: tuple[File, ...]
    status: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()


class _Entry(NamedTuple):
    """What one link says, before it is judged; `url` is as written, its fragment included."""

    names: tuple[str, ...]
    url: str
    facts: Mapping[str, object]


def parse_page(content_type: str, body: bytes, url: str, project: str) -> Page:
    """Read a project's page that was found at `url`.

    Entries whose name is no wheel, sdist or variants.json of the project, whose address is not http(s) (or
    `file:` on a page that itself is a file), or whose digest is malformed are left out, with a note.
    Raises InputError, one sentence, when the page is not a page of a simple index of major version 1.
    """
    if _is_json(content_type, url):
        base, entries, status, reason = url, *_read_json(body, url)
    else:
        base, entries, status, reason = _read_html(body, url)
    name = normalize_project(project)
    files, dropped = [], []
    for entry in entries:
        file = _judge(entry, base, name)
        if file is None:
            dropped.append(entry.names[0] if entry.names else entry.url)
        else:
            files.append(file)
    return Page(name, tuple(files), status, reason, _note(dropped, name, url))


def parse_root(content_type: str, body: bytes, url: str) -> tuple[str, ...]:
    """Read the root page of an index: the normalised names of its projects, in its order."""
    if _is_json(content_type, url):
        document = _load_json(body, url)
        projects = document.get("projects")
        found = [item.get("name") for item in projects if isinstance(item, dict)] if isinstance(projects, list) else []
    else:
        found = [name for entry in _read_html(body, url)[1] for name in entry.names[:1]]
    legal = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?").fullmatch
    return tuple(dict.fromkeys(normalize_project(name) for name in found if isinstance(name, str) and legal(name)))


def _is_json(content_type: str, url: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    if media not in _JSON_TYPES and media not in _HTML_TYPES:
        raise InputError(f"{url}: expected a page of a simple index ({JSON_TYPE} or text/html), found {media!r}")
    return media in _JSON_TYPES


def _decode(body: bytes, url: str) -> str:
    if len(body) > PAGE_CAP:
        raise InputError(f"{url}: expected a page of at most {PAGE_CAP >> 20} MiB, found {len(body) >> 20} MiB")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{url}: expected a page in UTF-8, found byte {error.object[error.start]:#04x}") from None


def _load_json(body: bytes, url: str) -> dict[str, object]:
    try:
        document = json.loads(_decode(body, url))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{url}: expected a JSON page of a simple index, found broken JSON ({error})") from None
    meta = document.get("meta") if isinstance(document, dict) else None
    version = meta.get("api-version") if isinstance(meta, dict) else None
    if not isinstance(document, dict) or not isinstance(version, str):
        raise InputError(f"{url}: expected a JSON page of a simple index, found no 'meta.api-version'")
    _require_major(version, url)
    return document


def _require_major(version: str, url: str) -> None:
    if version.partition(".")[0] != "1":
        raise InputError(f"{url}: expected version 1 of the simple index, found {printable(version)!r}")


def _read_json(body: bytes, url: str) -> tuple[list[_Entry], str, str]:
    document = _load_json(body, url)
    files = document.get("files")
    if not isinstance(files, list):
        raise InputError(f"{url}: expected a project's page with a list 'files', found {type(files).__name__}")
    entries = [_json_entry(item) for item in files]
    status = document.get("project-status")
    facts = status if isinstance(status, dict) else {}
    return entries, _status(facts.get("status")), _text(facts.get("reason")) or ""


def _json_entry(item: object) -> _Entry:
    facts = item if isinstance(item, dict) else {}
    name, url = facts.get("filename"), facts.get("url")
    return _Entry((name,) if isinstance(name, str) else (), url if isinstance(url, str) else "", facts)


def _read_html(body: bytes, url: str) -> tuple[str, list[_Entry], str, str]:
    from variantkit.index.pages.anchors import read_anchors

    base, anchors, metas = read_anchors(_decode(body, url), url)
    if "pypi:repository-version" in metas:
        _require_major(metas["pypi:repository-version"], url)
    status = _status(metas.get("pypi:project-status"))
    entries = [_html_entry(text, attributes) for text, attributes in anchors]
    return base, entries, status, _text(metas.get("pypi:project-status-reason")) or ""


def _html_entry(text: str, attributes: Mapping[str, str]) -> _Entry:
    from urllib.parse import unquote

    href = attributes.get("href", "")
    # PEP 503 wants the text to be the file name; listings that shorten the text still have it in the address.
    last = unquote(href.partition("#")[0].partition("?")[0].rpartition("/")[2])
    facts: dict[str, object] = {key[5:]: value for key, value in attributes.items() if key.startswith("data-")}
    for key in ("core-metadata", "dist-info-metadata"):
        if key in facts:
            facts[key] = _html_digest(str(facts[key]))
    if "gpg-sig" in facts:
        facts["gpg-sig"] = {"true": True, "false": False}.get(str(facts["gpg-sig"]).lower())
    if facts.get("yanked") == "":
        facts["yanked"] = True
    facts.pop("hashes", None)
    return _Entry((text, last), href, facts)


def _html_digest(text: str) -> dict[str, str] | bool:
    algorithm, found, digest = text.partition("=")
    return {algorithm: digest} if found else text.lower() != "false"


def _judge(entry: _Entry, base: str, project: str) -> File | None:
    name = next((name for name in entry.names if parse_filename(name, project)), None)
    address = _address(entry.url, base)
    if name is None or address is None:
        return None
    facts = entry.facts
    hashes = _digests(facts.get("hashes") or _fragment(entry.url))
    metadata = _metadata(facts)
    if hashes is None or metadata is False:
        return None
    yanked, size, signed = facts.get("yanked"), facts.get("size"), facts.get("gpg-sig")
    return File(
        filename=name,
        url=address,
        hashes=hashes,
        requires_python=_text(facts.get("requires-python")) or None,
        yanked=(_text(yanked) or "") if yanked else None,
        core_metadata=metadata,
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 63 else None,
        upload_time=_text(facts.get("upload-time")) or None,
        provenance=_text(facts.get("provenance")) or None,
        gpg_sig=signed if isinstance(signed, bool) else None,
    )


def _address(written: str, base: str) -> str | None:
    """Make a link absolute; None for one that a page at `base` may not name."""
    written = written.partition("#")[0].strip()
    if _is_whole_address(written):
        return written  # what nearly every large page has; the general way takes ten times as long
    from urllib.parse import quote, urljoin, urlsplit

    try:
        address = urljoin(base, written)
        scheme = urlsplit(address).scheme
        allowed = ("http", "https", "file") if urlsplit(base).scheme == "file" else ("http", "https")
        # Blanks and characters outside ASCII are escaped as a browser does; escapes already there stay.
        return quote(address, safe="%/:?#[]@!$&'()*+,;=~-._") if scheme in allowed and written else None
    except ValueError:
        return None


def _fragment(url: str) -> dict[str, str]:
    parts = (part.partition("=") for part in url.partition("#")[2].split("&"))
    return {name: digest for name, _, digest in parts if name in _DIGEST_LENGTHS}


def _digests(found: object) -> dict[str, str] | None:
    """Read digests; None when one of a known algorithm is malformed, so that it is not taken for absent."""
    if not isinstance(found, dict):
        return None
    digests = {}
    for algorithm, length in _DIGEST_LENGTHS.items():
        if algorithm not in found:
            continue
        digest = found[algorithm].lower() if isinstance(found[algorithm], str) else ""
        if len(digest) != length or not _is_digest(digest):
            return None
        digests[algorithm] = digest
    return digests


def _metadata(facts: Mapping[str, object]) -> Mapping[str, str] | bool | None:
    """Read PEP 714's key, else PEP 658's; False when its digest is malformed."""
    found = facts["core-metadata"] if "core-metadata" in facts else facts.get("dist-info-metadata")
    if isinstance(found, dict):
        digests = _digests(found)
        return False if digests is None else digests or True
    return True if found is True else None


def _status(found: object) -> str:
    return found if isinstance(found, str) and found in _STATUSES else ""


def _text(found: object) -> str | None:
    return printable(found) if isinstance(found, str) else None


def printable(text: str) -> str:
    """Replace what no terminal or page should get: control characters and broken surrogates become blanks."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def _note(dropped: list[str], project: str, url: str) -> tuple[str, ...]:
    if not dropped:
        return ()
    first = printable(dropped[0])[:100]
    return (f"{url}: left out {len(dropped)} link(s) that are no usable file of {project}, the first is {first!r}",)
