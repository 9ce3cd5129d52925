"""What GitHub makes of Markdown: its own renderer, and the filters that act on the text it leaves."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

# A comment's line ends are line breaks, footnotes are on, and raw HTML is left in, so that a test sees it.
_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_FOOTNOTES

ACTS = re.compile(
    r"@\w|\w@|#\d|\bgh-\d|\b(?=[a-f]*\d)[0-9a-f]{7,40}\b|://|www\.|(?:mailto|xmpp):\w|:[\w+-]+:|\$|\[\^|"
    r"\b[A-Z][A-Z0-9]*-\d|[\u200b-\u200f\u2028-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]",
    re.IGNORECASE,
)
"""Everything that GitHub acts on in text outside code, and what people could not see."""


@dataclass
class Page(HTMLParser):
    """The elements of a page in their order, its links, and its text outside code."""

    markdown: str
    tags: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    text: str = ""
    depth: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(cmarkgfm.github_flavored_markdown_to_html(self.markdown, options=_OPTIONS))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag == "code":
            self.depth += 1
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.codes[-1] += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def structure(self) -> list[str]:
        """The elements but for code spans, of which prose may have any number."""
        return [tag for tag in self.tags if tag != "code"]

    @property
    def counts(self) -> Counter[str]:
        return Counter(self.tags)
