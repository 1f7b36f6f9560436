"""Wheels that mean harm: zip files that two readers read differently, and providers that leave a trace if they run."""

from __future__ import annotations

import importlib.util
import marshal
import struct
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

from support.wheels import make_wheel, record_line

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

BENIGN = b"WHO = 'benign'\n"
EVIL = b"WHO = 'EVIL'\n#############\n"
INFO = "prov-1.0.dist-info"


def sentinel_provider(
    directory: str | os.PathLike[str],
    package: str,
    version: str,
    sentinel_path: str | os.PathLike[str],
    *,
    module: str | None = None,
    feature: str = "level",
    values: Sequence[str] = ("v1",),
    files: Mapping[str, str] | None = None,
) -> str:
    """Write a canonical provider wheel and return its path.

    Importing it, and each call, appends a line to the file at `sentinel_path`; it answers `feature` with `values`.
    `module` is its import name, by default the package's; `files` are further members.
    """
    name = module or package.replace("-", "_")
    source = f"""
class Feature:
    def __init__(self):
        self.name, self.values, self.multi_value = {feature!r}, {list(values)!r}, False


def _leave_trace(what):
    with open({str(sentinel_path)!r}, "a") as stream:
        stream.write(what + "\\n")


def get_all_configs():
    _leave_trace("get_all_configs")
    return [Feature()]


def get_supported_configs():
    _leave_trace("get_supported_configs")
    return [Feature()]


_leave_trace("import")
"""
    return make_wheel(directory, package, version, files={f"{name}/__init__.py": source, **(files or {})})


class Raw(NamedTuple):
    """One member as it will be written: `local` and `central` replace fields of the one header alone."""

    name: bytes
    content: bytes
    method: int = 8
    packed: bytes | None = None
    mode: int = 0o100644
    both: Mapping[str, int] = {}
    local: Mapping[str, int | bytes] = {}
    central: Mapping[str, int | bytes] = {}
    behind: bytes = b""


def raw_zip(
    members: Sequence[Raw],
    *,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    before_end: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    end: Mapping[str, int] | None = None,
    order: Callable[[list[bytes]], list[bytes]] = lambda headers: headers,
) -> bytes:
    """Write a zip file, lies included."""
    body, headers = prefix, []
    for member in members:
        fields = _fields(member)
        local = {**fields, **member.local}
        headers.append(_central({**fields, "offset": len(body), **member.central}))
        body += _local(local) + _packed(member) + member.behind
    body += before_directory
    listed = order(headers)
    directory = b"".join(listed)
    values = {"count": len(listed), "here": len(listed), "size": len(directory), "offset": len(body), **(end or {})}
    record = struct.pack(
        "<4s4H2IH",
        b"PK\x05\x06",
        0,
        0,
        values["here"],
        values["count"],
        values["size"],
        values["offset"],
        len(comment),
    )
    return body + directory + before_end + record + comment + suffix


def _packed(member: Raw) -> bytes:
    if member.packed is not None:
        return member.packed
    return deflate(member.content) if member.method == 8 else member.content


def deflate(content: bytes) -> bytes:
    compress = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compress.compress(content) + compress.flush()


def _fields(member: Raw) -> dict[str, int | bytes]:
    fields: dict[str, int | bytes] = {
        "made": 20,
        "system": 3,
        "needed": 20,
        "flags": 0,
        "method": member.method,
        "time": 0,
        "date": (40 << 9) | (2 << 5) | 2,
        "crc": zlib.crc32(member.content),
        "packed": len(_packed(member)),
        "size": len(member.content),
        "name": member.name,
        "extra": b"",
        "comment": b"",
        "internal": 0,
        "external": member.mode << 16,
    }
    return {**fields, **member.both}


