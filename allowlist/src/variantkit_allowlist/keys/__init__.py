"""Keys: public lines, and the signers that a person or a service signs with. Private keys never lie in a list."""

from __future__ import annotations

from variantkit_allowlist.keys.public import PublicKey, from_crypto, parse_public, public_of
from variantkit_allowlist.keys.signer import open_signer

__all__ = ["PublicKey", "from_crypto", "open_signer", "parse_public", "public_of"]
