"""Huawei's driver as stubs: a libdcmi.so that environment variables steer, and npu-smi as a shell script.

Written after the public reference of DCMI; no Ascend hardware was at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.stub_drivers import compile_library, write_program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DCMI = r"""
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* DCMI_CHIPS: "NAME/NPU,NAME@STATUS": one card each, in cards of DCMI_PER_CARD devices. */
struct info { char type[32], name[32], version[32]; unsigned cores; char npu[32]; };

static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}
static void meet(const char *function) {
    const char *text = getenv("DCMI_HANG");
    if (text && !strcmp(text, function)) pause();
    text = getenv("DCMI_CRASH");
    if (text && !strcmp(text, function)) raise(SIGSEGV);
}
static const char *chip(int wanted) {
    const char *text = getenv("DCMI_CHIPS");
    while (text && wanted--) { text = strchr(text, ','); if (text) text++; }
    return text && *text ? text : 0;
}
static int count(void) { int n = 0; while (chip(n)) n++; return n; }
static void copy(char *to, const char *from, const char *ends) {
    size_t size = strcspn(from, ends);
    memcpy(to, from, size < 31 ? size : 31);
}
static int tell(int index, struct info *info, int with_npu) {
    const char *text = chip(index);
    if (!text) return -8007;
    const char *status = text + strcspn(text, "@,");
    if (*status == '@') return atoi(status + 1);
    strcpy(info->type, "Ascend");
    memset(info->name, 0, 32);
    copy(info->name, text, "/,");
    strcpy(info->version, "V1");
    info->cores = 20;
    const char *npu = text + strcspn(text, "/,");
    if (with_npu) { memset(info->npu, 0, 32); if (*npu == '/') copy(info->npu, npu + 1, ","); }
    return 0;
}
static int per_card(void) { return number("DCMI_PER_CARD", 1); }

#ifndef NO_V2
int dcmiv2_init(void) { meet("dcmiv2_init"); return number("DCMI_V2", 0); }
int dcmiv2_get_device_list(int *list, int *found, int size) {
    meet("dcmiv2_get_device_list");
    *found = number("DCMI_COUNT", count());
    for (int i = 0; i < *found && i < size; i++) list[i] = i;
    return number("DCMI_LIST", 0);
}
int dcmiv2_get_device_chip_info(int device, struct info *info) {
    meet("dcmiv2_get_device_chip_info");
    return tell(device, info, 1);
}
#endif
#ifndef NO_V1
int dcmi_init(void) { meet("dcmi_init"); return number("DCMI_V1", 0); }
int CARD_LIST(int *found, int *list, int size) {
    *found = number("DCMI_COUNT", (count() + per_card() - 1) / per_card());
    for (int i = 0; i < *found && i < size; i++) list[i] = i;
    return number("DCMI_LIST", 0);
}
int dcmi_get_device_num_in_card(int card, int *found) { *found = per_card(); return number("DCMI_CARD", 0); }
#ifndef NO_INFO_V2
int dcmi_get_device_chip_info_v2(int card, int device, struct info *info) {
    return number("DCMI_INFO_V2", tell(card * per_card() + device, info, 1));
}
#endif
int dcmi_get_device_chip_info(int card, int device, struct info *info) {
    return tell(card * per_card() + device, info, 0);
}
#endif
"""

PLACE = "usr/local/dcmi"


def add_nodes(root: Path, *numbers: int) -> Path:
    """A machine below `root` with the nodes of these NPUs, or of one."""
    (root / "dev").mkdir(parents=True, exist_ok=True)
    for name in ("davinci_manager", *[f"davinci{number}" for number in numbers or (0,)]):
        (root / "dev" / name).touch()
    return root


def add_dcmi(root: Path, *lacking: str, card_list: str = "dcmi_get_card_list", place: str = PLACE) -> None:
    """The library, without what `lacking` names (`V1`, `V2`, `INFO_V2`)."""
    head = f"#define CARD_LIST {card_list}\n" + "".join(f"#define NO_{part}\n" for part in lacking)
    compile_library(root / place, "libdcmi.so", head + DCMI)


def add_smi(root: Path, answers: Mapping[str, str], place: str = "usr/local/sbin") -> None:
    """npu-smi, which prints `answers[arguments]`; for others it fails."""
    cases = "".join(f"'{arguments}') cat <<'END'\n{text}\nEND\n;;\n" for arguments, text in answers.items())
    write_program(root / place / "npu-smi", f'case "$*" in\n{cases}*) echo unsupported >&2; exit 1;;\nesac\n')
