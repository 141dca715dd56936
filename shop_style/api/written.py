"""JSON of a placement, in which a picture that was written before is not written again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from rest_framework.renderers import JSONRenderer

from shop_style.api.serializers import picture_body
from shop_style.experiments.rendering import Rendering

_REMEMBERED: Final = 4_096


class WrittenJSONRenderer(JSONRenderer):
    """JSON, or what is JSON already."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """Bytes go out as they are."""
        return data if isinstance(data, bytes) else super().render(data, *args, **kwargs)


def written_tile(name: str, position: int, rendering: Rendering | None, *, tracked: bool) -> str:
    """One tile as PlacedSerializer describes it."""
    picture = "null" if rendering is None else _picture(rendering)
    return (
        f'{{"object":{json.dumps(name)},"position":{position},'
        f'"tracked":{"true" if tracked else "false"},"picture":{picture}}}'
    )


def written_placement(tiles: Iterable[str], **rest: str) -> bytes:
    """The answer as PlacementSerializer describes it."""
    others = "".join(f",{json.dumps(key)}:{json.dumps(text)}" for key, text in rest.items())
    return f'{{"pictures":[{",".join(tiles)}]{others}}}'.encode()


@lru_cache(maxsize=_REMEMBERED)
def _picture(rendering: Rendering) -> str:
    """All that a picture's text depends on is the picture, so it cannot be out of date."""
    return JSONRenderer().render(picture_body(rendering)).decode()
