"""Training of the style network: the loss, its optimiser and its guards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any, ClassVar, Final, cast

import numpy as np
import torch
from torch import Tensor, nn

from shop_style.transfer._style_model import StyleModel
from shop_style.transfer._toning import style_colours
from shop_style.transfer.device import measured_dtype
from shop_style.transfer.training.loop import LoopConfig, TrainingLoop, averaged
from shop_style.transfer.training.network.objective import (
    Losses,
    Objective,
    ObjectiveWeights,
    style_grams,
)
from shop_style.transfer.training.network.photos import Photos, TrainingStyle
from shop_style.transfer.training.network.trainable import Conditions, TrainableNetwork
from shop_style.transfer.training.network.warm_start import start_from
from shop_style.transfer.trunk import Trunk

_SPIKE: Final = 30.0
_REMEMBERED: Final = 100
LOSS_NAMES: Final = tuple(item.name for item in fields(Losses) if item.name != "total")


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(LoopConfig):
    """Everything that decides the weights, beside photos, styles and trunk.

    sizes: (from step, crop in pixels): small crops first, since the trunk's cost is by pixels.
    code_rate: rate of the conditional parameters, as a multiple of `rate`. dial_from: step from
    which half of the samples have a strength below 1. ema: decay of the averaged weights, which
    are those exported. first_styles: how many of the styles are learned alone until step
    `all_from`: strokes are found sooner on a few styles, and the rest then only borrow them.
    freeze_norms: share of steps after which the encoder's norms keep their
    running statistics, as they will when folded. precision: of the convolutions, "bfloat16",
    "float32", or "auto" for what a measurement at the start finds faster.
    """

    batch: int = 4
    sizes: tuple[tuple[int, int], ...] = ((0, 128),)
    code_rate: float = 4.0
    first_styles: int = 8
    all_from: int = 2_500
    dial_from: int = 4_000
    ema: float = 0.998
    freeze_norms: float = 0.8
    precision: str = "auto"
    style_weight: float = ObjectiveWeights.style
    style_power: float = ObjectiveWeights.style_power
    colour_weight: float = ObjectiveWeights.colour
    variation_weight: float = ObjectiveWeights.variation
    outside_weight: float = ObjectiveWeights.outside

    def crop_at(self, step: int) -> int:
        """Pixels a side of a step's crops."""
        return [crop for start, crop in self.sizes if start <= step][-1]

    def objective_weights(self) -> ObjectiveWeights:
        return ObjectiveWeights(
            style=self.style_weight,
            style_power=self.style_power,
            colour=self.colour_weight,
            variation=self.variation_weight,
            outside=self.outside_weight,
        )


