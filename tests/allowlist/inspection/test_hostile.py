"""Whatever the bytes of a wheel are, an inspection ends, soon, with a report or with one sentence."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.hostile_wheels import Raw, benign_wheel, wheel
from variantkit.errors import InputError
from variantkit_allowlist.inspection import compare_wheels, inspect_wheel
from variantkit_allowlist.inspection.report import as_document, change_lines, inspection_lines

if TYPE_CHECKING:
    from variantkit_allowlist.inspection import Inspection

NAME = "prov-1.0-py3-none-any.whl"
BENIGN = benign_wheel()


def require_one_line(text: str) -> None:
    assert text.isprintable()


def look(data: bytes) -> Inspection | None:
    try:
        found = inspect_wheel(data, NAME)
    except InputError as error:
        require_one_line(str(error))
        return None
    assert "\n".join(inspection_lines(found)).encode()
    assert as_document(found)
    return found


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_report_or_a_sentence(data: bytes) -> None:
    assert look(data) is None or data[:2] == b"PK"


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BENIGN) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_wheel_with_some_bytes_changed_ends_in_a_report_or_a_sentence(changes: list[tuple[int, int]]) -> None:
    data = bytearray(BENIGN)
    for at, byte in changes:
        data[at] = byte
    look(bytes(data))


PIECES = st.sampled_from([
    "os", ".", "x", "=", "(", ")", "[", "]", "{", "}", "'", '"', '"""', "\\", "\n", " ", "\t", "#", ":", ",", ";", "@",
    "lambda", "if", "else", "elif", "import", "from", "def", "class", "f'", "b'", "0x", "1", "-", "*", "**", ":=", "é",
    "\u0435", "\u202e", "\r", "\x0c", "\x00", "\ufeff", "__import__", "exec", "getattr", "environ", "/bin/sh",
    "async", "await", "match", "case", "_", "type", "...", "global", "nonlocal", "yield", "~", "<", ">", "!", "$", "?",
])  # fmt: skip


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=40), st.lists(PIECES, max_size=40))
def test_any_source_ends_in_a_report_and_in_a_difference(old: list[str], new: list[str]) -> None:
    wheels = [wheel(Raw(b"prov/_tables.py", "".join(pieces).encode("utf-8", "surrogatepass"))) for pieces in (old, new)]
    assert all(look(data) is not None for data in wheels)
    change = compare_wheels(wheels[0], wheels[1], NAME, NAME, grows=())
    assert "\n".join(change_lines(change)).encode()
    assert change.data_only is (wheels[0] == wheels[1])  # the version is the same, and so it is no later one


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from([b"METADATA", b"WHEEL", b"RECORD", b"entry_points.txt", b"sboms/a.json"])
)
def test_any_metadata_ends_in_a_report(content: bytes, name: bytes) -> None:
    assert look(wheel(Raw(b"prov.py", b""), Raw(b"prov-1.0.dist-info/" + name, content))) is not None


def test_the_largest_sources_are_read_in_bounded_time() -> None:
    dense = b"x=[" + b"a," * ((1 << 19) - 4) + b"]"
    wide = b"f(" + b"'%s'," % (b"/a" * 20) * 20_000 + b")"
    started = time.process_time()
    found = look(wheel(Raw(b"prov/a.py", dense), Raw(b"prov/b.py", wide), Raw(b"prov/c.py", b"(" * (1 << 20))))
    assert found is not None
    assert time.process_time() - started < 30


def test_two_long_files_are_compared_in_bounded_time() -> None:
    old = wheel(Raw(b"prov/a.txt", b"".join(b"%d\n" % (number % 7) for number in range(20_000))))
    new = wheel(Raw(b"prov/a.txt", b"".join(b"%d\n" % (number % 5) for number in range(20_000))))
    huge = wheel(Raw(b"prov/a.txt", b"x\n" * 200_000))
    started = time.process_time()
    for later in (new, huge):
        compare_wheels(old, later, NAME, NAME)
    assert time.process_time() - started < 60


def test_many_long_files_are_compared_in_bounded_time() -> None:
    texts = [b"".join(b"%d\n" % (row * step % 101) for row in range(9000)) for step in (7, 11)]
    wheels = [wheel(*(Raw(b"prov/%d.txt" % number, text) for number in range(40))) for text in texts]
    started = time.process_time()
    change = compare_wheels(wheels[0], wheels[1], NAME, NAME)
    assert time.process_time() - started < 30
    assert sum(part.lines[0].startswith("too long") for part in change.data) == 40
