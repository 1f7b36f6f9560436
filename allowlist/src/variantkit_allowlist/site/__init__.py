"""Site of a list: its catalogue as static pages that need no server and no script, and load nothing foreign."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit_allowlist.site.catalogue import Catalogue, WheelFacts, build_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MARKER", "SCHEMA", "Catalogue", "WheelFacts", "build_catalogue", "render_site"]

SCHEMA = "variantkit.site/1"
MARKER = "variantkit-site.json"
ASSETS = ("icon.svg", "search.js", "style.css")


def render_site(catalogue: Catalogue) -> Mapping[str, bytes]:
    """Every file of the site by its path; the same catalogue gives the same bytes."""
    from variantkit_allowlist.site.fragments import page_name
    from variantkit_allowlist.site.index_page import index_page
    from variantkit_allowlist.site.namespace_page import namespace_page
    from variantkit_allowlist.site.package_page import package_page
    from variantkit_allowlist.site.policy_page import policy_page
    from variantkit_allowlist.site.revocation_page import revocation_page

    files = {f"assets/{name}": _asset(name) for name in ASSETS}
    files["index.html"] = index_page(catalogue)
    files["revocations.html"] = revocation_page(catalogue)
    files["policy.html"] = policy_page(catalogue)
    for namespace in catalogue.namespaces:
        files[f"namespace/{page_name(namespace)}"] = namespace_page(catalogue, namespace)
    for provider in catalogue.providers:
        files[f"package/{page_name(provider.name)}"] = package_page(catalogue, provider)
    return files


def _asset(name: str) -> bytes:
    with open(os.path.join(os.path.dirname(__file__), "assets", name), "rb") as stream:
        return stream.read()
