"""Repository: an edition of the list as TUF metadata, from the first signature to the machine that it is installed on.

Making one: `edition` (what it holds), `roles` (whose keys), `staged` (signatures so far), `published` (what the world
sees), `signing` (from one to the other), `difference` (what signers are asked to look at).
Using one: `sources` (network and directories), `client` (python-tuf's checks and ours), `installation` (the file on
this machine), `installed` (is it still that file). `chain` is what both sides verify with.
"""

from __future__ import annotations

from variantkit_allowlist.repository.refusal import RepositoryError

__all__ = ["RepositoryError"]
