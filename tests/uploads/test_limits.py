"""How large a file, an upload and a project's owner may be."""

import os
from dataclasses import replace

import pytest
from flask import Flask

from framework import config
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor
from tests.uploads.form import MIB, nothing_stored, paths, upload


@pytest.fixture
def small_limits(app: Flask, settings: Config) -> Config:
    """A file may have 1 MiB, an upload 3 MiB."""
    made = replace(settings, max_file_bytes=MIB, max_request_bytes=3 * MIB)
    config.use(made)
    return made


def test_the_largest_file_passes(small_limits: Config, uploader: Visitor, secret: ProjectAccess) -> None:
    assert upload(uploader, {"big": os.urandom(MIB)}).status_code == 303


def test_one_byte_more_is_refused_with_name_size_and_limit(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    answer = upload(uploader, {"big.bin": os.urandom(MIB + 1), "small": b"1"})
    assert answer.status_code == 413
    assert "“big.bin” is 1.1 MiB, over the 1 MiB limit." in answer.text
    assert nothing_stored(secret)
    assert not list((small_limits.data / "scratch").iterdir())


def test_files_that_make_exactly_the_limit_pass_whatever_their_names_add(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    assert upload(uploader, {str(number): os.urandom(MIB) for number in range(3)}).status_code == 303


def test_an_upload_that_is_too_large_in_all_is_refused(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    answer = upload(uploader, {str(number): os.urandom(MIB) for number in range(4)})
    assert answer.status_code == 413
    assert "one upload may hold 3 MiB in all" in answer.text
    assert nothing_stored(secret)


def test_a_full_quota_is_told(settings: Config, uploader: Visitor, secret: ProjectAccess) -> None:
    config.use(replace(settings, quota_bytes=2 * MIB))
    assert upload(uploader, {"a": os.urandom(MIB)}).status_code == 303
    answer = upload(uploader, {"b": os.urandom(MIB)})
    assert answer.status_code == 413
    assert "together may hold" in answer.text
    assert paths(secret) == {"a"}
