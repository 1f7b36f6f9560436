"""Files of needs: what a reviewer found a provider to need, in TOML or in a vendor's request."""

from __future__ import annotations

import json

from pydantic import ValidationError
from tomlkit import parse
from tomlkit.exceptions import TOMLKitError

from variantkit.errors import DocumentError, InputError, Problem
from variantkit_allowlist.model import GrantedNeeds, frozen, refused_needs

MAX_NEEDS_BYTES = 1 << 20


def read_needs(data: bytes, where: str) -> GrantedNeeds:
    """Read read, devices, libraries, programs and fork: alone, below `needs` or below `providers.needs`.

    That is what `variantkit provider check --propose-needs` prints, and what a request holds. Raises DocumentError with
    every need that no list can grant.
    """
    table = _table(data, where)
    entry = table.get("providers", table)
    found = entry.get("needs", entry) if isinstance(entry, dict) else entry
    try:
        needs = GrantedNeeds.model_validate(frozen(found))
    except ValidationError as error:
        problems = [Problem(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        raise DocumentError(where, problems) from None
    refused = [Problem(f"{kind}[{at}]", f"{text!a}: {reason}") for kind, at, text, reason in refused_needs(needs)]
    if refused:
        raise DocumentError(where, refused)
    return needs


def _table(data: bytes, where: str) -> dict[str, object]:
    try:
        text = data.decode("utf-8")
        table = json.loads(text) if text.lstrip().startswith("{") else parse(text).unwrap()
    except (ValueError, TOMLKitError, RecursionError) as error:
        told = str(error).partition("\n")[0]
        raise InputError(f"{where}: expected the needs as TOML, or a request, found a fault: {told}") from None
    if not isinstance(table, dict):
        raise InputError(f"{where}: expected a table of needs")
    return table
