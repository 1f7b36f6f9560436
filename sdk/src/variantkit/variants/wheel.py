"""A wheel's file name and its variant metadata (PEP 825 "Variant wheel")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from typing import IO

    from variantkit.variants.metadata import Metadata

VARIANT_JSON_CAP = 4 << 20
"""The most bytes a wheel's variant.json may have."""

# PEP 825 "Variant label": the Python tag starts with no digit, so a build tag, which does, and a label are told apart.
_parse = re.compile(
    r"([0-9A-Za-z_.]+)-([0-9A-Za-z][0-9A-Za-z_.!+]*)(?:-([0-9][0-9A-Za-z_.]*))?"
    r"-([A-Za-z_][0-9A-Za-z_.]*)-([0-9A-Za-z_.]+)-([0-9A-Za-z_.]+)(?:-([0-9a-z_.]+))?\.whl"
).fullmatch


class WheelName(NamedTuple):
    """The components of a wheel's file name, each as spelled there; `build` is "" and `label` None when absent."""

    name: str
    version: str
    build: str
    python: str
    abi: str
    platform: str
    label: str | None

    @property
    def plain_text(self) -> str:
        """The file name without the label."""
        build = f"-{self.build}" if self.build else ""
        return f"{self.name}-{self.version}{build}-{self.python}-{self.abi}-{self.platform}.whl"

    @property
    def text(self) -> str:
        """The file name."""
        return self.plain_text if self.label is None else f"{self.plain_text[:-4]}-{self.label}.whl"


def parse_wheel_name(filename: str) -> WheelName:
    """Read a wheel's file name; raises InputError for anything else, a path included."""
    found = _parse(filename)
    if found is None:
        raise InputError(
            f"wheel file name {filename!r}: expected "
            "'name-version[-build]-python-abi-platform[-label].whl', the label of a-z 0-9 _ ."
        )
    name, version, build, python, abi, platform, label = found.groups()
    return WheelName(name, version, build or "", python, abi, platform, label)


def read_variant_json(wheel: str | IO[bytes]) -> tuple[str, Metadata] | None:
    """Read the label and the metadata in a wheel's variant.json; None when the wheel has none.

    Raises InputError when `wheel` is no wheel, and DocumentError when the document is broken or does not
    describe exactly one variant.
    """
    from variantkit.variants.archive import open_wheel
    from variantkit.variants.metadata import parse_metadata

    with open_wheel(wheel) as contents:
        data = contents.read_info("variant.json", VARIANT_JSON_CAP)
        if data is None:
            return None
        where = f"{contents.where}: {contents.info_name('variant.json')}"
    return require_one_label(parse_metadata(data, where), where)


def require_one_label(metadata: Metadata, where: str) -> tuple[str, Metadata]:
    """Return the one label of a wheel's metadata with the metadata; raise InputError when there is not one."""
    if len(metadata.variants) != 1:
        raise InputError(f"{where}: expected exactly one variant, found {len(metadata.variants)}")
    return next(iter(metadata.variants)), metadata
