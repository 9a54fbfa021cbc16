"""A person at the desk's pages without a browser: cookies, forms, time limits."""

from __future__ import annotations

import http.client
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.conf import settings

_VALUE = r'<input[^>]*name="{}"[^>]*value="([^"]*)"'
PATIENCE = 30.0
LIST = "/admin/complaints/complaint/"


class Unanswered(Exception):
    """No answer came: nobody knows what became of the request."""


@dataclass
class Answer:
    status: int
    text: str
    location: str
    seconds: float

    def hidden(self, name: str) -> str:
        """The value of a hidden field."""
        found = re.search(_VALUE.format(name), self.text)
        assert found, f"no {name} on a page with status {self.status}: {self.text[:500]}"
        return found[1]

    def time_wanted(self) -> dict[str, str]:
        """The time that the page proposes, where the reply cannot go without one: the first one of a case."""
        field = re.search(r'<input[^>]*name="promise_due"[^>]*>', self.text)
        if not field or " required" not in field[0]:
            return {}
        proposed = re.search(r'value="([^"]+)"', field[0])
        return {"promise_due": proposed[1]} if proposed else {}


class Visitor:
    """Logged in by a session that a clerk has opened."""

    def __init__(self, port: int, session: str, *, patience: float = PATIENCE) -> None:
        self.port, self.patience = port, patience
        self.cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: "zh-hans"}

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, **values: Any) -> Answer:
        values["csrfmiddlewaretoken"] = self.cookies.get(settings.CSRF_COOKIE_NAME, "")
        return self._ask("POST", path, urlencode(values))

    # -------------------------------------------------------------- what clerks do

    def register(self, title: str, **values: Any) -> Answer:
        """Fill in the template; sent until it is answered, as a clerk does who sees no answer."""
        page = self.get(f"{LIST}add/")
        mark = str(uuid4())
        shop = re.search(r'<option value="(\d+)" selected', page.text)
        filled = {
            "shop": shop[1] if shop else "1", "channel": "phone", "title": title, "description": title,
            "demand": "退款", "no_order_reason": "售前", "severity": "S2", "priority": "P3", "assign_me": "on",
            "token": mark,
        }  # fmt: skip
        return self.post(f"{LIST}add/", **filled | values)

    def act(self, case: int, name: str, **values: Any) -> Answer:
        """Open the action's form and send it."""
        path = f"{LIST}{case}/do/{name}/"
        page = self.get(path)
        if page.status != 200:
            return page
        return self.post(path, version=page.hidden("version"), **values)

    def reply(self, case: int, words: str, channel: str = "email") -> Answer:
        path = f"{LIST}{case}/do/reply/"
        page = self.get(path)
        if page.status != 200:
            return page
        return self.post(path, version=page.hidden("version"), body=words, channel=channel, **page.time_wanted())

    # -------------------------------------------------------------- the wire

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        try:
            wire.request(method, path, body, headers)
            response = wire.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered(f"{method} {path}: {error!r}") from error
        finally:
            wire.close()
        self._remember(response)
        return Answer(
            response.status, text, urlsplit(response.headers["Location"] or "").path, time.perf_counter() - begun
        )

    def _remember(self, response: http.client.HTTPResponse) -> None:
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _sign, value = cookie.partition(";")[0].partition("=")
            self.cookies[name.strip()] = value


def case_of(answer: Answer) -> int:
    """The complaint that a successful registration leads to."""
    found = re.search(r"/complaint/(\d+)/", answer.location)
    assert found, f"{answer.status} {answer.location} {answer.text[:300]}"
    return int(found[1])
