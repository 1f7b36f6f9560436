"""Running: what a candidate lists by `get_all_configs`, asked when nothing else is in the way. This runs its code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.inspection.catalogue import ask_catalogue, catalogue_grows, require_running

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.curation.dossier import Dossier


def with_catalogue(dossier: Dossier, endpoint: str, environ: Mapping[str, str]) -> Candidate:
    """The candidate with the digest of its catalogue and, for a change of data, what the catalogue lost.

    The very bytes that were judged are asked, and for a change of data the approved ones that it starts from. Raises
    RefusedError where nothing may run, UndeterminedError without a conforming answer.
    """
    require_running(environ, "approve")
    candidate = dossier.candidate
    catalogue = ask_catalogue(dossier.wheel.data, endpoint, environ=environ)
    base = candidate.base
    if base is not None and base.data_only and dossier.old is not None:
        lost = catalogue_grows(ask_catalogue(dossier.old, endpoint, environ=environ), catalogue)
        base = base._replace(shrunk=tuple(lost))
    return candidate._replace(configs_sha256=catalogue.sha256, base=base)


def without_catalogue(candidate: Candidate, digest: str | None) -> Candidate:
    """The candidate where nothing may be run: with a digest given by hand, and without the lane for data.

    That a catalogue only grows is known from running both.
    """
    base = candidate.base
    if base is not None and base.data_only:
        base = base._replace(data_only=False, reasons=("get_all_configs was not asked of both wheels",))
    return candidate._replace(configs_sha256=digest, base=base)
