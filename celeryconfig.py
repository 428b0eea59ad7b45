"""Celery's settings, one by one; what differs between deployments comes from framework/config.py."""

from framework import config, rooms
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

# What a worker loads, and work that recurs, as the rooms say in their room.py. One scheduler acts, however many run.
# The base of scheduled tasks is framework.celery.job.Job.
imports = rooms.worker_modules()
beat_schedule = rooms.schedule()
beat_scheduler = "framework.celery.scheduler:Scheduler"
