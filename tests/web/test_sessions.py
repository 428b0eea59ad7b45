"""The browser's session is read from its cookie, whichever key signed it, and answers say that they depend on it."""

from flask import Flask, session

from framework.config import Config
from framework.web.sessions import SessionCookie


def small_app(key: str, *earlier: str) -> Flask:
    app = Flask(__name__)
    app.session_interface = SessionCookie()
    app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=list(earlier))
    app.add_url_rule("/", "name", view_func=lambda: session.get("name", "nobody"))
    app.add_url_rule("/plain", "plain", view_func=lambda: "plain")
    return app


def cookie_of(app: Flask) -> str:
    """A session's cookie that this application has signed."""
    with app.test_client() as client:
        with client.session_transaction() as opened:
            opened["name"] = "ann"
        cookie = client.get_cookie("session")
    assert cookie
    return cookie.value


def test_a_cookie_is_read_with_the_keys_that_are_in_use(settings: Config) -> None:
    cookie = cookie_of(small_app("old"))
    for app, name in ((small_app("old"), "ann"), (small_app("new", "old"), "ann"), (small_app("new"), "nobody")):
        browser = app.test_client()
        browser.set_cookie("session", cookie)
        answer = browser.get("/")
        assert (answer.text, answer.headers["Vary"]) == (name, "Cookie")


def test_an_answer_depends_on_the_cookie_only_where_it_was_looked_at(settings: Config) -> None:
    browser = small_app("key").test_client()
    assert browser.get("/").headers["Vary"] == "Cookie"
    assert "Vary" not in browser.get("/plain").headers
