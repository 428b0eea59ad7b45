"""Celery's settings, one by one; what differs between deployments comes from framework/config.py."""

from datetime import timedelta

from celery.schedules import crontab

from framework import config
from framework.celery import broker

settings = config.current()

# Where messages go: a folder, Redis or RabbitMQ (BROKER_URL). Queues are named after the deployment, so that a stray
# worker of another checkout or application on the same broker takes nothing of ours. A worker serves all three;
# `-Q holdfast-….mail` makes one for mail alone, and `flask doctor` tells the names.
broker_url = broker.url()
broker_transport = broker.transport()
broker_transport_options = broker.transport_options()
broker_use_ssl = broker.tls()
broker_connection_timeout = broker.ANSWER_SECONDS
broker_connection_retry_on_startup = True  # a worker that starts before its broker waits for it
broker_connection_max_retries = None
task_queues = broker.queues()
task_default_queue = task_default_exchange = task_default_routing_key = broker.queues()[0].name
task_create_missing_queues = False  # a name that is none of ours is a mistake
control_exchange = f"{broker.deployment()}.control"
event_exchange = f"{broker.deployment()}.event"
# A worker holds two or three connections, since small plans have 20 for all.
worker_enable_remote_control = False  # `flask doctor` and /admin ask the database, which costs no connection
worker_consumer = "framework.celery.worker.consumer:Consumer"
broker_pool_limit = 1

# JSON only: a message or a result is data, never code.
accept_content = result_accept_content = ["json"]
task_serializer = result_serializer = "json"

# A message is acknowledged after its task, and handed out again when a worker dies with it; tasks can run twice.
task_acks_late = True
task_reject_on_worker_lost = True
task_publish_retry = False  # a web request does not wait for a broker: the outbox sends again
worker_prefetch_multiplier = 1
worker_cancel_long_running_tasks_on_connection_loss = False

# Statuses and results are columns of the outbox, whichever broker there is: another process can ask for them later.
result_backend = "framework.celery.results:OutboxBackend"
result_expires = None

# Two processes fit the smallest host. A stop waits this many seconds for running tasks, and gives back what it
# interrupts. Heroku kills after 30 seconds, `make run` ends in 8. REMAP_SIGTERM=SIGQUIT, as in the Procfile, keeps the
# pool's processes from the SIGTERM that Heroku sends to every process of a dyno.
worker_concurrency = settings.worker_concurrency
worker_max_memory_per_child = 250_000  # KiB: a process of the pool that once took more is replaced after its task
worker_soft_shutdown_timeout = 15.0 if settings.production else 1.0
timezone = "UTC"

# One line each, as text or JSON (LOG_FORMAT), to the terminal and into files (LOG_FOLDER); see
# framework/observability/logs.py.
worker_hijack_root_logger = True
worker_redirect_stdouts = False  # what is printed stays what it is
worker_log_color = False

# What a worker loads: its logs, its sign of life, its limits, and the rooms whose tasks it knows.
imports = [
    "framework.celery.worker.logs",
    "framework.celery.worker.presence",
    "framework.celery.worker.consumer",
    "framework.celery.tasks",
    "framework.email.tasks",
    "framework.repositories.tasks",
    "framework.accounts.tasks",
    "framework.backup.tasks",
    "framework.projects.tasks",
    "framework.api.tasks",
    "framework.uploads.tasks",
    "framework.import_export.tasks",
    "framework.drill.tasks",
]

# Work that recurs, one line each; one scheduler acts, however many run. The task's base is framework.celery.job.Job.
beat_scheduler = "framework.celery.scheduler:Scheduler"
beat_schedule = {
    "outbox": {"task": "framework.celery.tasks.poll_outbox", "schedule": timedelta(seconds=15)},
    "news": {"task": "framework.projects.tasks.send_news", "schedule": timedelta(seconds=15)},
    "notices": {"task": "framework.projects.tasks.forget_notices", "schedule": timedelta(days=1)},
    "events": {"task": "framework.projects.tasks.forget_events", "schedule": timedelta(days=1)},
    "owner": {"task": "framework.repositories.tasks.renew_mark", "schedule": timedelta(minutes=1)},
    "log": {"task": "framework.repositories.tasks.confirm_log", "schedule": timedelta(minutes=1)},
    "staged": {"task": "framework.repositories.tasks.sweep_staged", "schedule": timedelta(hours=1)},
    "uploads": {"task": "framework.uploads.tasks.sweep_uploads", "schedule": timedelta(hours=1)},
    "scrub": {"task": "framework.repositories.tasks.scrub_copies", "schedule": timedelta(days=1)},
    "read-back": {"task": "framework.repositories.tasks.read_back", "schedule": timedelta(hours=1)},
    "restore-sample": {
        "task": "framework.repositories.tasks.restore_sample",
        "schedule": crontab(day_of_week="sun", hour="4", minute="0"),
    },
    "drill": {
        "task": "framework.upkeep.tasks.rehearse_rebuild",
        "schedule": crontab(day_of_week="sat", hour="4", minute="0"),
    },
    "idle": {"task": "framework.repositories.tasks.archive_idle", "schedule": crontab(hour="5", minute="0")},
    "classes": {"task": "framework.repositories.tasks.demote_archived", "schedule": crontab(hour="6", minute="0")},
    "trash": {"task": "framework.projects.tasks.empty_trash", "schedule": crontab(hour="2", minute="0")},
    "collect": {"task": "framework.repositories.tasks.collect_orphans", "schedule": crontab(hour="2", minute="30")},
    "backup": {"task": "framework.backup.tasks.back_up_tables", "schedule": crontab(hour="3", minute="30")},
    "keys": {"task": "framework.api.tasks.forget_keys", "schedule": timedelta(hours=1)},
    "sessions": {"task": "framework.accounts.tasks.forget_sessions", "schedule": timedelta(days=1)},
    "budgets": {"task": "framework.accounts.tasks.forget_budgets", "schedule": timedelta(hours=6)},
    "invitations": {"task": "framework.projects.tasks.forget_invitations", "schedule": timedelta(days=1)},
    "addresses": {"task": "framework.accounts.tasks.forget_address_changes", "schedule": timedelta(days=1)},
    "exports": {"task": "framework.transfer.tasks.forget_exports", "schedule": timedelta(hours=1)},
    "forget": {"task": "framework.celery.tasks.forget_finished", "schedule": timedelta(days=1)},
}
