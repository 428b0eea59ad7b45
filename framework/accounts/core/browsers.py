"""Which browser and system a `User-Agent` names, in words for people (RFC 9110, section 10.1.5)."""

BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chromium": "Chromium",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
"""Their marks; the first one found counts, since most browsers name those that they want to be taken for as well."""

SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
"""Their marks; an iPhone is also like Mac OS X, and Android is also a Linux."""


def describe_browser(agent: str) -> str:
    """`Firefox on Linux`; a program that is no browser goes by its own name, such as `curl`."""
    browser = _first(BROWSERS, agent) or _product(agent) or "Unknown browser"
    system = _first(SYSTEMS, agent)
    return f"{browser} on {system}" if system else browser


def _first(marks: dict[str, str], agent: str) -> str | None:
    return next((name for mark, name in marks.items() if mark in agent), None)


def _product(agent: str) -> str:
    name = agent.partition("/")[0].strip()
    return "" if name == "Mozilla" else name
