"""The console as people have it: headless Chromium against `scrubber console`, and against a worker on Kafka.

Screenshots go to the folder in SCRUBBER_SCREENSHOTS, where that is set; otherwise they are made and forgotten.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from scrubber.cli import main
from scrubber.cli.exits import Exit
from scrubber.cli.samples import samples
from tests.command_line import process
from tests.kafka_lab.topics import Sent, create_topic, produce, unique
from tests.ops.tools.system import program

TOKEN = "a made-up token of some length"
expect.set_options(timeout=60_000)  # the machine may do something else meanwhile
DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def browser():
    chromium = program("chromium", "chromium", "fonts-dejavu-core")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


@contextmanager
def console(*arguments, env=None):
    with process("console", "--port", "0", "--rules-only", *arguments, env=env) as started:
        yield started.stderr.readline().decode().split()[-1]


@pytest.fixture(scope="module")
def url():
    with console() as served:
        yield served


class Opened:
    """A page, and everything that it complained about or asked for."""

    def __init__(self, browser, url, *, viewport=DESKTOP, scheme="light"):
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, accept_downloads=True)
        self.page = self.context.new_page()
        self.complaints, self.hosts = [], set()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append("a dialog"), dialog.dismiss()))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.url = url
        self.page.goto(url)

    def type(self, text):
        self.page.fill("#text", text)

    def picture(self, name):
        folder = os.environ.get("SCRUBBER_SCREENSHOTS")
        self.page.screenshot(path=str(Path(folder) / f"{name}.png") if folder else None, full_page=True)

    def violations(self):
        found = Axe().run(self.page).response["violations"]
        return [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found]

    def close(self):
        self.context.close()
        assert self.complaints == []
        assert self.hosts <= {urlsplit(self.url).netloc, ""}


@pytest.fixture
def opened(browser, url):
    pages = []

    def open_page(fragment="", **options):
        pages.append(Opened(browser, url + fragment, **options))
        return pages[-1]

    yield open_page
    for each in pages:
        each.close()


def test_a_text_is_marked_scrubbed_and_audited(opened):
    page = opened().page
    page.get_by_role("button", name="JSON").click()
    expect(page.locator("#marked mark")).to_have_count(5)
    expect(page.locator("#marked mark").first).to_have_text("ann@mail.exampleemail 0.98")
    expect(page.locator("#clean")).to_contain_text('"email": "<EMAIL>", "ip": "<IPV4>"')
    expect(page.locator("#findings tbody tr")).to_have_count(5)
    expect(page.locator("#findings")).to_contain_text("rule card_number")
    page.get_by_text("Audit event").click()
    event = json.loads(page.locator("#event").text_content())
    assert [it["path"] for it in event["redactions"]][:2] == ["msg", "user.email"]


def test_a_threshold_moved_by_keys_lets_a_finding_stand(opened):
    page = opened().page
    page.get_by_role("button", name="sshd").click()
    expect(page.locator("#clean")).to_contain_text("<IPV4>")
    slider = page.get_by_role("slider", name="Threshold of ipv4")
    slider.focus()
    slider.press("End")
    expect(page.locator("#clean")).to_contain_text("203.0.113.9")
    expect(page.locator("#clean")).to_contain_text("<USER_NAME>")
    expect(page.locator("#marked mark.left")).to_have_text(re.compile("203.0.113.9"))
    expect(slider).to_be_focused()


def test_labels_actions_and_presets_are_chosen(opened):
    page = opened().page
    page.fill("#text", "to ann@mail.example from 203.0.113.9")
    expect(page.locator("#clean")).to_have_text("to <EMAIL> from <IPV4>")
    page.get_by_role("switch", name="ipv4").press("Space")
    expect(page.locator("#clean")).to_have_text("to <EMAIL> from 203.0.113.9")
    page.get_by_label("Action for email").select_option("mask")
    expect(page.locator("#clean")).to_have_text("to ***@****.******* from 203.0.113.9")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator("#clean")).to_have_text("to <EMAIL> from <IPV4>")
    digest = page.locator("#digest").text_content()
    page.get_by_label("Start from").select_option("strict")
    expect(page.locator("#digest")).not_to_have_text(digest)


def test_check_accepts_the_policy_that_is_exported(opened, tmp_path, capfd):
    page = opened().page
    page.get_by_label("Start from").select_option("gdpr")
    page.get_by_role("button", name="ticket").click()
    page.get_by_role("slider", name="Threshold of email").press("End")
    page.get_by_label("Action", exact=True).select_option("mask, last 4 stay")
    expect(page.locator("#clean")).to_contain_text("ann@mail.example")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "tuned.yaml")
    assert download.value.suggested_filename == "gdpr-tuned.yaml"
    assert yaml.safe_load((tmp_path / "tuned.yaml").read_text())["labels"] == {"email": {"threshold": 1.0}}
    config = {
        "kafka": {"bootstrap_servers": "kafka.example:9092", "group_id": "g"},
        "routes": [{"topics": ["app"], "policy": "tuned"}],
        "policies": {"tuned": {"file": "tuned.yaml"}},
        "model": {"kind": "none"},
    }
    (tmp_path / "scrubber.yaml").write_text(yaml.safe_dump(config))
    assert main(["check", "--config", str(tmp_path / "scrubber.yaml")]) == Exit.OK


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "</pre><svg onload=alert(1)>",
        '"><iframe srcdoc="<script>alert(1)</script>"></iframe>',
        "javascript:alert(1) {{7*7}} ${7*7} <style>*{display:none}</style>",
    ],
)
def test_markup_in_a_text_is_text(opened, hostile):
    text = f"{hostile} ann@mail.example"
    page = opened().page
    page.fill("#text", text)
    expect(page.locator("#marked")).to_contain_text(hostile)
    expect(page.locator("#clean")).to_contain_text(hostile)
    page.fill("#text", json.dumps({hostile: "ann@mail.example"}))
    expect(page.locator("#findings tbody tr")).to_have_count(1)
    for tag in ("script:not([src])", "img:not([src='/static/icon.svg'])", "iframe", "main svg", "style"):
        expect(page.locator(tag)).to_have_count(0)


def test_a_record_that_does_not_go_on_says_so(opened):
    page = opened().page
    page.fill("#text", "to ann@mail.example")
    page.get_by_label("Action for email").select_option("drop_record")
    expect(page.locator("#facts")).to_have_text("does not go on: policy_drop")
    expect(page.locator("#clean")).to_have_text("Nothing. The record goes to quarantine.")


def test_an_answer_that_was_given_up_half_read_is_no_answer(opened):
    page = opened().page
    page.evaluate("""() => {
        const real = window.fetch;
        window.fetch = async (...given) => {
            const answer = await real(...given);
            answer.json = async () => { window.fetch = real; throw new DOMException("", "AbortError"); };
            return answer;
        };
    }""")
    page.fill("#text", "to ann@mail.example")
    while not page.evaluate("window.fetch.toString().includes('native')"):
        page.wait_for_timeout(20)
    page.fill("#text", "to ann@mail.example again")
    expect(page.locator("#clean")).to_have_text("to <EMAIL> again")


def test_nothing_of_the_text_stays_in_the_browser(opened):
    page = opened().page
    page.fill("#text", "to ann@mail.example")
    expect(page.locator("#clean")).to_have_text("to <EMAIL>")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert "ann" not in kept
    page.reload()
    expect(page.locator("#text")).to_have_value("")


def test_every_control_is_reached_by_keys(opened):
    page = opened().page
    page.get_by_role("button", name="JSON").click()
    expect(page.locator("#marked mark")).to_have_count(5)
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    for name in ("Skip to the page", "Playground", "Live", "theme", "text", "base", "model", "action", "threshold"):
        assert name in reached
    for name in ("on-email", "at-email", "download", "reset", "findings"):
        assert name in reached
    page.keyboard.press("Shift+Tab")
    page.locator("#theme").press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_theme_is_the_system_s_until_one_is_chosen(opened):
    page = opened(scheme="dark").page
    root, button = page.locator("html"), page.locator("#theme")
    expect(root).to_have_attribute("data-theme", "dark")
    page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_playground_is_accessible_fits_and_looks_as_in_the_docs(opened, scheme, viewport):
    it = opened(scheme=scheme, viewport=viewport)
    it.page.get_by_role("button", name="JSON").click()
    expect(it.page.locator("#marked mark")).to_have_count(5)
    it.page.evaluate("document.activeElement.blur()")
    assert it.page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert it.violations() == []
    it.picture(f"playground-{scheme}{'-phone' if viewport is PHONE else ''}")


def test_a_console_without_a_worker_says_so(opened):
    it = opened("#live")
    expect(it.page.locator("#live")).to_contain_text("There is no worker to look at.")
    assert it.violations() == []


def test_a_wrong_token_is_refused_and_the_right_one_opens(browser):
    with console(env={**os.environ, "SCRUBBER_CONSOLE_TOKEN": TOKEN}) as url:
        it = Opened(browser, url)
        expect(it.page.get_by_role("dialog")).to_be_visible()
        assert it.violations() == []
        for wrong in ("a tökén", "another made-up token"):
            it.page.get_by_label("Token", exact=True).fill(wrong)
            it.page.get_by_role("button", name="Go on").click()
            expect(it.page.locator("#refused")).to_be_visible()
            expect(it.page.get_by_role("dialog")).to_be_visible()
        expect(it.page.locator("#version")).to_be_empty()
        it.page.get_by_label("Token", exact=True).fill(TOKEN)
        it.page.get_by_label("Token", exact=True).press("Enter")
        expect(it.page.get_by_role("dialog")).to_be_hidden()
        expect(it.page.locator("#version")).not_to_be_empty()
        it.type("to ann@mail.example")
        expect(it.page.locator("#clean")).to_have_text("to <EMAIL>")
        assert TOKEN not in it.page.content()
        assert TOKEN not in it.page.url
        assert all("401" in complaint for complaint in it.complaints)
        it.complaints.clear()
        it.close()


# --- a worker ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worker(kafka, tmp_path_factory):
    """A worker with a console, and somebody who writes to its topic for as long as it is looked at."""
    folder, source = tmp_path_factory.mktemp("worker"), create_topic(kafka.bootstrap, "app.raw", 3)
    settings = {
        "kafka": {"bootstrap_servers": kafka.bootstrap, "group_id": unique("group"), "session_timeout_ms": 6_000},
        "routes": [{"topics": [source]}],
        "create_topics": True,
        "model": {"kind": "none"},
        "chunk": {"max_records": 500},
        "console": {"enabled": True, "port": 0},
        "logging": {"format": "json"},
    }
    (folder / "scrubber.yaml").write_text(yaml.safe_dump(settings))
    done = threading.Event()

    def write():
        texts = cycle([*(sample.text.encode() for sample in samples(700)), b"\xff\xfe"])
        while not done.is_set():
            burst = [Sent(next(texts), partition=number % 3) for number in range(300)]
            produce(kafka.bootstrap, source, burst)
            done.wait(0.5)

    writer = threading.Thread(target=write)
    writer.start()
    command = [sys.executable, "-m", "scrubber.cli", "run", "--config", str(folder / "scrubber.yaml")]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log) as started:
        try:
            yield _told(folder / "log", started)
        finally:
            done.set()
            writer.join()
            started.terminate()
    text = (folder / "log").read_text()
    assert started.returncode == 0, text
    assert "example" not in text.replace("kafka.example", "")


def _told(log, started):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and started.poll() is None:
        match = re.search(r'"url": ?"([^"]+)"', log.read_text())
        if match:
            return match[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_the_live_page_shows_a_worker_at_work(browser, worker, scheme, viewport):
    it = Opened(browser, f"{worker}#live", scheme=scheme, viewport=viewport)
    page = it.page
    committed = page.locator("#tiles li", has_text="Transactions").locator(".value")
    expect(page.locator("#charts figure")).to_have_count(6)
    expect(committed).not_to_have_text("0")
    expect(page.locator("figure", has_text="Redactions by label").locator(".area")).not_to_have_count(0)
    expect(committed).not_to_have_text(committed.text_content())
    for title, legend in (
        ("Throughput", "clean"),
        ("Redactions by label", "email"),
        ("Quarantined by reason", "undecodable"),
        ("Time of a chunk, by stage", "commit"),
    ):
        expect(page.locator("figure", has_text=title)).to_contain_text(legend)
    expect(page.locator("#tiles li", has_text="Unscanned")).to_contain_text("0 ✓")
    expect(page.locator("#versions")).to_contain_text("logs")
    plot = page.locator("figure", has_text="Throughput").locator(".plot")
    plot.focus()
    plot.press("ArrowLeft")
    expect(page.locator("figure", has_text="Throughput").locator(".facts")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
    page.evaluate("document.activeElement.blur()")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert it.violations() == []
    it.picture(f"worker-{scheme}{'-phone' if viewport is PHONE else ''}")
    it.close()


def test_the_worker_s_policies_are_tried_beside_it(browser, worker):
    it = Opened(browser, worker)
    it.type("to ann@mail.example")
    expect(it.page.locator("#clean")).to_have_text("to <EMAIL>")
    expect(it.page.locator("#model option")).to_have_text(["rules only"])
    it.close()
