"""What an index says of a file, found out from the file itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import IO, TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.upstream import CHUNK, Stream
from variantkit.index.upstream.member import read_member

if TYPE_CHECKING:
    from variantkit.index.upstream.directory import Directory

_METADATA_CAP = 4 << 20
_one_range = re.compile(r"bytes=(\d{0,18})-(\d{0,18})").fullmatch

Stamp = tuple[str, int, int, int]


class FileDigests:
    """The sha256 of files, computed when first asked for, and again when a file changed."""

    def __init__(self) -> None:
        self._known: dict[Stamp, str] = {}
        self._lock = Lock()

    def of(self, tree: Directory, path: str) -> Mapping[str, str]:
        """A mapping with the key sha256, whose value is computed on access."""
        return _LazyDigest(self, tree, path)

    def sha256(self, tree: Directory, path: str) -> str:
        """The digest of the file as it is now."""
        import hashlib

        with tree.open(path) as stream:
            found = os.fstat(stream.fileno())
            stamp = (path, found.st_size, found.st_mtime_ns, found.st_ino)
            with self._lock:
                known = self._known.get(stamp)
            if known is None:
                digest = hashlib.sha256()
                while chunk := stream.read(CHUNK * 16):
                    digest.update(chunk)
                known = digest.hexdigest()
                with self._lock:
                    self._known[stamp] = known
        return known


class _LazyDigest(Mapping[str, str]):
    """`{"sha256": …}`: a page of large wheels that nobody asks the digests of costs no reading."""

    def __init__(self, digests: FileDigests, tree: Directory, path: str) -> None:
        self._digests = digests
        self._tree = tree
        self._path = path

    def __getitem__(self, key: str) -> str:
        if key != "sha256":
            raise KeyError(key)
        return self._digests.sha256(self._tree, self._path)

    def __iter__(self) -> Iterator[str]:
        return iter(("sha256",))

    def __len__(self) -> int:
        return 1

    def __contains__(self, key: object) -> bool:
        return key == "sha256"


def load_requires_python(wheel: IO[bytes]) -> str | None:
    """The Requires-Python of a wheel's METADATA; None without one, and for a wheel that cannot be read."""
    from email.parser import BytesHeaderParser

    try:
        metadata = read_member(wheel, ".dist-info/METADATA", _METADATA_CAP, "wheel")
    except InputError:
        return None  # whoever needs the wheel says what is wrong with it
    return BytesHeaderParser().parsebytes(metadata)["Requires-Python"] if metadata is not None else None


def stream_file(file: IO[bytes], headers: Mapping[str, str]) -> Stream:
    """An open file as an answer: one range and If-None-Match are honoured, as a server of files does."""
    found = os.fstat(file.fileno())
    etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    asked = {name.lower(): value for name, value in headers.items()}
    about = {"etag": etag, "accept-ranges": "bytes", "content-type": "application/octet-stream"}
    if etag in asked.get("if-none-match", ""):
        file.close()
        return Stream(304, about, lambda _: b"", _nothing)
    wanted = _range(asked.get("range", ""), found.st_size)
    start, end = wanted or (0, found.st_size)
    if wanted and start >= end:
        file.close()
        return Stream(416, {**about, "content-range": f"bytes */{found.st_size}"}, lambda _: b"", _nothing)
    file.seek(start)
    about["content-length"] = str(end - start)
    if wanted:
        about["content-range"] = f"bytes {start}-{end - 1}/{found.st_size}"
    left = end - start

    def read(amount: int) -> bytes:
        nonlocal left
        chunk = file.read(min(amount, left))
        if left and not chunk:
            raise UndeterminedError(f"{file.name}: became shorter while it was read; try again")
        left -= len(chunk)
        return chunk

    return Stream(206 if wanted else 200, about, read, file.close)


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) of a Range header with one range; None for any other, which is passed over."""
    matched = _one_range(text.replace(" ", ""))
    if not matched or matched.group(0) == "bytes=-":
        return None
    first, last = matched.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def _nothing() -> None:
    return None
