"""A rendering as one file of the kind its name asks for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from shop_style import __version__
from shop_style.generation.pipeline import Rendering
from shop_style.imaging.encode import Format, encode
from shop_style.imaging.provenance import xmp_packet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.float32]

ENDINGS = (".webp", ".jpg", ".jpeg", ".png")


def encoded(rendering: Rendering, ending: str) -> bytes:
    """The full-size picture with its provenance mark. ending: one of ENDINGS."""
    xmp = xmp_packet(rendering.digital_source_type, system="django-shop-style", version=__version__)
    return file_of(rendering.rgb, rendering.photo.alpha, ending=ending, xmp=xmp)


def file_of(rgb: Pixels, alpha: Pixels | None, *, ending: str, xmp: bytes) -> bytes:
    """A picture as a file of its own size. rgb: (H, W, 3), alpha: (H, W), both in [0, 1]."""
    kind: Format = "webp" if ending in (".webp", ".png") else "jpeg"
    first = encode(
        rgb,
        alpha,
        widths=(),
        formats=(kind,),
        quality={"webp": 100, "jpeg": 92},
        xmp=xmp,
    )[0]
    if ending != ".png":
        return first.data
    return _png(rgb, alpha, xmp)


def _png(rgb: Pixels, alpha: Pixels | None, xmp: bytes) -> bytes:
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    planes = rgb if alpha is None else np.dstack([rgb, alpha])
    info = PngInfo()
    # Pillow ignores save("PNG", xmp=…) in silence.
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    stream = io.BytesIO()
    Image.fromarray(np.rint(planes * 255).astype(np.uint8)).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()
