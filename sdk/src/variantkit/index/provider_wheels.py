"""Provider wheels on an index: where a release comes from, its providers may lie too (PEP 850, "High level design")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.machine.wheels import MAX_WHEEL_BYTES, Offer, is_wheel_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from variantkit.index.pages.page import File
    from variantkit.index.upstream import Upstream
    from variantkit.trust.approved import Entry


class IndexWheels:
    """The indexes of one run, as a source of provider wheels; they are asked after every local source.

    Only the page of an approved package is read, and only a file whose sha256 on that page is an approved one is
    fetched: a page that gives no sha256 offers nothing.
    """

    def __init__(self) -> None:
        self._upstreams: list[Upstream] = []

    def look_in(self, upstreams: Iterable[Upstream]) -> None:
        """Ask these indexes from now on, in this order."""
        self._upstreams = list(upstreams)

    def offers(self, entry: Entry) -> Iterator[Offer]:
        """Yield the files that bear the package name and version of `entry`; UndeterminedError as the index says."""
        for upstream in self._upstreams:
            page = upstream.page(entry.package)
            for file in page.files if page else ():
                if is_wheel_of(file.filename, entry):
                    yield _offer(upstream, file)


def _offer(upstream: Upstream, file: File) -> Offer:
    def read() -> bytes:
        return upstream.read(file, cap=MAX_WHEEL_BYTES)

    return Offer(file.filename, file.url, read, upstream.url, file.hashes.get("sha256", ""))
