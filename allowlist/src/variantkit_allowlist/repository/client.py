"""Client: fetch an edition from a repository with every check of python-tuf, then with ours. Installs nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from tuf.api import exceptions as tuf
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from variantkit.errors import RefusedError, VariantkitError
from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.repository.chain import check_chain, own_fields, read_metadata, walk_roots
from variantkit_allowlist.repository.folders import make_own_folder
from variantkit_allowlist.repository.refusal import RepositoryError, UnclearError
from variantkit_allowlist.repository.state import hashed_name
from variantkit_allowlist.repository.tuf_api import Root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit_allowlist.repository.chain import Chain
    from variantkit_allowlist.repository.sources import Source
    from variantkit_allowlist.repository.tuf_api import TargetFile

TARGET_CAP = 1 << 20
MAX_ROOTS = 256
CONFIG = UpdaterConfig(max_root_rotations=MAX_ROOTS, max_delegations=0, root_max_length=512_000)

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (tuf.ExpiredMetadataError, "metadata-expired"),
    (tuf.BadVersionNumberError, "rolled-back"),
    (tuf.UnsignedMetadataError, "too-few-signatures"),
    (tuf.LengthOrHashMismatchError, "content-mismatch"),
    (tuf.DownloadLengthMismatchError, "too-long"),
)

_MEANS = {
    "metadata-expired": "ask the list's keeper for a newer one, or bring a newer copy",
    "rolled-back": "it is older than what was verified here before: bring a newer copy",
    "too-few-signatures": "it was altered, or is signed by others than the root that is pinned here names",
}


class Fetched(NamedTuple):
    """A verified edition: its metadata, the targets that were asked for, and all of it as files of a repository.

    `issued` is when its timestamp was signed, in unix seconds; `files` are paths below `public/`.
    """

    chain: Chain
    targets: dict[str, bytes]
    files: dict[str, bytes]
    issued: int

    @property
    def id(self) -> str:
        """The list's id as its root says it; every approved list of this repository must bear it."""
        return own_fields(self.chain.root).id


def fetch(
    source: Source, root: bytes, memory: str, now: int, *, wanted: Sequence[str], max_age_days: int | None = None
) -> Fetched:
    """Fetch an edition's targets, trusting `root` alone; `memory` is a directory that remembers what was seen.

    `wanted` are targets; one with a "?" at its end may be absent. `max_age_days` bounds the timestamp's age where the
    source is a copy; None leaves that to the publisher's own bound for servers (fresh-days). `now` in unix seconds;
    python-tuf looks at the clock itself, too. Raises RepositoryError for a failed check, UnclearError for a source that
    does not answer.
    """
    for folder in ("targets", "root_history"):
        make_own_folder(os.path.join(memory, folder))
    os.chmod(memory, 0o700)  # python-tuf's files below it have the modes that the umask leaves them
    with translated(source.where):
        updater = Updater(memory, "metadata", memory, "targets", source, CONFIG, bootstrap=root)
        updater.refresh()
        chain, files = _read_back(memory, root)
        _judge(source.where, chain, now, max_age_days)
        targets = {name.removesuffix("?"): data for name in wanted for data in _targets(updater, memory, name)}
    for name, data in targets.items():
        files[f"targets/{hashed_name(name, chain.targets.signed.targets[name].hashes)}"] = data
    return Fetched(chain, targets, files, own_fields(chain.timestamp.signed).issued)


def find_root(source: Source, sha256: str) -> bytes:
    """The root of a repository whose bytes have this sha256: the first one, or a later one."""
    with translated(source.where):
        for version in range(1, MAX_ROOTS):
            try:
                data = source.download_bytes(f"metadata/{version}.root.json", CONFIG.root_max_length)
            except tuf.DownloadHTTPError:
                if version == 1:
                    raise
                break
            if hashlib.sha256(data).hexdigest() == sha256:
                return data
    raise RepositoryError(
        "root-mismatch",
        f"{source.where}: expected a root with sha256 {sha256}, found none; ask the list's keeper for the right one",
    )


