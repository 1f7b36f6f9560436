"""Refusal of a repository: which check it failed, as a code for machines and a sentence for people."""

from __future__ import annotations

from variantkit.errors import RefusedError, UndeterminedError

# fmt: off
CODES = (
    "metadata-expired",     # a role's signature is too old
    "rolled-back",          # an older version than was seen, or parts of two editions mixed
    "too-few-signatures",   # below a role's threshold, by strangers, or by keys of another role
    "content-mismatch",     # length or hash is not what was signed
    "too-long",             # more bytes than a file may have
    "target-missing",       # signed metadata names a file that is not there
    "metadata-malformed",   # not TUF metadata, or not of this tool
    "root-mismatch",        # no root with the pinned sha256
    "redirected",           # an answer leads to another scheme or an internal address
    "list-stale",           # the timestamp is older than its publisher, or --max-age, lets it be
    "list-invalid",         # what the signatures cover is no approved list
    "list-expired",         # its approvals have ended
    "list-rolled-back",     # a lower serial than was seen, or than --min-serial
    "serial-reused",        # the serial of the installed list, with other content
    "other-list",           # another id or another URL than before
    "revocation-vanished",  # it forgets a revocation
)
# fmt: on


UNCLEAR_CODES = ("unreachable", "clock-before-list")


class UnclearError(UndeterminedError):
    """Nothing can be said of a repository: it does not answer, or the clock is wrong. `code` is of UNCLEAR_CODES."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class RepositoryError(RefusedError):
    """A repository that failed a check; nothing of it was taken over. `code` is one of CODES."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
