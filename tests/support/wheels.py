"""Wheels for tests: canonical ones by default, so that a test spoils exactly what it is about."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EPOCH = (2020, 2, 2, 0, 0, 0)


def write_zip(path: str, members: Mapping[str, bytes]) -> str:
    """Write a deflated zip without extra fields, comments or data descriptors."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def record_line(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def make_wheel(
    directory: str | os.PathLike[str],
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    build: str = "",
    label: str | None = None,
    variant: Mapping[str, object] | None = None,
    files: Mapping[str, str | bytes] | None = None,
    requires: Sequence[str] = (),
    requires_python: str | None = None,
) -> str:
    """Write a wheel and return its path; `label` and `variant` (the variant.json object) make it a variant wheel."""
    distribution = name.replace("-", "_")
    info = f"{distribution}-{version}.dist-info"
    default = {f"{distribution}/__init__.py": f"LABEL = {label!r}\n"}
    members = {path: data.encode() if isinstance(data, str) else data for path, data in (files or default).items()}
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Python: {requires_python}\n"] if requires_python else []
    metadata += [f"Requires-Dist: {requirement}\n" for requirement in requires]
    members[f"{info}/METADATA"] = "".join(metadata).encode()
    build_line = f"Build: {build}\n" if build else ""
    members[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n{build_line}Tag: {tag}\n".encode()
    )
    if variant is not None:
        members[f"{info}/variant.json"] = json.dumps(variant, indent=2).encode()
    record = "".join(record_line(path, data) for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    parts = [distribution, version, *([build] if build else []), tag, *([label] if label else [])]
    return write_zip(os.path.join(directory, "-".join(parts) + ".whl"), members)
