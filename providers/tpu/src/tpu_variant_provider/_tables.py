"""What is known of Cloud TPUs: their PCI identities and generations, newest first."""

from __future__ import annotations

NAMESPACE = "tpu"
FORCE_PRESENT = "TPU_VARIANT_PROVIDER_FORCE_PRESENT"
FORCE_GENERATION = "TPU_VARIANT_PROVIDER_FORCE_GENERATION"
VARIABLES = (
    "TPU_VARIANT_PROVIDER_FORCE_PRESENT",
    "TPU_VARIANT_PROVIDER_FORCE_GENERATION",
)

TRUE_WORDS = ("1", "true", "yes")
FALSE_WORDS = ("0", "false", "no")

GENERATIONS = ("8t", "8i", "7x", "v6e", "v5p", "v5e", "v4", "v3", "v2")
"""Google's names for them (TPU7x has no `v`), newest first. Source: Cloud TPU documentation, November 2026."""

VENDOR = "0x1ae0"  # Google; its network and storage devices have the same vendor

CHIPS = {
    "0x007c": "8t",
    "0x0083": "8i",
    "0x0076": "7x",
    "0x006f": "v6e",
    "0x0062": "v5p",
    "0x0063": "v5e",
    "0x005e": "v4",
    "0x0056": "",  # known to drivers as "plc" or "v4 lite"; never had a public name
    "0x0027": "",  # v2 or v3: the subsystem tells
}
"""PCI device of vendor 0x1ae0 -> generation. Source: the lists of uv 0.13 and JAX, November 2026."""

SHARED_CHIP = "0x0027"
SHARED_CHIPS = {"0x004f": "v3", "0x004e": "v2"}
"""PCI subsystem device -> generation, for the one device that two share. Source: Google's tpu-info 0.6."""
