"""Alphabets of identities: cheap checks, since compiling patterns is most of what starting the gate would cost."""

from __future__ import annotations

DIGITS = "0123456789"
HEX = "0123456789abcdef"
LOWER = "abcdefghijklmnopqrstuvwxyz"
ALNUM = LOWER + LOWER.upper() + DIGITS


def consists_of(text: str, alphabet: str, most: int) -> bool:
    """Whether text has 1 to `most` characters, all of them in `alphabet`."""
    return 0 < len(text) <= most and not text.strip(alphabet)


def is_sha256(text: str) -> bool:
    """Whether this is a sha256 in lower-case hex."""
    return len(text) == 64 and not text.strip(HEX)


def is_package(text: str) -> bool:
    """Whether this is a package's name, in any spelling."""
    return consists_of(text, ALNUM + "._-", 128) and text[0] in ALNUM and text[-1] in ALNUM


def is_list_id(text: str) -> bool:
    """Whether this can be an approved list's `id`."""
    return consists_of(text, ALNUM + "._/@:+-", 128) and text[0] in ALNUM


def is_index_url(text: str) -> bool:
    """Whether this is an index's URL, without credentials, query or fragment."""
    return text.startswith(("https://", "http://", "file://")) and consists_of(
        text, ALNUM + "-._~%!$&'()*+,;=:/[]", 500
    )


def is_endpoint(text: str) -> bool:
    """Whether this is an object reference (PEP 850 "API endpoint") in ASCII: `package.module:Name.attribute`."""
    path, colon, attributes = text.partition(":")
    parts = [*path.split("."), *(attributes.split(".") if colon else ())]
    return text.isascii() and len(text) <= 500 and all(part.isidentifier() for part in parts)
