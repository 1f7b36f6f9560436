"""NVIDIA machines for tests: stub `libnvidia-ml.so.1` and `libcuda.so.1`, a fake file system, and what is answered.

The stubs are told by variables what to do: `RC_<function>` is the status that a function returns, `HANG` and `CRASH`
name a function that never returns or ends the process. GPUS is `8.9,9.0`; `15@handle` or `3@capability` in it is a
GPU that returns that status where NVML is asked for the one or the other, `0@hang` and `0@crash` one that does that.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

from support.stub_drivers import compile_library, run_python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GATE = r"""
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}
static int gate(const char *name) {
    char variable[128];
    const char *hang = getenv("HANG"), *crash = getenv("CRASH");
    if (!hang) hang = ALWAYS_HANG;
    if (hang && !strcmp(hang, name)) for (;;) pause();
    if (crash && !strcmp(crash, name)) raise(SIGSEGV);
    snprintf(variable, sizeof variable, "RC_%s", name);
    return number(variable, 0);
}
static int gpu(int index, int *major, int *minor, char *where) {
    char copy[512], *rest = copy, *item;
    int status;
    snprintf(copy, sizeof copy, "%s", getenv("GPUS") ? getenv("GPUS") : ALWAYS_GPUS);
    for (int at = 0; (item = strsep(&rest, ",")) && *item; at++) {
        if (index >= 0 && at == index) {
            *where = 0;
            if (sscanf(item, "%d@%15s", &status, where) == 2) {
                if (!strcmp(where, "hang")) for (;;) pause();
                if (!strcmp(where, "crash")) raise(SIGSEGV);
                return status;
            }
            sscanf(item, "%d.%d", major, minor);
            return 0;
        }
        if (index < 0) *major = at + 1;
    }
    return index < 0 ? 0 : 2;
}
"""

NVML = r"""
#ifndef WITHOUT_nvmlInitWithFlags
int nvmlInitWithFlags(unsigned flags) { return gate("nvmlInitWithFlags"); }
#endif
#ifndef WITHOUT_nvmlInit_v2
int nvmlInit_v2(void) { return gate("nvmlInit_v2"); }
#endif
int nvmlShutdown(void) { return gate("nvmlShutdown"); }
int nvmlSystemGetDriverVersion(char *text, unsigned length) {
    snprintf(text, length, "%s", getenv("DRIVER") ? getenv("DRIVER") : "550.54.14");
    return gate("nvmlSystemGetDriverVersion");
}
#ifndef WITHOUT_nvmlSystemGetCudaDriverVersion_v2
int nvmlSystemGetCudaDriverVersion_v2(int *version) {
    *version = number("NVML_CUDA", 12040);
    return gate("nvmlSystemGetCudaDriverVersion_v2");
}
#endif
int nvmlSystemGetCudaDriverVersion(int *version) {
    *version = number("NVML_CUDA", 12040);
    return gate("nvmlSystemGetCudaDriverVersion");
}
#ifndef WITHOUT_nvmlDeviceGetCount_v2
int nvmlDeviceGetCount_v2(unsigned *count) {
    int minor; char where[16];
    *count = 0;
    gpu(-1, (int *)count, &minor, where);
    return gate("nvmlDeviceGetCount_v2");
}
#endif
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **handle) {
    int major, minor; char where[16];
    int status = gpu(index, &major, &minor, where);
    *handle = (void *)(long)(index + 1);
    return status && !strcmp(where, "handle") ? status : gate("nvmlDeviceGetHandleByIndex_v2");
}
int nvmlDeviceGetCudaComputeCapability(void *handle, int *major, int *minor) {
    char where[16];
    int status = gpu((int)(long)handle - 1, major, minor, where);
    return status ? status : gate("nvmlDeviceGetCudaComputeCapability");
}
const char *nvmlErrorString(int status) { return "stub"; }
"""

CUDA = r"""
int cuDriverGetVersion(int *version) {
    *version = number("CUDA", 12040);
    return gate("cuDriverGetVersion");
}
int cuInit(unsigned flags) {
    return getenv("CUDA_VISIBLE_DEVICES") ? 100 : gate("cuInit");
}
int cuDeviceGetCount(int *count) {
    int minor; char where[16];
    *count = 0;
    gpu(-1, count, &minor, where);
    return gate("cuDeviceGetCount");
}
int cuDeviceGet(int *device, int index) { *device = index; return gate("cuDeviceGet"); }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    int major, minor; char where[16];
    int status = gpu(device, &major, &minor, where);
    *value = attribute == 75 ? major : minor;
    return status ? status : gate("cuDeviceGetAttribute");
}
"""

ASK = """
import json, sys, time
from nvidia_variant_provider._machine import Machine
from nvidia_variant_provider._parse import parse_facts
from nvidia_variant_provider._probe import probe_machine
from nvidia_variant_provider._rules import decide_answer, describe, diagnose
root, seconds, variables = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
machine = Machine(root, live=True, seconds=seconds)
facts = parse_facts(probe_machine(machine, variables), variables)
print(json.dumps([decide_answer(facts), diagnose(facts), describe(facts), machine.sources]))
"""

VERSION_FILE = "proc/driver/nvidia/version"
MODULE = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Thu Feb 22 01:44:30 UTC 2024\n"


class Outcome(NamedTuple):
    """What the provider made of a machine: features by name, diagnostics by code, facts, and the reports by name."""

    features: dict[str, list[str]]
    diagnostics: dict[str, str]
    facts: list[list[str]]
    reports: dict[str, str]


def add_nvml(directory: Path, *, without: tuple[str, ...] = (), gpus: str = "", hang: str = "") -> None:
    """Put a stub NVML there, lacking some functions; `gpus` and `hang` count where no variable says otherwise."""
    lacking = "".join(f"#define WITHOUT_{name}\n" for name in without)
    compile_library(directory, "libnvidia-ml.so.1", lacking + _gate(gpus, hang) + NVML)


def add_libcuda(directory: Path, soname: str = "libcuda.so.1") -> None:
    compile_library(directory, soname, _gate() + CUDA)


def _gate(gpus: str = "", hang: str = "") -> str:
    return f'#define ALWAYS_GPUS "{gpus}"\n#define ALWAYS_HANG "{hang}"\n' + GATE


def add_file(root: Path, path: str, text: str = "") -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def ask_machine(
    root: Path,
    libraries: Path,
    stub: Mapping[str, str] | None = None,
    *,
    overrides: Mapping[str, str] | None = None,
    seconds: float = 20.0,
    python: str = sys.executable,
    prelude: str = "",
) -> Outcome:
    """Let the provider read the files below `root`; the stubs in `libraries` are the driver, which `stub` directs."""
    libraries.mkdir(parents=True, exist_ok=True)
    arguments = (str(root), str(seconds), json.dumps(overrides or {}))
    printed = run_python(prelude + ASK, *arguments, libraries=libraries, variables=stub, python=python)
    answer, diagnostics, facts, sources = json.loads(printed)
    reports = {path[len("/reports/") :]: text for path, text in sources if path.startswith("/reports/")}
    assert all(multi == (name == "sm_arch") for name, _, multi in answer)
    return Outcome({name: values for name, values, _ in answer}, dict(diagnostics), facts, reports)
