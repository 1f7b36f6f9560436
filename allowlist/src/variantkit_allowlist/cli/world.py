"""World of a command: the clock, the environment and the person at the keyboard, handed in so that tests can choose."""

from __future__ import annotations

import getpass
import os
import time
import warnings
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def ask_at_terminal(prompt: str) -> str:
    """Ask for a secret; raises InputError where no terminal can hide it, such as in a job of a CI."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would be asked for in the open
            return getpass.getpass(prompt)
    except (getpass.GetPassWarning, EOFError):
        raise InputError(
            f"{prompt.rstrip(': ')}: there is no terminal to ask at; name a file with it in "
            "VARIANTKIT_KEY_PASSPHRASE_FILE, or use a key of agent: or pkcs11:"
        ) from None


class World(NamedTuple):
    """`now` is in unix seconds; `ask_secret` shows a prompt and returns what was typed unseen."""

    now: Callable[[], int] = lambda: int(time.time())
    environ: Mapping[str, str] = os.environ
    ask_secret: Callable[[str], str] = ask_at_terminal
