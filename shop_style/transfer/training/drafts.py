"""Pictures optimised against the student while it learns: where it can be fooled, it is corrected.

A student that is right on photos and paintings still rates blotches as strokes, because nothing
of the kind is in them. So pictures the engine `optimise` makes with the student of the moment
join the training set, as in Ross et al., "A Reduction of Imitation Learning and Structured
Prediction to No-Regret Online Learning" (DAgger), AISTATS 2011.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from shop_style.transfer._optimisation import OptimisedStyle, optimised
from shop_style.transfer._student import StudentTrunk
from shop_style.transfer.device import compute_dtype
from shop_style.transfer.engine import RenderContext
from shop_style.transfer.parameters import OptimiseParameters
from shop_style.transfer.training.corpus import Corpus
from shop_style.transfer.training.pictures import Picture
from shop_style.transfer.trunk import DistilledLayers, Trunk

SIDE = 160
DRAFT_STEP = 2_000_000_000


class Drafts:
    """A ring of the newest drafts, (SIDE, SIDE, 3) uint8."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.pictures: list[Picture] = []
        self.made = 0

    def add(self, student: StudentTrunk, corpus: Corpus, *, seed: int, step: int) -> None:
        """Optimise one more picture with this student, which is used up.

        Content, style and parameters follow from seed and step alone.
        """
        rng = np.random.default_rng([seed, DRAFT_STEP + step])
        trunk = Trunk("draft", "", DistilledLayers(student, compute_dtype("cpu")), "cpu")
        content = corpus.crop(rng, corpus.content if rng.random() < 0.8 else corpus.styles, SIDE)
        reference = corpus.crop(rng, corpus.styles, SIDE)
        parameters = OptimiseParameters(
            working_side=SIDE,
            steps=int(rng.integers(8, 50)),
            optimiser="lbfgs" if rng.random() < 0.75 else "adam",
            style_weight=float(np.exp(rng.uniform(np.log(10), np.log(400)))),
            palette=float(rng.integers(2)),
            grain=0.02 * float(rng.random() < 0.5),
            seed=step,
        )
        style = OptimisedStyle(
            slug=f"draft {step}", parameters=parameters, references=(_tensor(reference),)
        )
        picture = optimised(trunk, style, _tensor(content).unsqueeze(0), RenderContext())
        pixels = (picture.squeeze(0).permute(1, 2, 0).clamp(0, 1) * 255).round()
        slot = self.made % self.size
        self.pictures[slot : slot + 1] = [pixels.to(torch.uint8).contiguous().numpy()]
        self.made += 1

    def state(self) -> dict[str, int | Tensor]:
        """For a checkpoint."""
        empty = torch.empty((0, SIDE, SIDE, 3), dtype=torch.uint8)
        stacked = torch.from_numpy(np.stack(self.pictures)) if self.pictures else empty
        return {"made": self.made, "pictures": stacked}

    def restore(self, state: dict[str, int | Tensor]) -> None:
        """From a checkpoint."""
        pictures = state["pictures"]
        assert isinstance(pictures, Tensor)
        self.made = int(state["made"])
        self.pictures = [np.ascontiguousarray(item) for item in pictures.numpy()]


def _tensor(picture: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)
