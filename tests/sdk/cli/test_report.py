"""What `detect` prints for people, of answers of every kind."""

from __future__ import annotations

import pytest

from variantkit.cli.report import namespace_lines
from variantkit.machine.supported import ABSENT, DENIED, PRESENT, UNDETERMINED, NamespaceSupport
from variantkit.variants.grammar import Feature


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def test_plain_absence_is_one_line_for_all_and_stands_last() -> None:
    absent = NamespaceSupport(ABSENT, "provider")
    lines = namespace_lines({"amd": absent, "cpu": NamespaceSupport(PRESENT, "provider"), "tpu": absent})
    assert list(lines) == ["cpu: present (provider)", "absent: amd, tpu"]


def test_what_is_not_plain_absence_says_why() -> None:
    support = {
        "nvidia": NamespaceSupport(ABSENT, "provider", diagnostics=(("no-gpu", "There is none."),)),
        "amd": NamespaceSupport(UNDETERMINED, "provider", diagnostics=(("driver-hung", "It hung."),)),
        "acme": NamespaceSupport(DENIED, code="not-listed", detail="no list names it"),
    }
    text = "\n".join(namespace_lines(support))
    assert "nvidia: absent (provider)\n  no-gpu: There is none." in text
    assert "amd: undetermined (provider)\n  driver-hung: It hung." in text
    assert "  not-listed: no list names it" in text


def test_features_that_are_merely_on_are_wrapped_at_the_width_of_the_terminal() -> None:
    features = (Feature("level", ("v2", "v1")), *(Feature(f"extension{number}", ("on",)) for number in range(6)))
    lines = list(namespace_lines({"cpu": NamespaceSupport(PRESENT, "static", features)}))
    assert lines[1] == "  level: v2 v1"
    assert lines[2:] == [
        "  on: extension0 extension1 extension2",
        "      extension3 extension4 extension5",
    ]
    assert max(map(len, lines)) <= 40
