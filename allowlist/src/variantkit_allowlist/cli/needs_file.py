"""Needs in a file: as TOML, which `variantkit provider check --propose-needs` prints, or as JSON."""

from __future__ import annotations

from pydantic import ValidationError

from variantkit.errors import InputError
from variantkit_allowlist.model import GrantedNeeds
from variantkit_allowlist.store.files import read_file

MAX_BYTES = 1 << 20


def read_needs(path: str) -> GrantedNeeds:
    """Read what a sandbox is asked to open; raises InputError for what cannot be read as that."""
    data = read_file(path, MAX_BYTES)
    if data.lstrip()[:1] == b"{":
        try:
            return GrantedNeeds.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise InputError(f"--needs {path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    from variantkit.conformance.needs import parse_needs

    return GrantedNeeds(**parse_needs(data, f"--needs {path}")._asdict())
