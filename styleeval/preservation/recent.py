"""What was worked out for the last few pictures, so that an original is read once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
Bytes = NDArray[np.uint8]


class Recent(Generic[Value]):
    """Values by their picture's bytes; the one unused longest goes first. Safe between threads."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._values: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, picture: Bytes, work_out: Callable[[Bytes], Value]) -> Value:
        """The value of this picture, worked out unless it is remembered."""
        digest = hashlib.blake2b(repr(picture.shape).encode(), digest_size=16)
        digest.update(np.ascontiguousarray(picture).data)
        key = digest.digest()
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = work_out(picture)
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._at_most:
                self._values.popitem(last=False)
        return value
