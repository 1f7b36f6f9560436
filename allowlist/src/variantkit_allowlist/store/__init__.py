"""The store: the one place that reads and writes the directory of a list, `providers.toml` above all."""

from __future__ import annotations

from variantkit_allowlist.store.directory import LEDGER_FILE, TRUST_ROOT_FILE, ListDirectory, open_list
from variantkit_allowlist.store.ledger import parse_ledger

__all__ = ["LEDGER_FILE", "TRUST_ROOT_FILE", "ListDirectory", "open_list", "parse_ledger"]