def _local(fields: Mapping[str, int | bytes]) -> bytes:
    name, extra = fields["name"], fields["extra"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    numbers = [fields[key] for key in ("needed", "flags", "method", "time", "date", "crc", "packed", "size")]
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", *numbers, len(name), len(extra)) + name + extra


def _central(fields: Mapping[str, int | bytes]) -> bytes:
    name, extra, comment = fields["name"], fields["extra"], fields["comment"]
    assert isinstance(name, bytes)
    assert isinstance(extra, bytes)
    assert isinstance(comment, bytes)
    keys = ("made", "system", "needed", "flags", "method", "time", "date", "crc", "packed", "size")
    numbers = [fields[key] for key in keys]
    lengths = (len(name), len(extra), len(comment))
    tail = (0, fields["internal"], fields["external"], fields["offset"])
    return struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", *numbers, *lengths, *tail) + name + extra + comment


def info_members() -> list[Raw]:
    """The three files that make a zip a wheel."""
    files = {
        f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: prov\nVersion: 1.0\n",
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(record_line(name, data) for name, data in files.items()) + f"{INFO}/RECORD,,\n"
    return [Raw(name.encode(), data) for name, data in {**files, f"{INFO}/RECORD": record.encode()}.items()]


def wheel(*members: Raw, **lies: object) -> bytes:
    """A wheel of these members and its metadata; `lies` are those of `raw_zip`."""
    return raw_zip([*members, *info_members()], **lies)  # type: ignore[arg-type]


def benign_wheel() -> bytes:
    """The wheel that every hostile one is a variation of: canonical."""
    return wheel(Raw(b"prov.py", BENIGN), Raw(b"data/table.txt", b"1 2 3\n", method=0))


def _compiled(flags: int, first: int = 0, second: int = 0) -> bytes:
    code = marshal.dumps(compile(EVIL, "prov.py", "exec"))
    return importlib.util.MAGIC_NUMBER + struct.pack("<3I", flags, first, second) + code


def _zip64(directory_offset: int, directory_size: int, count: int, at: int) -> bytes:
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, directory_size, directory_offset)
    return record + struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)


def _two_directories() -> bytes:
    """A ZIP64 record that leads to the benign directory, and an end record that leads to the evil one."""
    benign, evil = raw_zip([Raw(b"prov.py", BENIGN), *info_members()]), raw_zip([Raw(b"prov.py", EVIL)])
    first = benign[:-22]
    benign_directory = struct.unpack("<I", benign[-6:-2])[0]
    evil_directory = struct.unpack("<I", evil[-6:-2])[0]
    second = evil[:evil_directory]
    header = bytearray(evil[evil_directory:-22])
    header[42:46] = struct.pack("<I", len(first))
    body = first + second + header
    record = _zip64(benign_directory, len(first) - benign_directory, 4, len(body))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(header), len(first) + len(second), 0)
    return body + record + end


def _unicode_path(name: bytes, other: bytes) -> bytes:
    content = struct.pack("<BI", 1, zlib.crc32(name)) + other
    return struct.pack("<2H", 0x7075, len(content)) + content


_BENIGN = Raw(b"prov.py", BENIGN)
_BOMB = bytes(80 << 20)


def hostile_wheels() -> dict[str, bytes]:
    """Every hostile zip by what is wrong with it; each must be refused, on every Python."""
    return {**_ambiguous(), **_compiled_code(), **_names(), **_headers(), **_records()}


def _ambiguous() -> dict[str, bytes]:
    """Files whose content depends on the reader."""
    longer = BENIGN + EVIL
    crc = {"crc": zlib.crc32(BENIGN), "size": len(BENIGN)}
    stored = {**crc, "packed": len(longer)}
    nul = [Raw(b"prov.py", EVIL), Raw(b"prov.py\0x", BENIGN)]
    swapped = [
        Raw(b"prov.py", EVIL, central={"extra": _unicode_path(b"prov.py", b"evil.py")}),
        Raw(b"good.py", BENIGN, central={"extra": _unicode_path(b"good.py", b"prov.py")}),
    ]
    return {
        "deflate stream longer than declared": wheel(Raw(b"prov.py", BENIGN, packed=deflate(longer))),
        "deflate stream shorter than declared": wheel(Raw(b"prov.py", BENIGN, both={"size": len(BENIGN) + 1})),
        "bytes behind the deflate stream": wheel(Raw(b"prov.py", BENIGN, packed=deflate(BENIGN) + EVIL)),
        "deflate stream without its end": wheel(Raw(b"prov.py", BENIGN, packed=deflate(BENIGN)[:-1])),
        "stored, compressed size larger than size": wheel(Raw(b"prov.py", longer, method=0, both=stored)),
        "name cut at a NUL": wheel(*nul),
        "unicode path field swaps names": wheel(*swapped),
        "zip64 record and end record lead to two directories": _two_directories(),
        "duplicate name": wheel(_BENIGN, Raw(b"prov.py", EVIL)),
        "two members share one local header": wheel(
            _BENIGN, Raw(b"prov2.py", BENIGN), order=lambda headers: [headers[0], headers[0], *headers[2:]]
        ),
        "module and package of one name": wheel(_BENIGN, Raw(b"prov/__init__.py", EVIL)),
        "module and folder of one name": wheel(_BENIGN, Raw(b"prov/data.txt", EVIL)),
        "file and folder of one name": wheel(_BENIGN, Raw(b"table", b""), Raw(b"table/x.txt", b"")),
        "names that differ in case": wheel(_BENIGN, Raw(b"Prov.py", EVIL)),
        "folders that differ in case": wheel(Raw(b"prov/__init__.py", BENIGN), Raw(b"Prov/x.py", EVIL)),
    }


