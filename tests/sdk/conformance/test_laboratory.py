"""What counts of a run: a busy host is no hanging provider, and noise is no wish of the provider's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.laboratory import ask_on, make_subject
from variantkit.conformance import laboratory
from variantkit.conformance.laboratory import Run
from variantkit.conformance.machines import THIS, FakeMachine, Wanted, override_machines
from variantkit.conformance.needs import Need, Proposal, check_declared, check_grantable, propose_needs
from variantkit.conformance.records import Record, read_records
from variantkit.runner import Answer
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    from pathlib import Path

IN_TIME = Answer(status="absent")
LATE = Answer(status="undetermined", diagnostics=(("timed-out", "it gave no answer in 5 seconds"),))


@pytest.mark.parametrize(
    ("answers", "code"), [([LATE, IN_TIME], ""), ([LATE, LATE], "timed-out"), ([IN_TIME], "")], ids=str
)
def test_a_machine_that_ends_late_is_asked_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], code: str
) -> None:
    left = list(answers)
    monkeypatch.setattr(laboratory, "ask", lambda questions, **_: [left.pop(0) for _ in questions])
    (run,) = ask_on(make_subject(tmp_path), THIS)
    assert (run.code, left) == (code, [])


@pytest.mark.parametrize(
    ("name", "needs"), [("words", ["/proc/acme"]), ("huge", []), ("garbage bytes 1", []), ("garbage words 2", [])]
)
def test_what_is_asked_for_because_of_noise_is_not_proposed(name: str, needs: list[str]) -> None:
    run = Run(FakeMachine(name, {}), "", IN_TIME, (Record("read", "/proc/acme"),))
    assert [need.text for need in propose_needs([run]).needs] == needs


@pytest.mark.parametrize(
    ("declared", "is_covered"),
    [
        ("/sys/class/acme/card*/vendor", True),
        ("/sys/class/acme/card0/vendor", True),
        ("/sys/class/*", True),
        ("/sys/class/acme/card1/vendor", False),
        ("/sys/class/acme/card0/vendor/more", False),
        ("/sys/bus/*", False),
    ],
)
def test_what_is_declared_covers_itself_and_what_lies_below(declared: str, is_covered: bool) -> None:
    proposal = Proposal((Need("read", "/sys/class/acme/card0/vendor", "acme.py:1"),))
    assert bool(list(check_declared(proposal, Needs(read=(declared,))))) is not is_covered


@pytest.mark.parametrize(
    ("kind", "text", "is_told"),
    [
        ("read", "/home", True),
        ("programs", "/bin/sh", True),
        ("programs", "acme-smi", False),  # program-not-absolute says it
        ("libraries", "/opt/libacme.so", False),  # library-by-path does
        ("libraries", "*", True),
    ],
)
def test_a_need_with_a_law_of_its_own_is_told_once(kind: str, text: str, is_told: bool) -> None:
    need = Need(kind, text, "acme.py:1", "no list grants it")
    assert bool(list(check_grantable(Proposal((need,))))) is is_told


def test_overrides_are_those_that_are_read_and_those_that_are_documented() -> None:
    wanted = Wanted(variables=("ACME_VARIANT_PROVIDER_READ", "HOME"))
    machines = override_machines(wanted, ["ACME_VARIANT_PROVIDER_TOLD"], ())
    variables = [dict(machine.told)["variables"] for machine in machines]
    names = {name for table in variables if isinstance(table, dict) for name in table}
    assert names == {"ACME_VARIANT_PROVIDER_READ", "ACME_VARIANT_PROVIDER_TOLD"}


def test_a_line_with_more_or_less_than_a_record_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.records"
    path.write_text("".join(f"{['x'] * count}\n".replace("'", '"') for count in range(8)) + '[1, 2, 3, 4, 5]\n{}\n["x')
    assert read_records(str(path)) == (Record("x", "x", "x", "x", "x"),)
