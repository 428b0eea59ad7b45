-- The rows of `population.py`; :people, :projects and the like are numbers that it gives.

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

INSERT INTO users (id, name, name_key, full_name, email, email_key, session_key, admin, created_at, mail_frequency, kind,
  people_changed_at)
SELECT :people + n, 'person-' || n || '-lab', 'person-' || n || '-lab', 'Lab of person ' || n, md5('g' || n) || '@groups.invalid',
  'group:' || md5('g' || n), md5('group' || n), false, now() - n * interval '1 hour', 'off', 'group', now()
FROM generate_series(1, :groups) n;

INSERT INTO group_members (group_id, user_id, role, added_at)
SELECT :people + n, 2 + (n * 131 + m * 17) % (:people - 1),
  CASE m WHEN 1 THEN 'owner' WHEN 2 THEN 'member' ELSE 'participant' END, now()
FROM generate_series(1, :groups) n, generate_series(1, 10) m ON CONFLICT DO NOTHING;

INSERT INTO group_invitations (group_id, email, email_key, role, created_at, expires_at)
SELECT :people + n, e, e, 'participant', now(), now() + interval '20 days'
FROM generate_series(1, :groups) n, generate_series(1, 5) m, concat('g', n, '-', m, '@example.org') e;

INSERT INTO account_invitations (email, email_key, created_at, expires_at)
SELECT 'a' || n || '@example.org', 'a' || n || '@example.org', now(), now() + interval '20 days'
FROM generate_series(1, :people) n;

INSERT INTO profiles (user_id, about, links, people_public)
SELECT n, 'About person ' || n, '[]', false FROM generate_series(1, :people) n;

INSERT INTO pictures (user_id, digest, content)
SELECT n, md5('picture' || n), decode(md5('content' || n), 'hex') FROM generate_series(4, :people) n;

INSERT INTO address_changes (user_id, email, changed_at)
SELECT n, 'old-' || n || '@example.org', now() FROM generate_series(1, :people) n;

INSERT INTO former_user_names (name_key, user_id, created_at)
SELECT 'former-' || n, n, now() FROM generate_series(1, :people) n;

INSERT INTO reserved_user_names (name_key, free_at)
SELECT 'reserved-' || n, now() + interval '100 days' FROM generate_series(1, :people) n;

INSERT INTO browser_sessions (user_id, digest, address, agent, remembered, created_at, last_used_at, expires_at)
SELECT n, md5('s' || n || m) || md5('t' || n), '192.0.2.1', 'Mozilla/5.0', true, now(), now(), now() + interval '29 days'
FROM generate_series(1, :people) n, generate_series(1, 5) m;

INSERT INTO tokens (user_id, name, digest, scopes, created_at)
SELECT n, 'laptop ' || m, md5('u' || n || m) || md5('v' || n), 'write', now()
FROM generate_series(1, :people) n, generate_series(1, 5) m;

INSERT INTO tokens (user_id, name, digest, repository_id, scopes, created_at)
SELECT owner_id, 'tests', md5('w' || id) || md5('x' || id), repository_id, 'write', now()
FROM projects WHERE id % 4 = 3;

INSERT INTO authenticator_apps (user_id, sealed, key_name, last_step, created_at)
SELECT n, repeat('s', 100), 'first', 1, now() FROM generate_series(4, :people) n;

INSERT INTO recovery_codes (digest, user_id, created_at)
SELECT md5('r' || n || m) || md5('q' || n), n, now() FROM generate_series(4, :people) n, generate_series(1, 10) m;

INSERT INTO passkeys (user_id, name, credential_id, public_key, handle, sign_count, created_at)
SELECT n, 'phone', md5('p' || n), repeat('k', 100), md5('handle' || n), 1, now() FROM generate_series(4, :people) n;

INSERT INTO identities (user_id, provider, issuer, subject, name, shown, created_at)
SELECT n, 'uni', 'https://id.uni.example', 'subject-' || n, 'p' || n || '@uni.example', false,
  now()
FROM generate_series(4, :people) n;

INSERT INTO spent_challenges (digest, spent_at)
SELECT md5('c' || n) || md5('d' || n), now() FROM generate_series(1, :people) n;

INSERT INTO budgets (key, spent, window_started_at)
SELECT 'login:203.0.113.' || n, 1, now() FROM generate_series(1, :projects) n;

INSERT INTO login_failures (key, failures, window_started_at)
SELECT 'person-' || n, 1, now() FROM generate_series(1, :people) n;

INSERT INTO stopped_addresses (address_key, reason, stopped_at)
SELECT 'gone-' || n || '@example.org', 'no such user', now() FROM generate_series(1, :people) n;

