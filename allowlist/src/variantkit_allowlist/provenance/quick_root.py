"""Sigstore's trusted root, its keys read once: the library reads all of them anew for every attestation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigstore.models import TrustedRoot

if TYPE_CHECKING:
    from sigstore._internal.trust import CertificateAuthority, CTKeyring, KeyringPurpose, RekorKeyring


class QuickRoot(TrustedRoot):
    """A trusted root that answers each question from memory; the answers of a root never change."""

    def rekor_keyring(self, purpose: KeyringPurpose) -> RekorKeyring:
        return self._remembered("rekor", purpose)  # type: ignore[no-any-return]

    def ct_keyring(self, purpose: KeyringPurpose) -> CTKeyring:
        return self._remembered("ct", purpose)  # type: ignore[no-any-return]

    def get_timestamp_authorities(self) -> list[CertificateAuthority]:
        return self._remembered("tsa", None)  # type: ignore[no-any-return]

    def _remembered(self, what: str, purpose: KeyringPurpose | None):  # type: ignore[no-untyped-def]
        known = self.__dict__.setdefault("_known", {})
        if (what, purpose) not in known:
            ask = {"rekor": super().rekor_keyring, "ct": super().ct_keyring}.get(what)
            known[what, purpose] = ask(purpose) if ask and purpose else super().get_timestamp_authorities()
        return known[what, purpose]


def root_from_file(path: str) -> QuickRoot:
    """Read a trusted_root.json."""
    return QuickRoot.from_file(path)  # type: ignore[return-value]
