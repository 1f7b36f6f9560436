"""The providers' tests start without the overrides that whoever runs them may have set."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "_VARIANT_PROVIDER_" in name]:
        monkeypatch.delenv(name)
