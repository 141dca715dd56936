"""Distillation of the trunk: a narrow student learns a teacher's features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from shop_style.transfer._student import MEAN, STD, TAPS, WIDTHS, StudentTrunk
from shop_style.transfer.device import autocast
from shop_style.transfer.training.corpus import Corpus
from shop_style.transfer.training.curves import Panel
from shop_style.transfer.training.drafts import Drafts
from shop_style.transfer.training.loop import LoopConfig, TrainingLoop, averaged
from shop_style.transfer.training.losses import TapErrors, mean_errors, tap_errors


@dataclass(frozen=True, kw_only=True)
class DistillationConfig(LoopConfig):
    """Everything that decides the weights, beside the pictures and the teacher.

    rate: AdamW's. ema: decay of the averaged weights, which are those exported. drafts_every:
    steps between two drafts (0 makes none), from step `drafts_from` on; of the newest
    `drafts_kept`, `drafts_share` of the crops are taken.
    """

    batch: int = 8
    crop: int = 128
    gram_weight: float = 1.5
    ema: float = 0.998
    widths: tuple[int, ...] = WIDTHS
    drafts_every: int = 10
    drafts_from: int = 1_500
    drafts_kept: int = 150
    drafts_share: float = 0.5


PANELS = (
    Panel(title="features: relative squared error", columns={tap: tap for tap in TAPS}),
    Panel(
        title="Gram matrices: relative squared error",
        columns={f"gram_{tap}": tap for tap in TAPS},
    ),
)


class Distillation(TrainingLoop):
    """One run in one folder."""

    columns: ClassVar = (*TAPS, *(f"gram_{tap}" for tap in TAPS))
    extendable: ClassVar = TrainingLoop.extendable | {
        "gram_weight",
        "drafts_every",
        "drafts_from",
        "drafts_kept",
        "drafts_share",
    }

    def __init__(
        self,
        config: DistillationConfig,
        folder: Path,
        teacher: nn.Module,
        corpus: Corpus,
        *,
        teacher_channels: tuple[int, ...],
        say: Callable[[str], None] = print,
    ) -> None:
        super().__init__(config, folder, say)
        self.config = config
        self.teacher = teacher
        self.corpus = corpus
        self.student = StudentTrunk(config.widths, teacher_channels)
        self.student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = {k: v.detach().clone() for k, v in self.student.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.student.parameters(), lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-3
        )
        self._mean = torch.tensor(MEAN).view(1, 3, 1, 1)
        self._std = torch.tensor(STD).view(1, 3, 1, 1)
        self.drafts = Drafts(config.drafts_kept)
        self.open()

    def state(self) -> dict[str, Any]:
        return {
            "student": self.student.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "drafts": self.drafts.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.drafts.restore(state["drafts"])

    def measure(self, batches: int = 6) -> TapErrors:
        """Errors of the averaged weights on pictures held out."""
        student = self.averaged_student()
        found = []
        with torch.no_grad():
            for index in range(batches):
                image = self.corpus.held_out_batch(
                    index=index, size=self.config.batch, crop=self.config.crop
                )
                found.append(tap_errors(self._adapted(student, image), self.teacher(image)))
        return mean_errors(found)

    def averaged_student(self) -> StudentTrunk:
        """The student as it would be exported."""
        channels = tuple(int(a.out_channels) for a in self.student.adapters)  # type: ignore[arg-type]
        student = StudentTrunk(self.config.widths, channels)
        student.load_state_dict(self.average)
        student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return student.eval()

    def _adapted(self, student: nn.Module, image: Tensor) -> list[Tensor]:
        normalised = ((image - self._mean) / self._std).contiguous(
            memory_format=torch.channels_last
        )
        with autocast("cpu"):
            adapted: list[Tensor] = student(normalised)
        return adapted

    def _draft(self) -> None:
        config = self.config
        due = config.drafts_every and self.step % config.drafts_every == 0
        if due and self.step >= config.drafts_from:
            student = self.averaged_student().requires_grad_(False)
            self.drafts.add(student, self.corpus, seed=config.seed, step=self.step)

    def train_one(self, rate: float) -> Sequence[float]:
        config = self.config
        self._draft()
        self.set_rate(self.optimizer, rate)
        image = self.corpus.batch(
            seed=config.seed,
            step=self.step,
            size=config.batch,
            crop=config.crop,
            drafts=self.drafts.pictures,
            drafts_share=config.drafts_share,
        )
        with torch.no_grad():
            targets = self.teacher(image)
        errors = tap_errors(self._adapted(self.student, image), targets)
        loss = errors.total(config.gram_weight)
        self.check_finite(loss)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        # The average warms up with the run, else it would hold the random start for long.
        decay = min(config.ema, (1 + self.step) / (10 + self.step))
        averaged(self.average, self.student.state_dict(), decay)
        return _row(errors)

    def measure_row(self) -> Sequence[float]:
        return _row(self.measure())


def _row(errors: TapErrors) -> list[float]:
    return [value.item() for value in (*errors.features, *errors.grams)]
