"""What one tag releases: `x86-64-variant-provider-v0.4.0` is version 0.4.0 of that distribution, and nothing else.

    python .github/scripts/release.py plan TAG      # distribution, folder and version, for $GITHUB_OUTPUT
    python .github/scripts/release.py reviewed TAG  # is what the SDK embeds what its keyholders signed?
    python .github/scripts/release.py build TAG -o DIR

`reviewed` verifies sdk/list/, the published list of which sdk/approved.json is the main target, from the root whose
sha256 is in VARIANTKIT_LIST_ROOT_SHA256, and in no file that a change could alter; it needs variantkit-allowlist.
`build` needs uv on PATH. The SDK's build is given the providers' wheels, built here first from the same commit, and
fails unless the committed sdk/approved.json names exactly those bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
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


def require_reviewed(release: Release, anchor: str, root: str = ROOT) -> None:
    """Raise ValueError unless at least two keyholders signed sdk/approved.json; only the SDK embeds a list."""
    if release.folder != SDK:
        return
    from variantkit_allowlist.cli import main as allowlist

    public, embedded = os.path.join(root, SDK, "list"), os.path.join(root, SDK, "approved.json")
    if not re.fullmatch(r"[0-9a-f]{64}", anchor):
        raise ValueError(
            "VARIANTKIT_LIST_ROOT_SHA256: expected the sha256 of the list's first root; see docs/releasing.md"
        )
    with tempfile.TemporaryDirectory(prefix="embedded-list-") as folder:
        installed = os.path.join(folder, "approved.json")
        told = io.StringIO()
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
            code = allowlist(["update", "--from", public, "--root-sha256", anchor, "--to", installed])
        if code != 0:
            raise ValueError(told.getvalue().strip())
        with open(installed, "rb") as signed, open(embedded, "rb") as committed:
            if signed.read() != committed.read():
                raise ValueError(f"{embedded}: not the approved.json that the keyholders of {public} signed")
    threshold = _targets_threshold(os.path.join(public, "metadata"))
    if threshold < 2:
        raise ValueError(f"{public}: one person alone can sign it (threshold of targets: {threshold})")


def _targets_threshold(metadata: str) -> int:
    """How many must sign the list by the newest root, which was verified before."""
    numbers = [int(name.split(".")[0]) for name in os.listdir(metadata) if re.fullmatch(r"[0-9]+\.root\.json", name)]
    with open(os.path.join(metadata, f"{max(numbers)}.root.json"), encoding="utf-8") as stream:
        return int(json.load(stream)["signed"]["roles"]["targets"]["threshold"])


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
    parser.add_argument("command", choices=["plan", "reviewed", "build"])
    parser.add_argument("tag")
    parser.add_argument("-o", "--out", default="dist")
    options = parser.parse_args(arguments)
    try:
        release = plan(options.tag)
        if options.command == "reviewed":
            require_reviewed(release, os.environ.get("VARIANTKIT_LIST_ROOT_SHA256", ""))
    except (ValueError, OSError) as error:
        print(f"release: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if options.command == "build":
        build(release, options.out)
    elif options.command == "plan":
        sys.stdout.write("".join(f"{key}={value}\n" for key, value in release._asdict().items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
