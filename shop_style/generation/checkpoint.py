"""Where a long render leaves its state, so that a killed worker's steps are not lost."""

from __future__ import annotations

import logging

from shop_style.generation import files
from shop_style.models import StyleVariant
from shop_style.models.storage import variant_storage

logger = logging.getLogger(__name__)

_HEADER = 64


class CheckpointStore:
    """The checkpoint of one variant row; foreign to any other picture or recipe."""

    def __init__(self, variant: StyleVariant) -> None:
        self._name = files.checkpoint_name(variant.database, variant.pk)
        # A row's recipe and original never change, but row numbers start over in a new database.
        self._owner = (variant.recipe_digest[:32] + variant.source_digest[:32]).encode()
        self._storage = variant_storage()

    def load(self) -> bytes | None:
        """The state saved last, or None."""
        try:
            data = files.read_if_there(self._storage, self._name)
        except OSError:
            logger.warning("checkpoint %s cannot be read; starting over", self._name)
            return None
        if data is None or data[:_HEADER] != self._owner:
            return None
        return data[_HEADER:]

    def save(self, data: bytes) -> None:
        """Replace the state. A storage that fails costs the checkpoint, not the render."""
        try:
            files.replace_whole(self._storage, self._name, self._owner + data)
        except OSError:
            logger.warning("checkpoint %s was not saved", self._name, exc_info=True)

    def clear(self) -> None:
        """Forget the state."""
        files.remove([self._name], self._storage)