class NetworkTraining(TrainingLoop):
    """One run in one folder: all styles at once, a few photos a step."""

    columns: ClassVar = LOSS_NAMES
    extendable: ClassVar = TrainingLoop.extendable | {
        "sizes",
        "dial_from",
        "freeze_norms",
        "style_weight",
        "style_power",
        "colour_weight",
        "variation_weight",
        "outside_weight",
    }

    def __init__(
        self,
        config: NetworkConfig,
        folder: Path,
        trunk: Trunk,
        photos: Photos,
        styles: Sequence[TrainingStyle],
        *,
        start: StyleModel | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        """start: a trained network that a new run begins from; a resumed run has begun."""
        super().__init__(config, folder, say)
        self.config = config
        self.photos = photos
        self.styles = list(styles)
        self.objective = Objective(
            trunk,
            [style_grams(trunk, [item[None] for item in style.references]) for style in styles],
            config.objective_weights(),
        )
        self.model = TrainableNetwork(len(self.styles))
        self.precision = config.precision
        rows = self.model.table
        self._colours = torch.stack([style_colours(style.references) for style in styles])
        rows.colours.copy_(self._colours)
        table = [rows.scale, rows.shift, rows.head, rows.head_bias]
        known = {id(item) for item in table}
        shared = [item for item in self.model.parameters() if id(item) not in known]
        self.optimizer = torch.optim.Adam(
            cast(
                "list[dict[str, Any]]",
                [{"params": shared}, {"params": table, "factor": config.code_rate}],
            ),
            lr=config.rate,
            betas=(0.9, 0.99),
        )
        if start is not None:
            slugs = [style.entry.slug for style in self.styles]
            sample = photos.held_out_batch(index=1, size=16, crop=64)
            new = start_from(self.model, start.network, start.codes, slugs, sample)
            rows.colours.copy_(self._colours)
            say(f"begins from a trained network; new to it: {', '.join(new) or 'no style'}")
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self._norms_seen: list[float] = []
        self.skipped = 0
        self.open()
        if self.precision == "auto":
            self.precision = "bfloat16" if measured_dtype("cpu") is torch.bfloat16 else "float32"
            say(f"convolutions run in {self.precision}, which was measured to be faster here")

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "norms_seen": self._norms_seen,
            "skipped": self.skipped,
            # A resumed run must not decide anew: other numbers would follow.
            "precision": self.precision,
            "slugs": [style.entry.slug for style in self.styles],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self._norms_seen, self.skipped = state["norms_seen"], state["skipped"]
        self.precision = state.get("precision", "bfloat16")

    def train_one(self, rate: float) -> Sequence[float]:
        config = self.config
        if self.step == config.all_from:
            self._widen()
        self.set_rate(self.optimizer, rate)
        frozen = self.step >= config.freeze_norms * config.steps
        self.model.norms.train(not frozen)
        crop = config.crop_at(self.step)
        image = self.photos.batch(seed=config.seed, step=self.step, size=config.batch, crop=crop)
        losses = self._losses(self.model, image, self._conditions())
        self.check_finite(losses.total)
        self.optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        norm = float(nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        if self._is_spike(norm):
            self.skipped += 1
            self.say(f"step {self.step}: gradient norm {norm:.0f} is a spike; the step is skipped")
        else:
            self.optimizer.step()
        decay = min(config.ema, (1 + self.step) / (10 + self.step))
        averaged(self.average, self.model.state_dict(), decay)
        return _row(losses)

    def measure_row(self) -> Sequence[float]:
        """Losses at strength 1 of the averaged network, every style on the same photos."""
        model = self.averaged_model()
        image = self.photos.held_out_batch(index=0, size=2, crop=192)
        rows = []
        with torch.no_grad():
            for row in range(self._learned()):
                index = torch.full((len(image),), row)
                conditions = Conditions(index=index, strength=torch.ones(len(image)))
                rows.append(_row(self._losses(model, image, conditions)))
        return [float(value) for value in np.mean(rows, axis=0)]

    def averaged_model(self) -> TrainableNetwork:
        """The network as it would be exported."""
        model = TrainableNetwork(len(self.styles))
        model.load_state_dict(self.average)
        model.table.colours.copy_(self._colours)
        return model.eval()

    def _learned(self) -> int:
        """How many styles, from the first, are being learned at this step."""
        many = len(self.styles)
        return many if self.step >= self.config.all_from else min(self.config.first_styles, many)

    def _widen(self) -> None:
        """Let the styles not yet learned start from what the others have in common."""
        table, known = self.model.table, self._learned_before()
        with torch.no_grad():
            for values in (table.scale, table.shift):
                values[known:] = values[:known].mean(0)

    def _learned_before(self) -> int:
        return min(self.config.first_styles, len(self.styles))

    def _conditions(self) -> Conditions:
        """What a step paints, a function of the step."""
        config = self.config
        rng = np.random.default_rng([config.seed + 1, self.step])
        many = self._learned()
        index = rng.choice(many, config.batch, replace=many < config.batch)
        strength = np.ones(config.batch, np.float32)
        if self.step >= config.dial_from:
            below = rng.random(config.batch) < 0.5
            strength = np.where(below, rng.uniform(0.1, 1.0, config.batch), 1.0)
        # The grain begins elsewhere each time, or its places would be learned.
        row, column = np.random.default_rng([config.seed + 2, self.step]).integers(0, 512, 2)
        return Conditions(
            index=torch.from_numpy(index),
            strength=torch.from_numpy(strength.astype(np.float32)),
            origin=(int(row), int(column)),
            # Shops will have both.
            keep_ground=bool(rng.random() < 0.5),
        )

    def _losses(self, model: TrainableNetwork, image: Tensor, conditions: Conditions) -> Losses:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.precision == "bfloat16"):
            painted = model(image, conditions)
        return self.objective.losses(image, painted, conditions)

    def _is_spike(self, norm: float) -> bool:
        """One bad batch must not throw away what many good ones have learned."""
        usual = median(self._norms_seen) if len(self._norms_seen) == _REMEMBERED else norm
        if norm > _SPIKE * usual:
            return True
        self._norms_seen = [*self._norms_seen[-_REMEMBERED + 1 :], norm]
        return False


def _row(losses: Losses) -> list[float]:
    return [float(getattr(losses, name).detach()) for name in LOSS_NAMES]
