"""An alarm: something done to a connection when time is up."""

from __future__ import annotations

from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Alarm:
    """Does `action` after some seconds unless the block has ended by then; `rang` says whether it did.

    The timeout of a socket starts anew with each byte, so that a server that sends one at a time would hold us for
    as long as it likes. `rang` is set before the action, for whoever sees its effect.
    """

    def __init__(self, seconds: float, action: Callable[[], None]) -> None:
        self.rang = False
        self._action = action
        self._timer = Timer(max(0.0, seconds), self._ring)
        self._timer.daemon = True

    def _ring(self) -> None:
        self.rang = True
        self._action()

    def __enter__(self) -> Alarm:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
