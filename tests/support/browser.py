"""A real browser for tests: headless Chromium, with a log of everything it asked for and complained of."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip


class Complaint(NamedTuple):
    """A line of the browser's console."""

    level: str
    text: str


@contextmanager
def chromium(profile: str | os.PathLike[str]) -> Iterator[Chrome]:
    """A browser with an empty profile; the test is skipped where Chromium or its driver is not installed."""
    driver, browser = _find("chromedriver"), _find("chromium") or _find("google-chrome")
    if driver is None or browser is None:
        pytest.skip("chromium and chromedriver are not both installed here")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={os.fspath(profile)}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # A named driver keeps selenium from looking for one to download.
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield started
    finally:
        started.quit()


def _find(program: str) -> str | None:
    usual = f"/usr/bin/{program}"
    return usual if os.access(usual, os.X_OK) else shutil.which(program)


def complaints(browser: Chrome) -> list[Complaint]:
    """What the console says since it was last asked; refusals of the content security policy are among it."""
    return [Complaint(line["level"], line["message"]) for line in _log(browser, "browser")]


def requested(browser: Chrome) -> list[str]:
    """Every address that a page asked for since this was last asked."""
    found = []
    for line in _log(browser, "performance"):
        message = json.loads(line["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


def prefer(browser: Chrome, scheme: str, *, width: int = 1280, media: str = "screen") -> None:
    """Set the colour scheme, the width of the window and the medium that pages see."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _log(browser: Chrome, kind: str) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return lines
