"""The bill of materials of a wheel that vendors: CycloneDX 1.6 under `.dist-info/sboms/` (PEP 770).

No time and no random number: the same lock gives the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from variantkit_build.version import __version__

if TYPE_CHECKING:
    from variantkit_build.lock import LockedFile, LockedPackage, VendorLock

FILE_NAME = "variantkit-build.cdx.json"


def render_sbom(name: str, version: str, license_expression: str, lock: VendorLock) -> str:
    """Describe the distribution `name` and what it vendors."""
    subject = _library(name, version, license_expression)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "variantkit-build", "version": __version__}]},
            "component": subject,
        },
        "components": [_component(package) for package in sorted(lock.packages)],
        "dependencies": [
            {"ref": subject["bom-ref"], "dependsOn": [_purl(p.name, p.version) for p in sorted(lock.packages)]},
            *({"ref": _purl(package.name, package.version)} for package in sorted(lock.packages)),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _component(package: LockedPackage) -> dict[str, Any]:
    how = f"by the function {package.transform} of vendoring.py" if package.transform else "with relative imports"
    return {
        **_library(package.name, package.version, package.license),
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": [{"name": "variantkit:wheel", "value": package.wheel}],
        "pedigree": {"notes": f"These files of {package.wheel} were vendored {how}; the nested components are them."},
        "components": [_file(file) for file in sorted(package.outputs)],
    }


def _library(name: str, version: str, license_expression: str) -> dict[str, Any]:
    library: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(name, version),
        "name": name,
        "version": version,
        "purl": _purl(name, version),
    }
    if license_expression:
        library["licenses"] = [{"expression": license_expression}]
    return library


def _file(file: LockedFile) -> dict[str, Any]:
    return {
        "type": "file",
        "name": f"_vendor/{file.path}",
        "hashes": [{"alg": "SHA-256", "content": file.sha256}],
    }


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"
