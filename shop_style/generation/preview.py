"""A rendering as one file of the kind its name asks for."""

from __future__ import annotations

import io

from shop_style import __version__
from shop_style.generation.pipeline import Rendering
from shop_style.imaging.encode import Format, encode
from shop_style.imaging.provenance import xmp_packet

ENDINGS = (".webp", ".jpg", ".jpeg", ".png")


def encoded(rendering: Rendering, ending: str) -> bytes:
    """The full-size picture with its provenance mark. ending: one of ENDINGS."""
    xmp = xmp_packet(rendering.digital_source_type, system="django-shop-style", version=__version__)
    kind: Format = "webp" if ending in (".webp", ".png") else "jpeg"
    first = encode(
        rendering.rgb,
        rendering.photo.alpha,
        widths=(),
        formats=(kind,),
        quality={"webp": 100, "jpeg": 92},
        xmp=xmp,
    )[0]
    if ending != ".png":
        return first.data
    return _png(rendering, xmp)


def _png(rendering: Rendering, xmp: bytes) -> bytes:
    import numpy as np
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    alpha = rendering.photo.alpha
    planes = rendering.rgb if alpha is None else np.dstack([rendering.rgb, alpha])
    info = PngInfo()
    # Pillow ignores save("PNG", xmp=…) in silence.
    info.add_itxt("XML:com.adobe.xmp", xmp.decode())
    stream = io.BytesIO()
    Image.fromarray(np.rint(planes * 255).astype(np.uint8)).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()
