"""A course as after years: a thousand people and five hundred assignments, made by SQL alone; PostgreSQL only.

Nothing of it is in an object store: the pages of groups and courses need none.
"""

from sqlalchemy import create_engine, text

PEOPLE, ASSIGNMENTS, STARTED = 1000, 500, 10
"""The assignments that are not `STARTED` have a row for each participant, and no copies any more."""

GROUP, TEACHER, STUDENT = "statistics", "teacher", "student-500"

STATEMENTS = """
INSERT INTO users (id, name, name_key, full_name, email, email_key, email_verified_at, password_hash, session_key,
  admin, created_at, mail_frequency, kind)
SELECT n, name, name, initcap(name), name || '@example.org', name || '@example.org', now(), repeat('x', 97),
  md5('user' || n), false, now() - interval '3 years', 'daily', kind
FROM (SELECT n, 'student-' || n AS name, 'person' AS kind FROM generate_series(3, :people) n
  UNION ALL VALUES (1, 'teacher', 'person'), (2, 'helper', 'person'), (:people + 1, 'statistics', 'group')) made;

INSERT INTO group_members (group_id, user_id, role, added_at)
SELECT :people + 1, n, CASE n WHEN 1 THEN 'owner' WHEN 2 THEN 'member' ELSE 'participant' END, now()
FROM generate_series(1, :people) n;

INSERT INTO assignments (id, group_id, title, slug, text, deadline, time_zone, everyone, made_by_id, created_at)
SELECT a, :people + 1, 'Exercise ' || a, 'exercise-' || a, 'Do *it*.', now() + (30 - a) * interval '1 day',
  'Europe/Berlin', true, 1, now() - interval '1 year'
FROM generate_series(1, :assignments) a;

INSERT INTO repositories (id, epoch, version, pack_generation, entry_hash, default_branch, about, stored_bytes,
  created_at, last_access_at)
SELECT md5(a || '.' || n), 1, 2, 0, md5('a' || n) || md5('b' || n), 'main', '{}'::json, n * 100,
  now() - interval '1 year', now()
FROM generate_series(1, :started) a, generate_series(3, :people) n;

INSERT INTO projects (id, owner_id, name, name_key, description, topics, visibility, repository_id, created_at,
  updated_at, quiet)
SELECT a * 10000 + n, :people + 1, name, name, 'A copy', '', 'private', md5(a || '.' || n), now() - interval '1 year',
  now() - n * interval '1 minute', true
FROM generate_series(1, :started) a, generate_series(3, :people) n, concat('exercise-', a, '-student-', n) name;

INSERT INTO refs (repository_id, name, sha)
SELECT md5(a || '.' || n), 'refs/heads/main', substr(md5('c' || n) || md5('d' || n), 1, 40)
FROM generate_series(1, :started) a, generate_series(3, :people) n;

INSERT INTO members (project_id, user_id, role, added_at)
SELECT a * 10000 + n, n, 'writer', now() FROM generate_series(1, :started) a, generate_series(3, :people) n;

INSERT INTO participations (assignment_id, user_id, person, due_at, extended, listed, project_id, opened_at,
  started_sha, snapshot_at, snapshot_sha)
SELECT a, n, 'student-' || n, now() + (30 - a) * interval '1 day', n % 50 = 0, true,
  CASE WHEN a <= :started THEN a * 10000 + n END, now() - interval '1 year', repeat('0', 40),
  CASE WHEN n % 2 = 0 THEN now() END, CASE WHEN n % 2 = 0 THEN substr(md5('c' || n) || md5('d' || n), 1, 40) END
FROM generate_series(1, :assignments) a, generate_series(3, :people) n;

INSERT INTO commit_statuses (project_id, sha, context, state, description, target_url, creator_id, created_at,
  updated_at)
SELECT 10000 + n, substr(md5('c' || n) || md5('d' || n), 1, 40), context,
  CASE WHEN n % 3 = 0 THEN 'failure' ELSE 'success' END, '12 of 12', '', 1, now(), now()
FROM generate_series(3, :people) n, unnest(ARRAY['style', 'tests']) context;

UPDATE projects SET status_revision = 2 WHERE id < 20000;

INSERT INTO events (project_id, actor_id, kind, details, created_at)
SELECT a * 10000 + n, n, 'upload', json_build_object('branch', 'main', 'sha', substr(md5('c' || n) || md5('d' || n),
  1, 40), 'title', 'Solve it', 'commits', 1), now() - n * interval '1 minute'
FROM generate_series(1, :started) a, generate_series(3, :people) n;

INSERT INTO feedback (hand_in_id, author_id, text, created_at)
SELECT id, 1, 'Well done.', now() FROM participations WHERE assignment_id = 1
"""


def fill(url: str) -> None:
    """Fill an empty, migrated database, and analyse it."""
    numbers = {"people": PEOPLE, "assignments": ASSIGNMENTS, "started": STARTED}
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in STATEMENTS.strip().split(";\n"):
            wanted = {name: value for name, value in numbers.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()
