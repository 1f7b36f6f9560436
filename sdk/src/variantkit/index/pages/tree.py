"""A directory of wheels as an index: its variants.json files, its METADATA files and its pages."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from variantkit.errors import DocumentError, InputError, Problem, VariantkitError
from variantkit.index.pages.filename import normalize_project, parse_filename
from variantkit.index.pages.page import File, Page
from variantkit.index.pages.rendering import render_html, render_json, render_root_html, render_root_json
from variantkit.variants.archive import open_wheel, replacing
from variantkit.variants.description import digest_file, read_headers
from variantkit.variants.metadata import combine_metadata, dump_metadata
from variantkit.variants.wheel import parse_wheel_name, read_variant_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.version import Version

    from variantkit.variants.metadata import Metadata

SIMPLE = "simple"
"""The folder of the pages, below the directory."""


class IndexSummary(NamedTuple):
    """What an index was made of; paths are relative to its directory.

    `written` are the files that were new or changed, `removed` pages of projects that are gone, `stale`
    variants.json files of releases without variant wheels: those are left alone, and no page lists them.
    """

    directory: str
    projects: tuple[str, ...]
    wheels: int
    variants_json: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    stale: tuple[str, ...]


class _Found(NamedTuple):
    """One distribution in the directory; `metadata` is the METADATA of a wheel, `variant` its variant.json."""

    path: str
    project: str
    version: Version
    spelled: str
    sha256: str
    size: int
    requires_python: str | None = None
    metadata: bytes | None = None
    variant: Metadata | None = None

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


def write_index(directory: str) -> IndexSummary:
    """Write the index of the wheels and sdists in `directory` and in the folders right below it.

    Beside the wheels: `{name}-{version}-variants.json` for every release with variants (PEP 825 "Index-level
    metadata") and `{wheel}.metadata`. In `simple/`: a root page and a page a project, as index.html and index.json.
    Links are relative, so the directory can be moved and served. The same files give the same bytes.
    Raises DocumentError that names every file that is broken or disagrees with another; nothing is written then.
    """
    problems: list[Problem] = []
    found = [*_read_all(directory, _scan(directory), problems)]
    documents = _documents(found, problems)
    if problems:
        raise DocumentError(directory, problems)
    made = {f"{item.path}.metadata": item.metadata for item in found if item.metadata is not None}
    made.update(documents)
    projects = sorted({item.project for item in found})
    for project in projects:
        made.update(_project_pages(project, found, documents))
    made[f"{SIMPLE}/index.html"] = render_root_html(projects).encode()
    made[f"{SIMPLE}/index.json"] = render_root_json(projects).encode()
    folders = {item.folder for item in found}
    stale = [path for path in _listing(directory, folders) if path.endswith("-variants.json") and path not in documents]
    wheels = sum(item.metadata is not None for item in found)
    written = tuple(path for path, data in made.items() if _write(directory, path, data))
    removed = tuple(_remove_gone(directory, projects))
    return IndexSummary(directory, tuple(projects), wheels, tuple(documents), written, removed, tuple(stale))


def _scan(directory: str) -> list[str]:
    """The paths of everything that may be a distribution, in the directory and right below it, sorted."""
    try:
        folders = [entry.name for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise InputError(f"{directory}: expected a directory of wheels ({error.strerror})") from None
    for folder in (SIMPLE, *(os.path.join(SIMPLE, name) for name in _names(os.path.join(directory, SIMPLE)))):
        if os.path.islink(os.path.join(directory, folder)):
            raise InputError(f"{os.path.join(directory, folder)}: expected a folder of its own, found a symbolic link")
    return sorted(_listing(directory, {"", *(name for name in folders if not name.startswith("."))}))


def _listing(directory: str, folders: Iterable[str]) -> Iterator[str]:
    for folder in sorted(folders):
        yield from (os.path.join(folder, name) for name in _names(os.path.join(directory, folder)))


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _read_all(directory: str, paths: list[str], problems: list[Problem]) -> Iterator[_Found]:
    seen: dict[str, str] = {}
    for path in paths:
        filename = os.path.basename(path)
        try:
            found = _read_wheel(directory, path) if filename.endswith(".whl") else _read_sdist(directory, path)
        except VariantkitError as error:
            problems.append(Problem("", str(error)))
            continue
        if found is None:
            continue
        if seen.setdefault(filename, path) != path:
            problems.append(Problem("", f"{path}: expected each file name once, found {seen[filename]} too"))
        yield found


def _read_wheel(directory: str, path: str) -> _Found:
    where = os.path.join(directory, path)
    name = parse_wheel_name(os.path.basename(path))
    if os.path.islink(where) or not os.path.isfile(where):
        raise InputError(f"{where}: expected a regular file, found a symbolic link or a folder")
    with open_wheel(where) as contents:
        metadata = contents.read_info("METADATA")
        headers = read_headers(contents)
    if metadata is None:
        raise InputError(f"{where}: expected a wheel with METADATA, found none; rebuild the wheel")
    return _Found(
        path=path,
        project=normalize_project(name.name),
        version=_version(name.version, where),
        spelled=name.version,
        sha256=digest_file(where),
        size=os.path.getsize(where),
        requires_python=next(iter(headers.get("requires-python", [])), None),
        metadata=metadata,
        variant=None if name.label is None else _variant(where, name.label),
    )


def _variant(where: str, label: str) -> Metadata:
    described = read_variant_json(where)
    if described is None or described[0] != label:
        found = "none" if described is None else f"one for {described[0]!r}"
        raise InputError(f"{where}: expected a variant.json for the label {label!r}, found {found}; label it anew")
    return described[1]


def _read_sdist(directory: str, path: str) -> _Found | None:
    """Read an sdist; None for any other file."""
    where, filename = os.path.join(directory, path), os.path.basename(path)
    # PEP 625: no hyphen but the one before the version.
    project = filename.rpartition("-")[0]
    name = parse_filename(filename, project) if project else None
    if name is None or name.kind != "sdist" or os.path.islink(where) or not os.path.isfile(where):
        return None
    try:
        version = _version(name.version, where)
    except InputError:
        return None  # an archive of something else
    digest, size = digest_file(where), os.path.getsize(where)
    return _Found(path, normalize_project(project), version, name.version, digest, size)


def _version(text: str, where: str) -> Version:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text.replace("_", "-"))
    except InvalidVersion:
        raise InputError(f"{where}: expected a PEP 440 version in the file name, found {text!r}") from None


def _documents(found: list[_Found], problems: list[Problem]) -> dict[str, bytes]:
    """The variants.json of every release with variants, in each folder that has some of its variant wheels."""
    releases: dict[tuple[str, Version], list[_Found]] = {}
    for item in found:
        if item.variant is not None:
            releases.setdefault((item.project, item.version), []).append(item)
    documents: dict[str, bytes] = {}
    for (project, version), items in releases.items():
        # PEP 825 "Index-level metadata": both parts are normalised as in the names of wheels.
        filename = f"{project.replace('-', '_')}-{str(version).replace('-', '_')}-variants.json"
        try:
            combined = combine_metadata((item.path, item.variant) for item in items if item.variant is not None)
        except DocumentError as error:
            problems += [Problem(f"{project} {version}", str(problem)) for problem in error.problems]
            continue
        data = dump_metadata(combined).encode()
        documents.update({os.path.join(item.folder, filename): data for item in items})
    return documents


def _project_pages(project: str, found: list[_Found], documents: Mapping[str, bytes]) -> dict[str, bytes]:
    items = sorted((item for item in found if item.project == project), key=lambda item: (item.version, item.path))
    files = [_file(item) for item in items]
    listed = {os.path.basename(path): path for path in reversed([*documents])}
    for name, path in sorted(listed.items()):
        if parse_filename(name, project):
            digest = hashlib.sha256(documents[path]).hexdigest()
            files.append(File(name, _relative(path), {"sha256": digest}, size=len(documents[path])))
    page = Page(project, tuple(files))
    folder = f"{SIMPLE}/{project}"
    return {f"{folder}/index.html": render_html(page).encode(), f"{folder}/index.json": render_json(page).encode()}


def _file(item: _Found) -> File:
    metadata = None if item.metadata is None else {"sha256": hashlib.sha256(item.metadata).hexdigest()}
    return File(
        filename=os.path.basename(item.path),
        url=_relative(item.path),
        hashes={"sha256": item.sha256},
        requires_python=item.requires_python,
        core_metadata=metadata,
        size=item.size,
    )


def _relative(path: str) -> str:
    return "../../" + quote(path.replace(os.sep, "/"))


def _write(directory: str, path: str, data: bytes) -> bool:
    """Write a file of the index unless it already has this content; tell whether it was written."""
    where = os.path.join(directory, path)
    if os.path.isfile(where) and not os.path.islink(where) and os.path.getsize(where) == len(data):
        with open(where, "rb") as stream:
            if stream.read() == data:
                return False
    try:
        os.makedirs(os.path.dirname(where), exist_ok=True)
    except OSError as error:
        raise InputError(f"{where}: expected to write it, found: {error.strerror}") from None
    with replacing(where) as stream:
        stream.write(data)
    return True


def _remove_gone(directory: str, projects: list[str]) -> Iterator[str]:
    """Remove the pages of projects without files, which would lead nowhere; other files in `simple/` stay."""
    simple = os.path.join(directory, SIMPLE)
    for name in _names(simple):
        if name in projects or not os.path.isdir(os.path.join(simple, name)):
            continue
        for page in ("index.html", "index.json"):
            if os.path.isfile(os.path.join(simple, name, page)):
                os.unlink(os.path.join(simple, name, page))
                yield f"{SIMPLE}/{name}/{page}"
        if not _names(os.path.join(simple, name)):
            os.rmdir(os.path.join(simple, name))
