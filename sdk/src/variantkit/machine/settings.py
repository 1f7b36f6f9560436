"""The settings of this machine: options and environment read into values."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError
from variantkit.machine.decision import Settings, ThisMachine
from variantkit.machine.override import parse_overrides, require_namespaces
from variantkit.machine.wheels import WheelDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.machine.wheels import WheelSource
    from variantkit.trust.union import Approvals
    from variantkit.variants.grammar import Feature


def this_machine(
    *,
    approved: str | None = None,
    provider_wheels: Sequence[str] = (),
    more_sources: Sequence[WheelSource] = (),
    static: Sequence[str] = (),
    no_exec: bool = False,
    overrides: Sequence[str] = (),
    enable: Sequence[str] = (),
    disable: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    now: int | None = None,
    python: str = sys.executable,
    installed: Callable[[], Mapping[str, str]] | None = None,
    on_warning: Callable[[str], None] = lambda _sentence: None,
) -> ThisMachine:
    """The machine we run on, as options, the environment and the lists of approved providers describe it.

    The arguments are the options of the command line (`variantkit detect --help`). `environ` defaults to the
    process's environment and `now` (unix seconds) to the clock. `on_warning` hears of a list that should be renewed.
    Raises InputError for an option or file that cannot be used, UndeterminedError for a static file that is past its
    date or not this user's.
    """
    environ = os.environ if environ is None else environ
    now = int(time.time()) if now is None else now
    bundle = bundle_directory()

    def load() -> Approvals:
        approvals = read_approved_lists(approved, environ, now)
        for sentence in approvals.warnings:
            on_warning(sentence)
        return approvals

    directories = [*provider_wheels, *([bundle] if bundle else [])]
    settings = Settings(
        approvals=load,
        sources=(*(WheelDirectory(_require_directory(path)) for path in directories), *more_sources),
        enabled=require_namespaces("--enable", enable),
        disabled=require_namespaces("--disable", disable),
        overrides=parse_overrides(overrides, environ),
        static=_read_static([*static, *_split_paths(environ.get("VARIANTKIT_STATIC", ""))], now),
        no_exec=no_exec or is_set(environ, "VARIANTKIT_NO_EXEC"),
        now=now,
        python=python,
        environ=environ,
        installed=installed,
    )
    return ThisMachine(settings)


def bundle_directory() -> str | None:
    """The directory of the providers that travel inside the SDK; None in a tree that was never built."""
    try:
        import variantkit_bundle
    except ImportError:
        return None
    return os.path.abspath(str(next(iter(variantkit_bundle.__path__))))


def is_set(environ: Mapping[str, str], variable: str) -> bool:
    """Whether a switch variable is on: 1, true, yes or on; raise InputError for anything but these and their noes."""
    value = environ.get(variable, "").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("", "0", "false", "no", "off"):
        return False
    raise InputError(f"{variable}={environ[variable]!r}: expected 1 or 0")


def read_approved_lists(flag: str | None, environ: Mapping[str, str], now: int) -> Approvals:
    """Read the approved lists of every level; `flag` is what `--approved` names, `now` is in unix seconds."""
    from variantkit.trust import levels

    return levels.load_approvals(
        flag=flag,
        variable=environ.get("VARIANTKIT_APPROVED") or None,
        user_path=levels.user_path(),
        system_path=levels.system_path(),
        embedded=_read_embedded(bundle_directory()),
        now=now,
        memory_dir=levels.memory_path(),
    )


def _read_embedded(bundle: str | None) -> bytes | None:
    if bundle is None:
        return None
    try:
        with open(os.path.join(bundle, "approved.json"), "rb") as stream:
            return stream.read()
    except OSError as error:
        raise UndeterminedError(
            f"{bundle}: cannot read the SDK's own approved list ({error.strerror or error}); install variantkit again"
        ) from None


def _read_static(paths: Sequence[str], now: int) -> dict[str, tuple[Feature, ...]]:
    if not paths:
        return {}
    from variantkit.machine import static
    from variantkit.trust.ownership import read_own_file

    files = []
    for path in paths:
        data = read_own_file(path, static.MAX_BYTES)
        if data is None:
            raise InputError(f"{path}: expected a static file, found nothing there")
        files.append(static.require_current(static.parse_static(static.decode(data, path), path), now))
    return static.combine_static(files)


def _split_paths(text: str) -> list[str]:
    return [path for path in text.split(os.pathsep) if path]


def _require_directory(path: str) -> str:
    if not os.path.isdir(path):
        raise InputError(f"--provider-wheels {path}: expected a directory, found none there")
    return path
