"""The hatchling hook `variantkit-vendor`: brings the locked files and refuses any other bytes."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from variantkit_build.artifact import require_clean, require_no_dependencies
from variantkit_build.development import CURRENT, fill, require_unedited, write_files
from variantkit_build.errors import VendorError
from variantkit_build.lock import NAME, VendorLock, parse_lock
from variantkit_build.making import (
    Made,
    all_digests,
    all_outputs,
    in_order,
    make_all,
    require_locked,
    require_same_packages,
)
from variantkit_build.sbom import FILE_NAME, render_sbom
from variantkit_build.settings import Settings, load_settings
from variantkit_build.sources import require_installed

if TYPE_CHECKING:
    from collections.abc import Sequence


class VendorHook(BuildHookInterface):  # type: ignore[type-arg,unused-ignore]
    """Puts what `vendor.lock` names below the package's `_vendor/`, with licences and a bill of materials."""

    PLUGIN_NAME = "variantkit-vendor"

    def dependencies(self) -> list[str]:
        """The pinned packages, as build requirements: the build frontend's own index settings fetch them."""
        if self.target_name != "wheel":
            return []
        return [package.requirement for package in load_lock(self.root).packages]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it builds; `version` is `standard` or `editable`."""
        settings = load_settings(self.root)
        self._leave_out(f"{settings.package}/_vendor/")
        if self.target_name != "wheel":
            return
        core = self.metadata.core
        require_no_dependencies([*core.dependencies, *build_data["dependencies"]], "pyproject.toml")
        require_no_dependencies([f"the extra {name}" for name in core.optional_dependencies], "pyproject.toml")
        lock = load_lock(self.root)
        require_same_packages(settings, lock)
        require_covered(core.license_expression or "", lock)
        directory = os.path.join(self.root, *settings.package.split("/"), "_vendor")
        state = require_unedited(directory, all_digests(lock))
        made = make_all(settings, [require_installed(package) for package in in_order(settings, lock)], self.root)
        require_locked(settings, made, lock)
        if version == "editable":
            # An editable install imports from the source tree, so the files go there; git ignores `_vendor/`.
            if state != CURRENT:
                fill(directory, all_outputs(made), self.root)
            return
        self._include(settings, lock, made, build_data)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Hatchling calls this after it built; a wheel that is not as it must be goes with the temporary directory."""
        scratch = getattr(self, "_scratch", None)
        if scratch is None:
            return
        scratch.cleanup()
        try:
            require_clean(artifact_path, f"{self._import_name}/_vendor", self._wanted, self._extra)
        except VendorError:
            os.unlink(artifact_path)
            raise

    def _leave_out(self, folder: str) -> None:
        """Keep hatchling from taking a working copy's `_vendor/` where no .gitignore does."""
        config = self.build_config.target_config
        config["exclude"] = [*config.get("exclude", self.build_config.build_config.get("exclude", [])), f"/{folder}"]

    def _include(self, settings: Settings, lock: VendorLock, made: Sequence[Made], build_data: dict[str, Any]) -> None:
        info = f"{self.build_config.builder.artifact_project_id}.dist-info"
        core = self.metadata.core
        sbom = render_sbom(core.name, self.metadata.version, core.license_expression or "", lock).encode()
        extra = {f"sboms/{FILE_NAME}": sbom}
        for package, one in zip(settings.packages, made, strict=True):
            extra.update({f"licenses/{package.name}/{file.to}": text for file, text in one.licenses})
        files = {f"{settings.import_name}/_vendor/{path}": data for path, data in all_outputs(made).items()}
        files.update({f"{info}/{path}": data for path, data in extra.items()})
        # A directory object, so that it goes when a build fails too, where hatchling does not call `finalize`.
        self._scratch = tempfile.TemporaryDirectory(prefix="variantkit-vendor-")
        write_files(self._scratch.name, files)
        for path in sorted(files):
            build_data["force_include"][os.path.join(self._scratch.name, *path.split("/"))] = path
        self._import_name = settings.import_name
        self._wanted = all_digests(lock)
        self._extra = {path: hashlib.sha256(data).hexdigest() for path, data in extra.items()}


class SelfContainedVendorHook(VendorHook):
    """The hook of a project whose sdist carries the hook too, below `_build/`, as its hatch_build.py expects it.

    So the sdist of a provider builds with hatchling and the pinned packages alone, with the very hook that its wheel
    was made with.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before it builds."""
        super().initialize(version, build_data)
        if self.target_name == "sdist":
            build_data["force_include"].update(own_sources("_build"))


def own_sources(folder: str) -> dict[str, str]:
    """Map each module of this package to its place below `folder` in an sdist."""
    package = os.path.dirname(os.path.abspath(__file__))
    names = sorted(name for name in os.listdir(package) if name.endswith((".py", ".typed")))
    return {os.path.join(package, name): f"{folder}/variantkit_build/{name}" for name in names}


def load_lock(root: str) -> VendorLock:
    """Read the lock of the project at `root`."""
    path = os.path.join(root, NAME)
    try:
        with open(path, encoding="utf-8") as stream:
            return parse_lock(stream.read(), path)
    except (OSError, UnicodeDecodeError) as error:
        raise VendorError(f"{path}: cannot be read: {error}; `variantkit provider vendor` writes it") from None


def require_covered(expression: str, lock: VendorLock) -> None:
    """Raise VendorError unless the project's licence expression names a licence of each vendored package.

    Of alternatives (`A OR B`) one is enough; of `A AND B` both are needed (PEP 639: the expression is the wheel's).
    """
    words = set(re.findall(r"[A-Za-z0-9.+-]+", expression))
    for package in lock.packages:
        for part in package.license.replace("(", "").replace(")", "").split(" AND "):
            if words.isdisjoint(part.split(" OR ")):
                raise VendorError(
                    f"pyproject.toml: project.license {expression!r} does not name the licence of "
                    f"{package.requirement}; say license = {_both(expression, package.license)!r}"
                )


def _both(expression: str, licence: str) -> str:
    """The expression that would do; of alternatives the project may also name one."""
    whole = [f"({part})" if " OR " in part else part for part in (expression, licence) if part]
    return " AND ".join(whole)


@hookimpl  # type: ignore[untyped-decorator,unused-ignore]
def hatch_register_build_hook() -> type[VendorHook]:
    """Register the hook with hatchling."""
    return VendorHook
