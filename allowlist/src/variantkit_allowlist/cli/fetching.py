"""Options of the verbs that fetch or verify somebody's published list: how old it may be, and which root is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.trust.alphabet import is_sha256
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    import argparse

ROOT_CAP = 512_000
MOST_DAYS = 3660


def add_age(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-age", metavar="DAYS", type=int, default=30, help="how old a copy's timestamp may be (default: 30)"
    )


def require_age(args: argparse.Namespace) -> None:
    if not 0 < args.max_age <= MOST_DAYS:
        raise InputError(f"--max-age: expected 1 to {MOST_DAYS} days")


def add_http(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow-http", action="store_true", help="take a URL without TLS beyond this machine")


def add_root(parser: argparse.ArgumentParser, told: str = "") -> None:
    pin = parser.add_mutually_exclusive_group()
    pin.add_argument("--root", metavar="FILE", help=f"{told}the root metadata to trust (1.root.json, or a later one)")
    pin.add_argument("--root-sha256", metavar="HEX", help=f"{told}the sha256 of the root metadata to trust")


def read_root(args: argparse.Namespace) -> tuple[bytes | None, str | None]:
    """The root that is trusted: its bytes, or the sha256 of one that the source has; one of them at most."""
    if args.root_sha256 is not None and not is_sha256(args.root_sha256):
        raise InputError(f"--root-sha256 {args.root_sha256}: expected 64 lower-case hex digits")
    return read_file(args.root, ROOT_CAP) if args.root else None, args.root_sha256
