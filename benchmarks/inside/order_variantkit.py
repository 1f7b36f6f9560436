"""Filter and order by variantkit, from parsed metadata. Arguments: the folder of stopwatch.py, FILE..."""

from __future__ import annotations

import sys
from functools import partial

from variantkit import Metadata, Ranking, parse_metadata, rank_variants

sys.path.append(sys.argv[1])
from stopwatch import serve  # type: ignore[import-not-found]


def read(path: str) -> Metadata:
    """The metadata of a file."""
    with open(path, "rb") as stream:
        return parse_metadata(stream.read(), path)


def order(metadata: Metadata) -> Ranking:
    """Filter and order by what the static providers say."""
    return rank_variants(metadata, {name: provider.static or () for name, provider in metadata.providers.items()})


timed = {path: partial(order, read(path)) for path in sys.argv[2:]}
serve({path: call().labels for path, call in timed.items()}, timed)
