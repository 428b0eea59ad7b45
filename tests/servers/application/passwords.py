"""Passwords that cost a test nothing: every test has people, and what guessing one costs is tested apart."""

from collections.abc import Callable
from functools import cache, partial

from argon2 import PasswordHasher

from framework.accounts.core import passwords, validation


def hurry_passwords() -> None:
    """Hash with the least work, and estimate once how hard a person's password is to guess: most tests have the same.

    The estimate of one password took 3 ms, a seventh of the time that a new account takes.
    """
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    estimate = cache(partial(_estimate, validation._is_guessed))
    validation._is_guessed = lambda text, known: estimate(text, tuple(known))


def _estimate(is_guessed: Callable[[str, list[str]], bool], text: str, known: tuple[str, ...]) -> bool:
    return is_guessed(text, list(known))
