"""Somebody with a browser who is signed in: forms with their CSRF token, and uploads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import requests as browser


@dataclass(frozen=True)
class Visitor:
    """A browser's session at this address of the application."""

    url: str
    session: browser.Session = field(default_factory=browser.Session)

    def submit(self, page: str, **fields: str) -> None:
        """Open the page and post its form."""
        data = {**fields, "csrf_token": self.read_token(page)}
        answer = self.session.post(self.url + page, data=data, allow_redirects=False)
        assert answer.status_code == 302, answer.text

    def read_token(self, page: str) -> str:
        """The CSRF token of the page's form."""
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.session.get(self.url + page).text)
        assert found, page
        return found[1]

    def upload(self, page: str, token: str, files: Mapping[str, bytes]) -> None:
        """Post the upload form of this page, which needs a token of the session, with these files."""
        parts = [("files", part) for part in files.items()]
        fields = {"csrf_token": token, "message": "Files", "branch": "main", "path": ""}
        answer = self.session.post(self.url + page, data=fields, files=parts, allow_redirects=False)
        assert answer.status_code in {302, 303}, answer.text
