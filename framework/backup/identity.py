"""The identity that opens encrypted backups, derived from BACKUP_KEY: an X25519 key as the `age` tool reads it."""

import hashlib

PREFIX = "age-secret-key-"
_SALT = b"holdfast backup identity 1"
_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK_LETTERS = 6


def identity_of(key: str) -> str:
    """The line of an identity file (age-encryption.org/v1) for this key, always the same one."""
    secret = hashlib.scrypt(key.encode(), salt=_SALT, n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
    return _bech32(PREFIX, secret).upper()


def _bech32(prefix: str, data: bytes) -> str:
    """Bytes as text with a checksum (BIP 173), five bits a letter."""
    length = -(-len(data) * 8 // 5)
    bits = int.from_bytes(data) << (length * 5 - len(data) * 8)
    groups = [*_groups(bits, length)]
    expanded = [*(ord(one) >> 5 for one in prefix), 0, *(ord(one) & 31 for one in prefix)]
    check = _checksum([*expanded, *groups, *[0] * _CHECK_LETTERS]) ^ 1
    return f"{prefix}1" + "".join(_LETTERS[group] for group in [*groups, *_groups(check, _CHECK_LETTERS)])


def _groups(bits: int, length: int) -> list[int]:
    return [bits >> 5 * place & 31 for place in reversed(range(length))]


def _checksum(groups: list[int]) -> int:
    check = 1
    for group in groups:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ group
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check
