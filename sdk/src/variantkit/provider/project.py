"""A new provider project: the template in a vendor's own names, written at once or not at all."""

from __future__ import annotations

import keyword
import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.provider.foreign import shown
from variantkit.variants.shape import ABI_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "template")
LONGEST = 24
"""Characters of a namespace or of a package's own part: the template's lines stay short enough with it."""

_is_namespace = re.compile(r"[a-z][a-z0-9_]*").fullmatch
_is_package = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*").fullmatch
_NAMES = re.compile("acme-variant-provider|acme_variant_provider|acme|Acme|ACME")
_SUFFIX = "-variant-provider"
_TAKEN = {"captured", "pytest"}


class Names(NamedTuple):
    """What a provider is called: its namespace, its distribution, and the module that is imported."""

    namespace: str
    package: str
    module: str


def choose_names(
    name: str,
    namespace: str | None = None,
    package: str | None = None,
    taken: Collection[str] = sys.stdlib_module_names,
) -> Names:
    """Names from the one that was given, `Acme-X` -> acme_x, acme-x-variant-provider, acme_x_variant_provider.

    Raises InputError for names that could not be a namespace (PEP 825) or an import package, or that are among the
    `taken` names of modules.
    """
    plain = _normalised(name).removesuffix(_SUFFIX)
    namespace = plain.replace("-", "_") if namespace is None else namespace
    if not _is_namespace(namespace) or len(namespace) > LONGEST:
        raise InputError(
            f"namespace {shown(namespace, 40)!r}: expected a letter and then letters, digits and _ in lower case, "
            f"at most {LONGEST} of them; give another NAME, or --namespace NS"
        )
    if namespace == ABI_NAMESPACE:
        raise InputError(f"namespace {namespace}: PEP 825 keeps this name for itself; give another")
    package = plain + _SUFFIX if package is None else _normalised(package)
    if not _is_package(package) or len(package.removesuffix(_SUFFIX)) > LONGEST:
        raise InputError(
            f"package {shown(package, 60)!r}: expected a letter and then letters, digits and - , at most {LONGEST} of "
            f"them before {_SUFFIX}; give another NAME, or --package NAME"
        )
    module = package.replace("-", "_")
    if keyword.iskeyword(module) or module in _TAKEN or module in taken:
        raise InputError(
            f"package {package}: its module would be {module!r}, which Python or a test would take for another; "
            f"give --package {package}{_SUFFIX}"
        )
    return Names(namespace, package, module)


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def render_project(names: Names) -> dict[str, bytes]:
    """All files of a new project: path relative to it -> bytes; the same for the same names."""
    files = {f"src/{names.module}/{name}": data for name, data in _files_below(os.path.join(TEMPLATE, "package"))}
    for path, data in _files_below(os.path.join(TEMPLATE, "project")):
        files[path.removesuffix(".in").replace("dot-", ".", 1) if path.startswith("dot-") else path[:-3]] = data
    with open(os.path.join(os.path.dirname(TEMPLATE), "replay.py"), "rb") as stream:
        files["tests/captured.py"] = stream.read()
    return {path: _renamed(data, names) for path, data in sorted(files.items())}


def _renamed(data: bytes, names: Names) -> bytes:
    by = {
        "acme-variant-provider": names.package,
        "acme_variant_provider": names.module,
        "acme": names.namespace,
        "Acme": names.namespace.capitalize(),
        "ACME": names.namespace.upper(),
    }
    return _NAMES.sub(lambda match: by[match.group()], data.decode()).encode()


def _files_below(folder: str) -> list[tuple[str, bytes]]:
    found = []
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            path = os.path.join(directory, name)
            with open(path, "rb") as stream:
                found.append((os.path.relpath(path, folder).replace(os.sep, "/"), stream.read()))
    return found


def write_project(files: Mapping[str, bytes], directory: str) -> None:
    """Write the files into `directory`, which must not exist; it appears when it is complete."""
    import shutil
    import tempfile

    target = os.path.abspath(directory)
    if os.path.lexists(target):
        raise InputError(f"{directory}: is there already, and a new project overwrites nothing; give another -o DIR")
    try:
        made = tempfile.mkdtemp(prefix=".new-provider-", dir=os.path.dirname(target))
    except OSError as error:
        raise InputError(f"{os.path.dirname(target)}: nothing can be written here: {error.strerror or error}") from None
    try:
        project = os.path.join(made, "project")
        for path, data in files.items():
            place = os.path.join(project, *path.split("/"))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as stream:
                stream.write(data)
        os.rename(project, target)
    except OSError as error:
        raise InputError(f"{directory}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
