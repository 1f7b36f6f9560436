"""Index: where wheels and their attestations come from; simple pages (PEP 503, 691) and PEP 740's integrity API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.pages.filename import parse_filename
from variantkit.index.pages.page import File
from variantkit.index.upstream import open_upstream
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit.trust.versions import same_version
from variantkit.variants.grammar import normalized_name
from variantkit_allowlist.provenance.evidence import Evidence, WheelFile, gather_evidence, wheel_of
from variantkit_allowlist.provenance.material import CAP, MaterialError, read_material

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from variantkit.index.upstream.directory_upstream import DirectoryUpstream
    from variantkit.index.upstream.http_upstream import HttpUpstream

SECONDS = 120
VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
"""Where installers are told their index, by which one is chosen when none is given."""


class Index:
    """One index, on the network or in a directory. A context manager; all it says is still to be verified."""

    def __init__(self, location: str, environ: Mapping[str, str]) -> None:
        from variantkit.index.upstream.connections import HttpOptions

        self._upstream: HttpUpstream | DirectoryUpstream = open_upstream(location, options=HttpOptions(environ=environ))
        self.url = self._upstream.url

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._upstream.close()

    def wheel(self, name: str, version: str) -> tuple[WheelFile, File]:
        """Fetch the one wheel of a release; raises InputError when there is none, or more than one."""
        page = self._upstream.page(name)
        files = [file for file in (page.files if page else ()) if _is_wheel(file.filename, name, version)]
        if len(files) != 1:
            found = ", ".join(file.filename for file in files[:5]) or "none"
            raise InputError(f"{name}=={version} at {self.url}: expected one wheel, found {found}")
        data = self._upstream.read(files[0], cap=MAX_WHEEL_BYTES)
        return wheel_of(data, files[0].filename), files[0]

    def file(self, wheel: WheelFile) -> File | None:
        """What the index lists under a wheel's name."""
        page = self._upstream.page(wheel.package)
        return next((file for file in (page.files if page else ()) if file.filename == wheel.filename), None)

    def evidence(self, wheel: WheelFile, file: File) -> Evidence:
        """The attestations that the index serves for a file: where its page says, else where the integrity API is."""
        if file.url.startswith("file:"):
            from variantkit.index.upstream.directory_upstream import path_of_url

            return gather_evidence(path_of_url(file.url))
        url = file.provenance or self._integrity_url(wheel)
        try:
            data = self._read(url, file.filename) if url else None
            return Evidence() if data is None else Evidence(read_material(data, f"the provenance at {self.url}"))
        except MaterialError as error:
            return Evidence(problem=str(error))

    def _integrity_url(self, wheel: WheelFile) -> str | None:
        """PEP 740's address beside an index whose pages are below /simple/; no other index has one that we can know."""
        base = self.url.rstrip("/")
        if not base.endswith("/simple"):
            return None
        parts = (wheel.package, wheel.version, wheel.filename, "provenance")
        return "/".join([base.removesuffix("/simple"), "integrity", *(quote(part, safe="") for part in parts)])

    def _read(self, url: str, filename: str) -> bytes | None:
        """What is at an address; None when there is nothing."""
        secure = ("https://",) if self.url.startswith("https:") else ("https://", "http://")
        if not url.startswith(secure):  # PEP 740: a whole URL, and no less secure than the page that names it
            raise MaterialError(
                f"{filename} at {self.url}: expected provenance at an https URL, found {ascii(url)[:200]}"
            )
        until = time.monotonic() + SECONDS
        with self._upstream.stream(File(filename, url)) as answer:
            if answer.status in {404, 410}:
                return None
            if answer.status != 200:
                raise UndeterminedError(f"the provenance of {filename} at {self.url}: found status {answer.status}")
            data = bytearray()
            while len(data) <= CAP and (chunk := answer.read()):
                data += chunk
                if time.monotonic() > until:
                    raise UndeterminedError(f"the provenance of {filename} at {self.url}: took too long; try again")
        return bytes(data)


def configured_index(environ: Mapping[str, str]) -> str:
    """The index that the environment names; raises InputError when it names none, as there is no default one."""
    found = next((environ[name] for name in VARIABLES if environ.get(name)), None)
    if found is None:
        raise InputError(f"NAME==VERSION needs an index: give --index-url URL, or set {' or '.join(VARIABLES)}")
    return found


def parse_release(text: str) -> tuple[str, str]:
    """Read NAME==VERSION; raises InputError for anything else."""
    from packaging.version import InvalidVersion, Version

    name, mark, version = (part.strip() for part in text.partition("=="))
    try:
        canonical = str(Version(version))
    except InvalidVersion:
        canonical = ""
    plain = name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()
    if not (mark and canonical and plain):
        raise InputError(f"{text!a}: expected the path of a wheel, or NAME==VERSION")
    return normalized_name(name), canonical


def _is_wheel(filename: str, name: str, version: str) -> bool:
    read = parse_filename(filename, name)
    return read is not None and read.kind == "wheel" and same_version(read.version, version)
