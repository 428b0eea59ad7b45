"""What a mutation is: one named change that breaks an invariant."""

from dataclasses import dataclass

R, T = "framework/repositories", "tests/repositories"


@dataclass(frozen=True)
class Mutation:
    """An invariant by its number and name, the text that keeps it, what stands there instead, and who has to notice."""

    number: int
    invariant: str
    file: str
    kept: str
    broken: str
    tests: str
