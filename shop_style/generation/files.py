"""Variant files in storage: whole or not there, named by row and lease, removed on commit."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Self

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import transaction

from shop_style.exceptions import StorageFailed
from shop_style.models.storage import prefixed, variant_storage
from styleeval.sentence import said

logger = logging.getLogger(__name__)

VARIANTS = "variants"
CHECKPOINTS = "checkpoints"
PARTS = ".part"


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn whatever a storage backend raises into an OSError: StorageFailed names `what`."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # S3 and other clients have error families of their own
        raise StorageFailed(f"{what}: {type(error).__name__}: {error}") from error


class _StagedFile(File):  # type: ignore[type-arg]
    """A finished temporary file that FileSystemStorage moves into place with one rename."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        super().__init__(stream, name=path.name)
        self._path = path

    def temporary_file_path(self) -> str:
        """Where the bytes already lie, on the same file system."""
        return str(self._path)

    def __enter__(self) -> Self:
        return self


def variant_folder(pk: int, token: str) -> str:
    """Folder of one attempt at one variant: nobody else ever writes there.

    The lease token is 128 random bits, so addresses of unpublished variants cannot be guessed.
    """
    return prefixed(VARIANTS, f"{pk}-{token}")


def checkpoint_name(database: str, pk: int) -> str:
    """Where a long render leaves its state."""
    return prefixed(CHECKPOINTS, f"{database}-{pk}.bin")


def save_whole(storage: Storage, name: str, data: bytes) -> str:
    """Store bytes so that the name never shows part of them. Returns the name given.

    Django's FileSystemStorage writes to the final name directly, so a killed process leaves a
    truncated file there; here the bytes are written beside it, synced, then renamed.
    Raises OSError, having removed what it wrote.
    """
    folder = _local_folder(storage)
    if folder is None:
        # One PUT of an object store is all or nothing.
        with storage_errors(name):
            return _checked_size(storage, storage.save(name, ContentFile(data)), len(data))
    parts = folder / prefixed(PARTS)
    parts.mkdir(parents=True, exist_ok=True)
    part = parts / uuid.uuid4().hex
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        with part.open("rb") as stream:
            stored = storage.save(name, _StagedFile(stream, part))
    finally:
        part.unlink(missing_ok=True)
    _sync_folder((folder / stored).parent)
    return stored


def replace_whole(storage: Storage, name: str, data: bytes) -> None:
    """Store bytes under exactly this name, over what is there; for checkpoints."""
    folder = _local_folder(storage)
    if folder is None:
        with storage_errors(name):
            if storage.exists(name):
                storage.delete(name)
            storage.save(name, ContentFile(data))
        return
    part = folder / prefixed(PARTS) / uuid.uuid4().hex
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(data)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    part.replace(target)


def read_if_there(storage: Storage, name: str) -> bytes | None:
    """The bytes, or None when there is no such file."""
    try:
        with storage_errors(name), storage.open(name, "rb") as stream:
            data: bytes = stream.read()
            return data
    except FileNotFoundError:
        return None


def remove(names: Iterable[str], storage: Storage | None = None) -> int:
    """Remove files and the folders they leave empty. Returns how many went.

    What storage will not remove is logged and left to `prune_variants`.
    """
    storage = storage or variant_storage()
    gone = 0
    folders = set()
    for name in names:
        try:
            with storage_errors(name):
                storage.delete(name)
            gone += 1
            folders.add(os.path.dirname(name))
        except OSError:
            logger.warning("could not remove %s; prune_variants will", name, exc_info=True)
    local = _local_folder(storage)
    if local is not None:
        for folder in folders:
            try:
                (local / folder).rmdir()
            except OSError:
                continue  # not empty, or gone already
    return gone


def remove_on_commit(names: Iterable[str], *, using: str) -> None:
    """Remove files once the transaction that unnamed them is through."""
    listed = list(names)
    if listed:
        transaction.on_commit(partial(remove, listed), using=using, robust=True)


def walk(storage: Storage, folder: str) -> Iterable[str]:
    """Every file name under a folder; nothing when it is not there."""
    try:
        folders, names = storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        yield f"{folder}/{name}"
    for inner in folders:
        yield from walk(storage, f"{folder}/{inner}")


def _local_folder(storage: Storage) -> Path | None:
    try:
        return Path(storage.path(""))
    except NotImplementedError:
        return None


def _sync_folder(folder: Path) -> None:
    # The rename itself must be on disk before a row names the file.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checked_size(storage: Any, name: str, size: int) -> str:
    stored = storage.size(name)
    if stored != size:
        storage.delete(name)
        raise OSError(
            said(
                "storage kept {stored} of {size} bytes of {name}",
                stored=stored,
                size=size,
                name=name,
            )
        )
    return name
