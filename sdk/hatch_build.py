"""The bundle: first-party provider wheels and the approved list that names exactly those bytes.

The wheels are built into a temporary directory and included from there as the top-level package
`variantkit_bundle`, so that nothing generated ever lies in the source tree, deleting a checkout's build outputs
loses nothing, and concurrent builds do not meet. The sdist carries the providers' sources under `_providers/`.

A release sets VARIANTKIT_RELEASE=1 and VARIANTKIT_PROVIDER_WHEELS=DIR, the directory with the very wheels that are
published; every entry must then stand in the committed `approved.json`, and every revocation of it in the bundle, or
the build fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.builders.wheel import WheelBuilder

if sys.version_info >= (3, 11):
    import tomllib
else:  # hatchling brings tomli there
    import tomli as tomllib

if TYPE_CHECKING:
    import datetime

SOURCES = (
    "pyproject.toml",
    "hatch_build.py",
    "vendor.lock",
    "vendoring.py",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "src",
)
PACKAGE = "variantkit_bundle"
VENDORING = "variantkit_build"


class BundleHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Adds the bundle to wheels (editable ones too) and the providers' sources to sdists."""

    def dependencies(self) -> list[str]:
        """What the builds of the bundled providers require: the packages that they vendor, at the locked versions."""
        if self.target_name != "wheel" or "VARIANTKIT_PROVIDER_WHEELS" in os.environ:
            return []
        folders = [_folder(self.root, provider["folder"]) for provider in _load_bundle(self.root)["providers"]]
        return list(dict.fromkeys(name for folder in folders for name in WheelBuilder(folder).config.dependencies))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it builds; `version` is `standard` or `editable`."""
        bundle = _load_bundle(self.root)
        if self.target_name == "sdist":
            build_data["force_include"].update(_provider_sources(self.root, bundle))
            return
        self._made = tempfile.mkdtemp(prefix="variantkit-bundle-")
        package = os.path.join(self._made, PACKAGE)
        os.mkdir(package)
        try:
            _write_bundle(self.root, bundle, package)
        except BaseException:  # hatchling calls `finalize` for builds that succeed alone
            shutil.rmtree(self._made, ignore_errors=True)
            raise
        key = "force_include_editable" if version == "editable" else "force_include"
        build_data[key][package] = PACKAGE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Hatchling calls this after it built; the temporary directory goes."""
        if made := getattr(self, "_made", None):
            shutil.rmtree(made, ignore_errors=True)


def _load_bundle(root: str) -> dict[str, Any]:
    with open(os.path.join(root, "bundle.toml"), "rb") as stream:
        return tomllib.load(stream)


def _folder(root: str, name: str) -> str:
    """Where a provider's sources are: in the workspace, or in an unpacked sdist."""
    for candidate in (os.path.join(root, "_providers", name), os.path.join(root, "..", "providers", name)):
        if os.path.isfile(os.path.join(candidate, "pyproject.toml")):
            return os.path.normpath(candidate)
    raise FileNotFoundError(f"the sources of provider {name!r} are neither in _providers/ nor in ../providers/")


def _provider_sources(root: str, bundle: dict[str, Any]) -> dict[str, str]:
    """Map every source file of the bundled providers to its place in the sdist."""
    included: dict[str, str] = {}
    for provider in bundle["providers"]:
        folder = _folder(root, provider["folder"])
        for source in SOURCES:
            path = os.path.join(folder, source)
            for file in [path] if os.path.isfile(path) else _files_below(path):
                relative = os.path.relpath(file, folder).replace(os.sep, "/")
                included[file] = f"_providers/{provider['folder']}/{relative}"
    # The hook that the providers' builds vendor with, where their own hatch_build.py looks for it.
    vendoring = _vendoring(root)
    for file in _files_below(vendoring):
        included[file] = f"_providers/_build/{VENDORING}/{os.path.relpath(file, vendoring).replace(os.sep, '/')}"
    return included


def _vendoring(root: str) -> str:
    """Where the sources of the vendoring hook are: in the workspace, or in an unpacked sdist."""
    for candidate in (os.path.join(root, "_providers", "_build"), os.path.join(root, "build", "src")):
        if os.path.isdir(os.path.join(candidate, VENDORING)):
            return os.path.join(candidate, VENDORING)
    raise FileNotFoundError(f"the sources of {VENDORING} are neither in _providers/_build/ nor in build/src/")


def _files_below(path: str) -> list[str]:
    found = []
    for directory, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "_vendor"))
        found += [os.path.join(directory, name) for name in sorted(files) if not name.endswith(".pyc")]
    return found


