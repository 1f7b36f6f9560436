"""The verb that looks at the installation itself: doctor."""

from __future__ import annotations

import os
import platform
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from variantkit import __version__
from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options, add_deciding_options, read_machine
from variantkit.cli.terminal import print_json, print_line
from variantkit.machine.settings import bundle_directory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.supported import NamespaceSupport

OK, NOTICE, WRONG = "ok", "notice", "wrong"
VARIABLES = ("VARIANTKIT_APPROVED", "VARIANTKIT_STATIC", "VARIANTKIT_NO_EXEC")


class Check(NamedTuple):
    """One thing looked at: how it is, and what to do when it is not as it should be."""

    name: str
    state: str
    detail: str
    fix: str = ""


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, summary: str) -> None:
    """Add this room's verb to the program."""
    parser = add_parser(verbs, verb, summary, "exit code 1: something is wrong")
    add_deciding_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Print every check; exit 1 when one of them is wrong."""
    machine = read_machine(args)
    checks = [*_checks(machine, int(time.time()))]
    if args.json:
        print_json({"schema": "variantkit.doctor/1", "checks": [check._asdict() for check in checks]})
    else:
        for check in checks:
            print_line(f"{check.state:<6} {check.name}: {check.detail}")
            if check.fix:
                print_line(f"       → {check.fix}")
    return 1 if any(check.state == WRONG for check in checks) else 0


def _checks(machine: ThisMachine, now: int) -> Iterator[Check]:
    python = f"Python {platform.python_version()} ({platform.machine()}, {platform.system()})"
    yield Check("variantkit", OK, f"{__version__} on {python}")
    yield from _check_lists(machine, now)
    yield from _check_environment()
    yield from _check_installers()
    if machine.settings.no_exec:
        yield Check("providers", NOTICE, "no-exec mode: no provider runs")
        return
    for namespace, answer in machine.detect().items():
        yield _check_namespace(namespace, answer)


def _check_lists(machine: ThisMachine, now: int) -> Iterator[Check]:
    from variantkit.trust.dates import format_date
    from variantkit.trust.union import mode_note, state_of

    approvals = machine.approvals
    if bundle_directory() is None:
        yield Check("bundle", WRONG, "the SDK's own providers are missing", "install variantkit from a wheel or sdist")
    for problem in approvals.problems:
        yield Check(f"approved list ({problem.level})", WRONG, problem.detail, "mend or remove that file")
    for item in approvals.lists:
        listed = item.approved
        state = state_of(item, approvals.latest, now)
        issued = f", {max(0, now - listed.issued) // 86400} days old" if listed.issued is not None else ""
        origin = f", origin: {listed.origin}" if listed.origin else ""
        detail = (
            f"{listed.where}: {listed.id or 'no id'} serial {listed.serial}{issued}, "
            f"until {format_date(listed.expires)}, {len(listed.entries)} providers, "
            f"{len(listed.revoked)} revocations{origin}"
        )
        mode = mode_note(item, approvals.latest, now)
        due = listed.renew_by is not None and now >= listed.renew_by
        yield Check(
            f"approved list ({item.level})",
            WRONG if state.code else NOTICE if due or mode or listed.origin == "development" else OK,
            f"{detail}; {mode}" if mode else detail,
            state.detail or ("due for renewal" if due else ""),
        )
    if not approvals.lists:
        yield Check("approved list", WRONG, "there is none, so no provider may run", "name one with --approved FILE")


def _check_environment() -> Iterator[Check]:
    names = [name for name in sorted(os.environ) if name in VARIABLES or name.startswith("VARIANTKIT_OVERRIDE_")]
    for name in names:
        yield Check("environment", NOTICE, f"{name}={os.environ[name]} is in force")


def _check_installers() -> Iterator[Check]:
    found = shutil.which("uv")
    yield Check("uv", OK, found) if found else Check("uv", NOTICE, "not on PATH; pip is used then")
    yield _check_target()


def _check_target() -> Check:
    """Where `install` would install to when it is not told."""
    from variantkit.errors import InputError
    from variantkit.index.install.installation import InstallRequest, find_environment

    try:
        return Check("environment to install into", OK, find_environment(InstallRequest(), os.environ))
    except InputError:
        fix = "name one with `variantkit install --python ENVIRONMENT`"
        return Check("environment to install into", NOTICE, "none is active, and there is no .venv here", fix)


def _check_namespace(namespace: str, answer: NamespaceSupport) -> Check:
    by = f" by {answer.provider.package} {answer.provider.version}" if answer.provider else ""
    best = ", ".join(f"{feature.name} {feature.values[0]}" for feature in answer.features[:3])
    said = "; ".join(f"{code}: {message}" for code, message in answer.diagnostics)
    parts = [f"{answer.status}{by}", best, answer.detail if answer.code else "", said]
    state = WRONG if answer.status == "undetermined" or answer.list_state else OK
    return Check(f"namespace {namespace}", state, "; ".join(part for part in parts if part))
