"""Fetch the machines and attestations in other projects' test data: `python tests/corpora/fetch.py DIRECTORY`.

The source distributions that `sdists.txt` names come from the indexes that this Python's pip is set up with, are held
against their sha256, and are read, never built: pip itself would run their build backends. Then set
VARIANTKIT_CORPORA=DIRECTORY for the tests.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.install.pip_settings import pip_settings
from variantkit.index.pages.filename import parse_filename
from variantkit.index.upstream import open_upstream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from variantkit.index.install.settings import IndexSettings
    from variantkit.index.upstream import Upstream

LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdists.txt")
MAX_BYTES = 16 << 20
# Project -> (folder of its source distribution, folder of the result): machines, tables to compare with, attestations.
TAKEN = {
    "archspec": (("archspec/json/tests/targets", "archspec"), ("archspec/json/cpu", "archspec-tables")),
    "py-cpuinfo": (("tests", "py-cpuinfo"),),
    "pypi-attestations": (("test/assets", "pypi-attestations"),),
}


class Pin(NamedTuple):
    """One line of the list."""

    project: str
    version: str
    sha256: str


def read_pins(path: str = LIST) -> list[Pin]:
    """The lines `name==version --hash=sha256:…`."""
    with open(path, encoding="utf-8") as stream:
        lines = [line for line in stream.read().splitlines() if line and not line.startswith("#")]
    pins = []
    for line in lines:
        name, _, rest = line.partition("==")
        version, _, digest = rest.partition(" --hash=sha256:")
        pins.append(Pin(name.strip(), version.strip(), digest.strip()))
    return pins


def read_sdist(pin: Pin, upstreams: Iterable[Upstream]) -> bytes:
    """The bytes of the one file with the pinned hash; LookupError when no index has it."""
    for upstream in upstreams:
        page = upstream.page(pin.project)
        for file in page.files if page else ():
            parsed = parse_filename(file.filename, pin.project)
            if not file.filename.endswith(".tar.gz") or parsed is None or parsed.version != pin.version:
                continue
            if file.hashes.get("sha256", pin.sha256) != pin.sha256:
                continue
            data = upstream.read(file, cap=MAX_BYTES)
            if hashlib.sha256(data).hexdigest() == pin.sha256:
                return data
    raise LookupError(f"{pin.project} {pin.version}: no index that pip is set up with has the file of the pinned hash")


def open_indexes(settings: IndexSettings) -> Iterator[Upstream]:
    """The indexes that pip would ask, in its order, then its folders of files."""
    options = settings.http_options(os.environ)._replace(forbidden_is_absent=True)
    indexes = () if settings.no_index else (settings.index_url, *settings.extra_index_urls)
    folders = tuple(place for place in settings.find_links if os.path.isdir(place))
    for location in dict.fromkeys((*folders, *indexes)):
        with closing(open_upstream(location, options=options)) as upstream:
            yield upstream


def unpack(data: bytes, source: str, directory: str) -> int:
    """Write the regular files directly in folder `source`, and return how many there were."""
    os.makedirs(directory, exist_ok=True)
    count = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            folder, _, name = member.name.partition("/")[2].rpartition("/")
            stream = archive.extractfile(member) if folder == source and member.isfile() else None
            if stream is not None and not name.startswith("."):
                with open(os.path.join(directory, name), "wb") as out:
                    out.write(stream.read(MAX_BYTES))
                count += 1
    return count


def main() -> int:
    """Fetch all; 1 with a sentence when one cannot be had."""
    if len(sys.argv) != 2:
        print("usage: python tests/corpora/fetch.py DIRECTORY", file=sys.stderr)
        return 2
    try:
        settings = pip_settings(sys.executable, os.environ, os.getcwd())
        for pin in read_pins():
            data = read_sdist(pin, open_indexes(settings))
            counts = [unpack(data, source, os.path.join(sys.argv[1], folder)) for source, folder in TAKEN[pin.project]]
            print(f"{pin.project} {pin.version}: {sum(counts)} files")
    except (LookupError, InputError, UndeterminedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
