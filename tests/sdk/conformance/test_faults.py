"""The faults that providers really have, and the machine on which each shows."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.laboratory import make_subject
from support.providers import PLUGIN
from variantkit.conformance import Options, check_provider

if TYPE_CHECKING:
    from pathlib import Path

READS = "if os.path.exists('/proc/example'):\n        {}\n"

# fault -> the body of get_supported_configs, the law, the machine
FAULTS = {
    "a file is read without a bound": (READS.format("open('/proc/example', 'rb').read()"), "raises or hangs", "huge"),
    "a file that is there is thought readable": (READS.format("open('/proc/example').close()"), "raises", "denied"),
    "a file is thought to be text": (READS.format("open('/proc/example').read(4096)"), "raises", "garbage bytes 1"),
    "a file is thought to hold a number": (
        READS.format("int(open('/proc/example', 'rb').read(99))"),
        "raises",
        "words",
    ),
    "a file is thought to hold something": (
        READS.format("open('/proc/example', 'rb').readline(99).split()[0]"),
        "raises",
        "empty",
    ),
    "a directory is thought to be there": ("os.listdir('/sys/class/example')", "raises", "absent"),
    "names become values": (
        "found = os.listdir('/sys/class/example') if os.path.exists('/sys/class/example') else []\n"
        "    if found: return [Feature('level', [found[0].lower()])]\n",
        "bad-value",
        "garbage numbers 1",
    ),
    "a device is opened by the provider itself": (
        "if os.path.exists('/dev/example'):\n        try: os.close(os.open('/dev/example', os.O_RDONLY))\n"
        "        except OSError: pass\n",
        "hangs",
        "hung devices",
    ),
    "a library is called by the provider itself": (
        "import ctypes\n    try: ctypes.CDLL('libexample.so.1')\n    except OSError: pass\n",
        "crashes",
        "crashing libraries",
    ),
    "a function is thought to be in the library": (
        "import ctypes\n    try: ctypes.CDLL('libexample.so.1').example_kind()\n    except OSError: pass\n",
        "raises",
        "empty",
    ),
    "ctypes is thought to be in every Python": (
        "if os.path.exists('/dev/example'): import ctypes\n",
        "raises",
        "no ctypes",
    ),
    "a fork is thought to succeed": ("os.waitpid(os.fork() or os._exit(0), 0)\n", "raises", "no fork"),
    "a tool is thought to end": (
        "import subprocess\n    try: subprocess.run(['/usr/bin/example-smi'])\n    except OSError: pass\n",
        "hangs",
        "hung programs",
    ),
    "a tool is thought to say little": (
        "import subprocess\n    try: subprocess.run(['/usr/bin/example-smi'], stdout=-1, timeout=0.9)\n"
        "    except (OSError, subprocess.SubprocessError): pass\n",
        "raises or hangs",
        "huge",
    ),
    "an override is believed": (
        "forced = os.environ.get('EXAMPLE_VARIANT_PROVIDER_FORCE')\n"
        "    if forced: return [Feature('level', [forced])]\n",
        "bad-value",
        "EXAMPLE_VARIANT_PROVIDER_FORCE=910B",
    ),
    "an override that is documented is thought unset": (
        "if os.environ.get('EXAMPLE_VARIANT_PROVIDER_' + 'DEVICES') == '-1': raise ValueError\n"
        "    'EXAMPLE_VARIANT_PROVIDER_DEVICES'\n",
        "raises",
        "EXAMPLE_VARIANT_PROVIDER_DEVICES=-1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_shows_on_its_machine(tmp_path: Path, fault: str) -> None:
    body, clause, machine = FAULTS[fault]
    source = f"{PLUGIN}import os\n\n\ndef get_supported_configs():\n    {body}\n    return []\n"
    options = Options(pythons=(sys.executable,), deadline=1.5, start_ratio=0)
    report = check_provider(make_subject(tmp_path, source), options)
    told = {(finding.clause, finding.machine) for finding in report.findings}
    # What has no end fills the memory or takes the time, as fast as the host is.
    assert any((one, machine) in told for one in clause.split(" or ")), sorted(told)
