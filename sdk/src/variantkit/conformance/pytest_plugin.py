"""The laws as tests: `pytest -p variantkit.conformance.pytest_plugin --provider-wheel WHEEL_OR_DIR`.

Every law is one test, named by its clause; the provider is checked once, when the first of them runs. A law of
severity warning warns. Settings of pytest.ini or pyproject.toml, for a project that wants this always:
`provider_wheel` (relative to the root directory) and `provider_deadline`.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import TYPE_CHECKING

import pytest

from variantkit.conformance.building import find_wheel
from variantkit.conformance.check import DEFAULT_OPTIONS, Report, check_provider
from variantkit.conformance.findings import ConformanceWarning
from variantkit.conformance.laws import ERROR, GROUPS
from variantkit.conformance.report import Broken, broken_laws, case_lines
from variantkit.errors import VariantkitError

if TYPE_CHECKING:
    from variantkit.conformance.laws import Law


class BrokenLaw(Exception):  # noqa: N818  what a failing test shows, not an error of ours
    """A law of severity error is broken."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings."""
    group = parser.getgroup("variantkit", "conformance of a variant provider")
    group.addoption("--provider-wheel", metavar="WHEEL_OR_DIR", help="check this provider; it is run")
    group.addoption("--provider-deadline", metavar="SECONDS", type=float, help="for one answer; default: 5")
    parser.addini("provider_wheel", "the provider to check: a wheel, or a project's directory", default="")
    parser.addini("provider_deadline", "seconds for one answer", default="")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add one test for each law, behind the project's own."""
    path = _provider_path(config)
    if path:
        laboratory = _Checked(path, _deadline(config))
        for group, laws in GROUPS.items():
            for law in laws:
                items.append(LawItem.make(session, group, law, laboratory))


def _provider_path(config: pytest.Config) -> str:
    option = config.getoption("--provider-wheel")
    if option:
        return os.path.abspath(str(option))
    setting = str(config.getini("provider_wheel"))
    return os.path.join(str(config.rootpath), setting) if setting else ""


def _deadline(config: pytest.Config) -> float:
    told = config.getoption("--provider-deadline") or config.getini("provider_deadline")
    return float(told) if told else DEFAULT_OPTIONS.deadline


class _Checked:
    """The report of one provider, made when it is first wanted."""

    def __init__(self, path: str, deadline: float) -> None:
        self.path = path
        self._options = DEFAULT_OPTIONS._replace(deadline=deadline)
        self._report: Report | None = None
        self._broken: dict[str, Broken] = {}

    def broken(self, clause: str) -> Broken | None:
        """What breaks a law; None when nothing does."""
        if self._report is None:
            with tempfile.TemporaryDirectory(prefix="variantkit-check-") as out:
                self._report = check_provider(find_wheel(self.path, out), self._options)
            self._broken = {found.law.clause: found for found in broken_laws(self._report.findings)}
        return self._broken.get(clause)


class LawItem(pytest.Item):
    """One law as a test."""

    law: Law
    checked: _Checked

    @classmethod
    def make(cls, session: pytest.Session, group: str, law: Law, checked: _Checked) -> LawItem:
        """The test of `law`, for the provider that `checked` is about."""
        item: LawItem = cls.from_parent(
            session, name=f"{group}::{law.clause}", nodeid=f"provider::{group}::{law.clause}"
        )
        item.law, item.checked = law, checked
        return item

    def runtest(self) -> None:
        """Fail, warn or pass."""
        broken = self.checked.broken(self.law.clause)
        if broken is None:
            return
        told = "\n".join(case_lines(broken))
        if self.law.severity == ERROR:
            raise BrokenLaw(told)
        warnings.warn(ConformanceWarning(told), stacklevel=1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The finding alone: a traceback of ours says nothing of the provider."""
        if isinstance(excinfo.value, (BrokenLaw, ConformanceWarning, VariantkitError)):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Where the test stands, for the report's headline."""
        return self.checked.path, None, f"{self.law.clause}: {self.law.statement}"
