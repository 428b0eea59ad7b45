"""What whoever runs the server should look at: workers that lack, are old or are strangers, and queues that stand."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from framework.celery.models import RunningWorker
from framework.celery.worker.presence import release
from framework.database.types import now
from framework.health.queues import QueueState

STANDS_AFTER = timedelta(minutes=10)


def attention(workers: Sequence[RunningWorker], queues: Sequence[QueueState], strangers: Sequence[str]) -> list[str]:
    """A sentence for each thing that is not as it should be."""
    up = [worker for worker in workers if worker.up]
    return [
        *_of_workers(workers, up),
        *(sentence for queue in queues for sentence in _of_queue(queue, up)),
        *(
            f"Another Celery application uses the same broker: {node}. It has queues of other names, so it cannot take "
            "messages of ours; a broker of one's own is safer."
            for node in strangers
        ),
    ]


def _of_workers(workers: Sequence[RunningWorker], up: Sequence[RunningWorker]) -> Iterator[str]:
    if not up:
        yield "No worker is up, so mail and background work wait. Start one: celery -A framework.celery.celery worker."
    for worker in up:
        if worker.release != release():
            yield (
                f"{worker.node} (process {worker.process_id}) runs another version ({worker.release}) than this "
                f"process ({release()}). Restart what is older."
            )
    for worker in workers:
        if not worker.up:
            yield f"{worker.node} (process {worker.process_id}) ended without saying so; what it ran starts again."


def _of_queue(queue: QueueState, up: Sequence[RunningWorker]) -> Iterator[str]:
    ours = sum(queue.name in worker.queues for worker in up)
    if up and not ours:
        yield f"No worker serves the queue {queue.name}; start one, or leave out -Q."
    if queue.consumers is not None and queue.consumers > ours:
        yield (
            f"Somebody takes messages from {queue.name} who is none of our workers: {queue.consumers} consumers, and "
            f"{ours} of them known. Stop the stray worker; what it takes is sent again after five minutes."
        )
    if queue.oldest_at and now() - queue.oldest_at > STANDS_AFTER:
        yield f"A task has waited in {queue.name} for more than 10 minutes. Are there enough workers?"
