"""PCI devices of Intel -> an IP version whose code they run, for machines without Level Zero."""

# Source: the groups of Linux's include/drm/intel/pciids.h and the products of Intel's compute runtime, November 2026.
# Where a group has more than one IP version (Panther Lake) or the assignment is not public (Battlemage's larger die),
# the base is named: what a wheel for it contains runs there.
DEVICES = {
    "30.0.4": "b080 b081 b082 b083 b084 b085 b086 b087 b08f b090 b0a0 b0b0 fd80 fd81",
    "20.4.4": "6420 64a0 64b0",
    "20.1.0": "e202 e209 e20b e20c e20d e210 e211 e212 e215 e216 e220 e221 e222 e223",
    "12.74.4": "7d51 7dd1",
    "12.71.4": "7d55 7dd5",
    "12.70.4": "7d40 7d45 7d60 7d41 7d67 b640",
    "12.60.7": "0b69 0b6e 0bd5 0bd6 0bd7 0bd8 0bd9 0bda 0bdb",
    "12.57.0": "5696 5697 56a3 56a4 56b2 56b3",
    "12.56.5": "5693 5694 5695 56a5 56a6 56b0 56b1 56ba 56bb 56bc 56bd 56c1",
    "12.55.8": "5690 5691 5692 56a0 56a1 56a2 56be 56bf 56c0 56c2",
    "12.10.0": "4905 4906 4907 4908 4909",
    "12.4.0": "46d0 46d1 46d2 46d3 46d4",
    "12.3.0": "46a0 46a1 46a2 46a3 46a6 46a8 46aa 462a 4626 4628 46b0 46b1 46b2 46b3 46c0 46c1 46c2 46c3"
    " a720 a721 a7a0 a7a1 a7a8 a7a9 a7aa a7ab a7ac a7ad",
    "12.2.0": "4680 4682 4688 468a 468b 4690 4692 4693 a780 a781 a782 a783 a788 a789 a78a a78b",
    "12.1.0": "4c80 4c8a 4c8b 4c8c 4c90 4c9a",
    "12.0.0": "9a40 9a49 9a59 9a60 9a68 9a70 9a78 9ac0 9ac9 9ad9 9af8",
}


def find_ip(device: str) -> str:
    """The IP version of a PCI device such as `0xe20b`; nothing when it is not known."""
    plain = device.lower().removeprefix("0x")
    return next((ip for ip, devices in DEVICES.items() if plain and plain in devices.split()), "")
