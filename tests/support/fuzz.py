"""Chance for tests: changes to bytes and documents, for a bounded time, from a seed that repeats a failure.

VARIANTKIT_FUZZ_SEED is the seed (1 on CI, otherwise of the moment), VARIANTKIT_FUZZ_SECONDS how long all of it takes.
"""

from __future__ import annotations

import base64
import json
import os
import random
import time
from typing import TYPE_CHECKING, Any

from support.attested import at, branches, leaves, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = float(os.environ.get("VARIANTKIT_FUZZ_SECONDS", "8"))
SEED = int(os.environ.get("VARIANTKIT_FUZZ_SEED", "1" if os.environ.get("CI") else str(time.time_ns() % 10**9)))
MARKS = (b"\0", b'"', b"{", b"]", b",", b"\\u0000", b"=", b"\xff", b"\n", b"1")
WEIRD: list[object] = [
    None,
    True,
    0,
    -1,
    2**64,
    1.5,
    "",
    "x",
    "\x00",
    "\ud800",
    "é",
    [],
    {},
    [[]],
    "A" * 5000,
    "1741003200",
]


def rounds(share: float, name: str) -> Iterator[random.Random]:
    """A source of chance for each round, as many rounds as fit into a share of the time."""
    print(f"to repeat this: VARIANTKIT_FUZZ_SEED={SEED}")  # shown when the test fails
    end, number = time.monotonic() + SECONDS * share, 0
    while time.monotonic() < end or number < 20:
        yield random.Random(f"{SEED} {name} {number}")
        number += 1


def bytes_changed(data: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few of them changed, moved, left out or put in."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        place, other = chance.randrange(len(changed) + 1), chance.randrange(len(changed) + 1)
        kind = chance.randrange(5)
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[place : place + chance.choice((1, 2, 40))]
        elif kind == 2:
            changed[place:place] = changed[other : other + chance.choice((1, 4, 200))]
        elif kind == 3:
            changed[place:place] = chance.choice(
                (b"\0", b'"', b"{", b"]", b",", b"\\u0000", b"=", b"\xff", b"\n", b"1")
            )
        else:
            changed[place : place + 4] = chance.randbytes(4)
    return bytes(changed)


def value_changed(value: object, chance: random.Random) -> object:
    """Another value for a text or a number; of Base64 mostly a byte."""
    if isinstance(value, str) and chance.random() < 0.7:
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError:
            data = b""
        if len(data) > 8:
            return base64.b64encode(bytes_changed(data, chance)).decode()
        if value.isdecimal():
            return str(int(value) + chance.choice((-1, 1, 3600, 2**31, 2**40, -int(value))))
        return bytes_changed(value.encode(errors="replace"), chance).decode(errors="replace")
    return chance.choice(WEIRD)


def document_changed(document: Any, chance: random.Random) -> bytes:
    """A document with a few values changed, as bytes."""
    for _ in range(chance.choice((1, 1, 2))):
        paths = leaves(document) if chance.random() < 0.8 else branches(document)
        if paths:
            path = chance.choice(paths)
            document = replaced(document, path, value_changed(at(document, *path), chance))
    return json.dumps(document).encode()
