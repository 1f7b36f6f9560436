"""In a real browser: the search filters, hostile entries stay text, nothing leaves, and text can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.browser import chromium, complaints, prefer, requested
from support.catalogues import HOSTILE, hostile_catalogue, sample_catalogue
from support.static_server import static_server
from variantkit_allowlist.site import MARKER, SCHEMA, render_site
from variantkit_allowlist.store.folder import replace_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome

WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of the sample and the hostile site, as files and over a loopback server that knows no headers."""
    folder = tmp_path_factory.mktemp("sites")
    replace_folder(str(folder / "sample"), render_site(sample_catalogue()), MARKER, SCHEMA)
    replace_folder(str(folder / "hostile"), render_site(hostile_catalogue()), MARKER, SCHEMA)
    return {"file": folder.as_uri()}


@pytest.fixture(scope="module")
def served(sites: dict[str, str]) -> Iterator[str]:
    with static_server(sites["file"].removeprefix("file://")) as url:
        yield url


@pytest.fixture(params=["file", "http"])
def root(request: pytest.FixtureRequest, sites: dict[str, str], served: str) -> str:
    return sites["file"] if request.param == "file" else served


def shown(browser: Chrome) -> list[str]:
    script = "return [...document.querySelectorAll('#catalogue tbody tr:not([hidden]) th')].map(e => e.innerText)"
    rows: list[str] = browser.execute_script(script)
    return [" ".join(row.split()) for row in rows]


def type_words(browser: Chrome, words: str) -> None:
    from selenium.webdriver.common.by import By

    field = browser.find_element(By.ID, "words")
    field.clear()
    field.send_keys(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("nvidia", ["nvidia-provider 0.10.0", "nvidia-provider 0.9.0", "nvidia-provider 0.8.0"]),
        ("NVIDIA 0.10", ["nvidia-provider 0.10.0"]),
        ("4444444444", ["amd-provider 1.0"]),
        ("code.example", ["nvidia-provider 0.10.0"]),
        ("libnvidia-ml.so.1", ["nvidia-provider 0.10.0"]),
        ("unattested", ["tpu-provider 1.0"]),
        ("no such thing", []),
    ],
)
def test_words_filter_the_table_by_what_it_shows_and_by_hash_identity_and_needs(
    browser: Chrome, root: str, words: str, expected: list[str]
) -> None:
    browser.get(f"{root}/sample/index.html")
    type_words(browser, words)
    assert shown(browser) == expected
    from selenium.webdriver.common.by import By

    assert browser.find_element(By.ID, "count").text == f"{len(expected)} of 7 shown"
    assert browser.find_element(By.ID, "nothing").is_displayed() is (not expected)


