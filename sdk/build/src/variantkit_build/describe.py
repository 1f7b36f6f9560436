"""The bill of materials of a finished wheel, for its release: what it is, requires, vendors and bundles."""

from __future__ import annotations

import email.parser
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from variantkit_build.errors import VendorError
from variantkit_build.sbom import document, library, purl

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def describe_wheel(path: str) -> str:
    """Return the CycloneDX document of the wheel at `path`; the same wheel gives the same bytes."""
    try:
        with open(path, "rb") as stream:
            subject, parts = _describe(stream.read())
    except (OSError, zipfile.BadZipFile) as error:
        raise VendorError(f"{path}: not a readable wheel: {error}") from None
    return json.dumps(document(subject, parts), indent=2) + "\n"


def _describe(data: bytes) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the component that a wheel is, and those that it requires, vendors or bundles."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    message = email.parser.HeaderParser().parsestr(_metadata(members).decode("utf-8", "replace"))
    name = re.sub(r"[-_.]+", "-", str(message["Name"])).lower()
    subject = library(name, str(message["Version"]), str(message["License-Expression"] or ""))
    subject["hashes"] = [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]
    parts = [part for text in _embedded(members) for part in json.loads(text)["components"]]
    parts += [_bundled(content) for member, content in members.items() if member.endswith(".whl")]
    required = [_required(line) for line in message.get_all("Requires-Dist") or ()]
    # One name may be required twice, under two markers; references are unique in a document.
    parts += {part["bom-ref"]: part for part in reversed(required)}.values()
    return subject, parts


def _metadata(members: Mapping[str, bytes]) -> bytes:
    found = [name for name in members if name.count("/") == 1 and name.endswith(".dist-info/METADATA")]
    if len(found) != 1:
        raise VendorError(f"expected one .dist-info/METADATA, found {len(found)}")
    return members[found[0]]


def _embedded(members: Mapping[str, bytes]) -> list[bytes]:
    return [data for name, data in members.items() if ".dist-info/sboms/" in name and name.endswith(".cdx.json")]


def _bundled(data: bytes) -> dict[str, Any]:
    component, parts = _describe(data)
    # Two bundled wheels may vendor the same package, each its own copy: references are unique in a document.
    inner = [{**part, "bom-ref": f"{component['bom-ref']}#{part['name']}"} for part in parts]
    return {**component, "components": inner} if inner else component


def _required(line: str) -> dict[str, Any]:
    """Return a requirement as a component without a version, which the installer chooses."""
    matched = _NAME.match(line)
    name = re.sub(r"[-_.]+", "-", matched[0] if matched else line).lower()
    return {
        "type": "library",
        "bom-ref": purl(name),
        "name": name,
        "purl": purl(name),
        "scope": "optional" if "extra ==" in line else "required",
        "properties": [{"name": "variantkit:requires-dist", "value": line}],
    }
