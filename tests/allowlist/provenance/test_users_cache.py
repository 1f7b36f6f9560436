"""Sigstore's cache in a user's home is believed by its library, offline, with no signature looked at; not by us."""

from __future__ import annotations

import os
from importlib import resources
from typing import TYPE_CHECKING

from sigstore.verify import Verifier

from support.attested import attested, judge
from support.private_sigstore import PrivateSigstore
from variantkit_allowlist.provenance import bundled_trust_root

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PLACE = os.path.join("sigstore-python", "tuf", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev")


def files_below(directory: Path) -> list[str]:
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names)


def test_attack_43_a_root_in_the_users_cache_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forger = PrivateSigstore()
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / PLACE).mkdir(parents=True)
    (tmp_path / PLACE / "trusted_root.json").write_bytes(forger.trusted_root_json)
    before = files_below(tmp_path)
    case = attested(forger)
    assert judge(case).verified  # with the forger's root, the attestation is sound
    assert judge(case._replace(root=bundled_trust_root().data)).code == "certificate-untrusted"
    assert files_below(tmp_path) == before

    # What the attack is: the library's own offline mode takes the root from there.
    carried = resources.files("sigstore._store") / os.path.basename(PLACE) / "signing_config.v0.2.json"
    (tmp_path / PLACE / "signing_config.v0.2.json").write_bytes(carried.read_bytes())
    poisoned = Verifier.production(offline=True)
    assert poisoned._fulcio_certificate_chain[0] == forger.authority.chain[0]
