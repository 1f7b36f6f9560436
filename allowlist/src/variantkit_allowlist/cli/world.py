"""World of a command: the clock, the environment and the person at the keyboard, handed in so that tests can choose."""

from __future__ import annotations

import getpass
import os
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class World(NamedTuple):
    """`now` is in unix seconds; `ask_secret` shows a prompt and returns what was typed unseen."""

    now: Callable[[], int] = lambda: int(time.time())
    environ: Mapping[str, str] = os.environ
    ask_secret: Callable[[str], str] = getpass.getpass
