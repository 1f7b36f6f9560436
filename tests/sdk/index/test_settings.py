"""Settings of the real pip and the real uv: what wins, with its credentials, and where it came from."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.http_index import http_index
from support.interpreters import INTERPRETERS
from support.uv import UV
from support.wheels import make_wheel
from variantkit.errors import InputError, UndeterminedError
from variantkit.index.install.pip_settings import pip_settings
from variantkit.index.install.rust_debug import Struct, find_structs, parse_debug
from variantkit.index.install.settings import IndexSettings
from variantkit.index.install.uv_settings import uv_settings
from variantkit.index.upstream.http_upstream import HttpUpstream
from variantkit.index.upstream.origin import with_userinfo

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (f"https://{name}.example.test/simple" for name in "abc")
SECRET = "https://me:s3cret%40word@corp.example.test/simple/"


@pytest.fixture
def clean(tmp_path: Path) -> dict[str, str]:
    """An environment without anybody's settings, with a home of its own."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "XDG_"))}
    kept = {name: value for name, value in kept.items() if "proxy" not in name.lower() and "CERT" not in name}
    # The machine's own files would show through.
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), "XDG_CONFIG_DIRS": str(home / "etc")}


def of_pip(environ: dict[str, str], cwd: Path, config: str | None = None) -> IndexSettings:
    """pip's settings; with `config`, that file's and no other's."""
    if config is not None:
        (cwd / "pip.conf").write_text(config)
        environ = {"PIP_CONFIG_FILE": str(cwd / "pip.conf"), **environ}
    return pip_settings(sys.executable, environ, str(cwd))


def of_uv(environ: dict[str, str], cwd: Path, **files: str) -> IndexSettings:
    for name, text in files.items():
        (cwd / f"{name}.toml").write_text(text)
    return uv_settings(UV, environ, str(cwd))


# pip


