"""Where our rendered products carry print, checked by eye: lines as boxes in pixels, with words."""

from __future__ import annotations

from typing import Final

Box = tuple[int, int, int, int]

LINES: Final[dict[str, dict[Box, str]]] = {
    "harbour-mug.jpg": {
        (348, 507, 733, 634): "MORNING",
        (347, 590, 736, 714): "HARBOUR",
        (376, 689, 698, 767): "slow coffee club",
    },
    "perfume.jpg": {
        (413, 763, 523, 813): "No. 4",
        (337, 831, 601, 895): "OSMELLE",
        (352, 913, 585, 960): "cedar & bergamot",
        (354, 982, 583, 1019): "EAU DE PARFUM 50 ml",
    },
    "tea.jpg": {
        (249, 249, 512, 314): "FERNWAY",
        (290, 303, 468, 343): "tea merchants",
        (256, 547, 522, 633): "JASMINE",
        (281, 604, 491, 686): "GREEN",
        (278, 670, 496, 735): "loose leaf · 100 g",
        (570, 254, 661, 313): "FERNWAY",
        (575, 354, 656, 405): "Warm the pot.",
        (566, 398, 664, 458): "One spoon a cup.",
        (572, 441, 660, 504): "Water at 80 °C.",
        (571, 488, 659, 551): "Three minutes.",
        (582, 540, 648, 593): "Sit down.",
    },
    "clock.jpg": {
        (486, 719, 636, 764): "TILDEN",
        (498, 761, 626, 795): "quiet alarm",
    },
    "tote.png": {
        (384, 756, 659, 855): "GOOD",
        (340, 838, 697, 942): "GREENS",
        (361, 942, 670, 996): "MARKET HALL",
        (399, 997, 635, 1050): "every Saturday",
    },
    "tide-mug.png": {
        (269, 351, 745, 540): "BREW",
        (255, 502, 757, 697): "AGAIN",
        (296, 719, 720, 796): "TIDE POTTERY",
    },
}

PLAIN: Final = ("cushion.jpg", "lamp.jpg", "bowls.jpg", "stool.jpg", "headphones.jpg")
"""Rendered products without print."""
