"""`python -m tests.benchmarks.text_styled`: print under our network's strokes, told both ways."""

from __future__ import annotations

import argparse

import numpy as np
import torch

from shop_style.transfer import stylise
from styleeval.preservation.text import text_available, text_kept
from tests.benchmarks.text import CATALOGUE, loaded

PRODUCTS = ("perfume.jpg", "tide-mug.png", "tote.png")
STRENGTHS = (0.25, 0.5, 1.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--styles", nargs="+", default=["vangogh-starry-night", "linocut"])
    options = parser.parse_args()
    if not text_available():
        print("rapidocr is not installed (extra `ocr`): edges only")
    print("| style | strength | product | share by OCR | share by edges |")
    print("| --- | --: | --- | --: | --: |")
    for style in options.styles:
        for name in PRODUCTS:
            original = loaded(CATALOGUE / name)
            image = torch.from_numpy(original).permute(2, 0, 1).contiguous()
            for strength in STRENGTHS:
                made = stylise(image, engine="network", strength=strength, style=style)
                styled = np.ascontiguousarray(made.permute(1, 2, 0).numpy())
                edges = text_kept(original, styled, use_ocr=False).share
                read = "–"
                if text_available():
                    read = f"{text_kept(original, styled, use_ocr=True).share:.2f}"
                print(f"| {style} | {strength:g} | {name} | {read} | {edges:.2f} |", flush=True)


if __name__ == "__main__":
    main()