INSERT INTO audit_entries (created_at, kind, actor_id, actor, person_id, person, project_id, project, address, details)
SELECT now() - n * :pace, CASE m WHEN 0 THEN 'person_added' ELSE 'sign_in' END, 1 + (n + m) % :people,
  'person-' || (1 + (n + m) % :people), 1 + (n * 7) % :people, 'person-' || (1 + (n * 7) % :people),
  CASE m WHEN 0 THEN n END, CASE m WHEN 0 THEN 'person-' || (1 + n % :people) || '/project-' || n END, '192.0.2.1', '{}'
FROM generate_series(1, :projects) n, generate_series(0, 2) m;

INSERT INTO audit_entries (created_at, kind, actor_id, actor, group_id, person_id, person, address, details)
SELECT now() - n * :pace, 'person_added', 2, 'person-2', :people + n, 3, 'person-3', '192.0.2.1', '{}'
FROM generate_series(1, :groups) n, generate_series(1, 10) m;

INSERT INTO templates (project_id, created_at)
SELECT n, now() FROM generate_series(1, :projects) n WHERE n % 2 = 1;

INSERT INTO former_project_names (owner_id, name_key, project_id, created_at)
SELECT owner_id, 'former-' || id, id, now() FROM projects WHERE id % 4 = 2;

INSERT INTO invitations (project_id, email, email_key, role, invited_by_id, created_at, expires_at)
SELECT id, 'i' || id || '@example.org', 'i' || id || '@example.org', 'writer', owner_id, now(),
  now() + interval '20 days'
FROM projects WHERE id % 4 = 3;

INSERT INTO links (project_id, kind, digest, title, anonymous, made_by_id, created_at, expires_at)
SELECT id, CASE id % 2 WHEN 1 THEN 'drop' ELSE 'view' END, md5('l' || id) || md5('m' || id), 'For reviewers', false,
  owner_id, now(), now() + interval '100 days'
FROM projects WHERE id % 10 < 4;

INSERT INTO drop_offs (link_id, folder, text, time_zone, types, max_total_bytes, received_bytes, told_at,
  has_news)
SELECT id, 'in', '', 'UTC', '', 1000000000, 100, now(), false FROM links WHERE kind = 'drop';

INSERT INTO hand_ins (link_id, key, name, email, folder, folder_key, files, times, created_at, handed_in_at)
SELECT link_id, md5('h' || link_id || n), 'Someone ' || n, 's' || n || '@example.org', 's' || n, 's' || n, '[]', 1, now(),
  now() - interval '1 minute'
FROM drop_offs, generate_series(1, 5) n;

INSERT INTO transfers (project_id, from_user_id, to_user_id, created_at, expires_at, offered_by_id)
SELECT id, owner_id, 1 + owner_id % :people, now(), now() + interval '20 days', owner_id
FROM projects WHERE id % 4 = 0 AND owner_id > 3 AND owner_id < :people;

INSERT INTO branch_rules (project_id, pattern, force_push, deletion)
SELECT n, 'main', false, false FROM generate_series(1, :projects) n WHERE n % 5 = 1;

INSERT INTO mail_choices (user_id, project_id, frequency)
SELECT user_id, project_id, 'off' FROM members WHERE user_id > 3;

INSERT INTO copies (project_id, origin_id, kind, created_at, filled_at)
SELECT n, n - 1, 'copy', now(), now() FROM generate_series(2, :projects) n WHERE n % 10 = 8;

INSERT INTO assignments (group_id, title, slug, text, deadline, time_zone, everyone, made_by_id, created_at)
SELECT :people + n, 'Exercise ' || m, 'exercise-' || m, '', now() + interval '20 days', 'UTC', true, 2, now()
FROM generate_series(1, :groups) n, generate_series(1, 5) m;

INSERT INTO participations (assignment_id, user_id, person, due_at, extended, listed, project_id, opened_at, started_sha)
SELECT assignments.id, user_id, 'person-' || user_id, now() + interval '20 days', false, true,
  1 + (assignments.id * 11 + user_id) % :projects, now(), substr(md5('c' || user_id) || md5('d' || user_id), 1, 40)
FROM assignments JOIN group_members ON group_members.group_id = assignments.group_id AND role = 'participant';

INSERT INTO awaited_participants (assignment_id, email_key, email)
SELECT assignments.id, email_key, group_invitations.email
FROM assignments JOIN group_invitations ON group_invitations.group_id = assignments.group_id;

INSERT INTO feedback (hand_in_id, author_id, text, created_at)
SELECT id, 2, 'Well done.', now() FROM participations WHERE id % 2 = 0;

