"""The environment of a provider's child: nothing of the user's, except what this table names and why."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOWS_VARIABLES = {
    "SYSTEMROOT": "without it Windows can load neither its cryptography nor its sockets library",
    "WINDIR": "the same folder under its older name; drivers put their libraries under it",
    "PROGRAMFILES": "NVIDIA's older drivers put nvml.dll under it",
}

PROVIDER_VARIABLES = {
    "AMD_PREFERRED_GFX_ARCHS": "amd: order of preference among the architectures found",
    "ASCEND_HOME_PATH": "ascend: where CANN is installed, when not in its usual place",
    "ASCEND_TOOLKIT_HOME": "ascend: the same, as CANN's own set-up script names it",
    "ROCM_BOOTSTRAP_DISABLE_DETECTION": "amd: ROCm's own switch to detect nothing",
    "ROCM_BOOTSTRAP_FORCE_GFX_ARCH": "amd: ROCm's own override of the architecture",
    "ROCM_PATH": "amd: where ROCm is installed, when not in /opt/rocm",
}
"""Variables of the hardware's own software that providers document. Paths among them name files that are read for a
version; none makes a library or a program come from elsewhere."""

is_override = re.compile(r"[A-Z0-9_]+_VARIANT_PROVIDER_[A-Z0-9_]+").fullmatch
"""Matches the overrides that providers document, such as NV_VARIANT_PROVIDER_FORCE_SM_ARCH."""

# Why the usual suspects are absent above:
# - PATH: a program found through it is whatever stands first there
# - LD_PRELOAD, LD_LIBRARY_PATH, DYLD_*: a library found through them is the user's, not the driver's
# - PYTHON*: -I ignores them, and programs that a provider starts should too
# - HOME, USER, XDG_*, TMPDIR: a provider describes the machine, not the user
# - LANG, LC_*, TZ: an answer must not depend on language or place
# - *_proxy, PIP_*, UV_*, *_TOKEN, *_KEY: credentials
# - CUDA_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES: they say what a process may use now, not what the machine has

MAX_VALUE = 4096


def child_environment(environ: Mapping[str, str], platform: str = sys.platform) -> dict[str, str]:
    """Pick from `environ` what a provider may see, in order of name; values over 4096 characters are left out."""
    names = {*PROVIDER_VARIABLES, *(WINDOWS_VARIABLES if platform == "win32" else ())}
    return {
        name: value
        for name, value in sorted(environ.items())
        if (name in names or is_override(name)) and len(value) <= MAX_VALUE
    }
