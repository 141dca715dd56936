"""A simulated visitor's HTTP: one connection, a cookie jar, two endpoints."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from http.cookies import SimpleCookie
from typing import Any, Final

from shop_style.demo.crowd import Shopper
from shop_style.demo.errors import DemoError

TIMEOUT: Final = 30.0


class Browser:
    """What a shopper's device sends and keeps.

    connection: may have served another shopper before, as a proxy's does; nothing of theirs is
    sent.
    """

    def __init__(self, who: Shopper, connection: http.client.HTTPConnection) -> None:
        self._who = who
        self._connection = connection
        self._cookies: SimpleCookie = SimpleCookie()
        self._visitor = ""

    def place(self, path: str, objects: Sequence[str], placement: str) -> dict[str, Any]:
        """Ask for the pictures of a page. Raises DemoError for any answer but 200."""
        body: dict[str, Any] = {"objects": list(objects), "placement": placement}
        if self._visitor:
            body["visitor"] = self._visitor
        answer = self._post(path, body, content_type="application/json", good=200)
        if not self._who.keeps_cookies:
            self._visitor = answer["visitor"]
        return answer

    def report(self, path: str, token: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Send events as a beacon does. Raises DemoError for any answer but 202."""
        body = {"token": token, "events": list(events)}
        return self._post(path, body, content_type="text/plain;charset=UTF-8", good=202)

    def _post(self, path: str, body: object, *, content_type: str, good: int) -> dict[str, Any]:
        headers = {"User-Agent": self._who.agent, "Content-Type": content_type}
        if self._who.kind == "private":
            headers["Sec-GPC"] = "1"
        if self._cookies:
            pairs = (f"{name}={morsel.value}" for name, morsel in self._cookies.items())
            headers["Cookie"] = "; ".join(pairs)
        try:
            self._connection.request("POST", path, json.dumps(body).encode(), headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"the live server did not answer {path}: {error!r}") from error
        if response.status != good:
            said = text[:300].decode(errors="replace")
            raise DemoError(f"the live server answered {path} with {response.status}: {said}")
        if self._who.keeps_cookies:
            for cookie in response.headers.get_all("Set-Cookie", []):
                self._cookies.load(cookie)
        answer: dict[str, Any] = json.loads(text)
        return answer
