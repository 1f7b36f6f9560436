"""Errors: what the user can do differently, as classes; what went wrong, as one sentence.

Every message names the thing, where it is, what was expected, what was found, and where one exists, the
command that fixes it. `exit_code` is the command line's (design: 1 no, 2 wrong usage or broken input,
3 could not determine).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Problem(NamedTuple):
    """One thing wrong in a document: `path` is a key path such as `variants.x86_64_v3.x86_64.level[0]`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class VariantkitError(Exception):
    """The base of every error that variantkit raises on purpose."""

    exit_code = 2


class InputError(VariantkitError):
    """The caller gave something unusable: wrong usage, or a broken file, wheel, page or answer."""


class DocumentError(InputError):
    """A document with every problem found in it, each with its key path."""

    def __init__(self, where: str, problems: Iterable[Problem]) -> None:
        self.where = where
        self.problems = tuple(problems)
        super().__init__(f"{where}: " + "; ".join(str(problem) for problem in self.problems))


class RefusedError(VariantkitError):
    """The answer is no: nothing compatible, or the policy denies it."""

    exit_code = 1


class UndeterminedError(VariantkitError):
    """The answer could not be determined: an index that does not answer, a list that cannot be trusted."""

    exit_code = 3