INSERT INTO commit_statuses (project_id, sha, context, state, description, target_url, creator_id,
  created_at, updated_at)
SELECT n, substr(md5('c' || n) || md5('d' || n), 1, 40), 'tests', 'success', '', '', 1 + n % :people,
  now(), now()
FROM generate_series(1, :projects) n;

INSERT INTO webhooks (owner_id, project_id, url, sealed, key_name, events, active, made_by_id, created_at)
SELECT owner_id, id, 'https://hooks.example.org/' || id, repeat('s', 100), 'first', 'push', false, owner_id, now()
FROM projects WHERE id % 10 = 6;

INSERT INTO webhook_deliveries (id, webhook_id, project_id, event, facts, body, state, attempts, created_at, queued_at,
  answer, problem)
SELECT md5('delivery' || id || n), id, project_id, 'push', '{}', '{}', 'delivered', 1, now(), now(), '', ''
FROM webhooks, generate_series(1, 10) n;

INSERT INTO exports (id, project_id, owner_id, key, size_bytes, created_at, expires_at)
SELECT md5('export' || id), id, owner_id, 'exports/' || id, 100, now(), now() + interval '20 days'
FROM projects WHERE id % 10 = 2;

INSERT INTO personal_exports (id, owner_id, key, size_bytes, created_at, expires_at)
SELECT md5('personal' || n), n, 'personal/' || n, 100, now(), now() + interval '20 days'
FROM generate_series(1, :people) n;

INSERT INTO idempotency_keys (account_id, key, request_sha256, holder, running_until, status, body, created_at)
SELECT 1 + n % :people, 'key-' || n, md5('e' || n) || md5('f' || n), md5('holder' || n), now(), 201, '{}', now()
FROM generate_series(1, :projects) n;

INSERT INTO long_works (id, kind, project_id, owner_id, state, done, total, message, created_at, updated_at, finished_at)
SELECT md5('work' || id), 'counting', id, owner_id, 'finished', 1, 1, '', now() - interval '1 day',
  now() - interval '1 day', now() - interval '1 day'
FROM projects;

INSERT INTO lfs_objects (repository_id, oid, name, size_bytes, epoch, version, checked_at)
SELECT repository_id, md5('o' || id || n) || md5('i' || id || n), md5('lfs' || id || '.' || n), 100, 1, 5,
  now() - id * interval '20 seconds'
FROM projects, generate_series(1, 3) n WHERE id % 3 = 0;

INSERT INTO staged_lfs (name, repository_id, oid, size_bytes, state, created_at, expires_at, uploader_id)
SELECT md5('staged' || id), repository_id, md5('o' || id) || md5('i' || id), 100, 'retired', now(),
  now() + interval '20 days', owner_id
FROM projects WHERE id % 20 = 0;

INSERT INTO staged_pushes (id, repository_id, state, pack_names, created_at, expires_at)
SELECT md5('staged push' || id), repository_id, 'staged', '[]', now(), now() + interval '20 days'
FROM projects WHERE id % 10 = 5;

INSERT INTO writer_tickets (repository_id, holder, expires_at)
SELECT repository_id, md5('ticket' || id), now() + interval '1 day' FROM projects WHERE id % 20 = 5;

INSERT INTO large_blobs (repository_id, sha, size_bytes)
SELECT repository_id, substr(md5('b' || id || n) || md5('l' || id), 1, 40), 5000000
FROM projects, generate_series(1, 2) n WHERE id % 2 = 0;

INSERT INTO file_surveys (repository_id, epoch, version, parts, files, counted_at)
SELECT repository_id, 1, 10, '{}', '[]', now() FROM projects WHERE id % 2 = 0;

INSERT INTO settled_entries (repository_id, epoch, version, hash_start, settled_at)
SELECT repository_id, 1, 3, substr(md5('z' || id), 1, 16), now() FROM projects WHERE id % 10 = 1;

INSERT INTO resumable_uploads (id, account_id, state, size_bytes, offset_bytes, info, holder, created_at, expires_at)
SELECT md5('upload' || id), owner_id, 'open', 100, 50, '', CASE WHEN id % 2 = 0 THEN 'project:' || repository_id END,
  now(), now() + interval '20 days'
FROM projects WHERE id % 10 > 7 AND owner_id > 3;

INSERT INTO upload_parts (upload_id, start_bytes, size_bytes, name, sha256)
SELECT id, n * 25, 25, md5('part' || id || n), md5('e' || id) || md5('f' || id)
FROM resumable_uploads, generate_series(0, 1) n;

SELECT setval('users_id_seq', :people + :groups), setval('projects_id_seq', :projects);
