"""The floor under `needs`: what no approved list can grant."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.lists import encode, make_entry, make_list
from variantkit.trust import ListError, parse_approved
from variantkit.trust.needs import FLOOR, check_need, is_watched_path

FORBIDDEN = [
    ("read", "/"),
    ("read", "/*"),
    ("read", "/home"),
    ("read", "/home/alice/.netrc"),
    ("read", "/HOME/alice"),
    ("read", "/ho*/alice/.netrc"),
    ("read", "/[h]ome/alice"),
    ("read", "/[]h]ome/alice"),
    ("read", "/?oot/.ssh/id"),
    ("read", "/*/alice"),
    ("read", "/**/x"),
    ("read", "/Users/alice"),
    ("read", "/root/.aws/credentials"),
    ("read", "/run/docker.sock"),
    ("read", "/var/run/docker.sock"),
    ("read", "/var"),
    ("read", "/var/r*/docker.sock"),
    ("read", "/etc"),
    ("read", "/etc/*"),
    ("read", "/etc/shadow"),
    ("read", "/etc/ssh/ssh_host_rsa_key"),
    ("read", "/etc/krb5.keytab"),
    ("read", "/tmp/x"),
    ("read", "/sys/kernel/debug/dri/0/name"),
    ("read", "/proc"),
    ("read", "/proc/*/environ"),
    ("read", "/proc/1/environ"),
    ("read", "/proc/4711/maps"),
    ("read", "/proc/[0-9]*/environ"),
    ("read", "/proc/self/environ"),
    ("read", "/proc/self/root/etc/passwd"),
    ("read", "/proc/self/fd/3"),
    ("read", "/proc/thread-self/environ"),
    ("read", "/proc/kcore"),
    ("read", "proc/cpuinfo"),
    ("read", "../etc/passwd"),
    ("read", "/sys/../etc/passwd"),
    ("read", "/sys/./x"),
    ("read", "/sys//x"),
    ("read", "/sys/x/"),
    ("read", "~/.netrc"),
    ("read", ""),
    ("devices", "/dev"),
    ("devices", "/dev/*"),
    ("devices", "/dev/mem"),
    ("devices", "/dev/sd?"),
    ("devices", "/dev/fd/3"),
    ("devices", "/sys/devices"),
    ("devices", "nvidia0"),
    ("libraries", "/usr/lib/libx.so"),
    ("libraries", "../libx.so"),
    ("libraries", "lib x.so"),
    ("libraries", "libpython3.11.so"),
    ("libraries", ""),
    ("programs", "/bin/sh"),
    ("programs", "/usr/bin/bash"),
    ("programs", "/usr/bin/python3.11"),
    ("programs", "/usr/bin/PERL"),
    ("programs", "/usr/bin/env"),
    ("programs", "/usr/bin/sudo"),
    ("programs", "/usr/bin/xargs"),
    ("programs", "/lib64/ld-linux-x86-64.so.2"),
    ("programs", "/usr/bin/*"),
    ("programs", "/usr/bin/nvidia-sm?"),
    ("programs", "nvidia-smi"),
    ("programs", "./nvidia-smi"),
    ("programs", "/usr/bin/../../tmp/x"),
    ("programs", "/tmp/nvidia-smi"),
    ("programs", "/home/alice/nvidia-smi"),
    ("programs", "/proc/self/exe"),
    ("devices", "/dev/sdb"),
    ("devices", "/dev/SDB1"),
    ("devices", "/dev/nvme1n1"),
    ("devices", "/dev/n*"),
    ("devices", "/dev/[n]vme1n1"),
    ("devices", "/dev/*"),
    ("devices", "/d*/sdb"),
    ("devices", "/dev/sg0"),
    ("devices", "/dev/sg*"),
    ("devices", "/dev/disk/by-id/*"),
    ("devices", "/dev/input/event0"),
]

GRANTABLE = [
    ("read", "/proc/cpuinfo"),
    ("read", "/proc/self/auxv"),
    ("read", "/proc/driver/nvidia/version"),
    ("read", "/proc/driver/nvidia/gpus/*/information"),
    ("read", "/sys/devices/system/cpu/cpu[0-9]*/regs/identification/midr_el1"),
    ("read", "/sys/bus/pci/devices/*/vendor"),
    ("read", "/usr/local/Ascend/driver/version.info"),
    ("read", "/etc/ascend_install.info"),
    ("devices", "/dev/nvidiactl"),
    ("devices", "/dev/nvidia[0-9]*"),
    ("devices", "/dev/dri/renderD*"),
    ("devices", "/dev/davinci*"),
    ("devices", "/dev/sgx_enclave"),
    ("devices", "/dev/accel[0-9]*"),
    ("libraries", "libnvidia-ml.so.1"),
    ("libraries", "libcuda.so.1"),
    ("libraries", "nvml.dll"),
    ("programs", "/usr/bin/nvidia-smi"),
    ("programs", "/opt/rocm/bin/rocminfo"),
    ("programs", "/usr/local/bin/npu-smi"),
]


@pytest.mark.parametrize(("kind", "text"), FORBIDDEN)
def test_attack_34_a_forbidden_need_makes_the_list_invalid(kind: str, text: str) -> None:
    with pytest.raises(ListError, match=kind):
        parse_approved(encode(make_list(make_entry(needs={kind: [text]}))), "list.json")


@pytest.mark.parametrize(("kind", "text"), GRANTABLE)
def test_an_ordinary_need_is_grantable(kind: str, text: str) -> None:
    assert check_need(kind, text) is None
    assert parse_approved(encode(make_list(make_entry(needs={kind: [text]}))), "list.json")


@pytest.mark.parametrize("path", FLOOR)
def test_attack_34_nothing_below_the_floor_and_nothing_above_it(path: str) -> None:
    assert check_need("read", f"{path}/deeper")
    assert check_need("read", path)
    assert check_need("read", path.rpartition("/")[0] or "/")
    assert check_need("read", path[:-1] + "?")


@pytest.mark.parametrize(
    ("text", "watched"),
    [
        ("/dev/nvidiactl", True),
        ("/sys/module/nvidia/version", True),
        ("/proc/driver/nvidia/version", True),
        ("/proc/cpuinfo", True),
        ("/dev/acme*", True),
        ("/dev", False),
        ("/etc/passwd", False),
        ("/proc/1/stat", False),
        ("/proc/*/stat", False),
        ("/sys/../etc", False),
        ("dev/acme", False),
        ("", False),
    ],
)
def test_what_presence_and_fingerprint_may_name(text: str, watched: bool) -> None:
    assert is_watched_path(text) is watched


INTERPRETERS = re.compile(r"(?:python|pypy|perl|bash|sh|ld\.so|ld-.*|env|systemd-run|gawk|ed)[w0-9.-]*(?:\.exe)?")


@given(
    st.from_regex(
        r"(python|pythonx|perl|bash|sh|ld\.so|ld-x|env|systemd-run|gawk|ed|edit)[w0-9.x-]{0,4}(\.exe)?", fullmatch=True
    )
)
def test_an_interpreter_is_known_by_its_name_whatever_version_follows(name: str) -> None:
    assert (check_need("programs", f"/usr/bin/{name}") is not None) == (INTERPRETERS.fullmatch(name) is not None)
