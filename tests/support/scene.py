"""A release that asks for a hostile provider, a machine with lists, and the real program between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from support.approvals import write_list
from support.hostile_wheels import sentinel_provider
from support.uv import UV
from support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = "hostile-variant-provider"
MODULE = "hostile_variant_provider"
SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
LONG_AFTER = "2200-01-01"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Scene:
    """A release that asks for a provider which leaves a trace, both on an index and in a directory at hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trace = root / "trace"
        self.wheels, self.providers = root / "wheels", root / "providers"
        for folder in ("wheels", "providers", "home", "bundle"):
            (root / folder).mkdir()
        self.provider = sentinel_provider(self.providers, PACKAGE, "1.0", self.trace)
        self.environ = {
            "PATH": os.pathsep.join([str(Path(UV).parent), os.environ.get("PATH", "")]),
            "HOME": str(root / "home"),
            "PYTHONPATH": str(root / "bundle"),
            "UV_CACHE_DIR": str(root / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
        }
        self.write_bundle(write_list(root / "none.json", [], expires=LONG_AFTER))

    def write_bundle(self, listed: str) -> None:
        """An SDK whose embedded list is `listed`, and which has no providers of its own."""
        package = self.root / "bundle" / "variantkit_bundle"
        package.mkdir(exist_ok=True)
        (package / "__init__.py").write_text("")
        (package / "approved.json").write_bytes(Path(listed).read_bytes())

    def write_release(self, requires: Sequence[str], namespace: str, **provider: Any) -> str:
        document = {
            "$schema": SCHEMA,
            "default-priorities": {"namespace": [namespace]},
            "providers": {namespace: {"requires": list(requires), **provider}},
            "variants": {"hot": {namespace: {"level": ["v1"]}}, "null": {}},
        }
        for label in ("hot", "null"):
            one = {**document, "variants": {label: document["variants"][label]}}  # type: ignore[index]
            make_wheel(self.wheels, "sel", label=label, variant=one)
        make_wheel(self.wheels, "sel")
        (self.wheels / Path(self.provider).name).write_bytes(Path(self.provider).read_bytes())
        path = self.wheels / "sel-1.0-variants.json"
        path.write_text(json.dumps(document))
        return str(path)

    def run(self, *arguments: str, **environ: str) -> Ended:
        command = [sys.executable, "-m", "variantkit", *arguments]
        done = subprocess.run(
            command, env=self.environ | environ, cwd=self.root / "home", capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def decide(self, listed: str) -> list[str]:
        return ["--approved", listed, "--provider-wheels", str(self.providers)]
