"""`flask users create`."""

import pytest
from flask import Flask

from framework.accounts.operations import authenticate
from tests.cast import PASSWORD


def test_it_creates_an_administrator(app: Flask) -> None:
    arguments = ["users", "create", "root-of-all", "root@example.org", "--admin", "--password-stdin"]
    result = app.test_cli_runner().invoke(args=arguments, input=f"{PASSWORD}\n")
    assert result.output == "Created the administrator root-of-all.\n"
    assert authenticate("root-of-all", PASSWORD, address="").admin


def test_it_asks_for_the_password_twice(app: Flask) -> None:
    result = app.test_cli_runner().invoke(
        args=["users", "create", "anna", "anna@example.org"], input=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert result.exit_code == 0
    assert not authenticate("anna", PASSWORD, address="").admin


@pytest.mark.parametrize("arguments", [["login", "a@example.org"], ["anna", "nobody"]])
def test_it_says_what_is_wrong(app: Flask, arguments: list[str]) -> None:
    result = app.test_cli_runner().invoke(args=["users", "create", *arguments, "--password-stdin"], input=PASSWORD)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
