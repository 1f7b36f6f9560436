"""Provider wheels for tests: a plugin with given source, and the question that asks it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from support.wheels import make_wheel
from variantkit.runner import Question
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

PACKAGE = "example-variant-provider"
MODULE = "example_variant_provider"

PLUGIN = """\
class Feature:
    def __init__(self, name, values, multi_value=False):
        self.name, self.values, self.multi_value = name, values, multi_value

def get_all_configs():
    return [Feature("level", ["v1", "v2", "v3"])]

def get_supported_configs():
    return [Feature("level", ["v2", "v1"])]
"""
"""A conforming plugin: it supports `level` v2 and v1 of v1 to v3. What is appended to it may redefine anything."""


def plugin_source(
    supported: Mapping[str, list[str]], everything: Mapping[str, list[str]] | None = None, *, multi: bool = False
) -> str:
    """The source of a plugin that answers with these features (name -> values), and with all of `everything`."""
    configs = {"supported": supported, "all": supported if everything is None else everything}
    functions = "".join(
        f"def get_{name}_configs():\n    return [Feature(n, list(v), {multi!r}) for n, v in {dict(answer)!r}.items()]\n"
        for name, answer in configs.items()
    )
    return PLUGIN + functions


def make_provider(
    directory: str | os.PathLike[str],
    source: str = PLUGIN,
    *,
    name: str = PACKAGE,
    version: str = "1.0",
    files: Mapping[str, str | bytes] | None = None,
) -> str:
    """Write a provider wheel whose package is the plugin, and return its path; `files` are further members."""
    members: dict[str, str | bytes] = {f"{name.replace('-', '_')}/__init__.py": source}
    return make_wheel(directory, name, version, files={**members, **(files or {})})


def make_question(
    directory: str | os.PathLike[str],
    source: str = PLUGIN,
    *,
    namespace: str = "example",
    endpoint: str = MODULE,
    configs_sha256: str | None = None,
    files: Mapping[str, str | bytes] | None = None,
) -> Question:
    """The question to a provider with this source, whose wheel is written to `directory`."""
    path = make_provider(directory, source, files=files)
    with open(path, "rb") as file:
        data = file.read()
    return Question(namespace, endpoint, data, hashlib.sha256(data).hexdigest(), Needs(), configs_sha256)
