"""Files of needs: what `--propose-needs` prints and what a request holds are read; what no list grants is told."""

from __future__ import annotations

import pytest

from variantkit.errors import DocumentError, InputError
from variantkit_allowlist.model import GrantedNeeds
from variantkit_allowlist.statements.needs_file import read_needs

NEEDS = GrantedNeeds(read=("/sys/class/acme/*",), fork=True)


@pytest.mark.parametrize(
    "text",
    [
        'read = ["/sys/class/acme/*"]\nfork = true\n',
        '[needs]\nread = ["/sys/class/acme/*"]\nfork = true\n',
        '[providers.needs]\nread = ["/sys/class/acme/*"]\nfork = true\n',
        '{"needs": {"read": ["/sys/class/acme/*"], "fork": true}, "package": "acme"}',
    ],
    ids=["alone", "needs", "providers", "request"],
)
def test_needs_are_read_wherever_they_stand(text: str) -> None:
    assert read_needs(text.encode(), "x") == NEEDS


def test_attack_34_every_need_that_no_list_grants_is_told_at_once() -> None:
    with pytest.raises(DocumentError) as caught:
        read_needs(b'read = ["/", "/sys/x/y"]\nprograms = ["/bin/sh"]\n', "needs.toml")
    assert [problem.path for problem in caught.value.problems] == ["read[0]", "programs[0]"]


@pytest.mark.parametrize(
    "text",
    ["reads = []", 'read = "/dev/x"', "fork = 1", "[", '{"needs": ', "\xff", "needs = 3", "a = 1\na = 2"],
    ids=["unknown", "text", "number", "broken", "broken-json", "bytes", "no-table", "twice"],
)
def test_what_is_no_file_of_needs_is_an_error_of_ours(text: str) -> None:
    with pytest.raises(InputError, match=r"^needs\.toml"):
        read_needs(text.encode("latin-1"), "needs.toml")
