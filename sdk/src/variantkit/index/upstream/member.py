"""One member of a wheel, read from any file object without reading the rest."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from variantkit.errors import InputError

if TYPE_CHECKING:
    import zipfile


def read_member(wheel: IO[bytes], name_suffix: str, cap: int, where: str) -> bytes | None:
    """The member directly in a top-level folder whose path ends with `name_suffix`; None when there is none.

    InputError when the wheel is no zip, when more than one member fits, or when it is over `cap` bytes.
    """
    import struct
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [info for info in archive.infolist() if _fits(info.filename, name_suffix)]
            if not found:
                return None
            if len(found) > 1:
                names = ", ".join(repr(info.filename) for info in found[:3])
                raise InputError(f"{where}: expected one member *{name_suffix}, found {len(found)}: {names}")
            return _read_capped(archive, found[0], cap, where)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as error:
        raise InputError(f"{where}: expected a wheel, found a zip that cannot be read ({error})") from error


def _fits(name: str, name_suffix: str) -> bool:
    return name.endswith(name_suffix) and name.count("/") == max(1, name_suffix.count("/"))


def _read_capped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, cap: int, where: str) -> bytes:
    with archive.open(info) as stream:
        data = stream.read(cap + 1)
    if len(data) > cap:
        raise InputError(f"{where}: expected {info.filename} to be at most {cap} bytes, found more")
    return data
