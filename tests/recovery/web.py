"""The web server as a program and as a browser meet it, from outside and over HTTP."""

import json
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

from tests.cast import csrf_token

SECONDS = 120


def call(method: str, address: str, body: object = None, *, authorization: str = "") -> tuple[int, bytes]:
    """One request of a program; status and body of the answer."""
    headers = {"Content-Type": "application/json", **({"Authorization": authorization} if authorization else {})}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(address, data, headers, method=method), timeout=SECONDS) as answer:
            return answer.status, answer.read()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


class Browser:
    """A browser without a window: it keeps cookies, and fills in forms that it has fetched before."""

    def __init__(self, url: str) -> None:
        self._url, self._cookies = url, CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies))

    def get(self, page: str) -> str:
        """Open a page."""
        with self._opener.open(self._url + page, timeout=SECONDS) as answer:
            return str(answer.read().decode())

    def submit(self, page: str, **fields: str) -> str:
        """Open the page and post these fields to it; the page that follows."""
        body = urlencode({**fields, "csrf_token": csrf_token(self.get(page))}).encode()
        with self._opener.open(self._url + page, body, timeout=SECONDS) as answer:
            return str(answer.read().decode())

    def cookie(self, name: str) -> str:
        """The value of a cookie."""
        [value] = [cookie.value for cookie in self._cookies if cookie.name == name]
        return str(value)
