"""The one error of this package: a build, a lock or a table that must not go on, said in one sentence."""

from __future__ import annotations


class VendorError(ValueError):
    """What is wrong, where, what was expected, what was found, and the command that mends it where there is one."""
