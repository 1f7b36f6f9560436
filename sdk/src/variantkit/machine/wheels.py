"""Provider wheels: where the bytes of an approved provider come from."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple, Protocol

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from variantkit.trust.approved import Entry

MAX_WHEEL_BYTES = 16 << 20


class Offer(NamedTuple):
    """A file that claims to be the wanted provider; nothing of it is believed before its hash is.

    `sha256` is None for a local file, else what its index says, "" when it says nothing; `index_url` is that index.
    `read` fetches the bytes.
    """

    filename: str
    where: str
    read: Callable[[], bytes]
    index_url: str | None = None
    sha256: str | None = None


class WheelSource(Protocol):
    """A place that may hold provider wheels."""

    def offers(self, entry: Entry) -> Iterator[Offer]:
        """Yield the files that bear the package name and version of `entry`."""
        ...


class WheelDirectory:
    """A directory of provider wheels: the bundle inside the SDK, or `--provider-wheels DIR`."""

    def __init__(self, path: str) -> None:
        self.path = path

    def offers(self, entry: Entry) -> Iterator[Offer]:
        try:
            names = sorted(os.listdir(self.path))
        except OSError as error:
            raise InputError(
                f"{self.path}: expected a directory of provider wheels, found: {error.strerror or error}"
            ) from None
        for name in names:
            if is_wheel_of(name, entry):
                path = os.path.join(self.path, name)
                yield Offer(name, path, lambda path=path: read_wheel(path))  # type: ignore[misc]


def read_wheel(path: str) -> bytes:
    """Read a provider wheel; raise InputError when it cannot be read or is larger than 16 MiB."""
    # Without O_NONBLOCK, a named pipe that somebody laid there would be waited for without end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise InputError(f"{path}: expected a provider wheel, found no regular file")
            data = stream.read(MAX_WHEEL_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot read this provider wheel: {error.strerror or error}") from None
    if len(data) > MAX_WHEEL_BYTES:
        raise InputError(f"{path}: a provider wheel of more than {MAX_WHEEL_BYTES >> 20} MiB is not read")
    return data


def is_wheel_of(filename: str, entry: Entry) -> bool:
    """Whether a file bears the package name and version of an approved provider."""
    parts = filename.split("-")
    if not filename.endswith(".whl") or len(parts) < 5:
        return False
    name = parts[0].lower().replace("_", "-").replace(".", "-")
    return name == entry.package and _same_version(parts[1], entry.version)


def _same_version(left: str, right: str) -> bool:
    if left == right:
        return True
    from packaging.version import InvalidVersion, Version

    try:
        return Version(left) == Version(right)
    except InvalidVersion:
        return False
