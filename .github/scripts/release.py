"""What one tag releases: `x86-64-variant-provider-v0.4.0` is version 0.4.0 of that distribution, and nothing else.

    python .github/scripts/release.py plan TAG      # distribution, folder and version, for $GITHUB_OUTPUT
    python .github/scripts/release.py build TAG -o DIR

`build` needs uv on PATH. The SDK's build is given the providers' wheels, built here first from the same commit, and
fails unless the committed sdk/approved.json names exactly those bytes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SDK = "sdk"
_TAG = re.compile(r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)-v(?P<version>[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc|\.post)[0-9]+)?)")


class Release(NamedTuple):
    """One distribution, its folder in the repository, and the version to release."""

    distribution: str
    folder: str
    version: str


def plan(tag: str, root: str = ROOT) -> Release:
    """Return what the tag releases; raise ValueError when it names nothing here, or another version than the code."""
    matched = _TAG.fullmatch(tag)
    if matched is None:
        raise ValueError(f"{tag}: not <distribution>-v<version>")
    name, version = matched["name"], matched["version"]
    folders = {project["name"]: (folder, project["version"]) for folder, project in _projects(root)}
    if name not in folders:
        raise ValueError(f"{tag}: there is no distribution {name!r}; expected one of {', '.join(sorted(folders))}")
    folder, declared = folders[name]
    if declared != version:
        raise ValueError(f"{tag}: {folder}/pyproject.toml says version {declared}")
    _require_changelog(os.path.join(root, folder, "CHANGELOG.md"), version)
    return Release(name, folder, version)


def build(release: Release, out: str, root: str = ROOT) -> None:
    """Build the release's sdist and wheel into `out`."""
    with tempfile.TemporaryDirectory(prefix="provider-wheels-") as wheels:
        settings = dict(os.environ)
        if release.folder == SDK:
            for folder, _ in _projects(root):
                if folder.startswith("providers/"):
                    _uv_build(root, folder, wheels, settings)
            settings.update(VARIANTKIT_RELEASE="1", VARIANTKIT_PROVIDER_WHEELS=wheels)
        _uv_build(root, release.folder, out, settings)


def _projects(root: str) -> list[tuple[str, dict[str, str]]]:
    """Return every distribution's folder and its [project] table."""
    providers = os.path.join(root, "providers")
    folders = [SDK, "sdk/build", "allowlist", *(f"providers/{name}" for name in sorted(os.listdir(providers)))]
    found = []
    for folder in folders:
        path = os.path.join(root, folder, "pyproject.toml")
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                found.append((folder, tomllib.load(stream)["project"]))
    return found


def _require_changelog(path: str, version: str) -> None:
    with open(path, encoding="utf-8") as stream:
        headings = [line.strip() for line in stream if line.startswith("## ")]
    found = next((line for line in headings if line.split()[1] == version), None)
    if found is None:
        raise ValueError(f"{path}: there is no heading for {version}")
    if "unreleased" in found.lower():
        raise ValueError(f"{path}: {found!r}; expected the date of the release")


def _uv_build(root: str, folder: str, out: str, settings: dict[str, str]) -> None:
    command = ["uv", "build", "--no-create-gitignore", "--build-constraints", "constraints.txt", "--require-hashes"]
    subprocess.run([*command, "--out-dir", os.path.abspath(out), folder], cwd=root, env=settings, check=True)


def main(arguments: list[str] | None = None) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["plan", "build"])
    parser.add_argument("tag")
    parser.add_argument("-o", "--out", default="dist")
    options = parser.parse_args(arguments)
    try:
        release = plan(options.tag)
    except ValueError as error:
        print(f"release: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if options.command == "build":
        build(release, options.out)
    else:
        sys.stdout.write("".join(f"{key}={value}\n" for key, value in release._asdict().items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
