"""What one file by the API asks of the database, counted in the process that answers it."""

from flask.testing import FlaskClient

from framework.accounts.signin.tokens import create_token
from framework.projects.lifecycle.operations import create_project
from tests.cast import new_account
from tests.statements import noted_statements

MOST_TO_BEGIN, MOST_TO_GO_ON = 31, 30
"""Statements of a project's first commit, and of a later one, in which nothing is asked twice without a reason."""


def test_a_commit_takes_few_statements(client: FlaskClient) -> None:
    account = new_account("dora")
    headers = {"Authorization": f"Bearer {create_token(account.id, 'program', ['write'])}"}
    create_project(account, name="notes", description="", visibility="public")

    def count(content: str) -> int:
        put = {"op": "put", "path": "a.txt", "content": content}
        commit = {"branch": "main", "message": "Write a.txt", "operations": [put]}
        with noted_statements() as statements:
            answer = client.post("/api/v1/projects/dora/notes/commits", json=commit, headers=headers)
        assert answer.status_code == 201, answer.text
        return len([one for one in statements if not one.startswith("BEGIN")])

    first, later = count("1"), count("2")
    assert first <= MOST_TO_BEGIN
    assert later <= MOST_TO_GO_ON
