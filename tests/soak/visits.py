"""A browser and a program at the department's address: they note every answer, and know when one was lost."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import time
from typing import Any

import requests

from tests.cast import csrf_token
from tests.servers.proxies.nginx import Front
from tests.soak.answers import Answers, lacking_face
from tests.soak.journal import AnswerLost, Refused

CONNECT_SECONDS, ANSWER_SECONDS = 10, 90
THROTTLED = 429


class Caller:
    """Whoever asks for addresses: it keeps cookies, and headers that go with every request."""

    def __init__(self, front: Front, answers: Answers, headers: Mapping[str, str] | None = None) -> None:
        self.url, self.answers = front.url, answers
        self.session = requests.Session()
        self.session.verify, self.session.trust_env = str(front.certificate), False
        self.session.headers.update(headers or {})

    def ask(self, method: str, path: str, *, expected: tuple[int, ...] = (200,), **given: Any) -> requests.Response:
        """The answer, when it has one of the expected statuses.

        Raises:
            AnswerLost: none arrived, or one that says that a part is away, or too much was asked.
            Refused: any other.
        """
        with self._noting(method, path):
            answer: requests.Response = self.session.request(
                method,
                self.url + path if path.startswith("/") else path,
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
                **given,
            )
        self.answers.note(answer.status_code)
        if answer.status_code in expected:
            return answer
        self._look_at(answer, method, path)
        if answer.status_code >= 500 or answer.status_code == THROTTLED:
            raise AnswerLost(f"{method} {path}: {answer.status_code}")
        raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

    @contextmanager
    def _noting(self, method: str, path: str) -> Iterator[None]:
        began = time()
        try:
            yield
        except (requests.RequestException, OSError) as failure:
            self.answers.complain(self.answers.cut, f"{method} {path}: {failure!r}"[:300], began, time())
            raise AnswerLost(f"{method} {path}: {failure!r}") from failure

    def _look_at(self, answer: requests.Response, method: str, path: str) -> None:
        ended = time()
        if lacking := lacking_face(path, answer.headers, answer.text):
            words = f"{method} {path}: {answer.status_code} lacks {lacking}: {answer.text[:200]!r}"
            self.answers.complain(self.answers.bare, words, ended - answer.elapsed.total_seconds(), ended)


class Browser(Caller):
    """A person's browser."""

    def submit(self, page: str, *, files: Any = None, **fields: str) -> requests.Response:
        """Open the page, fill in its form, and send it; it leads somewhere else when all was right."""
        shown = self.ask("GET", page)
        return self.send(page, shown.text, files=files, **fields)

    def send(self, page: str, shown: str, *, files: Any = None, **fields: str) -> requests.Response:
        """Send the form of a page that is open."""
        given = {"csrf_token": csrf_token(shown), **fields}
        referer = {"Referer": self.url + page}
        return self.ask("POST", page, expected=(302, 303), data=given, files=files, headers=referer)

    def sign_up(self, name: str, password: str) -> None:
        """Make an account, which is signed in at once."""
        self.submit("/signup", username=name, email=f"{name}@example.org", password=password)

    def sign_in(self, name: str, password: str) -> None:
        """Forget who one was, and sign in."""
        self.session.cookies.clear()
        self.submit("/login", username=name, password=password)
