"""A hook of mkdocs for what the configuration cannot say.

Environments and modules are in the menu without being listed twice, the changelog is a page, each page describes itself
to search engines by its first sentence, and inline code breaks at its punctuation.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import api_pages  # noqa: E402

MOST_LETTERS = 160  # of a description, which search engines cut there
# Blocks of code, which scroll; and texts in code, in cells, in headings that begin with a name, addresses and paths.
LONG_TEXT = re.compile(
    r"(<pre.*?</pre>)|(?:(?<=<code>)|(?<=<td>)|(?<=>)(?=\s*(?:masked_envs\.|https?://|\w+/\w)))([^<]*)", re.DOTALL
)
BREAKS = re.compile(r"(?<=[._/(,=\[])(?=[A-Za-z])")


def on_config(config: Any) -> Any:
    folder = Path(config["docs_dir"]) / "envs"
    pages = sorted(path for path in folder.glob("*.md") if path.name != "index.md")
    (entry,) = [entry["Environments"] for entry in config["nav"] if "Environments" in entry]
    entry += [{path.stem: f"envs/{path.name}"} for path in pages]
    (listed,) = [entry["API reference"] for entry in config["nav"] if "API reference" in entry]
    listed += [{module: f"reference/{module}.md"} for module in api_pages.MODULES]
    if not config["repo_url"]:
        config["edit_uri"] = None  # a link without a repository would be an error of every page
    return config


def on_files(files: Any, config: Any) -> Any:
    """CHANGELOG.md, which stands outside of docs/, is the page "Changes"."""
    from mkdocs.structure.files import File

    text = (Path(config["docs_dir"]).parent / "CHANGELOG.md").read_text(encoding="utf-8")
    files.append(File.generated(config, "changes.md", content=re.sub(r"\]\((?:docs/)", "](", text)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    page.meta.setdefault("description", description(markdown))
    return markdown


def on_page_content(html: str, **_: Any) -> str:
    """Code, headings and addresses may break after punctuation, so that no word has to break where a line is short."""
    return LONG_TEXT.sub(lambda found: found[1] or BREAKS.sub("<wbr>", found[2]), html)


def description(markdown: str) -> str:
    """The first paragraph of a page without its markup, cut after a sentence."""
    text = re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL)
    paragraphs = (part.strip() for part in re.split(r"\n\s*\n", text))
    first = next((p for p in paragraphs if p and p[0] not in "#|!<-*:" and not p.startswith("```")), "")
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", first)
    plain = " ".join(re.sub(r"[`*]", "", plain).replace('"', "'").split())
    sentences, kept = re.split(r"(?<=[.?!]) ", plain), ""
    for sentence in sentences:
        if kept and len(kept) + len(sentence) > MOST_LETTERS:
            break
        kept = f"{kept} {sentence}".strip()
    return kept
