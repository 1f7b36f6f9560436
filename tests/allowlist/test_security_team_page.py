"""docs/security-team.md: its road is typed as it stands, offline, and ends with the approved bytes running."""

from __future__ import annotations

import json
import os
import re
import shlex
import time
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from support.curation import PASSPHRASE
from support.machines import Ended, Machine
from support.private_sigstore import PrivateSigstore, publish_statement
from support.vendors import CLAIMS, make_wheel
from variantkit.trust import REFUSALS
from variantkit.trust.dates import DAY
from variantkit_allowlist.cli.main import VERBS
from variantkit_allowlist.model import Policy
from variantkit_allowlist.verdict import POLICY_CODES

PAGE = Path(__file__).parents[2].joinpath("docs", "security-team.md").read_text(encoding="utf-8")
ROAD = PAGE.partition("## From nothing to an enforced list\n")[2].partition("\n## ")[0]


class Typed(NamedTuple):
    """A command of the page, and the exit code that the page says it has."""

    words: tuple[str, ...]
    exits: int


def read_commands(text: str) -> list[Typed]:
    """Every line that begins with a dollar sign, with the lines that it goes on in."""
    joined = re.sub(r" \\\n +", " ", text)
    found = []
    for line in re.findall(r"^    \$ (.*)$", joined, re.MULTILINE):
        said = re.search(r"# exits (\d)", line)
        found.append(Typed(tuple(shlex.split(line, comments=True)), int(said[1]) if said else 0))
    return found


def read_rules(text: str) -> str:
    """The block of TOML that the page says to write down."""
    block = re.search(r"(?:^    (?:\[|[a-z-]+ = ).*\n|^\n(?=    \[))+", text, re.MULTILINE)
    assert block is not None
    return re.sub(r"^    ", "", block[0], flags=re.MULTILINE)


COMMANDS = read_commands(ROAD)
PEOPLE = PAGE.partition("## People come and go\n")[2].partition("\n## ")[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """What the page says is there before: an attested wheel in incoming/, and the root of the Sigstore it is from."""
    machine = Machine(tmp_path_factory.mktemp("desk"), cut_off=True)
    sigstore = PrivateSigstore()
    wheel = make_wheel(os.path.join(machine.work, "incoming"), "1.0")
    bundle = sigstore.attest(
        publish_statement(wheel.filename, wheel.sha256), claims=CLAIMS, logged_at=int(time.time()) - 30 * DAY
    )
    Path(wheel.path + ".sigstore.json").write_text(json.dumps(bundle), encoding="utf-8")
    Path(machine.work, "trusted_root.json").write_bytes(sigstore.trusted_root_json)
    passphrase = Path(machine.folder, "passphrase")
    passphrase.touch(0o600)
    passphrase.write_text(PASSPHRASE, encoding="utf-8")
    machine.environ["VARIANTKIT_KEY_PASSPHRASE_FILE"] = str(passphrase)
    return machine


def walk(desk: Machine) -> list[Ended]:
    """Type the road as far as it goes; the rules are written down where the page says so."""
    ended = []
    for command in COMMANDS:
        done = desk.run(*command.words)
        ended.append(done)
        if done.code != command.exits:
            break
        if command.words[1] == "init":
            path = Path(desk.work, "list", "providers.toml")
            path.write_text(path.read_text(encoding="utf-8") + "\n" + read_rules(ROAD), encoding="utf-8")
    return ended


def test_from_nothing_to_an_enforced_list_offline_in_under_fifteen_commands(desk: Machine) -> None:
    assert len(COMMANDS) < 15
    assert f"{_spelt(len(COMMANDS))} commands" in ROAD
    ended = walk(desk)
    assert [done.code for done in ended] == [command.exits for command in COMMANDS], ended[-1]
    assert COMMANDS[-1].words[:2] == ("variantkit", "detect")
    again = desk.run(*COMMANDS[-1].words, "--json")
    found = again.json["namespaces"]["acme"]
    assert (found["status"], found["provider"]["version"]) == ("present", "1.0")
    with open(desk.list_path, encoding="utf-8") as stream:
        assert json.load(stream)["providers"][0]["sha256"] == [found["provider"]["sha256"]]


def test_no_command_of_the_road_leaves_a_private_key_in_the_list(desk: Machine) -> None:
    for folder, _, names in os.walk(os.path.join(desk.work, "list")):
        for name in names:
            assert b"PRIVATE KEY" not in Path(folder, name).read_bytes(), name


def test_who_joins_and_who_leaves_change_the_root_and_machines_follow(desk: Machine) -> None:
    """After the road: carol leaves for dave, as the page says it, and nobody hands a root over again."""
    new_key, *edition = read_commands(PEOPLE)
    assert desk.run(*new_key.words).code == 0
    path = Path(desk.work, "list", "providers.toml")
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition("[reviewers.carol]")
    rest = re.sub(r"keys = \[.*\]", "keys = []", rest, count=1).replace('"bob", "carol"]', '"bob", "dave"]')
    key = Path(desk.work, "dave.pem.pub").read_text(encoding="ascii").strip()
    (affiliation,) = re.findall(r"^    (affiliation = .*)$", PEOPLE, re.MULTILINE)
    dave = f'\n[reviewers.dave]\n{affiliation}\nkeys = ["{key}"]\n'
    path.write_text(f"{before}[reviewers.carol]{rest}{dave}", encoding="utf-8")
    for command in edition:
        done = desk.run(*command.words)
        assert done.code == 0, done
    assert Path(desk.work, "list", "public", "metadata", "2.root.json").exists()
    found = desk.run("variantkit-allowlist", "status", "--list", "list", "--json").json["list"]
    assert (found["root"], found["published"]) == (2, 2)
    assert "dave" in found["roles"][0]["keyholders"]
    assert desk.run("variantkit", "detect", "--namespace", "acme", "--provider-wheels", "incoming").code == 0


def _spelt(number: int) -> str:
    return ["Ten", "Eleven", "Twelve", "Thirteen", "Fourteen"][number - 10]


def test_every_code_of_a_verdict_is_on_the_page() -> None:
    told = set(re.findall(r"`([a-z-]+)`", PAGE))
    assert {code for code in (*POLICY_CODES, *REFUSALS) if code != "ok"} - told == set()


def test_every_key_of_the_policy_is_on_the_page_with_its_default() -> None:
    table = PAGE.partition("## The policy")[2].partition("\n**Evidence**")[0]
    rows = dict(re.findall(r"^\| (`.*?`) \| (.*?) \|", table, re.MULTILINE))
    told = {name: default for keys, default in rows.items() for name in re.findall(r"`([a-z-]+)`", keys)}
    fields = {name.replace("_", "-"): field for name, field in Policy.model_fields.items()}
    assert set(told) == set(fields)
    numbers = {name: field.default for name, field in fields.items() if isinstance(field.default, int)}
    for name, default in numbers.items():
        assert str(default).lower() in told[name], name
    assert get_args(fields["mode"].annotation)[0] == told["mode"]


def test_every_verb_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"variantkit-allowlist ([a-z]+)", PAGE)) | set(re.findall(r"`([a-z]+) [A-Z-]", PAGE))
    assert named - set(VERBS) - {"pip"} == set()
