"""Pages of a simple index as HTML and JSON text, and which of the two a client wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from variantkit.index.pages.filename import normalize_project, parse_filename
from variantkit.index.pages.page import HTML_TYPE, JSON_TYPE, PLAIN_HTML_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from variantkit.index.pages.page import File, Page

_OFFERED = {
    JSON_TYPE: (JSON_TYPE, "application/vnd.pypi.simple.latest+json"),
    HTML_TYPE: (HTML_TYPE, "application/vnd.pypi.simple.latest+html"),
    PLAIN_HTML_TYPE: (PLAIN_HTML_TYPE,),
}


def negotiate(accept: str) -> str:
    """Choose the content type for a request's `Accept`: the highest q, then the most exact range, then JSON.

    A client that says nothing, or takes anything, gets text/html, as PEP 691 recommends; so does one that
    accepts none of the three.
    """
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    best, chosen = (0.0, 0, 0), PLAIN_HTML_TYPE
    for position, offered in enumerate(_OFFERED):
        matches = [(exact, q) for media, q in ranges if (exact := _exactness(media, offered))]
        exact, q = max(matches, default=(0, 0.0))
        wanted = 4 if exact == 1 and offered == PLAIN_HTML_TYPE else 3 - position
        if q > 0 and (q, exact, wanted) > best:
            best, chosen = (q, exact, wanted), offered
    return chosen


def _media_range(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                q = float(value)
            except ValueError:
                return media, 0.0
            return media, q if 0 <= q <= 1 else 0.0
    return media, 1.0


def _exactness(media: str, offered: str) -> int:
    if media in _OFFERED[offered]:
        return 3
    if media == offered.partition("/")[0] + "/*":
        return 2
    return 1 if media == "*/*" else 0


def render_html(page: Page) -> str:
    """Render a project's page as PEP 503 HTML; what HTML has no attribute for (size, upload time) is left out."""
    metas = [_meta("pypi:project-status", page.status)] if page.status else []
    metas += [_meta("pypi:project-status-reason", page.reason)] if page.reason else []
    title = f"Links for {page.name}"
    return _document(title, metas, [f"<h1>{_escape(title)}</h1>", *(_anchor(file) for file in page.files)])


def render_root_html(names: Iterable[str]) -> str:
    """Render the root page of an index as PEP 503 HTML; links are relative to the page."""
    projects = [normalize_project(name) for name in names]
    return _document("Simple index", [], [f'<a href="{name}/">{name}</a><br>' for name in projects])


def _document(title: str, metas: list[str], body: list[str]) -> str:
    head = [
        '<meta charset="utf-8">',
        _meta("pypi:repository-version", "1.0"),
        *metas,
        f"<title>{_escape(title)}</title>",
    ]
    lines = ["<!DOCTYPE html>", "<html>", "<head>", *head, "</head>", "<body>", *body, "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{_escape(content)}">'


def _escape(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#x27;")):
        text = text.replace(character, entity)
    return text


def _anchor(file: File) -> str:
    digest = _best_digest(file.hashes)
    attributes = {"href": file.url + (f"#{digest}" if digest else "")}
    if file.requires_python is not None:
        attributes["data-requires-python"] = file.requires_python
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    if file.core_metadata is not None and file.core_metadata is not False:
        metadata = "true" if file.core_metadata is True else _best_digest(file.core_metadata) or "true"
        # PEP 714: the old name for installers that know no other.
        attributes.update({"data-core-metadata": metadata, "data-dist-info-metadata": metadata})
    if file.gpg_sig is not None:
        attributes["data-gpg-sig"] = "true" if file.gpg_sig else "false"
    if file.provenance is not None:
        attributes["data-provenance"] = file.provenance
    written = " ".join(f'{name}="{_escape(value)}"' for name, value in attributes.items())
    return f"<a {written}>{_escape(file.filename)}</a><br>"


def _best_digest(hashes: Mapping[str, str]) -> str:
    """One `algorithm=digest`: HTML has room for one, and every client knows sha256."""
    for algorithm in ("sha256", *sorted(hashes, reverse=True)):
        if algorithm in hashes:
            return f"{algorithm}={hashes[algorithm]}"
    return ""


def render_json(page: Page) -> str:
    """Render a project's page as PEP 691 JSON, of the highest minor version whose promises it keeps."""
    sized = all(file.size is not None for file in page.files)
    documented: dict[str, object] = {
        "meta": {"api-version": _minor_version(page, sized)},
        "name": page.name,
        "files": [_json_file(file) for file in page.files],
    }
    if sized:
        versions = (parse_filename(file.filename, page.name) for file in page.files)
        documented["versions"] = sorted({name.version for name in versions if name})
    if page.status:
        documented["project-status"] = {"status": page.status, **({"reason": page.reason} if page.reason else {})}
    return json.dumps(documented, indent=1) + "\n"


def render_root_json(names: Iterable[str]) -> str:
    """Render the root page of an index as PEP 691 JSON."""
    projects = [{"name": normalize_project(name)} for name in names]
    return json.dumps({"meta": {"api-version": "1.1"}, "projects": projects}, indent=1) + "\n"


def _minor_version(page: Page, sized: bool) -> str:
    if not sized:
        return "1.0"  # PEP 700 makes every file's size mandatory
    if page.status:
        return "1.4"
    return "1.3" if any(file.provenance for file in page.files) else "1.1"


def _json_file(file: File) -> dict[str, object]:
    found: dict[str, object] = {"filename": file.filename, "url": file.url, "hashes": dict(file.hashes)}
    if file.requires_python is not None:
        found["requires-python"] = file.requires_python
    found["yanked"] = False if file.yanked is None else file.yanked or True
    if file.core_metadata is not None and file.core_metadata is not False:
        metadata = True if file.core_metadata is True else dict(file.core_metadata)
        # PEP 714: not under its old name too, which pip 22.3 to 23.1 read and end in a traceback for a table of hashes.
        found["core-metadata"] = metadata
    optional = {"size": file.size, "upload-time": file.upload_time, "provenance": file.provenance}
    found.update({key: value for key, value in optional.items() if value is not None})
    if file.gpg_sig is not None:
        found["gpg-sig"] = file.gpg_sig
    return found
