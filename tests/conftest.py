"""Settings of every test: laws are checked without a clock, since a busy machine is not a broken law."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("variantkit", deadline=None)
settings.load_profile("variantkit")


def pytest_report_header() -> str:
    """Say which interpreters the tests that want several of them run on."""
    from support.interpreters import BY_VERSION

    return f"interpreters present: {', '.join(BY_VERSION)}"
