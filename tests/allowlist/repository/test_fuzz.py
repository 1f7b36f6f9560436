"""Whatever a server sends: what comes out is what was signed, or a refusal with a code; never anything else."""

from __future__ import annotations

import random
import tempfile
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from support.tuf_attacks import Forge, approved_list
from variantkit_allowlist.repository.client import fetch
from variantkit_allowlist.repository.refusal import CODES, UNCLEAR_CODES, RepositoryError, UnclearError

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

FORGE = Forge(NOW).publish()
ROOT = FORGE.root
OLD = dict(FORGE.files)
NEW = dict(FORGE.publish().files)


class Memory(FetcherInterface):
    """A source of files that are held in memory."""

    where = "the fuzzed repository"

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        if url not in self.files:
            raise DownloadHTTPError(url, 404)
        return iter([self.files[url]])

    def close(self) -> None:
        """Nothing to close."""


def _mutated(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    kind = chance.randrange(6)
    if kind == 0 and data:
        place = chance.randrange(len(data))
        return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
    if kind == 1:
        return data[:place]
    if kind == 2:
        return data[:place] + data[place:] * 2
    if kind == 3:
        return data[:place] + chance.choice([b"9", b'"', b"{", b"null", b"\x00", b"1e999"]) + data[place + 1 :]
    if kind == 4:
        old, new = chance.choice([(b"1", b"2"), (b'"version"', b'"Version"'), (b"[", b"[["), (b"expires", b"version")])
        return data.replace(old, new, 1)
    return data + data[-place:]


def _attacked(seed: int) -> dict[str, bytes]:
    """Files of both editions, mutated, exchanged or left out."""
    chance = random.Random(seed)
    files = dict(NEW)
    for _ in range(chance.randrange(1, 4)):
        name = chance.choice(sorted(files))
        kind = chance.randrange(8)
        if kind == 0:
            del files[name]
        elif kind == 1:
            files[name] = chance.choice([*OLD.values(), *NEW.values()])
        elif kind == 2 and name in OLD:
            files[name] = OLD[name]
        else:
            files[name] = _mutated(files[name], chance)
    return files


def _outcome(files: dict[str, bytes]) -> bytes | str:
    """The list that was fetched, or the code of the refusal."""
    with tempfile.TemporaryDirectory() as memory:
        try:
            found = fetch(Memory(files), ROOT, memory, NOW, wanted=["approved.json"])  # type: ignore[arg-type]
        except (RepositoryError, UnclearError) as error:
            return error.code
    return found.targets["approved.json"]


@settings(max_examples=300)
@given(st.integers(min_value=0, max_value=1 << 32))
def test_fuzzed_repositories_yield_what_was_signed_or_a_refusal(seed: int) -> None:
    signed = {approved_list(serial, NOW) for serial in (1, 2)}
    assert _outcome(_attacked(seed)) in {*signed, *CODES, *UNCLEAR_CODES}


def test_an_untouched_repository_yields_the_list() -> None:
    assert _outcome(NEW) == approved_list(2, NOW)


def test_the_fuzz_meets_refusals_of_many_kinds_and_lists() -> None:
    """Else it would hold of a client that refuses everything, or of mutations that nobody reads."""
    outcomes = [_outcome(_attacked(seed)) for seed in range(80)]
    assert len({outcome for outcome in outcomes if isinstance(outcome, str)}) >= 4
    assert approved_list(2, NOW) in outcomes
