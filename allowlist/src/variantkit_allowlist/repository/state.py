"""State of an installed list: where it came from, its pinned root, and the verified edition as a small repository.

    pinned.json              the URL, the list's id and the root that was pinned at first use
    <root sha256, 16>/memory python-tuf's own memory: what was seen, whether or not it was installed
    <root sha256, 16>/public the installed edition in the layout of a published repository
    trusted_root.json        the Sigstore root of that edition
    .lock

What was seen and what was installed are apart: an edition that fails a check is remembered, so that nothing older is
taken afterwards, and the installed one can still be verified and put back.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import UndeterminedError
from variantkit.trust.ownership import ForeignFileError, read_own_file
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.repository.folders import make_own_folder
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.store.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit_allowlist.repository.chain import Chain
    from variantkit_allowlist.repository.tuf_api import Metadata, Root

SCHEMA = "variantkit.update-state/1"
MAX_METADATA = 5_000_000


class State(NamedTuple):
    """What is kept in `directory` for one installed list; `url` is "" for one that only ever came from directories."""

    directory: str
    url: str
    id: str
    root: bytes

    @property
    def key(self) -> str:
        return hashlib.sha256(self.root).hexdigest()

    @property
    def memory(self) -> str:
        return os.path.join(self.directory, self.key[:16], "memory")

    @property
    def public(self) -> str:
        return os.path.join(self.directory, self.key[:16], "public")

    def read_kept(self) -> Chain:
        """Verify the kept metadata from the pinned root on; nothing is asked of any clock."""
        from variantkit_allowlist.repository.chain import check_chain, read_metadata, read_roles, walk_roots
        from variantkit_allowlist.repository.tuf_api import Root

        first = read_metadata(Root, self.root, "the pinned root")
        return check_chain(walk_roots(first, self._later_roots(first)), read_roles(self._kept))

    def kept_target(self, chain: Chain, name: str) -> bytes | None:
        """A target of the kept edition, checked; None when the edition has none of that name."""
        from variantkit_allowlist.repository.chain import require_content

        target = chain.targets.signed.targets.get(name)
        if target is None:
            return None
        data = _read(os.path.join(self.public, "targets", hashed_name(name, target.hashes)))
        require_content(chain, name, data, self.public)
        return data

    def _later_roots(self, first: Metadata[Root]) -> Iterator[Metadata[Root]]:
        from variantkit_allowlist.repository.chain import read_metadata
        from variantkit_allowlist.repository.tuf_api import Root

        version = first.signed.version + 1
        while os.path.lexists(path := os.path.join(self.public, "metadata", f"{version}.root.json")):
            yield read_metadata(Root, _read(path), path)
            version += 1

    def _kept(self, name: str) -> bytes:
        return _read(os.path.join(self.public, "metadata", name))


def hashed_name(name: str, hashes: Mapping[str, str]) -> str:
    """The file name of a target in a repository with consistent snapshots: its first hash before its base name."""
    folder, slash, base = name.rpartition("/")
    return f"{folder}{slash}{next(iter(hashes.values()))}.{base}"


def load_state(directory: str) -> State | None:
    """Read what is kept; None where there is nothing yet. Raises UndeterminedError for files that others may write."""
    if not os.path.lexists(directory):
        return None
    data = read_own_file(os.path.join(directory, "pinned.json"), MAX_METADATA)
    if data is None:
        return None
    fix = "give --root again to start anew"
    try:
        document = load_strict(data)
    except ValueError as error:
        raise UndeterminedError(f"{directory}: the pinned root is damaged ({error}); {fix}") from None
    texts = [document.get(key) for key in ("url", "id", "root")]
    if document.get("schema") != SCHEMA or not all(isinstance(text, str) for text in texts):
        raise UndeterminedError(f"{directory}: expected {SCHEMA}, found something else; {fix}")
    url, list_id, root = map(str, texts)
    return State(directory, url, list_id, root.encode())


def save_state(state: State, files: Mapping[str, bytes]) -> None:
    """Keep a verified edition: `files` by their paths in a repository. The old one counts until the new one is whole.

    Every file but timestamp.json has a name of its own in each edition, so that replacing that one is the switch.
    """
    last = "metadata/timestamp.json"
    for name in sorted(files, key=lambda name: name == last):
        path = os.path.join(state.public, *name.split("/"))
        make_own_folder(os.path.dirname(path))
        write_whole(path, files[name])
    document = {"schema": SCHEMA, "url": state.url, "id": state.id, "root": state.root.decode()}
    write_whole(os.path.join(state.directory, "pinned.json"), json.dumps(document, indent=1).encode() + b"\n")
    _remove_rest(state, set(files))


def _remove_rest(state: State, names: set[str]) -> None:
    """Drop what belongs to former editions and former roots."""
    wanted = {os.path.join(state.public, *name.split("/")) for name in names}
    for folder, _, files in os.walk(state.public):
        for path in {os.path.join(folder, name) for name in files} - wanted:
            os.unlink(path)
    for name in os.listdir(state.directory):
        path = os.path.join(state.directory, name)
        if name != state.key[:16] and stat.S_ISDIR(os.lstat(path).st_mode):
            shutil.rmtree(path, ignore_errors=True)


def _read(path: str) -> bytes:
    try:
        data = read_own_file(path, MAX_METADATA)
    except ForeignFileError as error:
        raise UndeterminedError(str(error)) from None
    if data is None:
        raise RepositoryError("target-missing", f"{path}: the kept edition is not whole")
    return data
