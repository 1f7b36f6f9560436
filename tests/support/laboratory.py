"""Providers for the tests of conformance: one that keeps every law, and what asks a provider on few machines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from support.providers import MODULE, PACKAGE
from support.wheels import record_line, write_zip
from variantkit.conformance.behaviour import check_behaviour
from variantkit.conformance.laboratory import Laboratory, Run
from variantkit.conformance.machines import ABSENT, THIS, FakeMachine
from variantkit.conformance.subject import read_subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from variantkit.conformance import Finding

METADATA = f"""\
Metadata-Version: 2.4
Name: {PACKAGE}
Version: 1.0
Requires-Python: >=3.9
License-Expression: Apache-2.0
License-File: LICENSE

It reads the machine.
"""
ENTRY_POINTS = f"[variant_plugins]\nexample = {MODULE}\n"

GOOD = '''\
"""Accelerators of the imaginary vendor Example: presence by sysfs, then its library, then its tool."""


class Feature:
    def __init__(self, name, values, multi_value=False):
        self.name, self.values, self.multi_value = name, values, multi_value


KINDS = ("zort", "poit", "narf")


def get_all_configs():
    return [Feature("kind", list(KINDS)), Feature("version", ["2", "1"])]


def get_supported_configs():
    import os

    forced = os.environ.get("EXAMPLE_VARIANT_PROVIDER_FORCE_KIND", "")
    found = [forced] if forced in KINDS else _kinds()
    return [Feature("kind", found)] if found else []


def _kinds():
    import os

    found = []
    try:
        names = os.listdir("/sys/class/example")
    except OSError:
        return []
    for name in names:
        if name.startswith("card"):
            kind = _read("/sys/class/example/" + name + "/kind")
            if kind in KINDS and kind not in found:
                found.append(kind)
    return found or _ask_child()


def _read(path):
    try:
        with open(path, "rb") as stream:
            return stream.read(4096).decode("ascii", "replace").strip()
    except (OSError, ValueError):
        return ""


def _ask_child():
    """The library in a child of its own, which may hang or die."""
    import os
    import select

    try:
        reader, writer = os.pipe()
        child = os.fork()
    except OSError:
        return []
    if not child:
        try:
            import ctypes

            os.write(writer, ctypes.CDLL("libexample.so.1").example_kind() and b"narf")
        finally:
            os._exit(0)
    os.close(writer)
    ready = select.select([reader], [], [], 0.3)[0]
    said = os.read(reader, 100).decode("ascii", "replace") if ready else ""
    os.close(reader)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return [said] if said in KINDS else _ask_tool()


def _ask_tool():
    import os
    import subprocess

    if not os.access("/usr/bin/example-smi", os.X_OK):
        return []
    try:
        done = subprocess.run(["/usr/bin/example-smi", "-L"], capture_output=True, timeout=0.3, env={})
    except (OSError, ValueError, MemoryError, subprocess.SubprocessError):
        return []
    said = done.stdout[:100].decode("ascii", "replace").strip()
    return [said] if said in KINDS else []
'''
"""Keeps every law; what is appended to it may redefine anything."""


def make_subject(
    directory: str | os.PathLike[str],
    source: str = GOOD,
    *,
    files: Mapping[str, str | bytes | None] | None = None,
    metadata: str = METADATA,
    entry_points: str | None = ENTRY_POINTS,
    tag: str = "py3-none-any",
) -> str:
    """Write a provider wheel that keeps the static laws, but for what the arguments spoil, and return its path."""
    info = f"{MODULE}-1.0.dist-info"
    members: dict[str, str | bytes | None] = {
        f"{MODULE}/__init__.py": source,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/licenses/LICENSE": "Apache-2.0",
        f"{info}/entry_points.txt": entry_points,
        **(files or {}),
    }
    data = {
        name: text.encode() if isinstance(text, str) else text for name, text in members.items() if text is not None
    }
    record = "".join(record_line(name, content) for name, content in data.items()) + f"{info}/RECORD,,\n"
    path = os.path.join(directory, f"{MODULE}-1.0-{tag}.whl")
    return write_zip(path, {**data, f"{info}/RECORD": record.encode()})


def ask_on(
    wheel: str,
    *machines: FakeMachine,
    deadline: float = 30.0,
    python: str = sys.executable,
    endpoint: str | None = None,
) -> list[Run]:
    """Ask the provider of a wheel on these machines alone."""
    with Laboratory(read_subject(wheel, endpoint=endpoint), deadline=deadline).open() as laboratory:
        return laboratory.run(machines, python)


def clauses_on(wheel: str, *machines: FakeMachine, deadline: float = 30.0) -> set[str]:
    """The dynamic laws that a provider breaks on this machine, without hardware, and on these machines."""
    return clauses(check_behaviour(ask_on(wheel, THIS, ABSENT, *machines, deadline=deadline)))


def clauses(findings: Iterable[Finding]) -> set[str]:
    return {finding.clause for finding in findings}
