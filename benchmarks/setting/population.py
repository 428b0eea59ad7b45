"""A database as after years: projects, people, versions and events made by SQL alone, in seconds; PostgreSQL only.

Nothing of it is in an object store: the pages that list need none. `python -m benchmarks.setting.population URL
[PROJECTS]` fills an empty, migrated database; `python -m benchmarks.setting.population URL sizes` prints what its
tables take.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import Connection, create_engine, text

PROJECTS = 100_000
PROJECTS_EACH = 10
"""Projects of a person; the first owns one of 200 of all, and takes part in as many others."""

YEARS = timedelta(days=3 * 365)
"""Over which activity and tasks are spread."""

STATEMENTS = """
INSERT INTO users (id, name, name_key, full_name, email, email_key, email_verified_at, password_hash, session_key,
  admin, created_at, mail_frequency)
SELECT n, 'person-' || n, 'person-' || n, 'Person ' || n, 'p' || n || '@example.org', 'p' || n || '@example.org',
  now(), repeat('x', 97), md5('user' || n), n = 1, now() - n * interval '1 hour', 'daily'
FROM generate_series(1, :people) n;

INSERT INTO repositories (id, epoch, version, pack_generation, entry_hash, default_branch, about, stored_bytes,
  created_at, last_access_at)
SELECT md5('repo' || n), 1, 10, 0, md5('a' || n) || md5('b' || n), 'main',
  json_build_object('branch_rules', '[]'::json, 'created_at', now(), 'description', 'Notes and data ' || n,
    'members', '[]'::json, 'name', 'project-' || n, 'topics', '', 'trashed_at', null, 'visibility', 'private',
    'owner', json_build_object('email', 'p' || n || '@example.org', 'name', 'person-' || n)),
  n * 100, now() - n * interval '5 minutes', now() - n * interval '1 minute'
FROM generate_series(1, :projects) n;

INSERT INTO projects (id, owner_id, name, name_key, description, topics, visibility, repository_id, created_at,
  updated_at, trashed_at)
SELECT n, CASE WHEN n % 10 = 0 AND n <= :big * 10 THEN 1 ELSE 1 + n % :people END, 'project-' || n, 'project-' || n,
  'Notes and data ' || n, CASE WHEN n % 50 = 0 THEN 'biology climate' ELSE '' END,
  CASE WHEN n % 10 < 3 THEN 'public' ELSE 'private' END, md5('repo' || n), now() - n * interval '5 minutes',
  now() - (n * 7919 % :projects) * :pace, CASE WHEN n % 100 = 7 THEN now() - interval '3 days' END
FROM generate_series(1, :projects) n;

UPDATE users SET counted_bytes = stored.bytes
FROM (SELECT owner_id, sum(stored_bytes) AS bytes FROM projects JOIN repositories ON repositories.id = repository_id
  GROUP BY owner_id) stored WHERE stored.owner_id = users.id;

INSERT INTO members (project_id, user_id, role, added_at)
SELECT n, 2 + n * 31 % (:people - 1), CASE WHEN n % 3 = 0 THEN 'reader' ELSE 'writer' END, now()
FROM generate_series(1, :projects) n WHERE n % 4 = 1
UNION ALL SELECT n, 1, 'writer', now() FROM generate_series(1, :big * 10) n WHERE n % 10 = 5;

INSERT INTO versions (repository_id, epoch, version, push_id, pack_generation, actor, created_at, previous_hash,
  entry_hash, confirmed_at)
SELECT md5('repo' || n), 1, v, md5('push' || n || '.' || v), 0, 'person-' || (1 + n % :people),
  now() - n * interval '1 minute', md5('a' || n || v - 1) || md5('b' || n), md5('a' || n || v) || md5('b' || n), now()
FROM generate_series(1, :projects) n, generate_series(1, 10) v;

