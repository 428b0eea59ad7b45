"""Programs of the cast."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from tests.api.program import Program


@pytest.fixture
def program(app: Flask, alice: Account, secret: ProjectAccess, website: ProjectAccess) -> Program:
    """Alice's program; she has a private project and a public one."""
    return Program.of(app, alice)


@pytest.fixture
def bobs(app: Flask, bob: Account) -> Program:
    """Bob's program."""
    return Program.of(app, bob)


@pytest.fixture
def reading(app: Flask, alice: Account) -> Program:
    """A program of Alice's that may only read."""
    return Program.of(app, alice, "read")


@pytest.fixture
def stranger(app: Flask) -> Program:
    """A program without a token."""
    return Program(app)