@contextlib.contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn what python-tuf raises into a refusal with a code, or into "it did not answer"."""
    try:
        yield
    except VariantkitError:
        raise
    except tuf.DownloadError as error:
        raise _translate_download(where, error) from error
    except OSError as error:
        raise UnclearError("unreachable", f"{where}: {error.strerror or error}; nothing was installed") from error
    except Exception as error:  # hostile bytes: whatever a library trips over is a no
        code = next((code for kind, code in _CODES if isinstance(error, kind)), "metadata-malformed")
        told = f"{error}; {_MEANS[code]}" if code in _MEANS else str(error)
        raise RepositoryError(code, f"{where}: refused: {told}; nothing was installed") from error


def _translate_download(where: str, error: tuf.DownloadError) -> VariantkitError:
    if isinstance(error, tuf.DownloadLengthMismatchError):
        return RepositoryError("too-long", f"{where}: refused: {error}; nothing was installed")
    if isinstance(error, tuf.DownloadHTTPError) and "timestamp.json" not in str(error):
        return RepositoryError("target-missing", f"{where}: is not whole: {error}; nothing was installed")
    if isinstance(error.__cause__, RefusedError):
        return RepositoryError("redirected", f"{error}; nothing was installed")
    told = str(error.__cause__ or error) or "no usable answer"
    return UnclearError("unreachable", f"{told}; nothing was installed (from {where})")


def _targets(updater: Updater, memory: str, wanted: str) -> Iterator[bytes]:
    """The bytes of a target; nothing for one that may be absent, and is."""
    name = wanted.removesuffix("?")
    target = updater.get_targetinfo(name)
    if target is None:
        if name != wanted:
            return
        raise RepositoryError("target-missing", f"{name}: the repository's signed targets do not name it")
    if target.length > TARGET_CAP:
        raise RepositoryError("too-long", f"{name}: expected at most {TARGET_CAP} bytes, found {target.length}")
    yield _target_bytes(updater, memory, target)


def _target_bytes(updater: Updater, memory: str, target: TargetFile) -> bytes:
    path = os.path.join(memory, "targets", hashlib.sha256(target.path.encode()).hexdigest())
    if updater.find_cached_target(target, path) is None:
        updater.download_target(target, path)
    with open(path, "rb") as stream:
        data = stream.read(TARGET_CAP + 1)
    target.verify_length_and_hashes(data)  # between the check and our reading, a file could change
    return data


def _read_back(memory: str, root: bytes) -> tuple[Chain, dict[str, bytes]]:
    """The metadata that python-tuf accepted, verified again by ourselves, and as files of a repository."""
    first = read_metadata(Root, root, "the pinned root")
    with open(os.path.join(memory, "root.json"), "rb") as stream:
        last = read_metadata(Root, stream.read(), "root.json").signed.version
    versions = range(first.signed.version, last + 1)
    roots = {version: _read(memory, "root_history", f"{version}.root.json") for version in versions}
    later = [read_metadata(Root, roots[version], f"root {version}") for version in versions[1:]]
    parts = {name: _read(memory, name) for name in ("timestamp.json", "snapshot.json", "targets.json")}
    chain = check_chain(walk_roots(first, later), parts)
    files = {f"metadata/{version}.root.json": data for version, data in roots.items()}
    files["metadata/timestamp.json"] = parts["timestamp.json"]
    files[f"metadata/{chain.snapshot.signed.version}.snapshot.json"] = parts["snapshot.json"]
    files[f"metadata/{chain.targets.signed.version}.targets.json"] = parts["targets.json"]
    return chain, files


def _read(*parts: str) -> bytes:
    with open(os.path.join(*parts), "rb") as stream:
        return stream.read()


def _judge(where: str, chain: Chain, now: int, max_age_days: int | None) -> None:
    """Expiry by our own idea of the time, which the clock may lag behind; the timestamp's age, and its root."""
    own = own_fields(chain.timestamp.signed)
    if own.issued > now + DAY:
        said = f"signed {format_date(own.issued)}, the clock says {format_date(now)}"
        raise UnclearError("clock-before-list", f"{where}: {said}; set the clock")
    if own.root > chain.root.version:
        said = f"its timestamp is of root {own.root}, found root {chain.root.version} as the newest"
        raise RepositoryError("rolled-back", f"{where}: {said}; somebody may be holding back who signs now")
    for role in (chain.root, chain.timestamp.signed, chain.snapshot.signed, chain.targets.signed):
        if now >= role.expires.timestamp():
            ended = format_date(int(role.expires.timestamp()))
            raise RepositoryError("metadata-expired", f"{where}: the signatures of {role.type} ended {ended}")
    days = own.fresh_days if max_age_days is None else max_age_days
    if days and now - own.issued > days * DAY:
        age = (now - own.issued) // DAY
        raise RepositoryError(
            "list-stale",
            f"{where}: its timestamp was signed {format_date(own.issued)}, {age} days ago; expected at most {days};"
            " somebody may be holding back newer editions: ask the list's keeper, or fetch a newer copy",
        )
