"""Installation by the user's own installer, through the loopback view of this machine."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple, TextIO

from variantkit.errors import InputError
from variantkit.index.install.installed import installed_builds
from variantkit.index.install.installers import (
    UV,
    Installer,
    Keeper,
    child_arguments,
    child_environment,
    find_installer,
)
from variantkit.index.install.no_exec import require_nothing_editable
from variantkit.index.install.pip_settings import pip_settings
from variantkit.index.install.plan import plan_mounts
from variantkit.index.install.report import compare_outcomes, describe_outcomes
from variantkit.index.install.requirements import read_requirements, require_requirements, require_safe_arguments
from variantkit.index.install.uv_settings import uv_settings
from variantkit.index.pages.filename import normalize_project
from variantkit.index.pages.page import printable
from variantkit.index.serve.server import serve
from variantkit.index.view import ViewSettings
from variantkit.machine.target import query_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.index.install.settings import IndexSettings
    from variantkit.index.provider_wheels import IndexWheels
    from variantkit.index.serve.server import Server
    from variantkit.machine.supported import Machine
    from variantkit.machine.target import Target
    from variantkit.variants.grammar import Property


class InstallRequest(NamedTuple):
    """What the user asked for; `installer` is auto, uv or pip, `installer_args` is what stood after `--`.

    `index_url` (a URL or a directory) takes the place of the installer's default index; its other indexes stay.
    `python` is an interpreter or an environment's directory, `target` a directory to install into.
    """

    requirements: tuple[str, ...] = ()
    installer_args: tuple[str, ...] = ()
    installer: str = "auto"
    index_url: str | None = None
    python: str | None = None
    target: str | None = None
    variants: Mapping[str, str] = {}
    prefer: tuple[Property, ...] = ()
    accept_fallback: bool = False
    no_exec: bool = False
    offline: bool = False
    json: bool = False


def run_install(
    request: InstallRequest,
    machine: Machine,
    out: TextIO,
    err: TextIO,
    environ: Mapping[str, str] | None = None,
    *,
    provider_wheels: IndexWheels | None = None,
) -> int:
    """Install, then say on `out` which build each project with variants got; the installer's own words go to `err`.

    Returns 0, or 1 when the installer failed or the wanted label is refused, or 3 when an upstream did not answer or
    the approved list's own state left the choice open: then the installer was stopped before it changed anything.
    `provider_wheels`, which the machine may ask, learns the indexes of this run. Raises InputError for what cannot be
    started at all.
    """
    environ = os.environ if environ is None else environ
    request = request._replace(offline=request.offline or environ.get("UV_OFFLINE", "") not in {"", "0", "false"})
    require_requirements(request.requirements)
    require_safe_arguments(request.installer_args)
    if request.no_exec:
        require_nothing_editable(request.installer_args)
    if not request.requirements and not request.installer_args:
        raise InputError("install: expected a requirement such as 'numpy', or '-- -r requirements.txt', found neither")
    target = query_target(find_environment(request, environ))
    installer = find_installer(request.installer, target, environ)
    places = (request.target,) if request.target is not None else (target.purelib, target.platlib)
    before = installed_builds(places)
    failed, server = _run_installer(request, machine, target, installer, environ, err, provider_wheels)
    code = _report_errors(server, err) or int(failed)
    err.writelines(f"variantkit: {printable(event.text)}\n" for event in server.notes)
    views = [event.view for event in server.views if event.view is not None]
    unseen = sorted({normalize_project(name) for name in request.variants} - {view.project for view in views})
    err.writelines(f"variantkit: --variant {name}: no such project was looked at\n" for name in unseen if not code)
    after = installed_builds(places, {view.project for view in views})
    outcomes = [] if code else compare_outcomes(views, before, after, installer.name)
    if request.json:
        out.write(json.dumps(describe_outcomes(outcomes, installer.name, code), indent=2) + "\n")
    else:
        out.writelines(f"{printable(outcome.why)}\n" for outcome in outcomes)
    return code


def _run_installer(
    request: InstallRequest,
    machine: Machine,
    target: Target,
    installer: Installer,
    environ: Mapping[str, str],
    err: TextIO,
    provider_wheels: IndexWheels | None,
) -> tuple[bool, Server]:
    """Run the installer through the view; return whether it failed, and the server, closed, with what it saw."""
    stated = read_requirements(request.requirements, request.installer_args, environ)
    settings = _read_settings(installer, request, environ)
    view_settings = ViewSettings(
        machine=machine,
        target=target,
        prefer=request.prefer,
        variants=request.variants,
        specifiers=stated.specifiers,
        require_hashes=stated.require_hashes,
    )
    keeper = Keeper()
    with ExitStack() as stack:
        mounts = plan_mounts(
            installer, settings, stated, environ, named_index=request.index_url, offline=request.offline, stack=stack
        )
        if provider_wheels is not None:
            provider_wheels.look_in(mount.upstream for mount in mounts)
        server = stack.enter_context(
            serve(mounts, view_settings, on_event=keeper.notice, accept_fallback=request.accept_fallback)
        )
        command = child_arguments(
            installer, target, request.target, request.requirements, request.installer_args, no_exec=request.no_exec
        )
        child = child_environment(installer, server, mounts, settings, environ, default_index=request.index_url)
        failed = keeper.run(command, child, err) != 0
        if not failed:
            server.look_at(stated.projects)
        return failed, server


def find_environment(request: InstallRequest, environ: Mapping[str, str]) -> str:
    """The interpreter or environment to install for: the one named, else the one the user stands in.

    Never the environment that variantkit itself was installed into: a tool's environment is not where a user
    wants packages. Raises InputError when there is no other.
    """
    if request.python is not None:
        return request.python
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            return environ[variable]
    if os.path.isfile(os.path.join(".venv", "pyvenv.cfg")):
        return ".venv"
    if request.target is not None:
        return sys.executable  # only its tags matter: the directory was named
    raise InputError(
        "install: expected an environment to install into, found none active and no .venv here; "
        "activate one, or name it: variantkit install --python PATH_TO_ENVIRONMENT"
    )


def _read_settings(installer: Installer, request: InstallRequest, environ: Mapping[str, str]) -> IndexSettings:
    if installer.name == UV:
        settings = uv_settings(installer.command[0], environ, os.getcwd())
    else:
        settings = pip_settings(installer.python, environ, os.getcwd())
    if request.index_url is None:
        return settings
    # uv's own no-index would still be in force; pip's is replaced.
    return settings._replace(index_url=request.index_url, no_index=settings.no_index and installer.name == UV)


def _report_errors(server: Server, err: TextIO) -> int:
    """Say each error once and return the exit code of the first, 0 when there is none."""
    code = 0
    for event in server.errors:
        err.write(f"variantkit: {printable(event.text)}\n")
        code = code or event.exit_code or 3
    return code
