"""Names of python-tuf's public interface: one place for what it exports without saying so to a type checker."""

from __future__ import annotations

from securesystemslib.signer import Key, Signer
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Role,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

__all__ = [
    "Key",
    "MetaFile",
    "Metadata",
    "Role",
    "Root",
    "Signed",
    "Signer",
    "Snapshot",
    "TargetFile",
    "Targets",
    "Timestamp",
]
