"""Run in a process of its own: an update or a signature that is killed at every step, one after the other.

Usage: killed.py update|sign FOLDER. Prints a JSON line for every step: what was there afterwards, and what the same
command did when it was run again. Processes are forked from here, where there are no threads and all is imported.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from support.curation import Curation, make_list_directory, signer
from support.tuf_attacks import Forge, approved_list
from variantkit.errors import VariantkitError
from variantkit_allowlist.cli.publish import builder
from variantkit_allowlist.repository.installation import Request, update
from variantkit_allowlist.repository.installed import state_directory, verify_installed
from variantkit_allowlist.repository.publication import publish, sign
from variantkit_allowlist.repository.sources import open_copy

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = int(time.time())
STEPS = ("open", "replace", "rename", "unlink", "symlink", "mkdir", "link")
"""What changes files; who is killed leaves what the kernel was told, so that fsync is no step of its own."""

MOST = 400


def main(what: str, folder: str) -> None:
    setattr(os, "fsync", lambda _: None)  # noqa: B010 - no step, and slow
    prepare, act, look = (
        (_prepare_update, _update, _look_at_list) if what == "update" else (_prepare_sign, _sign, _look)
    )
    prepare(f"{folder}/start")
    for step in range(1, MOST):
        shutil.rmtree(f"{folder}/tried", ignore_errors=True)
        shutil.copytree(f"{folder}/start", f"{folder}/tried", symlinks=True)
        killed = _run_killed(act, f"{folder}/tried", step)
        found = look(f"{folder}/tried")
        again = _again(act, f"{folder}/tried")
        print(json.dumps({"step": step, "killed": killed, **found, "again": again, "then": look(f"{folder}/tried")}))
        if not killed:
            return
    raise SystemExit("there is no end to it")


def _run_killed(act: Callable[[str], object], folder: str, step: int) -> bool:
    """Act in a child that is killed before its n-th step; False when it ended before."""
    child = os.fork()
    if child == 0:
        _arm(step)
        act(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _arm(step: int) -> None:
    left = step

    def counted(name: str) -> Callable[..., Any]:
        usual = getattr(os, name)

        def count(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= name != "open" or bool(args[1] & os.O_CREAT)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return usual(*args, **named)

        return count

    for name in STEPS:
        setattr(os, name, counted(name))


def _again(act: Callable[[str], object], folder: str) -> str:
    try:
        act(folder)
    except VariantkitError as error:
        return str(error)
    return "ok"


def _prepare_update(folder: str) -> None:
    forge = Forge(NOW).publish()
    forge.write(f"{folder}/first")
    forge.publish().write(f"{folder}/second")
    _install(folder, "first", forge.root)


def _install(folder: str, copy: str, root: bytes | None) -> None:
    request = Request(f"{folder}/m/approved.json", open_copy(f"{folder}/{copy}"), root, memory_dir=f"{folder}/serials")
    update(request, NOW)


def _update(folder: str) -> None:
    _install(folder, "second", None)


def _look_at_list(folder: str) -> dict[str, object]:
    path = f"{folder}/m/approved.json"
    with open(path, "rb") as stream:
        data = stream.read()
    whole = {approved_list(serial, NOW): serial for serial in (1, 2)}
    return {"serial": whole.get(data, 0), "verified": verify_installed(path, state_directory(path), NOW).code}


def _prepare_sign(folder: str) -> None:
    made = make_list_directory(folder)
    publish(made.open(), builder(made.open()), NOW, signer("alice"))
    sign(made.open(), builder(made.open()), NOW, signer("bob"))
    path = os.path.join(made.path, "providers.toml")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    with open(path, "w", encoding="utf-8") as stream:  # a new root, too
        stream.write(text.replace('["alice", "bob", "carol"]', '["alice", "bob"]'))
    publish(made.open(), builder(made.open()), NOW, signer("alice"))


def _sign(folder: str) -> None:
    made = Curation(f"{folder}/list", "")
    sign(made.open(), builder(made.open()), NOW, signer("bob"))


def _look(folder: str) -> dict[str, object]:
    """What a machine that never saw the list gets from it."""
    with open(f"{folder}/list/public/metadata/1.root.json", "rb") as stream:
        root = stream.read()
    shutil.rmtree(f"{folder}/m", ignore_errors=True)
    request = Request(
        f"{folder}/m/approved.json", open_copy(f"{folder}/list"), root_sha256=hashlib.sha256(root).hexdigest()
    )
    return {"serial": update(request, NOW).serial, "verified": "ok"}


if __name__ == "__main__":
    main(*sys.argv[1:])
