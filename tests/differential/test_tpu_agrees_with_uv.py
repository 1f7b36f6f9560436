"""uv's own TPU provider and ours give the same `present`, over overrides and over PCI lists.

uv is shown a PCI list by a bind mount in a user and mount namespace of its own; ours reads the same tree as a root.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.trees import write_tree
from support.uv import UV
from support.wheels import make_wheel
from tpu_variant_provider._machine import Machine
from tpu_variant_provider._parse import parse_facts
from tpu_variant_provider._probe import probe_machine
from tpu_variant_provider._rules import decide_answer
from tpu_variant_provider._tables import CHIPS, FORCE_PRESENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PCI = "/sys/bus/pci/devices"
SELECTING = re.compile(r"Selecting: probe==1.0 \[compatible\] \(probe-1.0-py3-none-any-(true|false).whl\)")
PROVIDER = {"requires": ["tpu-variant-provider"], "plugin-api": "tpu_variant_provider.plugin:TpuVariantPlugin"}
UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = [*UNSHARE, "mount", "--bind", "/proc/self", PCI]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not _can_mount(), reason="this machine lets no user mount over its PCI list")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two wheels, one for each value of `present`."""
    directory = tmp_path_factory.mktemp("release")
    document = {
        "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
        "default-priorities": {"namespace": ["tpu"]},
        "providers": {"tpu": PROVIDER},
    }
    variants = {value: {"tpu": {"present": [value]}} for value in ("true", "false")}
    for value, properties in variants.items():
        one = {**document, "variants": {value: properties}}
        make_wheel(directory, "probe", tag="py3-none-any", label=value, variant=one)
    (directory / "probe-1.0-variants.json").write_text(json.dumps({**document, "variants": variants}))
    return directory


def uv_says(release: Path, prefix: Sequence[str] = (), forced: str | None = None) -> str:
    command = [*prefix, UV, "pip", "install", "-v", "--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build"]
    command += ["--find-links", str(release), "--preview-features", "wheel-variants", "--no-cache"]
    command += ["--python", sys.executable, "--target", str(release / "target"), "probe"]
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **({} if forced is None else {FORCE_PRESENT: forced})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    (value,) = SELECTING.findall(done.stderr) or [done.stderr]
    return str(value)


def we_say(root: str, forced: str | None = None) -> str:
    variables = {} if forced is None else {FORCE_PRESENT: forced}
    name, values, _ = decide_answer(parse_facts(probe_machine(Machine(root)), variables))[0]
    assert name == "present"
    return values[0]


def shown(tree: Path) -> list[str]:
    """The command prefix that shows uv `tree` as the machine's PCI list."""
    script = f'mount --bind "$1" {PCI} && shift && exec "$@"'
    return [*UNSHARE, "sh", "-c", script, "sh", str(tree / PCI[1:])]


@pytest.mark.parametrize(
    "forced", [None, "", "1", "true", "TRUE", "yes", "Yes", " true", "true ", "on", "y", "2", "0", "no", "false"]
)
def test_the_same_override(release: Path, forced: str | None) -> None:
    assert we_say("/", forced) == uv_says(release, forced=forced)


@needs_mount
@pytest.mark.parametrize(
    ("vendor", "device", "present"),
    [
        *(("0x1ae0", device, "true") for device in CHIPS),
        ("0x1ae0", "0x0042", "false"),  # a network card
        ("0x10de", "0x0063", "false"),
        ("0x1AE0", "0x0063", "false"),  # no kernel writes capitals
        ("0x1ae0", "0x006F", "false"),
        ("0x1ae0", "", "false"),
    ],
)
def test_the_same_pci_device(release: Path, tmp_path: Path, vendor: str, device: str, present: str) -> None:
    slot = f"{PCI}/0000:00:05.0"
    tree = write_tree(tmp_path, {f"{slot}/vendor": vendor + "\n", f"{slot}/device": device + "\n"})
    assert uv_says(release, shown(tree)) == we_say(str(tree)) == present


@needs_mount
def test_the_same_of_an_unreadable_entry_among_others(release: Path, tmp_path: Path) -> None:
    tree = write_tree(tmp_path, {f"{PCI}/0000:00:05.0/vendor": "0x1ae0\n", f"{PCI}/0000:00:05.0/device": "0x0063\n"})
    (tree / PCI[1:] / "0000:00:04.0" / "vendor").mkdir(parents=True)
    (tree / PCI[1:] / "0000:00:06.0").symlink_to("nowhere")
    assert uv_says(release, shown(tree)) == we_say(str(tree)) == "true"


@needs_mount
def test_an_override_beats_the_device_in_both(release: Path, tmp_path: Path) -> None:
    tree = write_tree(tmp_path, {f"{PCI}/0000:00:05.0/vendor": "0x1ae0\n", f"{PCI}/0000:00:05.0/device": "0x0063\n"})
    for forced in ("", "0", "1"):
        assert uv_says(release, shown(tree), forced) == we_say(str(tree), forced)
