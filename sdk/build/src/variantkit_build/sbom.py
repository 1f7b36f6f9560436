"""Bills of materials in CycloneDX 1.6: the one that a wheel carries below `.dist-info/sboms/` (PEP 770).

No time and no random number: the same lock gives the same bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from variantkit_build.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit_build.lock import LockedFile, LockedPackage, VendorLock

FILE_NAME = "variantkit-build.cdx.json"


def render_sbom(name: str, version: str, license_expression: str, lock: VendorLock) -> str:
    """Describe the distribution `name` and what it vendors."""
    parts = [_component(package) for package in sorted(lock.packages)]
    return json.dumps(document(library(name, version, license_expression), parts), indent=2) + "\n"


def document(subject: dict[str, Any], parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the document of a component and of the parts that it directly depends on."""
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "variantkit-build", "version": __version__}]},
            "component": subject,
        },
        "components": list(parts),
        "dependencies": [
            {"ref": subject["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"]} for part in parts),
        ],
    }


def library(name: str, version: str, license_expression: str) -> dict[str, Any]:
    """Return the component of a distribution."""
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl(name, version),
        "name": name,
        "version": version,
        "purl": purl(name, version),
    }
    if license_expression:
        component["licenses"] = [{"expression": license_expression}]
    return component


def purl(name: str, version: str = "") -> str:
    """Return the package URL of a distribution; without a version, of all of its versions."""
    return f"pkg:pypi/{name}@{version}" if version else f"pkg:pypi/{name}"


def _component(package: LockedPackage) -> dict[str, Any]:
    how = (
        f"made by the function {package.transform} of vendoring.py"
        if package.transform
        else "taken as they are, with absolute imports of one another made relative"
    )
    return {
        **library(package.name, package.version, package.license),
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "properties": [{"name": "variantkit:wheel", "value": package.wheel}],
        "pedigree": {"notes": f"The files below are of {package.wheel}: {how}."},
        "components": [_file(file) for file in sorted(package.outputs)],
    }


def _file(file: LockedFile) -> dict[str, Any]:
    return {
        "type": "file",
        "name": f"_vendor/{file.path}",
        "hashes": [{"alg": "SHA-256", "content": file.sha256}],
    }
