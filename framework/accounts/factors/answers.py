"""What an authenticator answers (WebAuthn Level 3): read, and checked with py_webauthn, which is loaded for the first.

What browsers are asked is plain JSON and needs no library.
"""

import json
import struct
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from framework import config
from framework.accounts.models import Passkey
from framework.errors import Invalid

LONGEST = 16_384
"""Characters of an answer; one with an attestation has some 2,000."""
LONGEST_ID = 1364
"""Characters of a credential's id in base64url: 1,023 bytes."""
LONGEST_KEY = 2000
"""Characters of a public key; one of RSA with 8,192 bits has 1,400."""

_NOT_AS_SPECIFIED = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


class PasskeyRefused(Invalid):
    """What the authenticator answered does not show that this is its person."""

    field = "credential"

    def __init__(self) -> None:
        super().__init__("This passkey was not accepted. Try again, or use another way.")


@dataclass(frozen=True)
class Answer:
    """An authenticator's answer as it came, with the credential's id, the challenge, and the account's handle."""

    document: dict[str, Any]
    credential_id: str
    challenge: str
    handle: str | None


@dataclass(frozen=True)
class NewCredential:
    """What is kept of a credential: its id and public key in base64url, and the authenticator's counter."""

    id: str
    public_key: str
    sign_count: int


def relying_party() -> str:
    """The host that passkeys are for (the RP ID): that of `BASE_URL`."""
    return urlsplit(config.current().base_url).hostname or ""


def read_answer(text: str) -> Answer:
    """The JSON that a page's script has sent.

    Raises:
        PasskeyRefused: it is none, or too long.
    """
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        document = json.loads(text)
        response = document["response"]
        client = json.loads(decode(response["clientDataJSON"]))
        challenge = decode(client["challenge"]).decode()
        handle = decode(response["userHandle"]).hex() if response.get("userHandle") else None
        credential_id = str(document["id"])
    except _NOT_AS_SPECIFIED as error:
        raise PasskeyRefused from error
    if len(credential_id) > LONGEST_ID or not isinstance(document, dict):
        raise PasskeyRefused
    return Answer(document, credential_id, challenge, handle)


def check_creation(answer: Answer) -> NewCredential:
    """The credential that an authenticator has made after asking its person for a finger, a face or a PIN.

    Raises:
        PasskeyRefused: it was made for another site or otherwise, or breaks a rule.
    """
    from webauthn import verify_registration_response  # noqa: PLC0415 - 15 MB, for the first answer
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        made = verify_registration_response(
            credential=answer.document,
            expected_challenge=answer.challenge.encode(),
            expected_rp_id=relying_party(),
            expected_origin=config.current().base_url,
            require_user_verification=True,
        )
    except (WebAuthnException, struct.error, *_NOT_AS_SPECIFIED) as error:
        raise PasskeyRefused from error
    credential_id, key = bytes_to_base64url(made.credential_id), bytes_to_base64url(made.credential_public_key)
    if len(key) > LONGEST_KEY:
        raise PasskeyRefused
    return NewCredential(credential_id, key, made.sign_count)


def check_assertion(answer: Answer, passkey: Passkey, *, verified: bool) -> int:
    """The counter of an authenticator that has signed the challenge; `verified` where its person has to be, too.

    Raises:
        PasskeyRefused: it has not, or its counter has not grown.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response  # noqa: PLC0415 - as above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        return verify_authentication_response(
            credential=answer.document,
            expected_challenge=answer.challenge.encode(),
            expected_rp_id=relying_party(),
            expected_origin=config.current().base_url,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=verified,
        ).new_sign_count
    except (WebAuthnException, struct.error, *_NOT_AS_SPECIFIED) as error:
        raise PasskeyRefused from error


def decode(text: str) -> bytes:
    """What a text in base64url stands for.

    Raises:
        ValueError: it is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
