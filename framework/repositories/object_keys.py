"""The names of a repository's objects in the store; none is ever overwritten or used again."""

import secrets


def new_id() -> str:
    """A fresh name for a repository, pack or push: 16 random bytes in hex."""
    return secrets.token_hex(16)


def pack_key(repository_id: str, name: str) -> str:
    """Where the pack of this name lies."""
    return f"repos/{repository_id}/packs/pack-{name}.pack"


def idx_key(repository_id: str, name: str) -> str:
    """Where the index of the pack of this name lies."""
    return f"repos/{repository_id}/packs/pack-{name}.idx"


def side_key(repository_id: str, name: str, suffix: str) -> str:
    """Where a side file of the pack of this name lies."""
    return f"repos/{repository_id}/packs/pack-{name}.{suffix}"


def lfs_key(repository_id: str, oid: str, name: str) -> str:
    """Where the LFS object of this SHA-256 and this random name lies."""
    return f"repos/{repository_id}/lfs/{oid}-{name}"


def journal_key(repository_id: str, epoch: int, version: int, entry_hash: str) -> str:
    """Where the journal entry of one version lies; keys sort by epoch and version."""
    return f"repos/{repository_id}/log/{epoch:06}/{version:010}-{entry_hash[:16]}.json"


def checkpoint_key(repository_id: str, epoch: int, version: int, entry_hash: str, checkpoint_hash: str) -> str:
    """Where the checkpoint that belongs to the journal entry of one version lies; keys sort by epoch and version."""
    name = f"{version:010}-{entry_hash[:16]}-{checkpoint_hash[:16]}"
    return f"repos/{repository_id}/checkpoints/{epoch:06}/{name}.json.gz"
