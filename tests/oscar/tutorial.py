"""docs/tutorial.md as steps: its files, its commands, its forms, and a browser to fill them in."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
Value = str | Path


@dataclass(frozen=True, kw_only=True)
class Section:
    """One heading's steps. blocks: (language, text); values: of its table, by the field's name."""

    title: str
    text: str
    blocks: tuple[tuple[str, str], ...]
    values: Mapping[str, str]

    @property
    def commands(self) -> list[str]:
        """Every line that is to be typed."""
        found = [text for language, text in self.blocks if language == "bash"]
        return [line for text in found for line in text.splitlines()]

    def write_files(self, folder: Path) -> None:
        """Do what its blocks of Python say: a file, or what comes at a file's end."""
        for text in (text for language, text in self.blocks if language == "python"):
            place = re.match(r"# (\S+?)(, at the end)?\n", text)
            assert place, f"a block without the name of its file: {text[:40]}"
            path = folder / place[1]
            before = path.read_text() if place[2] else ""
            path.write_text(f"{before}\n{text}")


def sections() -> list[Section]:
    """The page's numbered headings."""
    parts = re.split(r"^## \d+\. (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.M)
    return [_section(title, text) for title, text in zip(parts[1::2], parts[2::2], strict=True)]


def _section(title: str, text: str) -> Section:
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text, re.M)[1:]
    values = {name.strip(): _value(value.strip()) for name, value in rows if "---" not in name}
    return Section(title=title, text=text, blocks=tuple(blocks), values=values)


def _value(cell: str) -> str:
    return "" if cell.startswith("*") else cell.strip("`")


@dataclass
class Form:
    """A form as the browser has it. labels: names of fields by what stands beside them. buttons:
    what each sends, by what is written on it. options: values by words, of each choice."""

    values: dict[str, list[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    options: dict[str, dict[str, str]] = field(default_factory=dict)
    action: str = ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._ids: dict[str, str] = {}
        self._words: list[tuple[str, str]] = []
        self._text = ""
        self._label = self._select = self._option = self._area = ""
        self._button: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in pairs}
        self._text = "" if tag in ("label", "option", "textarea", "button") else self._text
        if tag == "form":
            self.forms.append(Form(action=values.get("action", "")))
        if not self.forms:
            return
        form, name = self.forms[-1], values.get("name", "")
        if name and "id" in values:
            self._ids[values["id"]] = name
        if tag == "label":
            self._label = values.get("for", "")
        elif tag == "textarea":
            self._area = name
        elif tag == "select":
            self._select = name
            form.options[name] = {}
        elif tag == "option" and self._select:
            self._option = values.get("value", "")
            if "selected" in values:
                form.values[self._select] = [self._option]
        elif tag == "input":
            self._input(form, name, values)
        elif tag == "button":
            self._button = (name, values.get("value", ""))

    def _input(self, form: Form, name: str, values: dict[str, str]) -> None:
        kind = values.get("type", "text")
        if kind == "submit":
            form.buttons[values.get("value", "")] = (name, values.get("value", ""))
        elif kind in ("checkbox", "radio"):
            if "checked" in values:
                form.values.setdefault(name, []).append(values.get("value", "on"))
        elif name and kind != "file":
            form.values.setdefault(name, []).append(values.get("value", ""))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        text = re.sub(r"\s+", " ", self._text).strip()
        if tag == "label" and self._label:
            self._words.append((self._label, text.rstrip(":").casefold()))
            self._label = ""
        elif tag == "option" and self._select:
            self.forms[-1].options[self._select][text] = self._option
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._area:
            self.forms[-1].values[self._area] = [text]
            self._area = ""
        elif tag == "button" and self._button and self.forms:
            self.forms[-1].buttons[text] = self._button
            self._button = None
        elif tag == "form" and self.forms:
            for of, words in self._words:
                self.forms[-1].labels[words] = self._ids.get(of, "")


@dataclass
class Answer:
    """A page that came."""

    address: str
    html: str

    def forms(self) -> list[Form]:
        """Its forms, in order."""
        parser = _Forms()
        parser.feed(self.html)
        return parser.forms

    @property
    def mistakes(self) -> list[str]:
        """What its form complains of."""
        return re.findall(r'class="errorlist[^>]*>(.*?)</ul>', self.html, re.S)

    def form_with(self, button: str) -> Form:
        """The form that has this button."""
        found = [form for form in self.forms() if button in form.buttons]
        assert found, f"{self.address} has no button {button!r}"
        return found[0]


class Browser:
    """A person at a browser: cookies, pages and forms, over HTTP."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies)
        )

    def get(self, address: str) -> Answer:
        """Open a page."""
        return self._answer(urllib.request.Request(self._full(address)))

    def press(self, page: Answer, button: str, values: Mapping[str, Value | list[str]]) -> Answer:
        """Fill in the form with this button, and press it."""
        form = page.form_with(button)
        filled: dict[str, list[Value]] = {name: list(found) for name, found in form.values.items()}
        name, sent = form.buttons[button]
        if name:
            filled[name] = [sent]
        for name, value in values.items():
            filled[name] = list(value) if isinstance(value, list) else [value]
        kind, body = _encoded(filled)
        request = urllib.request.Request(
            self._full(urllib.parse.urljoin(page.address, form.action)), data=body
        )
        request.add_header("Content-Type", kind)
        request.add_header("Referer", page.address)
        return self._answer(request)

    def send(self, address: str, body: str) -> Answer:
        """What a script on the page reports."""
        request = urllib.request.Request(self._full(address), data=body.encode())
        request.add_header("Content-Type", "text/plain")
        return self._answer(request)

    def _full(self, address: str) -> str:
        return urllib.parse.urljoin(self._site, address)

    def _answer(self, request: urllib.request.Request) -> Answer:
        request.add_header("User-Agent", USER_AGENT)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return Answer(answer.geturl(), answer.read().decode())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{request.full_url}: {error}: {error.read()[-600:]!r}") from error


def _encoded(values: Mapping[str, list[Value]]) -> tuple[str, bytes]:
    """A form's multipart body and its content type."""
    boundary = uuid.uuid4().hex
    parts = [part for name, found in values.items() for part in _parts(name, found)]
    lines = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", lines + f"--{boundary}--\r\n".encode()


def _parts(name: str, values: list[Value]) -> Iterator[bytes]:
    for value in values:
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, Path):
            head += f'; filename="{value.name}"\r\nContent-Type: image/jpeg'
            yield f"{head}\r\n\r\n".encode() + value.read_bytes()
        else:
            yield f"{head}\r\n\r\n{value}".encode()
