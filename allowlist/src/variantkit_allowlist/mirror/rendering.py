"""Rendering of a mirror: every file of it from its holdings. The same holdings give the same bytes. Pure."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from variantkit.errors import RefusedError, VariantkitError
from variantkit.index.pages.page import File, Page
from variantkit.index.pages.rendering import render_html, render_json, render_root_html, render_root_json
from variantkit.variants.archive import open_wheel
from variantkit.variants.description import read_headers
from variantkit_allowlist.mirror.holdings import AUDITS, TRUSTED_ROOT
from variantkit_allowlist.provenance.material import MaterialError, load_object
from variantkit_allowlist.repository.audits import read_audits
from variantkit_allowlist.store.wheels import ATTESTATION_SUFFIXES, KEY_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.mirror.holdings import Held, Holdings
    from variantkit_allowlist.model import Approval

GITHUB, GITLAB = "https://token.actions.githubusercontent.com", "https://gitlab.com"


def render_mirror(holdings: Holdings) -> dict[str, bytes]:
    """The files of a mirror by path."""
    audits = read_audits(holdings.targets.get(AUDITS, b"{}"))
    files = {f"public/{path}": data for path, data in holdings.public.items()}
    if TRUSTED_ROOT in holdings.targets:
        files[TRUSTED_ROOT] = holdings.targets[TRUSTED_ROOT]
    pages: dict[str, list[File]] = {}
    for wheel in sorted(holdings.wheels, key=lambda wheel: wheel.filename):
        made, listed = _render_wheel(wheel, audits.get(wheel.sha256), holdings.base_url)
        files.update(made)
        pages.setdefault(wheel.package, []).append(listed)
    for package, listed_files in pages.items():
        page = Page(package, tuple(listed_files))
        files[f"simple/{package}/index.html"] = render_html(page).encode()
        files[f"simple/{package}/index.json"] = render_json(page).encode()
    files["simple/index.html"] = render_root_html(sorted(pages)).encode()
    files["simple/index.json"] = render_root_json(sorted(pages)).encode()
    return dict(sorted(files.items()))


def _render_wheel(wheel: Held, audit: Approval | None, base_url: str) -> tuple[dict[str, bytes], File]:
    """The files of one wheel, and what its project's page says of it."""
    wheel = wheel._replace(beside=_relied_on(wheel, audit))
    files = {f"files/{wheel.filename}": wheel.data}
    files.update({f"files/{wheel.filename}{suffix}": data for suffix, data in wheel.beside.items()})
    metadata, requires_python = _read_metadata(wheel)
    provenance = _provenance(wheel, audit)
    address = None
    if provenance is not None:
        path = f"integrity/{wheel.package}/{wheel.version}/{wheel.filename}/provenance"
        files[path] = provenance
        # PEP 740 wants a whole URL; without one, clients find the same place beside /simple/ by its integrity API.
        address = f"{base_url.rstrip('/')}/{quote(path)}" if base_url else None
    files[f"files/{wheel.filename}.metadata"] = metadata
    import hashlib

    listed = File(
        wheel.filename,
        f"../../files/{quote(wheel.filename)}",
        {"sha256": wheel.sha256},
        requires_python=requires_python,
        core_metadata={"sha256": hashlib.sha256(metadata).hexdigest()},
        size=len(wheel.data),
        provenance=address,
    )
    return files, listed


def _relied_on(wheel: Held, audit: Approval | None) -> Mapping[str, bytes]:
    """The evidence that a wheel's approval rests on: no other can be judged, and whoever wrote the mirror made it."""
    if audit is None:  # taken over from another list, whose audits say what it is
        return wheel.beside
    wanted = {"identity": ATTESTATION_SUFFIXES, "key": (KEY_SUFFIX,)}.get(audit.evidence, ())
    return {suffix: data for suffix, data in wheel.beside.items() if suffix in wanted}


def _read_metadata(wheel: Held) -> tuple[bytes, str | None]:
    try:
        with open_wheel(io.BytesIO(wheel.data)) as contents:
            metadata = contents.read_info("METADATA")
            requires = read_headers(contents).get("requires-python", [])
    except VariantkitError:
        metadata, requires = None, []
    if metadata is None:
        raise RefusedError(
            f"{wheel.filename}: expected a wheel with METADATA, found none; revoke it, it cannot be used"
        )
    return metadata, next(iter(requires), None)


def _provenance(wheel: Held, audit: Approval | None) -> bytes | None:
    """PEP 740's object for a wheel: as it came, or made of the attestations beside it; None without either."""
    if ".provenance" in wheel.beside:
        return wheel.beside[".provenance"]
    publisher = _publisher(audit)
    names = [
        suffix for suffix in (".publish.attestation", ".slsa.attestation", ".attestation") if suffix in wheel.beside
    ]
    try:
        attestations = [load_object(wheel.beside[suffix], wheel.filename + suffix) for suffix in names]
    except MaterialError:
        return None
    if publisher is None or not attestations:
        return None
    bundles = [{"publisher": publisher, "attestations": attestations}]
    return (json.dumps({"version": 1, "attestation_bundles": bundles}, indent=1) + "\n").encode()


def _publisher(audit: Approval | None) -> Mapping[str, object] | None:
    """Who published, in PEP 740's words, from the identity that the approval verified."""
    identity = audit.identity if audit else None
    if identity is None:
        return None
    repository = "/".join(identity.repository.split("/")[3:])
    if identity.issuer == GITHUB:
        return {"kind": "GitHub", "repository": repository, "workflow": identity.workflow, "environment": None}
    if identity.issuer == GITLAB:
        return {"kind": "GitLab", "repository": repository, "workflow_filepath": identity.workflow, "environment": None}
    return None
