"""Intel's driver as stubs: a libze_loader.so.1 that environment variables steer, and the xe driver's answer.

Written after the public specification of Level Zero and Linux's xe_drm.h; no Intel GPU was at hand.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

from support.stub_drivers import compile_library, run_python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEVEL_ZERO = r"""
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ZE_GPUS: "DEVICE:IP[:VENDOR[:TYPE]],@STATUS,!": GPUs (at "!" it crashes) of each of ZE_DRIVERS drivers. */
typedef struct { uint32_t stype; void *next; uint32_t version; } ip_t;
typedef struct { uint32_t stype; ip_t *next; uint32_t type, vendor, device, flags; } properties_t;

static uint32_t number(const char *name, uint32_t otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoul(text, 0, 16) : otherwise;
}
static void meet(const char *function) {
    const char *text = getenv("ZE_HANG");
    if (text && !strcmp(text, function)) pause();
    text = getenv("ZE_CRASH");
    if (text && !strcmp(text, function)) raise(SIGSEGV);
}
static const char *gpu(int wanted) {
    const char *text = getenv("ZE_GPUS");
    if (getenv("ZE_AFFINITY_MASK")) return 0;
    while (text && wanted--) { text = strchr(text, ','); if (text) text++; }
    return text && *text ? text : 0;
}
static uint32_t fill(uint32_t *count, void **handles, uint32_t have) {
    if (handles) for (uint32_t i = 0; i < *count && i < have; i++) handles[i] = (void *)(uintptr_t)(i + 1);
    else *count = have;
    return 0;
}
static uint32_t drivers(uint32_t *count, void **handles) { return fill(count, handles, number("ZE_DRIVERS", 1)); }

#ifndef NO_INIT_DRIVERS
uint32_t zeInitDrivers(uint32_t *count, void **handles, void *wanted) {
    meet("zeInitDrivers");
    uint32_t status = number("ZE_INIT_DRIVERS", 0);
    if (((uint32_t *)wanted)[0] != 0x20021 || ((uint32_t *)wanted)[4] != 1) return 0x78000004;
    return status ? status : drivers(count, handles);
}
#endif
#ifndef NO_INIT
uint32_t zeInit(uint32_t flags) { meet("zeInit"); return flags == 1 ? number("ZE_INIT", 0) : 0x78000004; }
#endif
uint32_t zeDriverGet(uint32_t *count, void **handles) { return drivers(count, handles); }
#ifndef NO_DEVICES
uint32_t zeDeviceGet(void *driver, uint32_t *count, void **handles) {
    meet("zeDeviceGet");
    uint32_t have = 0;
    while (gpu(have)) have++;
    uint32_t status = number("ZE_DEVICES", 0);
    return status ? status : fill(count, handles, number("ZE_COUNT", have));
}
uint32_t zeDeviceGetProperties(void *device, properties_t *told) {
    meet("zeDeviceGetProperties");
    const char *text = gpu((int)(uintptr_t)device - 1);
    if (!text || told->stype != 3) return 0x78000004;
    if (*text == '!') raise(SIGSEGV);
    if (*text == '@') return strtoul(text + 1, 0, 16);
    char *end;
    told->device = strtoul(text, &end, 16);
    uint32_t version = *end == ':' ? strtoul(end + 1, &end, 16) : 0;
    told->vendor = *end == ':' ? strtoul(end + 1, &end, 16) : 0x8086;
    told->type = *end == ':' ? strtoul(end + 1, &end, 16) : 1;
    if (told->next && told->next->stype == 0x1000f) told->next->version = version;
    return 0;
}
#endif
"""

XE = r"""
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* XE_GTS: "TYPE:MAJOR:MINOR:REVISION,…", or "@ERRNO"; every ioctl is this one. */
struct gt {
    uint16_t type, tile, id, pad[3];
    uint32_t clock;
    uint64_t near, far;
    uint16_t version[4];
    uint64_t rest[7];
};
struct query { uint64_t extensions; uint32_t query, size; uint64_t data, reserved[2]; };

