"""Threads that work for somebody."""

import subprocess
import sys

import pytest

from framework.observability.pool import Pool
from tests.servers.run import ROOT

# A request's thread outlives the main thread of a web process that was told to end, and asks for a pool then.
_ENDING = """
import threading
from framework.errors import Interrupted
from framework.observability.pool import Pool

def answer():
    threading.main_thread().join()
    while True:
        try:
            Pool(1).submit(int)
        except Interrupted as told:
            print(told.status)
            return

threading.Thread(target=answer).start()
"""


def test_work_for_a_request_that_outlives_its_process_is_interrupted() -> None:
    done = subprocess.run([sys.executable, "-c", _ENDING], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "503\n"


def test_a_pool_that_was_closed_is_a_mistake() -> None:
    with Pool(1) as pool:
        pass
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(int)
