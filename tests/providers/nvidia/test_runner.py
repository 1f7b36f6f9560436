"""The runner's own child on a machine with a driver: the published wheel, a mount namespace, and stub libraries.

The runner passes no search path for libraries on, so that the stubs have to be where the loader looks by itself: in a
namespace of mounts that has another `/etc/ld.so.cache` and a `/proc/driver/nvidia/version`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hatchling")

from support.first_party import build_provider
from support.nvidia_drivers import MODULE, add_libcuda, add_nvml
from support.stub_drivers import needs_compiler

if TYPE_CHECKING:
    from pathlib import Path

ENTER = """
set -e
mount -t tmpfs none /proc/driver
mkdir /proc/driver/nvidia
cp "$1/version" /proc/driver/nvidia/version
mount --bind "$1/cache" /etc/ld.so.cache
shift
exec "$@"
"""
ASK = """
import hashlib, json, sys
from variantkit.runner import Question, ask
from variantkit.trust.needs import Needs
wheel = open(sys.argv[1], "rb").read()
endpoint = "nvidia_variant_provider.plugin:NvidiaVariantPlugin"
question = Question("nvidia", endpoint, wheel, hashlib.sha256(wheel).hexdigest(), Needs(fork=True))
(answer,) = ask([question], deadline=30, environ=json.loads(sys.argv[2]))
print(json.dumps([answer.status, answer.features, dict(answer.diagnostics)]))
"""
UNSHARE = [shutil.which("unshare") or "unshare", "--map-root-user", "--mount"]


def can_mount() -> bool:
    try:
        probe = [*UNSHARE, "sh", "-c", "mount -t tmpfs none /proc/driver && mount --bind /dev/null /etc/ld.so.cache"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


pytestmark = [
    needs_compiler,
    pytest.mark.skipif(not can_mount(), reason="a namespace of mounts is not to be had here"),
    pytest.mark.skipif(shutil.which("ldconfig", path="/sbin:/usr/sbin") is None, reason="no ldconfig"),
]


def ask_runner(directory: Path, **variables: str) -> tuple[str, dict[str, list[str]], dict[str, str]]:
    """Status, features and diagnostics of the runner's answer on a machine with the libraries in `directory`."""
    (directory / "version").write_text(MODULE.format("550.54.14"), encoding="utf-8")
    (directory / "conf").write_text(f"{directory}\n", encoding="utf-8")
    ldconfig = shutil.which("ldconfig", path="/sbin:/usr/sbin")
    command = [str(ldconfig), "-X", "-C", str(directory / "cache"), "-f", str(directory / "conf")]
    subprocess.run(command, check=True, capture_output=True)
    inside = [sys.executable, "-c", ASK, build_provider("nvidia"), json.dumps(variables)]
    command = [*UNSHARE, "sh", "-c", ENTER, "sh", str(directory), *inside]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, features, diagnostics = json.loads(done.stdout)
    return status, {name: values for name, values, _ in features}, diagnostics


def test_a_driver_is_read_in_the_runners_child(tmp_path: Path) -> None:
    add_nvml(tmp_path, gpus="9.0,8.9")
    add_libcuda(tmp_path)
    status, features, diagnostics = ask_runner(tmp_path)
    assert status == "present"
    assert features["cuda_version_lower_bound"][0] == "12.4"
    assert features["sm_arch"][0] == "90_real"
    assert features["driver_branch_lower_bound"][0] == "550"
    assert set(diagnostics) == {"mixed-gpus"}


def test_a_hanging_driver_costs_the_time_that_is_allowed_and_no_more(tmp_path: Path) -> None:
    add_nvml(tmp_path, gpus="9.0", hang="nvmlInitWithFlags")
    status, features, diagnostics = ask_runner(tmp_path, NV_VARIANT_PROVIDER_TIMEOUT="0.3")
    assert (status, features) == ("undetermined", {})
    assert "driver-hung" in diagnostics