int ioctl(int descriptor, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    struct query *asked = va_arg(rest, struct query *);
    va_end(rest);
    const char *text = getenv("XE_GTS");
    if (request != 0xC0286440u || asked->query != 3 || !text) { errno = ENOTTY; return -1; }
    if (*text == '@') { errno = atoi(text + 1); return -1; }
    if (*text == 'h') pause();
    uint32_t count = 1;
    for (const char *place = text; *place; place++) count += *place == ',';
    uint32_t size = 8 + count * sizeof(struct gt);
    if (getenv("XE_SIZE")) size = atoi(getenv("XE_SIZE"));
    if (!asked->size) { asked->size = size; return 0; }
    if (asked->size != size) { errno = EINVAL; return -1; }
    uint8_t *data = (uint8_t *)(uintptr_t)asked->data;
    memset(data, 0, size);
    memcpy(data, &count, 4);
    struct gt *gts = (struct gt *)(data + 8);
    for (uint32_t i = 0; i < count; i++) {
        char *end = (char *)text;
        gts[i].type = strtoul(text, &end, 10);
        for (int part = 0; part < 3 && *end == ':'; part++) gts[i].version[part] = strtoul(end + 1, &end, 10);
        text = *end ? end + 1 : end;
    }
    return 0;
}
"""

ASK = """
import json, sys
from intel_variant_provider._machine import Machine
from intel_variant_provider._parse import parse_facts
from intel_variant_provider._probe import probe_machine
from intel_variant_provider._rules import decide_answer, diagnose, why_not
root, seconds, variables = sys.argv[1], float(sys.argv[2]), json.loads(sys.argv[3])
machine = Machine(root, live=True, seconds=seconds)
facts = parse_facts(probe_machine(machine, variables, "linux"), variables)
answer = decide_answer(facts)
print(json.dumps([answer, diagnose(facts), machine.sources, why_not(facts, "device_ip", "12.50.4")]))
"""


class Outcome(NamedTuple):
    """What the provider made of a machine: values, diagnostics by code, the reports by name, why not 12.50.4."""

    values: list[str]
    notes: dict[str, str]
    reports: dict[str, str]
    why_not: str


def add_gpu(root: Path, device: str, driver: str = "xe", number: int = 128, *, node: bool = True) -> Path:
    """A render node of an Intel GPU below `root`."""
    place = root / f"sys/class/drm/renderD{number}/device"
    place.mkdir(parents=True)
    (place / "vendor").write_text("0x8086\n")
    (place / "device").write_text(device + "\n")
    (place / "driver").symlink_to(f"../../../../bus/pci/drivers/{driver}")
    if node:
        (root / "dev/dri").mkdir(parents=True, exist_ok=True)
        (root / f"dev/dri/renderD{number}").touch()
    return root


def add_loader(libraries: Path, *lacking: str) -> None:
    """The loader, without what `lacking` names (`INIT_DRIVERS`, `INIT`, `DEVICES`)."""
    compile_library(libraries, "libze_loader.so.1", "".join(f"#define NO_{part}\n" for part in lacking) + LEVEL_ZERO)


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
    variables = dict(stub or {})
    if "XE_GTS" in variables:
        variables["LD_PRELOAD"] = str(compile_library(libraries, "xe.so", XE))
    arguments = (str(root), str(seconds), json.dumps(overrides or {}))
    printed = run_python(prelude + ASK, *arguments, libraries=libraries, variables=variables, python=python)
    answer, notes, sources, why_not = json.loads(printed)
    assert all(name == "device_ip" and multi is True for name, _, multi in answer)
    reports = {path[len("/reports/") :]: text for path, text in sources if path.startswith("/reports/")}
    return Outcome(answer[0][1] if answer else [], dict(notes), reports, why_not)
