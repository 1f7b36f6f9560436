"""The loop of a measuring process: say what is ready, then time what is asked for."""

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def serve(ready: Mapping[str, object], timed: Mapping[str, Callable[[], object]]) -> None:
    """Answer each line of stdin, the name of a callable, with the seconds that one call takes."""
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        call = timed[line.strip()]
        start = perf_counter()
        call()
        print(perf_counter() - start, flush=True)
