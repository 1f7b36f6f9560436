"""The gate's first time in a process, as a command pays it. Arguments: the folder of bundled.py, NAMESPACE.

Prints the milliseconds of one provider's judgement, and those of reading the approved list before it.
"""

from __future__ import annotations

import json
import sys
from time import perf_counter

sys.path.append(sys.argv[1])
import bundled  # type: ignore[import-not-found]

embedded = bundled.read_bundled("approved.json")
start = perf_counter()
approvals = bundled.read_lists(embedded)
read = perf_counter()
filename, wheel = bundled.read_wheel(approvals, sys.argv[2])
found = perf_counter()
bundled.pass_gate(approvals, sys.argv[2], filename, wheel)
judged = perf_counter()
print(json.dumps({"gate": (judged - found) * 1e3, "list": (read - start) * 1e3}))
