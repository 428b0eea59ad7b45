"""What tokens and browser sessions have in common: of the secret its SHA-256 is kept, and its use is noted hourly."""

import hashlib
from datetime import timedelta

USE_NOTED_EVERY = timedelta(hours=1)


def digest(secret: str) -> str:
    """The SHA-256 of what somebody shows as a secret, in hex: what it is found by."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