def _write_bundle(root: str, bundle: dict[str, Any], package: str) -> None:
    release = os.environ.get("VARIANTKIT_RELEASE") == "1"
    entries = []
    for provider in bundle["providers"]:
        wheel = _provide_wheel(root, provider["folder"], package, release)
        entries.append(_entry(provider, wheel))
    approved = _approved_list(bundle, entries, release)
    if release:
        _require_committed(root, approved)
    with open(os.path.join(package, "approved.json"), "w", encoding="utf-8", newline="\n") as stream:
        stream.write(json.dumps(approved, indent=2) + "\n")
    with open(os.path.join(package, "__init__.py"), "w", encoding="utf-8", newline="\n") as stream:
        stream.write('"""The first-party provider wheels, and the approved list that names exactly them."""\n')


def _provide_wheel(root: str, folder: str, package: str, release: bool) -> str:
    """Put one provider's wheel into the package directory: the published file for a release, else a fresh build."""
    source = _folder(root, folder)
    given = os.environ.get("VARIANTKIT_PROVIDER_WHEELS")
    if given is None:
        if release:
            raise ValueError("a release build needs VARIANTKIT_PROVIDER_WHEELS, the directory of the published wheels")
        return next(iter(WheelBuilder(source).build(directory=package, versions=["standard"])))
    with open(os.path.join(source, "pyproject.toml"), "rb") as stream:
        project = tomllib.load(stream)["project"]
    prefix = f"{project['name'].replace('-', '_')}-{project['version']}-"
    found = [name for name in sorted(os.listdir(given)) if name.startswith(prefix) and name.endswith(".whl")]
    if len(found) != 1:
        raise ValueError(f"{given}: expected one wheel {prefix}*.whl, found {found}")
    return str(shutil.copy(os.path.join(given, found[0]), package))


def _entry(provider: dict[str, Any], wheel: str) -> dict[str, Any]:
    with open(wheel, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    name, version = os.path.basename(wheel).split("-")[:2]
    copied = {key: value for key, value in provider.items() if key not in ("folder", "namespace")}
    return {
        "namespace": provider["namespace"],
        "package": name.replace("_", "-"),
        "version": version,
        "sha256": [digest],
        **copied,
    }


def _approved_list(bundle: dict[str, Any], entries: list[dict[str, Any]], release: bool) -> dict[str, Any]:
    date: datetime.date = bundle["date"]
    return {
        "schema": "variantkit.approved/1",
        "id": bundle["id"],
        "serial": bundle["serial"],
        "origin": "release" if release else "development",
        "issued": date.isoformat(),
        "renew-by": _years_after(date, 1).isoformat(),
        "expires": _years_after(date, 3).isoformat(),
        "providers": entries,
        "revoked": bundle.get("revoked", []),
    }


def _years_after(date: datetime.date, years: int) -> datetime.date:
    day = 28 if (date.month, date.day) == (2, 29) else date.day
    return date.replace(year=date.year + years, day=day)


def _require_committed(root: str, approved: dict[str, Any]) -> None:
    """Require that the committed list says of every bundled wheel what the embedded one says, and revokes no more.

    Hashes alone would not do: an entry also grants a namespace, an endpoint and needs, and what a review bound to an
    index or an isolation level must stay bound.
    """
    path = os.path.join(root, "approved.json")
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: a release build needs the committed, signed list; there is none")
    with open(path, encoding="utf-8") as stream:
        committed = json.load(stream, object_pairs_hook=_unique)
    for entry in approved["providers"]:
        about = [known for known in committed["providers"] if set(entry["sha256"]) <= set(known["sha256"])]
        if not about:
            raise ValueError(f"{entry['package']} {entry['version']}: {entry['sha256'][0]} is not in {path}")
        if not any({**known, "sha256": entry["sha256"]} == entry for known in about):
            differing = {key for key in {*entry, *about[0]} if entry.get(key) != about[0].get(key)} - {"sha256"}
            raise ValueError(
                f"{entry['package']} {entry['version']}: {', '.join(sorted(differing))} in bundle.toml is not what "
                f"{path} approves"
            )
    missing = [gone for gone in committed.get("revoked", []) if gone not in approved["revoked"]]
    if missing:
        raise ValueError(f"bundle.toml lacks what {path} revokes: {missing}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object in which no key stands twice: readers differ on which one counts."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError(f"a key stands twice among {[key for key, _ in pairs]}")
    return dict(pairs)