INSERT INTO refs (repository_id, name, sha)
SELECT md5('repo' || n), name, substr(md5('c' || n) || md5('d' || n), 1, 40)
FROM generate_series(1, :projects) n, unnest(ARRAY['refs/heads/main', 'refs/heads/draft']) name;

INSERT INTO packs (name, repository_id, kind, pack_bytes, pack_sha256, idx_bytes, idx_sha256, object_count, epoch,
  version, checked_at)
SELECT md5('pack' || n || '.' || v), md5('repo' || n), CASE v WHEN 3 THEN 'blobs' ELSE 'history' END, n, md5('e' || n)
  || md5('f' || n), 1100, md5('g' || n) || md5('h' || n), 12, 1, v, now() - n * interval '20 seconds'
FROM generate_series(1, :projects) n, generate_series(1, 3) v;

INSERT INTO events (project_id, actor_id, kind, details, created_at)
SELECT n, 1 + n % :people, CASE v WHEN 0 THEN 'created' WHEN 1 THEN 'upload' ELSE 'push' END,
  CASE WHEN v = 0 THEN '{}'::json ELSE json_build_object('branch', 'main', 'sha', substr(md5('c' || n) || md5('d' || n),
    1, 40), 'title', 'Add the figures of week ' || v, 'commits', 1, 'titles', ARRAY['Add the figures of week ' || v])
  END, now() - (n * 7919 % :projects + v) * :pace
FROM generate_series(1, :projects) n, generate_series(0, 5) v;

INSERT INTO notices (user_id, event_id, mentioned, created_at, read_at, settled_at)
SELECT members.user_id, events.id, false, events.created_at, CASE WHEN events.id % 3 > 0 THEN now() END, now()
FROM events JOIN members ON members.project_id = events.project_id WHERE events.kind IN ('upload', 'push');

INSERT INTO outbox (id, task, args, kwargs, state, attempts, not_before, created_at, handed_at, finished_at, result,
  place)
SELECT 'news-' || n, 'framework.email.tasks.send_message', '[]', '{}', 'finished', 1,
  now() - n * :pace, now() - n * :pace, now() - n * :pace, now() - n * :pace, '"sent"', 'celery@worker.1 process 12'
FROM generate_series(1, :projects) n;

SELECT setval('users_id_seq', :people), setval('projects_id_seq', :projects);
"""

SIZES = """
SELECT relname, pg_table_size(oid), pg_indexes_size(oid), reltuples::bigint
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY pg_total_relation_size(oid) DESC LIMIT 12
"""


def fill(url: str, projects: int = PROJECTS, span: timedelta = YEARS) -> None:
    """Fill an empty, migrated database with so many projects, ten versions and six events each, and analyse it.

    Activity is spread over the `span`.
    """
    people = max(projects // PROJECTS_EACH, 3)
    big = projects // 200
    numbers = {"projects": projects, "people": people, "big": big, "pace": span / projects}
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in STATEMENTS.strip().split(";\n"):
            wanted = {name: value for name, value in numbers.items() if f":{name}" in statement}
            connection.execute(text(statement.rstrip(";")), wanted)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def sizes(connection: Connection) -> Iterator[tuple[str, int, int, int]]:
    """The largest tables: name, bytes of rows, bytes of indexes, number of rows."""
    yield from connection.execute(text(SIZES))


def print_sizes(url: str) -> None:
    """A line for each of the largest tables, and one for the whole database."""
    mib = 1 << 20
    engine = create_engine(url)
    with engine.connect() as connection:
        for name, rows_bytes, index_bytes, rows in sizes(connection):
            print(f"{name:<20} {rows:>10,} rows {rows_bytes / mib:>8.1f} MiB, indexes {index_bytes / mib:>8.1f} MiB")
        whole = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        print(f"{'the whole database':<36} {whole / mib:>8.1f} MiB")
    engine.dispose()


if __name__ == "__main__":
    address, *more = sys.argv[1:]
    if more == ["sizes"]:
        print_sizes(address)
    else:
        fill(address, int(more[0]) if more else PROJECTS)
