"""Texts of providers.toml for laws: ledgers that are valid, with comments and blank lines wherever TOML has room."""

from __future__ import annotations

import datetime
import re

from hypothesis import strategies as st

from support.curation import PERSONS, public_key
from variantkit_allowlist.model import (
    Approval,
    Criterion,
    GrantedNeeds,
    IdentityRule,
    Ledger,
    Package,
    Policy,
    Reviewer,
    Revoked,
    Role,
    RoleName,
)
from variantkit_allowlist.store import dumps

ROLES: tuple[RoleName, ...] = ("root", "targets", "snapshot", "timestamp")
DAY = datetime.date(2026, 11, 21)

_prose = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=30).filter(
    lambda text: (
        not re.search("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0000-\U000e0fff]", text)
    )
)
_names = st.lists(st.sampled_from(sorted(PERSONS)), min_size=1, max_size=3, unique=True).map(tuple)
_digests = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
_versions = st.sampled_from(["0.9", "1.0", "1.0.1", "1.1", "2.0rc1", "2.0", "10.0"])
_paths = st.lists(st.sampled_from(["/dev/acme*", "/sys/class/acme/*/id", "/proc/acme/info"]), max_size=3, unique=True)
_packages = st.dictionaries(
    st.sampled_from(["acme", "acme-variant-provider", "zeta.x".replace(".", "-")]),
    st.builds(
        Package,
        namespace=st.sampled_from(["acme", "zeta"]),
        plugin_api=st.just(("acme_variant_provider",)),
        authors=st.one_of(st.just(()), _names),
        identity=st.lists(
            st.builds(
                IdentityRule,
                repository=st.just("https://github.com/acme/provider"),
                workflow=st.sampled_from(["release.yml", "publish.yaml"]),
                owner_id=st.sampled_from([None, "7"]),
            ),
            max_size=2,
        ).map(tuple),
        notes=_prose,
    ),
    min_size=1,
    max_size=3,
)


def _approval(package: str) -> st.SearchStrategy[Approval]:
    return st.builds(
        Approval,
        package=st.just(package),
        version=_versions,
        namespace=st.just("acme"),
        sha256=st.tuples(_digests),
        plugin_api=st.just(("acme_variant_provider",)),
        needs=st.one_of(st.just(GrantedNeeds()), st.builds(GrantedNeeds, read=_paths.map(tuple), fork=st.booleans())),
        superseded=st.booleans(),
        evidence=st.just("none"),
        who=_names,
        criteria=st.just(("reviewed-source",)),
        approved=st.just(DAY),
        expires=st.integers(0, 300).map(lambda days: DAY + datetime.timedelta(days)),
        notes=_prose,
    )


_revoked = st.builds(
    Revoked,
    sha256=st.tuples(_digests),
    since=st.integers(0, 30).map(lambda days: DAY + datetime.timedelta(days)),
    reason=_prose.map(lambda text: f"because {text}"),
)


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    """A valid ledger; its entries are in any order."""
    packages = draw(_packages)
    approved = draw(
        st.lists(st.sampled_from(sorted(packages)).flatmap(_approval), max_size=4, unique_by=lambda item: item.sha256)
    )
    return Ledger(
        schema="variantkit.providers/1",
        id=draw(st.sampled_from(["example.org/providers", "x"])),
        policy=Policy(reviewers=draw(st.integers(1, 3)), cooldown_days=draw(st.integers(0, 30))),
        criteria={
            "reviewed-source": Criterion(description="read", implies=("reviewed-data",)),
            "reviewed-data": Criterion(description="compared"),
        },
        reviewers={
            name: Reviewer(affiliation=affiliation, keys=(public_key(name).line,), emails=(f"{name}@example.org",))
            for name, affiliation in PERSONS.items()
        },
        roles={role: Role(threshold=1, keyholders=draw(_names), days=30) for role in ROLES}
        if draw(st.booleans())
        else {},
        packages=packages,
        approved=tuple(approved),
        revoked=tuple(draw(st.lists(_revoked, max_size=3))),
    )


_comments = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), max_size=12)


@st.composite
def commented_texts(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    """The text of a valid ledger as a person might have left it, and the comments in it, each unlike any other."""
    lines = dumps(draw(ledgers())).split("\n")[:-1]
    made: list[str] = []
    comments: list[str] = []

    def comment() -> str:
        comments.append(f"#{len(comments)}:{draw(_comments)}")
        return comments[-1]

    for line in lines:
        for _ in range(draw(st.integers(0, 2)) if draw(st.integers(0, 3)) == 0 else 0):
            made.append(draw(st.sampled_from(["", "  ", "\t"])) + comment() if draw(st.booleans()) else "")
        opened = re.fullmatch(r"([a-z-]+) = \[(\".*\")\]", line)
        if opened and draw(st.integers(0, 2)) == 0:
            made += _spread(opened[1], opened[2].split(", "), draw, comment)
        elif line and draw(st.integers(0, 3)) == 0:
            made.append(f"{draw(st.sampled_from(['', '  ']))}{line} {comment()}")
        else:
            made.append(line)
    made += [comment() for _ in range(draw(st.integers(0, 2)))]
    return "\n".join(made) + draw(st.sampled_from(["\n", "", "\n\n\n"])), tuple(comments)


def _spread(key: str, items: list[str], draw: st.DrawFn, comment) -> list[str]:  # type: ignore[no-untyped-def]
    """A list over several lines, with comments above, behind and below its items."""
    lines = [f"{key}=[ {comment()}" if draw(st.booleans()) else f"{key}=["]
    for at, item in enumerate(items):
        lines += [f"    {comment()}"] if draw(st.booleans()) else []
        comma = "," if at < len(items) - 1 or draw(st.booleans()) else ""
        lines.append(f"   {item} {comma} {comment()}" if draw(st.booleans()) else f"{item}{comma}")
    lines += [f"  {comment()}"] if draw(st.booleans()) else []
    return [*lines, f"] {comment()}" if draw(st.booleans()) else "]"]


def comments_in(text: str) -> list[str]:
    """The comments that `commented_texts` put into a text."""
    return sorted(re.findall(r"#\d+:.*", text))