def _compiled_code() -> dict[str, bytes]:
    moment = int(time.mktime((2020, 2, 2, 0, 0, 0, 0, 0, -1)))
    right, wrong = _compiled(0, moment, len(BENIGN)), _compiled(0, 1, 1)
    native = {
        f"native code named {name}": wheel(_BENIGN, Raw(name.encode(), b"x"))
        for name in ("prov.so", "prov.abi3.so", "lib.so.1", "prov.pyd", "a.dll", "a.dylib", "a.exe", "X.DLL", "a.pth")
    }
    magics = {
        "ELF": b"\x7fELF\x02\x01\x01",
        "PE": b"MZ\x90\0",
        "Mach-O": b"\xcf\xfa\xed\xfe\x07",
        "fat Mach-O": b"\xca\xfe\xba\xbe\0\0",
        "static library": b"!<arch>\n/",
    }
    hidden = {
        f"{kind} named table.txt": wheel(_BENIGN, Raw(b"data/table.txt", magic + bytes(60)))
        for kind, magic in magics.items()
    }
    return {
        "pyc with unchecked hash": wheel(_BENIGN, Raw(b"prov.pyc", _compiled(1))),
        "pyc with the source's timestamp": wheel(_BENIGN, Raw(b"prov.pyc", right)),
        "pyc with another timestamp": wheel(_BENIGN, Raw(b"prov.pyc", wrong)),
        "pyc alone": wheel(Raw(b"prov.pyc", _compiled(1))),
        "pyc in __pycache__": wheel(_BENIGN, Raw(b"__pycache__/prov.cpython-311.pyc", _compiled(1))),
        "source in __pycache__": wheel(_BENIGN, Raw(b"__pycache__/prov.py", BENIGN)),
        **native,
        **hidden,
    }


def _names() -> dict[str, bytes]:
    shadows = ("colorsys.py", "ctypes/__init__.py", "OS.py", "tomllib/__init__.py", "distutils/x.py", "_zstd.py")
    paths = ("../prov.py", "a/../prov.py", "./prov.py", "/prov.py", "a//prov.py", "a\\prov.py", "c:prov.py", "x/")
    odd = ("prov.py.", "prov.py ", "prov\n.py", "prov\x1b[2J.py", "prov\x7f.py")
    named = {
        f"{what} {name!a}": wheel(_BENIGN, Raw(name.encode(), b""))
        for what, names in (("shadow", shadows), ("path", paths), ("name", odd))
        for name in names
    }
    return {
        **named,
        "name beyond ASCII": wheel(_BENIGN, Raw("provı.py".encode(), b"", both={"flags": 0x800})),
        "name beyond ASCII, flag unset": wheel(_BENIGN, Raw("provı.py".encode(), b"")),
        "empty name": wheel(_BENIGN, Raw(b"", b"")),
        "data folder": wheel(_BENIGN, Raw(b"prov-1.0.data/scripts/x", b"")),
        "egg-info folder": wheel(_BENIGN, Raw(b"prov.egg-info/PKG-INFO", b"")),
        "two dist-info folders": wheel(_BENIGN, Raw(b"other-1.0.dist-info/METADATA", b"")),
        "no dist-info folder": raw_zip([_BENIGN]),
        "no RECORD": raw_zip([_BENIGN, *info_members()[:2]]),
    }


