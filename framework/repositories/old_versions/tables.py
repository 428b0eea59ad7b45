"""What a survey of a history has to join, in a database on the local disk: it may be larger than the memory is."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

REACHED, NEWEST = 1, 2
"""What is known of an object: that a branch or tag reaches it, or that the newest tree of one has it."""

_TABLES = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE entries (pack INTEGER, name BLOB, start INTEGER);
    CREATE TABLE ends (pack INTEGER PRIMARY KEY, bytes INTEGER);
    CREATE TABLE objects (name BLOB PRIMARY KEY, bytes INTEGER, state INTEGER DEFAULT 0, pinned INTEGER DEFAULT 0)
        WITHOUT ROWID;
    CREATE TABLE paths (id INTEGER PRIMARY KEY, path BLOB UNIQUE);
    CREATE TABLE versions (path_id INTEGER, name BLOB, stays INTEGER, PRIMARY KEY (path_id, name)) WITHOUT ROWID;
    CREATE TABLE pointers (name BLOB PRIMARY KEY, oid BLOB) WITHOUT ROWID;
    CREATE TABLE lfs (oid BLOB PRIMARY KEY, bytes INTEGER) WITHOUT ROWID;
"""

# Only the versions of regular files are ever taken out; the others hold their blob.
_ADD_VERSION = """
    INSERT INTO versions SELECT id, ?2, ?3 FROM paths WHERE path = ?1
    ON CONFLICT DO UPDATE SET stays = max(stays, excluded.stays)
"""

# What each file's versions take: their entries in packs, and the Git LFS objects that they stand for, each once.
_LARGEST = """
    SELECT id, path, count(DISTINCT version), sum(bytes) FROM (
        SELECT path_id, objects.name AS version, bytes FROM versions JOIN objects USING (name)
        UNION ALL
        SELECT path_id, min(pointers.name), lfs.bytes
        FROM versions JOIN pointers USING (name) JOIN lfs USING (oid) GROUP BY path_id, oid
    ) JOIN paths ON id = path_id GROUP BY id ORDER BY 4 DESC, path LIMIT ?
"""

# Old are the versions of a file that nothing would need if they were taken out.
_FREED = """
    WITH old AS (
        SELECT v.name FROM versions v JOIN objects o USING (name)
        WHERE v.path_id = :path AND v.stays = 0 AND o.pinned = 0
        AND NOT EXISTS (SELECT 1 FROM versions w WHERE w.name = v.name AND w.path_id != :path)
    )
    SELECT (SELECT coalesce(sum(bytes), 0) FROM objects WHERE name IN old),
        (SELECT coalesce(sum(bytes), 0) FROM lfs WHERE oid IN (SELECT oid FROM pointers WHERE name IN old)
         AND NOT EXISTS (SELECT 1 FROM pointers p WHERE p.oid = lfs.oid AND p.name NOT IN old))
"""

_PARTS = """
    SELECT CASE WHEN state = 0 THEN 'unreached'
        WHEN pinned = 0 AND NOT EXISTS (SELECT 1 FROM versions v WHERE v.name = objects.name) THEN 'history'
        WHEN state = 2 THEN 'newest' ELSE 'older' END, sum(bytes) FROM objects GROUP BY 1
    UNION ALL
    SELECT CASE (SELECT max(state) FROM pointers JOIN objects USING (name) WHERE pointers.oid = lfs.oid)
        WHEN 2 THEN 'lfs_newest' WHEN 1 THEN 'lfs_older' ELSE 'lfs_unreached' END, sum(bytes) FROM lfs GROUP BY 1
"""

Row = tuple[bytes, int]


