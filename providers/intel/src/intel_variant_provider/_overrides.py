"""The variable with which a user decides what is not to be detected."""

from __future__ import annotations

from ._versions import format_ip, parse_ip


def parse_override(text: str) -> tuple[list[str], list[str]]:
    """The values of a list (by commas or blanks), in its order, and the words that are none."""
    from ._rules import list_values

    values = frozenset(list_values())
    words = text.replace(",", " ").replace(";", " ").split()
    found = [(word, parse_ip(word)) for word in words]
    plain = [(word, format_ip(ip) if ip else "") for word, ip in found]
    return list(dict.fromkeys([ip for _, ip in plain if ip in values])), [
        word for word, ip in plain if ip not in values
    ]
