"""What the previews of mails tell: made-up facts for each template."""

from collections.abc import Mapping
from typing import Any

from framework.projects.notify.summaries import Happened, story

_SHA = "5c1f0e5d0f0a4c55b0d2a7c9c9b4e9e8a1b2c3d4"
_UPLOAD = Happened("alice", "upload", {"sha": _SHA, "title": "Add plans for the garden", "file_count": 3})
_PUSH = Happened(
    "bob",
    "push",
    {"branch": "main", "sha": _SHA, "title": "Count the steps", "commits": 2, "titles": ["Count the steps", "Measure"]},
)
_GARDEN = story("alice/garden", "http://localhost/alice/garden", [_UPLOAD])
_TOOLS = story("bob/tools", "http://localhost/bob/tools", [_UPLOAD] * 12 + [_PUSH])
_ATTIC = story("alice/attic", "http://localhost/alice/attic", [Happened("Somebody", "woken", {"days": 45})])
_NAME = {"name": "Ann"}

SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "signup": {**_NAME, "link": "http://localhost/verify/sample"},
    "suspended": {**_NAME, "reason": "Copyright claims about ann/films.", "site": "http://localhost"},
    "resumed": {**_NAME, "site": "http://localhost", "link": "http://localhost/login"},
    "removal": {**_NAME, "site": "http://localhost", "days": 5, "link": "http://localhost/verify/sample"},
    "renewal": {**_NAME, "email": "ann@uni.example", "link": "http://localhost/verify/sample"},
    "student": {**_NAME, "ends": "3 Mar 2027", "link": "http://localhost/settings/usage"},
    "webhook_off": {
        **_NAME,
        "place": "alice/garden",
        "url": "https://ci.example.org/hooks",
        "problem": "No answer within 10 seconds",
        "link": "http://localhost/alice/garden/settings/webhooks/1",
    },
    "reset": {**_NAME, "link": "http://localhost/reset/sample", "hours": 3},
    "security": {
        **_NAME,
        "title": "Your password was changed",
        "what": "The password of your account was changed.",
        "remedy": "choose a new one at once.",
        "link": "http://localhost/forgot",
    },
    "address_changed": {**_NAME, "email": "ann@example.com", "link": "http://localhost/undo/sample", "days": 7},
    "invited": {
        **_NAME,
        "by": "alice",
        "project": "alice/garden",
        "role": "writer",
        "may": "change its files",
        "link": "http://localhost/invitations/sample",
        "days": 14,
    },
    "invitation": {
        **_NAME,
        "by": "alice",
        "project": "alice/garden",
        "role": "writer",
        "may": "change its files",
        "link": "http://localhost/alice/garden",
    },
    "group_suspended": {
        **_NAME,
        "group": "lab",
        "reason": "Copyright claims about lab/films.",
        "site": "http://localhost",
        "link": "http://localhost/lab",
    },
    "group_resumed": {**_NAME, "group": "lab", "site": "http://localhost", "link": "http://localhost/lab"},
    "group_added": {
        **_NAME,
        "by": "alice",
        "group": "field-lab",
        "role": "member",
        "may": "work in its projects",
        "link": "http://localhost/field-lab",
    },
    "group_invited": {
        **_NAME,
        "by": "alice",
        "group": "field-lab",
        "role": "member",
        "may": "work in its projects",
        "link": "http://localhost/groups/invitations/sample",
        "days": 14,
    },
    "transfer_offer": {
        **_NAME,
        "by": "alice",
        "project": "alice/garden",
        "group": "",
        "stays": True,
        "days": 14,
        "link": "http://localhost/settings/transfers/1",
    },
    "transfer_declined": {**_NAME, "by": "bob", "project": "ann/garden", "link": "http://localhost/ann/garden"},
    "feedback": {
        **_NAME,
        "author": "bob",
        "assignment": "Exercise 3",
        "text": "Well argued. Label the axes of figure 2.",
        "link": "http://localhost/statistics/assignments/3/people/ann",
    },
    "more_time": {
        **_NAME,
        "assignment": "Exercise 3",
        "deadline": "Monday, 7 December 2026, 23:59 (Europe/Berlin)",
        "link": "http://localhost/statistics/assignments/3/people/ann",
        "sooner": False,
    },
    "transfer_answer": {
        **_NAME,
        "by": "bob",
        "project": "ann/garden",
        "to": "lab",
        "group": "lab",
        "opens": True,
        "asked": True,
        "stays": True,
        "link": "http://localhost/ann/garden",
    },
    "account_deletion": {
        **_NAME,
        "site": "http://localhost",
        "sentences": ["alice/garden becomes a project of bob.", "Moved to the trash: 1 project: alice/notes."],
        "days": 30,
    },
    "account_deletion_stopped": {
        **_NAME,
        "site": "http://localhost",
        "projects": ["alice/garden", "alice/notes"],
        "groups": ["statistics"],
    },
    "own_data": {**_NAME, "link": "http://localhost/settings/data/download", "days": 7},
    "account_invitation": {
        **_NAME,
        "by": "ada",
        "site": "http://localhost",
        "link": "http://localhost/signup?invitation=sample",
        "days": 14,
    },
    "embargo": {
        **_NAME,
        "project": "alice/garden",
        "days": 7,
        "day": "31 May 2027",
        "link": "http://localhost/alice/garden/settings/embargo",
    },
    "export": {**_NAME, "project": "alice/garden", "link": "http://localhost/exports/sample", "days": 7},
    "quota": {**_NAME, "group": "", "percent": 91, "used": "4.6 GiB", "limit": "5 GiB", "link": "http://localhost/ann"},
    "recovered": {
        **_NAME,
        "project": "alice/garden",
        "branches": ["recovered/20260301T101500Z/main"],
        "tags": [],
        "link": "http://localhost/alice/garden/branches",
    },
    "hand_in": {
        **_NAME,
        "title": "Assignment 3",
        "time": "Friday, 4 December 2026, 18:05 (Europe/Berlin)",
        "files": [("report.pdf", "1.2 MiB, SHA-256 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae")],
        "more": 0,
        "deadline": "Friday, 4 December 2026, 23:59 (Europe/Berlin)",
        "link": "http://localhost/drop/mine/sample",
    },
    "hand_in_extended": {
        **_NAME,
        "title": "Assignment 3",
        "deadline": "Monday, 7 December 2026, 23:59 (Europe/Berlin)",
        "link": "http://localhost/drop/mine/sample",
    },
    "handed_in": {
        **_NAME,
        "count": 2,
        "sections": [
            {
                "title": "Assignment 3",
                "link": "http://localhost/alice/garden/settings/links/1",
                "hand_ins": [("Ada", "4 December, 17:05 UTC, 1 file"), ("Bob", "4 December, 20:11 UTC, 3 files")],
                "more": 0,
            }
        ],
    },
    "new_versions": {**_NAME, "project": _GARDEN},
    "mention": {**_NAME, "project": _GARDEN},
    "woken": {**_NAME, "project": _ATTIC},
    "digest": {**_NAME, "projects": [_GARDEN, _TOOLS, _ATTIC], "since": "since the last digest"},
}
"""The facts of each template; a test holds that there are some for every one."""
