"""No test lies where pytest does not look."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def test_no_folder_of_tests_is_passed_over(pytestconfig: pytest.Config) -> None:
    patterns = pytestconfig.getini("norecursedirs")
    folders = {name for _, names, _ in os.walk(TESTS) for name in names if not name.startswith((".", "__"))}
    assert "build" in folders
    assert [name for name in sorted(folders) if any(fnmatch(name, pattern) for pattern in patterns)] == []