@pytest.mark.parametrize("python", INTERPRETERS)
def test_the_default_index_is_the_targets_pips_own(python: str, clean: dict[str, str], tmp_path: Path) -> None:
    asked = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    done = subprocess.run([python, "-I", "-c", asked], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("an interpreter without pip")
    settings = pip_settings(python, {**clean, "PIP_CONFIG_FILE": os.devnull}, str(tmp_path))
    assert settings.index_url == done.stdout.strip()
    assert settings.source.startswith("built-in default of pip ")
    assert (settings.extra_index_urls, settings.no_index) == ((), False)


@pytest.mark.parametrize(
    ("environ", "config", "index", "source"),
    [
        ({"PIP_INDEX_URL": A}, f"[global]\nindex-url = {B}\n", A, "PIP_INDEX_URL"),
        ({}, f"[global]\nindex-url = {B}\n", B, "pip.conf"),
        ({}, f"[global]\nindex-url = {B}\n[install]\nindex-url = {C}\n", C, "pip.conf"),
        ({}, f"[download]\nindex-url = {B}\n[install]\nindex_url = {C}\n", C, "pip.conf"),
        ({"PIP_INDEX_URL": SECRET}, "", SECRET, "PIP_INDEX_URL"),
        ({}, f"[global]\nindex-url = {SECRET}\n", SECRET, "pip.conf"),
    ],
    ids=["variable over file", "file", "section of the command", "other command's section", "secret", "secret in file"],
)
def test_pips_own_precedence_decides(
    environ: dict[str, str], config: str, index: str, source: str, clean: dict[str, str], tmp_path: Path
) -> None:
    settings = of_pip({**clean, **environ}, tmp_path, config)
    assert settings.index_url == index
    assert settings.source.endswith(source)


def test_everything_else_that_pip_is_told_is_read(clean: dict[str, str], tmp_path: Path) -> None:
    config = (
        f"[global]\nextra-index-url =\n  {A}\n  {B}\nfind-links = links https://l.example.test/\ntrusted-host = h:8\n"
        "no-index = true\ncert = /c.pem\nclient-cert = /me.pem\nproxy = http://p.test:1\ntimeout = 7\n"
    )
    settings = of_pip(clean, tmp_path, config)
    assert settings.extra_index_urls == (A, B)
    assert settings.find_links == (str(tmp_path / "links"), "https://l.example.test/")
    assert settings.no_index
    options = settings.http_options({})
    assert (options.trusted_hosts, options.cert, options.client_cert) == (("h:8",), "/c.pem", "/me.pem")
    assert (options.proxy, options.read_timeout, options.keyring) == ("http://p.test:1", 7.0, False)


def test_pips_keyring_is_asked_only_as_a_program(clean: dict[str, str], tmp_path: Path) -> None:
    settings = IndexSettings(A, keyring_provider="subprocess")
    assert settings.http_options().keyring
    assert not settings._replace(keyring_provider="import").http_options().keyring


def test_nothing_is_imported_from_the_current_directory(clean: dict[str, str], tmp_path: Path) -> None:
    for module in ("pip", "json"):
        (tmp_path / f"{module}.py").write_text("raise SystemExit('hijacked')\n")
    assert of_pip({**clean, "PIP_INDEX_URL": A}, tmp_path, "").index_url == A


def test_a_python_without_pip_is_undetermined(clean: dict[str, str], tmp_path: Path) -> None:
    subprocess.run([UV, "venv", "-q", "--offline", "--no-config", "-p", sys.executable, tmp_path / "bare"], check=True)
    python = tmp_path / "bare" / ("Scripts" if os.name == "nt" else "bin") / "python"
    with pytest.raises(UndeterminedError, match="expected pip there"):
        pip_settings(str(python), clean, str(tmp_path))


@pytest.mark.parametrize("program", ["/nowhere/python", sys.executable + "-not"])
def test_an_installer_that_is_not_there_is_undetermined(program: str, clean: dict[str, str], tmp_path: Path) -> None:
    for ask in (pip_settings, uv_settings):
        with pytest.raises(UndeterminedError, match="could not be asked"):
            ask(program, clean, str(tmp_path))


# uv


def test_uvs_default_index_is_its_own(clean: dict[str, str], tmp_path: Path) -> None:
    settings = of_uv(clean, tmp_path)
    assert settings.index_url.startswith("https://")
    assert settings.source.startswith("built-in default of uv ")


INDEXES = f"""
extra-index-url = ["{C}"]
[[index]]
name = "corp"
url = "{SECRET}"
default = true
[[index]]
name = "only"
url = "{B}"
explicit = true
"""


@pytest.mark.parametrize(
    ("environ", "index", "source"),
    [
        ({}, SECRET, "uv.toml"),
        ({"UV_DEFAULT_INDEX": A}, A, "UV_DEFAULT_INDEX"),
        ({"UV_INDEX_URL": A}, A, "UV_INDEX_URL"),
        ({"UV_DEFAULT_INDEX": "https://other:word@corp.example.test/simple/"}, None, "UV_DEFAULT_INDEX"),
    ],
    ids=["file", "variable", "old variable", "another login for the same index"],
)
def test_uvs_own_precedence_decides(
    environ: dict[str, str], index: str | None, source: str, clean: dict[str, str], tmp_path: Path
) -> None:
    settings = of_uv({**clean, **environ}, tmp_path, uv=INDEXES)
    assert settings.index_url == (index or environ["UV_DEFAULT_INDEX"])
    assert settings.source.endswith(source)
    assert settings.explicit_indexes == (("only", B),)
    assert settings.extra_index_urls == (C,)


def test_uvs_settings_are_found_above_the_current_directory(clean: dict[str, str], tmp_path: Path) -> None:
    tables = f'[project]\nname = "p"\nversion = "1"\n[[tool.uv.index]]\nurl = "{SECRET}"\n'
    (tmp_path / "pyproject.toml").write_text(tables)
    below = tmp_path / "below"
    below.mkdir()
    assert of_uv(clean, below).extra_index_urls == (SECRET,)
    assert of_uv({**clean, "UV_NO_CONFIG": "1"}, below).extra_index_urls == ()


def test_uvs_user_file_and_named_file_are_read(clean: dict[str, str], tmp_path: Path) -> None:
    user = tmp_path / "home" / ".config" / "uv"
    user.mkdir(parents=True)
    (user / "uv.toml").write_text(f'index-url = "{SECRET}"\n')
    (tmp_path / "named.toml").write_text('index-url = "https://tok3n@named.example.test/simple/"\n')
    assert of_uv(clean, tmp_path).index_url == SECRET
    named = of_uv({**clean, "UV_CONFIG_FILE": "named.toml"}, tmp_path)
    assert named.index_url == "https://tok3n@named.example.test/simple/"


def test_a_named_index_gets_its_login_from_the_environment(clean: dict[str, str], tmp_path: Path) -> None:
    login = {"UV_INDEX_MY_CORP_USERNAME": "env", "UV_INDEX_MY_CORP_PASSWORD": "w@rd"}
    settings = of_uv({**clean, **login, "UV_INDEX": f"my-corp={A} {B}"}, tmp_path)
    assert settings.extra_index_urls == (with_userinfo(A, "env", "w@rd"), B)


def test_everything_else_that_uv_is_told_is_read(clean: dict[str, str], tmp_path: Path) -> None:
    told = (
        'find-links = ["links"]\nno-index = true\nkeyring-provider = "subprocess"\nallow-insecure-host = ["h.test:8"]\n'
    )
    settings = of_uv({**clean, "SSL_CLIENT_CERT": "/me.pem", "UV_HTTP_TIMEOUT": "7"}, tmp_path, uv=told)
    assert settings.find_links == (str(tmp_path / "links"),)
    assert (settings.index_url, settings.no_index, settings.source) == ("", True, "no-index")
    options = settings.http_options({})
    assert (options.trusted_hosts, options.client_cert, options.keyring) == (("h.test:8",), "/me.pem", True)
    assert options.read_timeout == 7.0


def test_a_settings_file_that_uv_cannot_read_is_undetermined(clean: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UndeterminedError, match="could not say"):
        of_uv(clean, tmp_path, uv="index-url = [")


def test_no_secret_is_in_what_settings_print(clean: dict[str, str], tmp_path: Path) -> None:
    settings = of_uv(clean, tmp_path, uv=INDEXES)
    assert "s3cret" not in repr(settings)
    assert "corp.example.test" in repr(settings)


def test_a_mask_never_passes_for_a_password(clean: dict[str, str], tmp_path: Path) -> None:
    # uv reads the escape, so the text of the file holds no such URL.
    settings = of_uv(clean, tmp_path, uv='index-url = "https://me:\\u0073ecret@corp.example.test/simple/"\n')
    assert settings.index_url == "https://me@corp.example.test/simple/"


# The installers themselves


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_we_ask_the_index_that_the_installer_asks_with_the_same_login(
    installer: str, clean: dict[str, str], tmp_path: Path
) -> None:
    make_wheel(tmp_path, "sel")
    with http_index(tmp_path) as index:
        index.require_login("me", "p@ss")
        url = with_userinfo(index.url, "me", "p@ss")
        if installer == "pip":
            (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {url}\n")
            environ = {**clean, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--no-cache-dir",
                "-q",
                "-d",
                str(tmp_path / "d"),
                "sel",
            ]
            settings = pip_settings(sys.executable, environ, str(tmp_path))
        else:
            (tmp_path / "uv.toml").write_text(f'index-url = "{url}"\n')
            environ = clean
            command = [UV, "pip", "install", "--dry-run", "--no-cache", "-q", "-t", str(tmp_path / "d"), "sel"]
            command += ["--python", sys.executable]
            settings = uv_settings(UV, environ, str(tmp_path))
        subprocess.run(command, env=environ, cwd=tmp_path, check=True, capture_output=True)
        theirs = next(r for r in index.requests if "authorization" in r.headers)
        index.requests.clear()
        assert HttpUpstream(settings.index_url, settings.http_options(environ)).page("sel") is not None
        (ours,) = index.requests
    assert (ours.target, ours.headers["authorization"]) == (theirs.target, theirs.headers["authorization"])


# Rust's debug text

words = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).filter(lambda word: word != "Some")
texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)


@given(st.dictionaries(words, texts | st.lists(texts, max_size=3), max_size=4), words)
def test_a_struct_comes_back_as_it_was_written(fields: dict[str, str | list[str]], name: str) -> None:
    def written(value: str | list[str]) -> str:
        if isinstance(value, list):
            return "[" + "".join(f"{written(item)}, " for item in value) + "]"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = name + " {" + "".join(f"{key}: Some({written(value)},),\n" for key, value in fields.items()) + "}"
    (struct,) = parse_debug(text)
    assert isinstance(struct, Struct)
    assert struct.fields == {key: tuple(v) if isinstance(v, list) else v for key, v in fields.items()}
    assert find_structs((struct,), name) == [struct]


@given(st.text(alphabet='aS{}()[]:,"\\ \n', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values = parse_debug(text)
    except InputError:
        return
    assert values or not text.strip('" \n')


@pytest.mark.parametrize(
    "text", ["{a:", "A { b: 1,", "(" * 99, "(" * 200 + ")" * 200], ids=["no value", "no end", "many ends", "too deep"]
)
def test_text_that_ends_early_or_is_too_deep_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="debug text"):
        parse_debug(text)
