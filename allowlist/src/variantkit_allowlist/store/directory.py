"""The directory of a list: where its parts are, and its file as read once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.ledger import MAX_LEDGER_BYTES, parse_ledger

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger

LEDGER_FILE = "providers.toml"
TRUST_ROOT_FILE = "trusted_root.json"


class ListDirectory(NamedTuple):
    """`path` is the directory; `data` the very bytes of providers.toml that `ledger` was read from."""

    path: str
    ledger: Ledger
    data: bytes

    @property
    def ledger_path(self) -> str:
        return os.path.join(self.path, LEDGER_FILE)

    @property
    def trust_root_path(self) -> str:
        """The pinned Sigstore root."""
        return os.path.join(self.path, TRUST_ROOT_FILE)

    @property
    def wheels_path(self) -> str:
        return os.path.join(self.path, "wheels")

    @property
    def requests_path(self) -> str:
        return os.path.join(self.path, "requests")

    @property
    def imports_path(self) -> str:
        return os.path.join(self.path, "imports")

    @property
    def staged_path(self) -> str:
        """The next edition, while it lacks signatures."""
        return os.path.join(self.path, "staged")

    @property
    def public_path(self) -> str:
        """The published TUF repository."""
        return os.path.join(self.path, "public")

    def wheel_path(self, filename: str) -> str:
        return os.path.join(self.wheels_path, filename)

    def reviews_path(self, sha256: str) -> str:
        """The folder of the signed reviews of a wheel."""
        return os.path.join(self.path, "reviews", sha256)

    def vsa_path(self, sha256: str) -> str:
        """The verification summary of a wheel."""
        return os.path.join(self.path, "vsa", f"{sha256}.json")


def open_list(directory: str, today: int | None = None) -> ListDirectory:
    """Read the list in `directory`; raise InputError when there is none, DocumentError with all that is wrong."""
    path = os.path.join(directory, LEDGER_FILE)
    if not os.path.lexists(path):
        where = os.path.abspath(directory)
        raise InputError(f"{where}: holds no {LEDGER_FILE}; name a list with --list DIR, or run: init DIR --id ID")
    data = read_file(path, MAX_LEDGER_BYTES)
    return ListDirectory(directory, parse_ledger(decode(data, path), path, today), data)


def decode(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: expected UTF-8, found something else at byte {error.start}") from None
