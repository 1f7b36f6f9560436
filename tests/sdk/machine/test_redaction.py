"""What is taken out of captures, and what must stay because answers are made of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.machine.redaction import Redactor

UUID = "GPU-1c6d5ee5-0f68-4b6d-9d5a-1b2c3d4e5f60"
OTHER = "GPU-2c6d5ee5-0f68-4b6d-9d5a-1b2c3d4e5f60"


def redactor(kept: tuple[str, ...] = ()) -> Redactor:
    return Redactor(users=("jane",), hosts=("atlas7.example.org", "atlas7"), homes=("/data/people/jane",), kept=kept)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UUID, "GPU-00000000-0000-0000-0000-000000000001"),
        (f"MIG-{UUID[4:]}/3/0", "MIG-00000000-0000-0000-0000-000000000001/3/0"),
        ("eth0 3c:ec:ef:12:34:56 up", "eth0 00:00:00:00:00:01 up"),
        ("3C-EC-EF-12-34-56", "00-00-00-00-00-01"),
        ("node_guid 506b:4b03:00ab:cdef", "node_guid 0000:0000:0000:0001"),
        ("Serial\t\t: 10000000abcdef01\n", "Serial\t\t: 0000000000000000\n"),
        ("  Serial Number        : 0321F-18 \nNext : 1", "  Serial Number        : 00000-00 \nNext : 1"),
        ("unique_id 10819239483274 \n", "unique_id 00000000000000 \n"),
        ("hive_id 7304991836\n", "hive_id 0000000000\n"),
        ("NDie ID : 5B1C9830 21E0B5F4\n", "NDie ID : 00000000 00000000\n"),
        ("VDie ID : 5B1C9830\nDie ID: 1F\n", "VDie ID : 00000000\nDie ID: 00\n"),
        ("boardSerial=XY12\nGPUSerialNumber: 7A", "boardSerial=0000\nGPUSerialNumber: 00"),
        ("S/N: 77A\nboard SN = 8", "S/N: 000\nboard SN = 0"),
        ("/mnt/home/erin/x /var/home/gina /data/Users/ann/x", "/mnt/home/user/x /var/home/user /data/Users/user/x"),
        ("/home/someone/Ascend/version", "/home/user/Ascend/version"),
        ("read C:\\Users\\Some One\\x", "read C:\\Users\\user One\\x"),
        ("/data/people/jane/x /data/people/janet", "/home/user/x /data/people/janet"),
        ("jane@atlas7 built this on Atlas7.example.org", "user@host built this on host"),
    ],
)  # fmt: skip
def test_what_identifies_is_replaced_by_something_of_its_form(text: str, expected: str) -> None:
    assert redactor().text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "0000:65:00.0",
        "0000:65:00.0 0302: 10de:2330 (rev a1)",
        "flags\t\t: fpu vme de pse tsc msr pae mce cx8\nmodel name\t: AMD EPYC 9654 96-Core Processor\n",
        "gfx_target_version 90402\nvendor_id 4098\ndevice_id 29857\n",
        "device 0 cc 9 0 name NVIDIA H100 80GB HBM3\n",
        "560.35.03\n",
        "00000000-0000-0000-0000-000000000000 ff:ff:ff:ff:ff:ff",
        "Serial\t\t: 0000000000000000\n",
        "serial port 1 of janet's",
        "libnvidia-ml.so.1: cannot open shared object file: No such file or directory",
        "hwcap 0x00000000bfffffff\n",
        "serialized: 1\nisn: 4\nsnoop = 1\nsn 5\n",
        "/sys/home: 3 /opt/homes/x",
        "/usr/local/Ascend/ascend-toolkit/latest",
    ],
)
def test_what_describes_hardware_stays(text: str) -> None:
    redact = redactor()
    assert redact.text(text) == text
    assert redact.counts == {}


def test_the_same_thing_has_the_same_stand_in_everywhere_and_others_have_others() -> None:
    redact = redactor()
    first, second = redact.text(f"{UUID} {OTHER}").split()
    assert first != second
    assert redact.source("/reports/x", f"{OTHER}\n{UUID.lower()[4:]}") == ("/reports/x", f"{second}\n{first[4:]}")
    assert redact.counts == {"UUID": 4}


@pytest.mark.parametrize(
    "path",
    ["/sys/class/dmi/id/product_serial", "/sys/class/net/eth0/address", "/etc/machine-id", "/proc/sys/kernel/hostname"],
)
def test_a_file_that_only_identifies_keeps_its_length_alone(path: str) -> None:
    assert redactor().source(path, "PF-4Xq1\n") == (path, "00-0000\n")


def test_a_name_that_an_answer_is_made_of_is_no_name() -> None:
    redact = Redactor(users=("nvidia",), hosts=("gfx942", "v4", "ubuntu"), kept=("nvidia", "gfx942"))
    text = "nvidia gfx942 v4 ubuntu"
    assert redact.text(text) == text


@given(st.text(alphabet="0123456789abcdef-: \n/jane"))
def test_what_was_redacted_has_nothing_left_to_redact(text: str) -> None:
    once = redactor().text(text)
    again = redactor()
    assert again.text(once) == once or again.counts == {}
