"""Settings of every test, and what a run says of the machine it ran on."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Laws are checked without a clock, since a busy machine is not a broken law. CI checks the same examples every time: a
# new example is for whoever can look at it, not for a change that has nothing to do with it.
settings.register_profile(
    "variantkit", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("variantkit")


def pytest_report_header() -> str:
    """Say which interpreters the tests that want several of them run on."""
    from support.interpreters import BY_VERSION

    return f"interpreters present: {', '.join(BY_VERSION)}"
