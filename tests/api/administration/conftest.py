"""The program of an administrator."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from tests.api.program import Program


@pytest.fixture
def admins(app: Flask, ada: Account) -> Program:
    """Ada's program, which may do everything."""
    return Program.of(app, ada)
