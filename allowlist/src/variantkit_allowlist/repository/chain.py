"""Chain of signatures: root by root from the trusted one, and each role by the root in force. Pure, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tuf.api.exceptions import RepositoryError as TufError

from variantkit.trust.dates import parse_date
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.repository.tuf_api import Metadata, Root, Snapshot, Targets, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from variantkit_allowlist.repository.tuf_api import Signed

OWN = "variantkit"
"""The field of signed metadata that is this tool's own."""

Kind = TypeVar("Kind", Root, Timestamp, Snapshot, Targets)


class Chain(NamedTuple):
    """Verified metadata: every root from the trusted one on, and the three roles that the last of them names."""

    roots: tuple[Metadata[Root], ...]
    timestamp: Metadata[Timestamp]
    snapshot: Metadata[Snapshot]
    targets: Metadata[Targets]

    @property
    def root(self) -> Root:
        return self.roots[-1].signed


class Own(NamedTuple):
    """What this tool adds to signed metadata; `issued` in unix seconds, `holders` are names by key id."""

    id: str = ""
    issued: int = 0
    fresh_days: int = 0
    root: int = 0
    holders: Mapping[str, str] = {}


def read_metadata(kind: type[Kind], data: bytes, where: str) -> Metadata[Kind]:
    """Parse one file of metadata; raise RepositoryError (metadata-malformed) when it is none, or of another role."""
    try:
        metadata = Metadata[Kind].from_bytes(data)
    except TufError as error:
        raise RepositoryError("metadata-malformed", f"{where}: expected TUF metadata, found none: {error}") from None
    if not isinstance(metadata.signed, kind):
        found = metadata.signed.type
        raise RepositoryError("metadata-malformed", f"{where}: expected the role {kind.type}, found {found}")
    return metadata


def walk_roots(first: Metadata[Root], later: Iterable[Metadata[Root]]) -> tuple[Metadata[Root], ...]:
    """Verify each root by the one before it and by itself; the first, which is trusted, by itself."""
    walked = [first]
    require_signed(first.signed, "root", first)
    for root in later:
        if root.signed.version != walked[-1].signed.version + 1:
            expected = f"expected root {walked[-1].signed.version + 1}, found root {root.signed.version}"
            raise RepositoryError("rolled-back", f"the chain of roots is broken: {expected}")
        require_signed(walked[-1].signed, "root", root)
        require_signed(root.signed, "root", root)
        walked.append(root)
    return tuple(walked)


def require_signed(root: Root, role: str, metadata: Metadata[Any]) -> None:
    """Raise RepositoryError unless the threshold of that root's keys for the role signed this metadata."""
    require_different_keys(root)
    try:
        root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    except TufError as error:
        raise RepositoryError(
            "too-few-signatures", f"root {root.version} does not accept this {role}: {error}"
        ) from None


def require_different_keys(root: Root) -> None:
    """Refuse a root in which one key has two ids: thresholds count ids, and must count keys."""
    for name, role in root.roles.items():
        values = [str(root.keys[keyid].keyval.get("public")) for keyid in role.keyids if keyid in root.keys]
        if len(set(values)) != len(values):
            raise RepositoryError("too-few-signatures", f"root {root.version} counts one key twice for {name}")


def read_roles(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """The files of timestamp, snapshot and targets by their names without version; `read` takes the published names.

    Nothing is verified but that each is what it seems: `check_chain` does that.
    """
    files = {"timestamp.json": read("timestamp.json")}
    timestamp = read_metadata(Timestamp, files["timestamp.json"], "timestamp.json")
    files["snapshot.json"] = read(f"{timestamp.signed.snapshot_meta.version}.snapshot.json")
    named = read_metadata(Snapshot, files["snapshot.json"], "snapshot.json").signed.meta.get("targets.json")
    files["targets.json"] = read(f"{named.version if named else 0}.targets.json")
    return files


def require_content(chain: Chain, name: str, data: bytes, where: str) -> None:
    """Raise RepositoryError unless these bytes are the target that was signed under this name."""
    target = chain.targets.signed.targets.get(name)
    if target is None:
        raise RepositoryError("target-missing", f"{where}: the signed edition has no {name}")
    try:
        target.verify_length_and_hashes(data)
    except TufError as error:
        raise RepositoryError("content-mismatch", f"{where}: {name}: {error}") from None


def check_chain(roots: tuple[Metadata[Root], ...], files: Mapping[str, bytes]) -> Chain:
    """Verify timestamp, snapshot and targets (by file name) by the last root, and that each names the next."""
    root = roots[-1].signed
    timestamp = read_metadata(Timestamp, files["timestamp.json"], "timestamp.json")
    require_signed(root, "timestamp", timestamp)
    snapshot = read_metadata(Snapshot, files["snapshot.json"], "snapshot.json")
    require_signed(root, "snapshot", snapshot)
    targets = read_metadata(Targets, files["targets.json"], "targets.json")
    require_signed(root, "targets", targets)
    pairs = (
        ("snapshot.json", timestamp.signed.snapshot_meta, snapshot.signed),
        ("targets.json", snapshot.signed.meta.get("targets.json"), targets.signed),
    )
    for name, expected, found in pairs:
        if expected is None or expected.version != found.version:
            raise RepositoryError("rolled-back", f"{name}: version {found.version} is not the one that was signed for")
        try:
            expected.verify_length_and_hashes(files[name])
        except TufError as error:
            raise RepositoryError("content-mismatch", f"{name}: {error}") from None
    return Chain(roots, timestamp, snapshot, targets)


def own_fields(signed: Signed) -> Own:
    """What this tool wrote into signed metadata; raise RepositoryError when that is missing or of another kind."""
    table = signed.unrecognized_fields.get(OWN)
    if not isinstance(table, dict):
        raise RepositoryError(
            "metadata-malformed", f"{signed.type}: expected the field {OWN!r}; another tool made this"
        )
    holders = table.get("holders", {})
    numbers = [table.get("fresh-days", 0), table.get("root", 0)]
    if any(type(number) is not int or not 0 <= number < 1 << 31 for number in numbers) or not _is_names(holders):
        raise RepositoryError("metadata-malformed", f"{signed.type}: the field {OWN!r} is damaged")
    try:
        issued = parse_date(str(table.get("issued")))
    except ValueError as error:
        raise RepositoryError("metadata-malformed", f"{signed.type}: {OWN}.issued: {error}") from None
    return Own(str(table.get("id", "")), issued, numbers[0], numbers[1], holders)


def _is_names(holders: object) -> bool:
    return isinstance(holders, dict) and all(isinstance(name, str) for name in holders.values())
