"""What is known of Acme accelerators, best first, each table with its source and date.

Literals alone, no name of another and no call: a release that changes nothing but their values is approved as data.
"""

from __future__ import annotations

NAMESPACE = "acme"

FORCE_GENERATION = "ACME_VARIANT_PROVIDER_FORCE_GENERATION"
TIMEOUT = "ACME_VARIANT_PROVIDER_TIMEOUT"
VARIABLES = (
    "ACME_VARIANT_PROVIDER_FORCE_GENERATION",
    "ACME_VARIANT_PROVIDER_TIMEOUT",
)
"""All that is read of the environment. Other names do not reach a provider: the middle is the same for all."""

DEVICES = "/sys/class/acme"
LIBRARY = "libacme.so.1"
MANY = 64  # more accelerators than one machine has

GENERATIONS = ("g3", "g2", "g1")
"""Newest first. Source: the vendor's programming guide, January 2026."""

CHIPS = {"0x30": "g3", "0x21": "g2", "0x20": "g2", "0x10": "g1"}
"""What the library says a chip is -> its generation. Source: acme.h of driver 2.4, January 2026."""

FIRMWARES = ("2.4", "2.3", "2.2", "2.1", "2.0", "1.0")
"""Releases that changed what programs can use, newest first. Source: the firmware's release notes, January 2026."""
