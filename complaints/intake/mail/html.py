"""HTML of a mail: made safe for a page, and turned into text. Pure; never raises, loads nothing."""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

import nh3

from . import charsets

LONGEST = 500_000
"""Characters that are looked at."""

DEEPEST = 200
"""Nested elements. The time to clean a tree grows with the square of its depth: past that only the words are taken."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_FLAT = {"br", "img", "hr", "meta", "link", "input", "wbr", "col", "area", "base", "p", "li", "td", "tr", "th", "dt"}
_FLAT |= {"dd", "option", "html", "body", "head"}
_SILENT = re.compile(r"<(script|style|title|head)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)

_SHOWN = {
    "a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "dd", "del", "div", "dl", "dt", "em", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_UNSAID = {"script", "style", "title"}
_CELLS = {name: {"colspan", "rowspan"} for name in ("td", "th")}
_MARKED = {"*": {"id", "class"}, "blockquote": {"id", "class", "type"}}

_BLOCKS = {"p", "div", "tr", "table", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr", "dl"}
_BLOCKS |= {"dt", "dd", "center", "caption"}
_QUOTES = re.compile(
    r"\b(gmail_quote|gmail_quote_container|divrplyfwdmsg|appendonsend|isreplycontent|yahoo_quoted|moz-cite-prefix"
    r"|mail-editor-reference-message-container|ntes-mailmaster-quote|qqmail_fw_src|x_divrplyfwdmsg|mailquote|foxmail_reply"
    r"|protonmail_quote|ms-outlook-mobile-reference-message)\b"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """Words of an HTML text; what it marks as quoted stands from `quote_begins` to `quote_ends` (-1: nothing)."""

    text: str
    quote_begins: int = -1
    quote_ends: int = -1


def safe(source: str) -> str:
    """The HTML as a page of ours may show it: words and layout, no script, style, picture, form or foreign source."""
    source = source[:LONGEST]
    if _too_deep(source):
        return nh3.clean_text(_words_alone(source))
    return nh3.clean(
        source, tags=_SHOWN, clean_content_tags=_UNSAID, attributes=_CELLS | {"a": {"href"}},
        url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer nofollow",
    )  # fmt: skip


def to_text(source: str) -> Text:
    """The words, line by line, and where a quotation begins."""
    source = source[:LONGEST]
    if _too_deep(source):
        return Text(charsets.tidy(_words_alone(source)))
    reader = _Reader()
    # Cleaned first: what comes out is well-formed, and read in time that grows with its length.
    reader.feed(nh3.clean(source, tags=_SHOWN, clean_content_tags=_UNSAID, attributes=_MARKED))
    reader.close()
    return reader.read()


def _too_deep(source: str) -> bool:
    depth = 0
    for tag in _TAG.finditer(source):
        if tag[2].lower() in _FLAT:
            continue
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        if depth > DEEPEST:
            return True
    return False


def _words_alone(source: str) -> str:
    text = re.sub(r"<[^<>]{0,2000}>", "\n", _SILENT.sub(" ", source))
    return re.sub(r"\s*\n\s*", "\n", unescape(text)).strip()


class _Reader(HTMLParser):
    """Collects words; line ends where a browser would begin a new line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.length = 0
        self.open: list[str] = []
        self.begins = self.ends = -1
        self.quoted_at = -1
        """How deep the quotation lies; -1 outside."""
        self.to_the_end = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._new_line()
        if self.begins < 0 and (what := self._quote(tag, attrs)):
            self.begins, self.to_the_end = self.length, what == "rest"
            self.quoted_at = len(self.open)
        if tag == "br":
            self._add("\n")
        elif tag == "li":
            self._new_line()
            self._add("- ")
        elif tag in ("td", "th") and self.parts and not self.parts[-1].endswith(("\n", " ")):
            self._add(" ")
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass
        if tag in _BLOCKS:
            self._new_line()
        if self.ends < 0 <= self.quoted_at and len(self.open) <= self.quoted_at:
            self.ends = self.length

    def handle_data(self, data: str) -> None:
        words = data if "pre" in self.open[-8:] else re.sub(r"[ \t\r\n\xa0]+", " ", data)
        if words.strip() or not self._at_line_start():
            self._add(words.lstrip(" ") if self._at_line_start() else words)

    def read(self) -> Text:
        text = "".join(self.parts)
        begins, ends = self.begins, len(text) if self.to_the_end or self.ends < 0 else self.ends
        return Text(text, begins, ends if begins >= 0 else -1)

    def _quote(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        """Whether the element holds a quotation, or stands before one that goes on to the end ("rest")."""
        given = {name: (value or "").lower() for name, value in attrs}
        named = _QUOTES.search(f"{given.get('id', '')} {given.get('class', '')}")
        if named:
            before = ("divrplyfwdmsg", "x_divrplyfwdmsg", "appendonsend", "moz-cite-prefix")
            return "rest" if named[1] in before else "all"
        return "all" if tag == "blockquote" and given.get("type") == "cite" else ""

    def _at_line_start(self) -> bool:
        return not self.parts or self.parts[-1].endswith("\n")

    def _new_line(self) -> None:
        if not self._at_line_start():
            self._add("\n")

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)
