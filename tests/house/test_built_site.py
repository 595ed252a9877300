"""The built pages in a real browser: at two widths nothing is cut off or broken, and every link leads somewhere.

`make test-site` builds them and runs this; elsewhere it is skipped where site/ or Chromium is missing.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlparse

import pytest

SITE = Path(__file__).resolve().parents[2] / "site"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (1400, 400)  # pixels
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("index.html"))
MOST_SECONDS = 900  # for all pages; the browser is ended after that
ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src"}

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not PAGES, reason="needs the built pages: make docs"),
]
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium")

WATCHER = b"""<script>
window.seenErrors = [];
const noted = (event) => seenErrors.push(String(event.message || event.reason || event.target.src));
addEventListener("error", noted, true);
addEventListener("unhandledrejection", noted);
console.error = (...words) => seenErrors.push(words.join(" "));
</script>"""

HARNESS = """<!doctype html><meta charset="utf-8"><body><script>
const pages = %(pages)s, widths = %(widths)s;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function open(path, width) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 900px; border: 0`;
  document.body.replaceChildren(frame);
  const loaded = new Promise((done) => frame.addEventListener("load", done));
  frame.src = "/" + path;
  await loaded;
  await pause(30);
  return frame;
}

function linesOf(range) {
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
  return new Set(boxes.map((box) => Math.round(box.top))).size;
}

// Words that do not fit on a line: their letters have boxes at different heights. (Longer ones, such as a hash, must.)
function brokenWords(root) {
  const found = [], walker = root.createTreeWalker(root.body, NodeFilter.SHOW_TEXT), range = root.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!parent.closest("article") || parent.closest("svg, script, pre, .episode-player")) continue;
    range.selectNodeContents(node);
    if (linesOf(range) < 2) continue;
    for (const word of node.data.matchAll(/[\\p{L}\\p{N}]{2,}/gu)) {
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (word[0].length <= 30 && linesOf(range) > 1) found.push(word[0]);
    }
  }
  return found;
}

// What is cut off: wider than the page, and in nothing that scrolls.
function tooWide(root) {
  const width = root.documentElement.clientWidth;
  return [...root.querySelectorAll("article *")].filter((element) => {
    if (element.getBoundingClientRect().right <= width + 1 || element.getClientRects().length === 0) return false;
    for (let box = element; box && box.tagName !== "ARTICLE"; box = box.parentElement) {
      if (/auto|scroll|hidden/.test(getComputedStyle(box).overflowX)) return false;
    }
    return true;
  }).map((element) => element.outerHTML.slice(0, 80));
}

function tables(root) {
  return [...root.querySelectorAll(".md-typeset__scrollwrap")].map((box) => {
    const [header, cell] = [box.querySelector("th"), box.querySelector("td")];
    const fixed = !header || [header, cell].every((one) => !one || getComputedStyle(one).position === "sticky");
    box.scrollLeft = 1000;
    const stays = !cell || Math.abs(cell.getBoundingClientRect().left - box.getBoundingClientRect().left) < 3;
    box.scrollLeft = 0;
    return { fixed, stays, wide: box.scrollWidth > box.clientWidth, bar: box.offsetHeight - box.clientHeight };
  });
}

async function search(words) {
  const frame = await open("index.html", 1400), root = frame.contentDocument;
  const input = root.querySelector(".md-search__input");
  input.focus();
  input.value = words;
  input.dispatchEvent(new Event("keyup"));
  for (let tries = 0; tries < 200; tries++) {
    const results = [...root.querySelectorAll(".md-search-result__link")];
    if (results.length) return results.map((link) => link.href);
    await pause(50);
    input.dispatchEvent(new Event("keyup"));
  }
  return [];
}

async function gallery() {
  const frame = await open("envs/index.html", 1400), root = frame.contentDocument;
  const shown = () => [...root.querySelectorAll(".gallery-tile")].filter((tile) => tile.getClientRects().length);
  const all = shown().length;
  const select = root.querySelector(".gallery-filters select[name=kind]");
  select.value = "interval";
  select.dispatchEvent(new Event("change", { bubbles: true }));
  const kinds = [...new Set(shown().map((tile) => tile.dataset.kind))];
  const headings = [...root.querySelectorAll("article h2")].filter((one) => one.getClientRects().length).length;
  return { all, kept: shown().length, kinds, headings, query: frame.contentWindow.location.search };
}

(async () => {
  const report = { pages: {} };
  try {
    for (const width of widths) for (const path of pages) {
      const frame = await open(path, width), root = frame.contentDocument;
      const page = root.documentElement;
      report.pages[`${path} ${width}`] = {
        errors: frame.contentWindow.seenErrors, overflow: page.scrollWidth - page.clientWidth,
        cut: tooWide(root), broken: brokenWords(root), tables: tables(root),
      };
    }
    report.found = await search("check_masked_env");
    report.gallery = await gallery();
  } catch (error) { report.failed = String(error.stack || error); }
  await fetch("/report", { method: "POST", body: JSON.stringify(report) });
})();
</script></body>"""


class Server(SimpleHTTPRequestHandler):
    """Serves the site with a watcher for errors in each page, and takes the report."""

    report: dict[str, Any] = {}
    arrived = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/harness":
            self.answer(HARNESS % {"pages": json.dumps(PAGES), "widths": json.dumps(WIDTHS)})
        elif self.path.partition("?")[0].endswith((".html", "/")):
            path = SITE / unquote(urlparse(self.path).path).lstrip("/")
            text = (path / "index.html" if path.is_dir() else path).read_bytes()
            self.answer(text.replace(b"<head>", b"<head>" + WATCHER, 1))
        else:
            super().do_GET()

    def do_POST(self) -> None:
        type(self).report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer("")
        self.arrived.set()

    def answer(self, content: str | bytes) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the browser saw in all pages at all widths."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--window-size=1500,1000")  # fmt: skip
    profile = tmp_path_factory.mktemp("profile")
    address = f"http://127.0.0.1:{server.server_address[1]}/harness"
    browser = subprocess.Popen(
        [str(BROWSER), *quiet, f"--user-data-dir={profile}", "--remote-debugging-port=0", address],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert Server.arrived.wait(MOST_SECONDS), "the browser sent no report"
        assert "failed" not in Server.report, Server.report["failed"]
        yield Server.report
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()


def seen(report: dict[str, Any], what: str) -> dict[str, Any]:
    return {page: one[what] for page, one in report["pages"].items() if one[what]}


@needs_browser
def test_no_page_has_an_error(report: dict[str, Any]) -> None:
    assert len(report["pages"]) == len(PAGES) * len(WIDTHS) > 100
    assert seen(report, "errors") == {}


@needs_browser
def test_nothing_is_wider_than_its_page(report: dict[str, Any]) -> None:
    assert {page: pixels for page, pixels in seen(report, "overflow").items() if pixels > 0} == {}
    assert seen(report, "cut") == {}


@needs_browser
def test_no_word_is_broken(report: dict[str, Any]) -> None:
    assert seen(report, "broken") == {}


@needs_browser
def test_wide_tables_scroll_under_a_visible_bar_with_header_and_first_column_in_place(report: dict[str, Any]) -> None:
    tables = [(page, table) for page, found in seen(report, "tables").items() for table in found]
    assert [page for page, table in tables if not (table["fixed"] and table["stays"])] == []
    wide = [(page, table) for page, table in tables if table["wide"]]
    assert [page for page, table in wide if table["bar"] < 8] == []
    assert {page.rpartition(" ")[2] for page, _ in wide} == {str(width) for width in WIDTHS}


@needs_browser
def test_the_search_splits_names_at_their_dots(report: dict[str, Any]) -> None:
    assert any("check_masked_env" in address for address in report["found"]), report["found"]


@needs_browser
def test_the_gallery_filters(report: dict[str, Any]) -> None:
    from masked_envs.catalogue import CATALOGUE

    found = report["gallery"]
    assert found["all"] == len(CATALOGUE) > found["kept"] > 0
    assert found["kinds"] == ["interval"] and 0 < found["headings"] <= found["kept"]
    assert found["query"] == "?kind=interval"


# --- links, without a browser -----------------------------------------------------------------------------------------


class Links(HTMLParser):
    """The targets of a page, and the names that links can lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.names |= {name for key in ("id", "name") if (name := given.get(key))}
        if target := given.get(ATTRIBUTES.get(tag, "")):
            self.targets.append(target)


@functools.cache
def links(path: Path) -> Links:
    parser = Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def dead(page: str, target: str) -> bool:
    """Whether a link within the site leads nowhere."""
    address, name = urldefrag(urljoin(f"http://site/{page.removesuffix('index.html')}", target))
    if urlparse(address).netloc != "site":
        return False
    path = SITE / unquote(urlparse(address).path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    return not path.is_file() or bool(name and path.suffix == ".html" and unquote(name) not in links(path).names)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    found = links(SITE / page)
    assert len(found.targets) > 20
    assert [target for target in found.targets if dead(page, target)] == []


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    text = (SITE / page).read_text(encoding="utf-8")
    loaded = [target for target in links(SITE / page).targets if f'src="{target}"' in text]
    assert [target for target in loaded if urlparse(target).netloc] == []


def test_dead_links_are_found() -> None:
    assert dead("index.html", "no_such_page/") and dead("index.html", "faq/#no-such-heading")
    assert not dead("index.html", "faq/") and not dead("index.html", "https://example.org/no")
