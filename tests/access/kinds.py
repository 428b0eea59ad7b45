"""What each kind of route answers to everybody who may ask: the table that the whole matrix is checked against."""

from dataclasses import dataclass

CALLERS = (
    *("stranger", "passer-by"),
    *("reader", "writer", "maintainer", "owner"),
    *("suspended", "administrator"),
    *("view link", "anonymised link", "drop-off link"),
    *("read token", "write token", "token elsewhere"),
)
"""The columns. Passer-by and administrator have accounts and no part in the projects; the tokens are an owner's, and
the last of them is for another project of theirs."""


IN_GROUP = {"group owner": "owner", "group member": "writer", "participant": "passer-by"}
"""Further callers, who have no role of their own: the projects belong to a group of theirs, by which they are as these.

What belongs to one person (`personal`) is none of theirs; `in_group` has letters of their own.
"""


@dataclass(frozen=True)
class Kind:
    """The answers to `CALLERS`, a letter each: in a private project, or outside of all projects, and in a public one.

    `i` is let in, `-` is told that nothing is there, `L` is led to the login page, `U` is asked for credentials (401)
    and `F` is refused (403).
    """

    name: str
    private: str
    public: str = ""
    in_group: str = ""
    personal: bool = False

    def expected(self, caller: str, *, is_public: bool) -> str:
        """The letter for this caller."""
        if caller in IN_GROUP and self.in_group:
            return self.in_group[list(IN_GROUP).index(caller)]
        caller = "passer-by" if caller in IN_GROUP and self.personal else IN_GROUP.get(caller, caller)
        letters = (self.public if is_public else self.private).replace(" ", "")
        return letters[CALLERS.index(caller)]


EVERYBODY = Kind("for everybody", "ii iiii ii iii iii", "ii iiii ii iii iii")

# Pages. The links look as strangers do, and a token opens no page.
READS = Kind("reads a project", "-- iiii -- i-- ---", "ii iiii ii iii iii")
WRITES = Kind("writes", "-- Fiii -- L-- ---", "LF Fiii LF LLL LLL")
MAINTAINS = Kind("maintains", "-- FFii -- L-- ---", "LF FFii LF LLL LLL")
OWNS = Kind("owns", "-- FFFi -- L-- ---", "LF FFFi LF LLL LLL")

# The same where somebody has to be signed in before the project is looked for.
SIGNED_IN_READS = Kind("reads a project, signed in", "L- iiii L- LLL LLL", "Li iiii Li LLL LLL")
SIGNED_IN_WRITES = Kind("writes, signed in", "L- Fiii L- LLL LLL", "LF Fiii LF LLL LLL")
SIGNED_IN_MAINTAINS = Kind("maintains, signed in", "L- FFii L- LLL LLL", "LF FFii LF LLL LLL")
SIGNED_IN_OWNS = Kind("owns, signed in", "L- FFFi L- LLL LLL", "LF FFFi LF LLL LLL")

# Pages of a course, which the reader takes part in, the writer runs as a member and the owner owns.
COURSE = Kind("is in a course", "L- ii-i L- LLL LLL", personal=True)
TEACHES = Kind("runs a course", "L- Fi-i L- LLL LLL", personal=True)

# Pages outside of projects.
ACCOUNT = Kind("needs an account", "Li iiii Li LLL LLL")
ASKS_AGAIN = Kind("asks again who it is", "LF FFFF LF LLL LLL")
SECOND_STEP = Kind("wants the password first", "LL LLLL LL LLL LLL")
NO_PROVIDER = Kind("leads to a provider, of which there is none", "-- ---- -- --- ---")
NO_PROVIDER_SIGNED_IN = Kind("the same, signed in", "L- ---- L- LLL LLL")
OWN_THING = Kind("shows what is an owner's own", "L- ---i L- LLL LLL", personal=True)
STRANGERS_UPLOAD = Kind("changes what is one stranger's own", "-- ---- -- --- ---")
WORK = Kind("shows work on a project", "-- iiii -i --- ---")
ADMINISTRATORS = Kind("for administrators", "-- ---- -i --- ---")

# Pages of a group, which has people of its own: the owner of its projects is somebody else.
GROUP_READS = Kind("reads a group's people", "L- ---- L- LLL LLL", in_group="ii-")
GROUP_OWNS = Kind("owns a group", "L- ---- L- LLL LLL", in_group="iFF")
GROUP_LEAVES = Kind("leaves a group", "L- ---- L- LLL LLL", in_group="iii")

# The API, which takes neither cookies nor links.
API_EVERYBODY = Kind("API, for everybody", "ii iiii Fi iii iii")
API_READS = Kind("API, reads a project", "-- iiii F- --- ii-", "ii iiii Fi iii iii")
API_WRITES = Kind("API, writes", "U- Fiii F- UUU Fi-", "UF Fiii FF UUU FiF")
API_COURSE = Kind("API, is in a course", "U- ii-i F- UUU ii-", personal=True)
API_STARTS = Kind("API, starts on an assignment", "U- ii-i F- UUU Fi-", personal=True)
API_TEACHES = Kind("API, runs a course", "U- Fi-i F- UUU Fi-", personal=True)
API_TEACHES_READS = Kind("API, reads what runs a course", "U- Fi-i F- UUU ii-", personal=True)
API_LISTS_PEOPLE = Kind("API, lists a course's people", "U- Fi-i F- UUU FF-", personal=True)
API_COPIES = Kind("API, copies a project", "U- iiii F- UUU Fi-", "Ui iiii Fi UUU FiF")
API_ARCHIVES = Kind("API, archives", "U- FFii F- UUU Fi-", "UF FFii FF UUU FiF")
API_MAINTAINS = Kind("API, maintains", "U- FFii F- UUU FF-", "UF FFii FF UUU FFF")
API_OWNS = Kind("API, owns", "U- FFFi F- UUU FF-", "UF FFFi FF UUU FFF")
API_ACCOUNT = Kind("API, needs an account", "Ui iiii Fi UUU iii")
API_CREATES = Kind("API, makes a project", "Ui iiii Fi UUU FiF")
API_BEGINS_UPLOAD = Kind("API, begins an upload", "Ui iiii Fi UUU Fii")
API_OFFERS = Kind("API, lists what is offered", "Ui iiii Fi UUU FFi")
API_OWN_THING = Kind("API, changes what is an owner's own", "U- ---i F- UUU Fi-", personal=True)
API_OWN_OFFER = Kind("API, answers what an owner is offered", "U- ---i F- UUU FF-", personal=True)
API_ADMINISTRATORS = Kind("API, for administrators", "-- ---- -i --- ---")
API_PASSWORD = Kind("API, needs the password", "UU UUUU UU UUU UUU")

API_ADMINISTERS = Kind("API, makes a group", "Ui iiii Fi UUU FFi")
API_GROUP_READS = Kind("API, reads a group's people", "U- ---- F- UUU ---", in_group="ii-")
API_GROUP_OWNS = Kind("API, owns a group", "U- ---- F- UUU FF-", in_group="iFF")
API_GROUP_LEAVES = Kind("API, leaves a group", "U- ---- F- UUU FF-", in_group="iii")

# Git and Git LFS, where a plain view-only link is a password that reads.
GIT_READS = Kind("git, reads", "U- iiii F- iUU ii-", "ii iiii Fi iii iii")
GIT_WRITES = Kind("git, writes", "U- Fiii F- UUU Fi-", "UF Fiii FF UUU FiF")
GIT_LOCKS = Kind("git, locks, of which there are none", "Ui iiii Fi UUU iii", "Ui iiii Fi UUU iii")