class Tables:
    """The objects of a repository, what they take in its packs, and which files' versions they are."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add_pack(self, number: int, entries: Iterable[Row], end: int) -> None:
        """A pack's objects, each with where its entry begins; `end` is where the last one ends."""
        rows = ((number, name, start) for name, start in entries)
        self._database.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
        self._database.execute("INSERT INTO ends VALUES (?, ?)", (number, end))

    def measure_objects(self) -> None:
        """Find what each object takes, in all packs together: from its entry's begin to that of the next one."""
        self._database.execute(
            "INSERT INTO objects (name, bytes) SELECT name, sum(size) FROM (SELECT name,"
            " lead(start, 1, (SELECT bytes FROM ends WHERE ends.pack = entries.pack))"
            " OVER (PARTITION BY pack ORDER BY start) - start AS size FROM entries) GROUP BY name"
        )
        self._database.execute("DROP TABLE entries")

    def mark(self, names: Iterable[bytes], state: int) -> None:
        """Note that these objects are reached, or are the newest."""
        rows = ((state, name) for name in names)
        self._database.executemany("UPDATE objects SET state = max(state, ?) WHERE name = ?", rows)

    def pin(self, names: Iterable[bytes]) -> None:
        """Note that a tag marks these files themselves, which keeps them whatever becomes of a path."""
        self._database.executemany("UPDATE objects SET pinned = 1 WHERE name = ?", ((name,) for name in names))

    def add_versions(self, found: Iterable[tuple[bytes, bytes, bool]]) -> None:
        """Versions of files: the path, the blob's name, and whether it is of a regular file."""
        for path, name, is_regular in found:
            self._database.execute("INSERT OR IGNORE INTO paths (path) VALUES (?)", (path,))
            self._database.execute(_ADD_VERSION, (path, name, int(not is_regular)))

    def index_versions(self) -> None:
        """To be called when all are there."""
        self._database.execute("CREATE INDEX versions_by_name ON versions (name)")

    def blobs(self) -> Iterator[bytes]:
        """The names of all files' versions, and of files that tags mark."""
        query = "SELECT name FROM versions UNION SELECT name FROM objects WHERE pinned = 1"
        for (name,) in self._database.execute(query):
            yield name

    def add_lfs(self, sizes: Iterable[Row], pointers: Iterable[Row | tuple[bytes, bytes]]) -> None:
        """Git LFS objects with their sizes, and the files that stand for them: the blob, and the object's SHA-256."""
        self._database.executemany("INSERT INTO lfs VALUES (?, ?)", sizes)
        self._database.executemany("INSERT OR IGNORE INTO pointers VALUES (?, ?)", pointers)
        self._database.execute("CREATE INDEX pointers_by_oid ON pointers (oid)")

    def largest(self, limit: int) -> list[tuple[int, bytes, int, int]]:
        """The files whose versions take most: id, path, how many versions, and bytes."""
        return self._database.execute(_LARGEST, (limit,)).fetchall()

    def keep(self, path_id: int, names: Iterable[bytes]) -> None:
        """Note that these versions of the file are to stay."""
        rows = [(path_id, name) for name in names]
        self._database.executemany("UPDATE versions SET stays = 1 WHERE path_id = ? AND name = ?", rows)

    def old_count(self, path_id: int) -> int:
        """How many versions of the file are not to stay."""
        query = "SELECT count(*) FROM versions WHERE path_id = ? AND stays = 0"
        return int(self._database.execute(query, (path_id,)).fetchone()[0])

    def freed_bytes(self, path_id: int) -> int:
        """What their blobs and Git LFS objects take that nothing else needs."""
        return sum(self._database.execute(_FREED, {"path": path_id}).fetchone())

    def size_bytes(self, name: bytes) -> int:
        """What this version of a file takes, with the Git LFS object that it stands for."""
        query = (
            "SELECT (SELECT coalesce(sum(bytes), 0) FROM objects WHERE name = ?1), (SELECT coalesce(sum(bytes), 0)"
            " FROM lfs JOIN pointers USING (oid) WHERE name = ?1)"
        )
        return sum(self._database.execute(query, (name,)).fetchone())

    def parts(self) -> Mapping[str, int]:
        """All bytes of objects by what they are for."""
        return {part: int(size) for part, size in self._database.execute(_PARTS) if size}


@contextmanager
def open_tables(folder: Path) -> Iterator[Tables]:
    """Empty tables in a file of this folder."""
    database = sqlite3.connect(folder / "survey.sqlite", isolation_level=None)
    try:
        database.executescript(_TABLES)
        database.execute("BEGIN")
        yield Tables(database)
    finally:
        database.close()