def test_states_filter_the_table_and_escape_clears_the_words(browser: Chrome, root: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.select import Select

    browser.get(f"{root}/sample/index.html")
    state = Select(browser.find_element(By.ID, "state"))
    state.select_by_value("revoked")
    assert shown(browser) == ["nvidia-provider 0.8.0"]
    state.select_by_value("weak")
    assert shown(browser) == ["tpu-provider 1.0"]
    state.select_by_value("")
    browser.find_element(By.TAG_NAME, "body").send_keys("/")
    assert browser.switch_to.active_element.get_attribute("id") == "words"
    browser.switch_to.active_element.send_keys("tpu" + Keys.ESCAPE)
    assert len(shown(browser)) == 7


def test_the_keyboard_reaches_the_skip_link_first_and_then_the_content(browser: Chrome, root: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    browser.get(f"{root}/sample/index.html")
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    first = browser.switch_to.active_element
    assert first.text == "Skip to the content"
    assert first.rect["x"] >= 0, "it is seen while it has the focus"
    first.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.tag_name == "main"


def test_an_approval_that_ended_after_the_site_was_made_is_shown_as_ended(browser: Chrome, root: str) -> None:
    later = "const real = Date; Date = class extends real { constructor() { super('2027-12-24T12:00:00Z'); } };"
    script = browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": later})
    try:
        browser.get(f"{root}/sample/index.html")
        states = browser.execute_script(
            "return [...document.querySelectorAll('#catalogue .badge')].map(e => e.innerText.slice(2))"
        )
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": script["identifier"]})
    assert set(states) == {"Expired", "Revoked", "Not published"}


def pages(catalogue: str) -> list[str]:
    files = render_site(hostile_catalogue() if catalogue == "hostile" else sample_catalogue())
    return [path for path in files if path.endswith(".html")]


def test_row_44_hostile_entries_run_nothing_open_nothing_and_send_nothing(browser: Chrome, root: str) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    requested(browser), complaints(browser)
    for path in pages("hostile"):
        browser.get(f"{root}/hostile/{path}")
        with pytest.raises(NoAlertPresentException):
            _ = browser.switch_to.alert.text
        counted = browser.execute_script(
            "return [document.scripts.length, document.querySelectorAll('iframe,object,form,base,style').length,"
            " [...document.all].flatMap(e => e.getAttributeNames()).filter(a => a.startsWith('on')).length,"
            " [...document.links].filter(a => !['https:', location.protocol].includes(a.protocol)).length,"
            " [...document.images].filter(i => !i.complete || !i.naturalWidth).length]"
        )
        assert counted == [1, 0, 0, 0, 0], path
    assert complaints(browser) == []
    assert [address for address in requested(browser) if not address.startswith(f"{root}/hostile/")] == []


def test_row_44_a_hostile_entry_is_shown_for_what_it_is(browser: Chrome, root: str) -> None:
    browser.get(f"{root}/hostile/index.html")
    text: str = browser.execute_script("return document.body.innerText")
    assert "<script>alert(document.domain)</script>" in text
    assert "\\u202edesrever" in text
    assert not {"\u202e", "\u2066", "\u2028", "\u2029", "\x1b"} & set(text)
    for words in (HOSTILE[0], '"><img'):
        type_words(browser, words)  # the search shows nothing anew: it hides rows
        assert shown(browser)


def test_the_sample_site_breaks_no_policy_and_asks_for_nothing_foreign(browser: Chrome, root: str) -> None:
    requested(browser), complaints(browser)
    for path in pages("sample"):
        browser.get(f"{root}/sample/{path}")
    assert complaints(browser) == []
    assert [address for address in requested(browser) if not address.startswith(f"{root}/sample/")] == []


def test_a_script_that_got_into_a_page_all_the_same_would_not_run(browser: Chrome, root: str) -> None:
    browser.get(f"{root}/sample/index.html")
    complaints(browser)
    browser.execute_script(
        "const s = document.createElement('img'); s.setAttribute('onerror', 'window.ran = true'); s.src = 'data:,x';"
        "document.body.append(s); const t = document.createElement('script'); t.textContent = 'window.ran = true';"
        "document.body.append(t);"
    )
    assert browser.execute_script("return window.ran === undefined") is True
    assert any("Content Security Policy" in line.text for line in complaints(browser))


CONTRAST = """
const parse = (c) => { const p = c.match(/[\\d.]+/g).map(Number); return {rgb: p.slice(0, 3), a: p[3] ?? 1}; };
const lum = (rgb) => rgb.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const back = (e) => { for (; e; e = e.parentElement) {
  const c = parse(getComputedStyle(e).backgroundColor); if (c.a === 1) return c.rgb; } return [255, 255, 255]; };
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const poor = []; let seen = 0;
while (walk.nextNode()) {
  const e = walk.currentNode.parentElement;
  if (!walk.currentNode.data.trim() || !e.checkVisibility()) continue;
  const [low, high] = [lum(parse(getComputedStyle(e).color).rgb), lum(back(e))].sort((a, b) => a - b);
  seen += 1;
  if ((high + .05) / (low + .05) < 4.5) poor.push(e.outerHTML.slice(0, 120));
}
return {poor, seen};
"""


def test_without_scripts_everything_is_there_but_the_search(browser: Chrome, root: str) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{root}/sample/index.html")
        text = browser.find_element("tag name", "body").text
        assert not browser.find_element("id", "search").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert all(said in text for said in ("nvidia-provider", "tpu-provider", "Unattested", "Revoked", "Expired"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_on_every_page_can_be_read_and_no_page_is_wider_than_the_screen(
    browser: Chrome, sites: dict[str, str], scheme: str, width: int
) -> None:
    prefer(browser, scheme, width=width)
    for site in ("sample", "hostile"):
        for path in pages(site)[:: 1 if site == "sample" else 9]:
            browser.get(f"{sites['file']}/{site}/{path}")
            found = browser.execute_script(CONTRAST)
            assert found["poor"] == [], path
            assert found["seen"] > 10
            wide = browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width, path


@pytest.mark.parametrize(("width", "media"), [(1080, "screen"), (800, "screen"), (600, "screen"), (718, "print")])
def test_no_page_is_wider_than_a_tablet_or_a_sheet_of_paper(
    browser: Chrome, sites: dict[str, str], width: int, media: str
) -> None:
    prefer(browser, "light", width=width, media=media)
    for path in pages("sample"):
        browser.get(f"{sites['file']}/sample/{path}")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, path
    prefer(browser, "light")


def test_the_weaker_class_looks_weaker(browser: Chrome, sites: dict[str, str]) -> None:
    prefer(browser, "light")
    borders = []
    for name in ("tpu", "amd"):
        browser.get(f"{sites['file']}/sample/package/{name}-provider.html")
        style = "getComputedStyle(document.querySelector('article'))"
        borders.append(browser.execute_script(f"return {style}.borderTopStyle + {style}.borderTopWidth"))
    assert borders == ["dashed2px", "solid1px"]


def test_on_paper_everything_is_unfolded_and_menus_are_gone(browser: Chrome, sites: dict[str, str]) -> None:
    browser.get(f"{sites['file']}/sample/package/nvidia-provider.html")
    prefer(browser, "light", media="print")
    text: str = browser.execute_script("return document.body.innerText")
    assert "module_19.py" in text
    assert "How the list decides" not in text
    prefer(browser, "light")