def _headers() -> dict[str, bytes]:
    zip64 = struct.pack("<2H2Q", 1, 16, len(BENIGN), len(deflate(BENIGN)))
    lies: dict[str, Raw] = {
        "local name differs": Raw(b"good.py", EVIL, central={"name": b"prov.py"}),
        "local size differs": Raw(b"prov.py", BENIGN, local={"size": 3}),
        "local compressed size differs": Raw(b"prov.py", BENIGN, local={"packed": 3}),
        "local CRC differs": Raw(b"prov.py", BENIGN, local={"crc": 3}),
        "local method differs": Raw(b"prov.py", BENIGN, local={"method": 0}),
        "local flags differ": Raw(b"prov.py", BENIGN, local={"flags": 1}),
        "local time differs": Raw(b"prov.py", BENIGN, local={"time": 1}),
        "local extra field": Raw(b"prov.py", BENIGN, local={"extra": b"UT\x01\0x"}),
        "extra field": Raw(b"prov.py", BENIGN, central={"extra": b"UT\x01\0x"}),
        "member comment": Raw(b"prov.py", BENIGN, central={"comment": b"x"}),
        "wrong CRC": Raw(b"prov.py", EVIL, both={"crc": zlib.crc32(BENIGN)}),
        "encrypted": Raw(b"prov.py", BENIGN, both={"flags": 1}),
        "data descriptor": Raw(
            b"prov.py",
            BENIGN,
            both={"flags": 8},
            behind=b"PK\x07\x08" + struct.pack("<3I", zlib.crc32(BENIGN), len(deflate(BENIGN)), len(BENIGN)),
        ),
        "utf-8 flag": Raw(b"prov.py", BENIGN, both={"flags": 0x800}),
        "zip64 sizes": Raw(
            b"prov.py",
            BENIGN,
            local={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": zip64},
            central={"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF, "extra": zip64},
        ),
        "needs version 45": Raw(b"prov.py", BENIGN, both={"needed": 45}),
        "bzip2": Raw(b"prov.py", BENIGN, both={"method": 12}),
        "symbolic link": Raw(b"prov.py", b"/etc/passwd", mode=0o120777),
        "device": Raw(b"prov.py", BENIGN, mode=0o020644),
        "setuid": Raw(b"prov.py", BENIGN, mode=0o104755),
        "folder bit": Raw(b"prov.py", BENIGN, both={"external": 0x10}),
        "made on an odd system": Raw(b"prov.py", BENIGN, both={"system": 7}),
        "bytes between members": Raw(b"prov.py", BENIGN, behind=EVIL),
        "bomb": Raw(b"prov.py", _BOMB),
        "bomb that declares little": Raw(b"prov.py", b"", packed=deflate(_BOMB)),
    }
    return {what: wheel(member) for what, member in lies.items()}


def _records() -> dict[str, bytes]:
    benign, evil = benign_wheel(), wheel(Raw(b"prov.py", EVIL))
    return {
        "end record counts one of four": wheel(_BENIGN, end={"count": 1, "here": 1}),
        "end record counts disks": wheel(_BENIGN, end={"here": 1}),
        "end record counts one too many": wheel(_BENIGN, end={"count": 5, "here": 5}),
        "end record's offset is wrong": wheel(_BENIGN, end={"offset": 10}),
        "end record's size is wrong": wheel(_BENIGN, end={"size": 10}),
        "two zips, one behind the other": evil + benign,
        "another zip in the comment": wheel(_BENIGN, comment=evil),
        "end record in the comment": wheel(_BENIGN, comment=evil[-22:]),
        "archive comment": wheel(_BENIGN, comment=b"x"),
        "prefix": b"#!/bin/sh\n" + benign,
        "prefix, offsets corrected": wheel(_BENIGN, prefix=b"#!/bin/sh\n"),
        "bytes behind the end": benign + b"\n",
        "bytes before the directory": wheel(_BENIGN, before_directory=b"x"),
        "bytes before the end record": wheel(_BENIGN, before_end=b"x"),
        "directory in another order": wheel(_BENIGN, order=lambda headers: headers[::-1]),
        "hidden member": wheel(_BENIGN, Raw(b"evil.py", EVIL), order=lambda headers: [headers[0], *headers[2:]]),
        "cut off": benign[:-30],
        "empty": b"",
        "no zip": b"not a zip file, but longer than an end record",
        "no members": raw_zip([]),
    }
