from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from variantkit.provider.foreign import shown

if TYPE_CHECKING:
    from variantkit.provider.contract import Provider


class Config(NamedTuple):
    name: str
    values: list[str]
    multi_value: bool


class Plugin:
    @classmethod
    def get_supported_configs(cls) -> list[Config]:
        return cls.get_all_configs()

    @staticmethod
    def get_all_configs() -> list[Config]:
        return [Config("level", ["v1"], multi_value=False)]


def test_a_class_with_class_and_static_methods_is_a_provider_to_the_type_checker() -> None:
    provider: Provider = Plugin()
    of_class: type[Provider] = Plugin
    assert of_class is Plugin
    assert [config.name for config in provider.get_supported_configs()] == ["level"]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        pytest.param("plain é 日本", "plain é 日本", id="printable text as it is"),
        pytest.param("a\x1b[31mb\x07", "a\\x1b[31mb\\x07", id="terminal escapes"),
        pytest.param("a\nb\r\tc", "a\\nb\\r\\tc", id="lines"),
        pytest.param("\u202eabc\u2066\u200b", "\\u202eabc\\u2066\\u200b", id="bidirectional and invisible marks"),
        pytest.param("\ud800\x9b", "\\ud800\\x9b", id="lone surrogates and C1 controls"),
        pytest.param("x" * 11, "x" * 10 + "…", id="too long"),
    ],
)
def test_foreign_text_is_shown_on_one_line_without_controls(text: str, safe: str) -> None:
    assert shown(text, 10 if text.startswith("xx") else 300) == safe
