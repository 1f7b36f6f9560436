"""The store: the one place that reads and writes the directory of a list, `providers.toml` above all."""

from __future__ import annotations

from variantkit_allowlist.store.directory import LEDGER_FILE, ListDirectory, open_list
from variantkit_allowlist.store.edits import add_approval, add_revocation, pin_identity, replace_approval
from variantkit_allowlist.store.files import locked, read_file, write_whole
from variantkit_allowlist.store.ledger import parse_ledger
from variantkit_allowlist.store.tidying import dumps, tidy
from variantkit_allowlist.store.wheels import first_seen, keep_wheel, seen_at

__all__ = [
    "LEDGER_FILE",
    "ListDirectory",
    "add_approval",
    "add_revocation",
    "dumps",
    "first_seen",
    "keep_wheel",
    "locked",
    "open_list",
    "parse_ledger",
    "pin_identity",
    "read_file",
    "replace_approval",
    "seen_at",
    "tidy",
    "write_whole",
]
