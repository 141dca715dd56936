"""One picture file restored by itself: no style, no row, bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shop_style import __version__
from shop_style.exceptions import PictureUnsuitable
from shop_style.generation.preview import file_of
from shop_style.imaging.intake import IntakeLimits, Photo, decode
from shop_style.imaging.locks import Box
from shop_style.imaging.provenance import digital_source_type, xmp_packet
from shop_style.transfer.parameters import RestoreParameters
from shop_style.transfer.restoration import RestorationReport, restored

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]
    Bools = NDArray[np.bool_]

WORDS = {
    "mark": "filled in {:.0f} pixels of the mark",
    "blocks": "took out the blocks of a JPEG of quality {:.0f}",
    "noise": "took out grain of {:.1f} levels",
    "blur": "sharpened edges {:.2f} px wide",
    "cast": "took out a cast of chroma {:.1f}",
    "contrast": "stretched contrast: {:.0%} of the range was empty at either end",
}
MEASURES = {
    "noise": "grain, levels of 255",
    "blur": "width of edges, px",
    "cast": "cast, chroma in CIELAB",
    "veil": "empty range at either end",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class RestoredFile:
    """A restored picture: rgb (H, W, 3), alpha (H, W) or None, in [0, 1]; upscale: 1 or 2."""

    photo: Photo
    rgb: Pixels
    alpha: Pixels | None
    report: RestorationReport
    upscale: int

    @property
    def digital_source_type(self) -> str | None:
        """The file's own where nothing was done, else that of an enhanced picture."""
        own = self.photo.digital_source_type
        if self.report.untouched and self.upscale == 1:
            return own
        return digital_source_type(trained=False, region="whole", original=own, minor=True)

    def encoded(self, ending: str) -> bytes:
        """As a file. ending: one of `preview.ENDINGS`."""
        uri = self.digital_source_type
        xmp = xmp_packet(uri, system="django-shop-style", version=__version__) if uri else b""
        return file_of(self.rgb, self.alpha, ending=ending, xmp=xmp)

    def as_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        height, width = self.rgb.shape[:2]
        return {
            **self.report.as_dict(),
            "width": width,
            "height": height,
            "digital_source_type": self.digital_source_type,
        }

    def lines(self, name: str) -> Iterator[str]:
        """What was done and what changed, for people."""
        height, width = self.rgb.shape[:2]
        yield f"{name}: {width} × {height}" + (", enlarged twofold" if self.upscale == 2 else "")
        for step, told in self.report.done:
            yield "  " + WORDS[step].format(told)
        if self.report.untouched:
            yield "  nothing to restore"
        yield f"{'':28}{'before':>9}{'after':>9}"
        after = self.report.after.as_dict()
        for measure, value in self.report.before.as_dict().items():
            yield f"{MEASURES[measure]:28}{value:9.2f}{after[measure]:9.2f}"


def restore_file(
    data: bytes,
    parameters: RestoreParameters,
    *,
    name: str,
    limits: IntakeLimits | None = None,
    boxes: Sequence[Box] = (),
    mark: bytes | None = None,
    upscale: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> RestoredFile:
    """Restore one picture file.

    name: what to call the file in errors. boxes, mark: places to be filled in, the mark as a
    picture of the same size that is light there. upscale: 1 or 2.
    Raises IntakeError, PictureUnsuitable for a mark that does not fit, RenderCancelled.
    """
    limits = limits or IntakeLimits()
    photo = decode(data, name=name, limits=limits)
    marked = _marked(photo, boxes, mark, name=name, limits=limits)
    rgb, found = restored(
        photo.rgb, photo.alpha, parameters, marked=marked, report=report, cancelled=cancelled
    )
    alpha = photo.alpha
    if upscale == 2:
        rgb, alpha = _doubled(rgb, alpha)
    return RestoredFile(photo=photo, rgb=rgb, alpha=alpha, report=found, upscale=upscale)


def _marked(
    photo: Photo, boxes: Sequence[Box], mark: bytes | None, *, name: str, limits: IntakeLimits
) -> Bools | None:
    import numpy as np

    if not boxes and mark is None:
        return None
    width, height = photo.size
    marked = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in boxes:
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise PictureUnsuitable(
                f"{name}: the region {left},{top},{right - left},{bottom - top} does not lie "
                f"inside {width} × {height} pixels"
            )
        marked[top:bottom, left:right] = True
    if mark is not None:
        drawn = decode(mark, name=f"the mask of {name}", limits=limits)
        if drawn.size != photo.size:
            raise PictureUnsuitable(
                f"{name}: its mask is {drawn.size[0]} × {drawn.size[1]} pixels, the picture "
                f"{width} × {height}; draw it at the picture's size"
            )
        marked |= drawn.rgb.mean(axis=-1) > 0.5
    if marked.all():
        raise PictureUnsuitable(f"{name}: all of it is marked, so nothing is left to fill it from")
    return marked


def _doubled(rgb: Pixels, alpha: Pixels | None) -> tuple[Pixels, Pixels | None]:
    import numpy as np

    from shop_style.imaging.restoration.upscale import doubled

    if alpha is None:
        return doubled(rgb), None
    larger = doubled(alpha)
    # Weighted, so that colours hidden under transparency do not bleed in.
    weighted = doubled(rgb * alpha[..., None])
    share = np.maximum(larger, 1 / 255)[..., None]
    return np.clip(weighted / share, 0, 1), larger
