"""Distillation of the trunk: the loop, its checkpoints, and nothing else."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import pickle
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shop_style.exceptions import ShopStyleError
from shop_style.transfer._student import MEAN, STD, TAPS, WIDTHS, StudentTrunk
from shop_style.transfer.device import autocast
from shop_style.transfer.training.corpus import Corpus
from shop_style.transfer.training.drafts import Drafts
from shop_style.transfer.training.losses import TapErrors, mean_errors, tap_errors

CHECKPOINT = "checkpoint.pt"
STABLE_CHECKPOINT = "checkpoint-before-cooldown.pt"
LOSSES = "losses.csv"
CONFIG = "config.json"
EXTENDABLE = {
    "steps",
    "cooldown",
    "threads",
    "gram_weight",
    "drafts_every",
    "drafts_from",
    "drafts_kept",
    "drafts_share",
}
COLUMNS = ("step", "seconds", "rate", "kind", *TAPS, *(f"gram_{tap}" for tap in TAPS))


class TrainingError(ShopStyleError, ValueError):
    """A run cannot start, resume or go on."""

    code = "training_failed"


@dataclass(frozen=True, kw_only=True)
class DistillationConfig:
    """Everything that decides the weights, beside the pictures and the teacher.

    rate: AdamW's, after `warmup` steps; it stays constant, so that a run can be extended, and
    falls as a cosine to 1 % over the last `cooldown` steps. ema: decay of the averaged weights,
    which are those exported. drafts_every: steps between two drafts (0 makes none), from step
    `drafts_from` on; of the newest `drafts_kept`, `drafts_share` of the crops are taken.
    """

    seed: int = 0
    steps: int = 10_000
    cooldown: int = 2_000
    warmup: int = 200
    batch: int = 8
    crop: int = 128
    rate: float = 2e-3
    gram_weight: float = 1.5
    ema: float = 0.998
    widths: tuple[int, ...] = WIDTHS
    drafts_every: int = 10
    drafts_from: int = 1_500
    drafts_kept: int = 150
    drafts_share: float = 0.5
    threads: int = 1
    checkpoint_every: int = 250
    measure_every: int = 500

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        left = self.steps - step
        if left <= self.cooldown:
            share = left / max(self.cooldown, 1)
            return self.rate * (0.01 + 0.99 * (1 - math.cos(math.pi * share)) / 2)
        return self.rate * min(1.0, (step + 1) / max(self.warmup, 1))


class Distillation:
    """One run in one folder. `run()` goes on from the folder's checkpoint, if there is one."""

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
        self.config = config
        self.folder = folder
        self.teacher = teacher
        self.corpus = corpus
        self.say = say
        self.step = 0
        self.seconds = 0.0
        torch.set_num_threads(config.threads)
        random.seed(config.seed)
        np.random.seed(config.seed)
        torch.manual_seed(config.seed)
        self.student = StudentTrunk(config.widths, teacher_channels)
        self.student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = {k: v.detach().clone() for k, v in self.student.state_dict().items()}
        self.optimizer = torch.optim.AdamW(
            self.student.parameters(), lr=config.rate, betas=(0.9, 0.99), weight_decay=1e-3
        )
        self._mean = torch.tensor(MEAN).view(1, 3, 1, 1)
        self._std = torch.tensor(STD).view(1, 3, 1, 1)
        self.drafts = Drafts(config.drafts_kept)
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / CHECKPOINT).is_file():
            self._resume()
        else:
            self._start_log([])
        self._record_config()

    def run(self, until: int | None = None) -> None:
        """Train to the end, or to step `until` (leaving a checkpoint there).

        Raises TrainingError when a loss is not finite; the last checkpoint stays as it was.
        """
        config = self.config
        end = min(until or config.steps, config.steps)
        started, before = time.monotonic(), self.seconds
        first_step = self.step
        while self.step < end:
            if self.step == config.steps - config.cooldown:
                self.save(STABLE_CHECKPOINT)
            self._draft()
            rate, errors = self._train_one()
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if self.step % 10 == 0 or self.step == end:
                pace = (time.monotonic() - started) / (self.step - first_step)
                self._report(rate, errors, pace * (end - self.step))
            if self.step % config.measure_every == 0 or self.step == config.steps:
                self._log("held-out", rate, self.measure())
            if self.step % config.checkpoint_every == 0 or self.step == end:
                self.save(CHECKPOINT)

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

    def save(self, name: str) -> None:
        """Write everything the next step depends on, in one replace."""
        kind, keys, *rest = np.random.get_state()
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "config": json.dumps(dataclasses.asdict(self.config)),
            "student": self.student.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "drafts": self.drafts.state(),
            "python": random.getstate(),
            "numpy": (kind, torch.from_numpy(np.asarray(keys, np.int64)), *rest),
            "torch": torch.get_rng_state(),
        }
        part = self.folder / (name + ".part")
        torch.save(state, part)
        part.replace(self.folder / name)

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

    def _train_one(self) -> tuple[float, TapErrors]:
        config = self.config
        rate = config.rate_at(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
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
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the loss of step {self.step} is {loss.item()}; the checkpoint in {self.folder} "
                "is from before it: start again from there with a lower --rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.student.parameters(), 1.0)
        self.optimizer.step()
        # The average warms up with the run, else it would hold the random start for long.
        decay = min(config.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.student.state_dict().items():
                self.average[name].lerp_(value, 1 - decay)
        return rate, errors

    def _report(self, rate: float, errors: TapErrors, left: float) -> None:
        self._log("train", rate, errors)
        taps = " ".join(f"{value.item():.3f}" for value in errors.features)
        grams = " ".join(f"{value.item():.3f}" for value in errors.grams)
        self.say(
            f"step {self.step}/{self.config.steps}  taps {taps}  grams {grams}  "
            f"rate {rate:.2e}  {left / 60:.1f} min left"
        )

    def _log(self, kind: str, rate: float, errors: TapErrors) -> None:
        values = [f"{value.item():.6f}" for value in (*errors.features, *errors.grams)]
        with (self.folder / LOSSES).open("a", newline="") as stream:
            csv.writer(stream).writerow(
                [self.step, f"{self.seconds:.1f}", f"{rate:.6g}", kind, *values]
            )
        if kind == "held-out":
            self.say(f"step {self.step}  held out: " + " ".join(values))

    def _start_log(self, rows: list[list[str]]) -> None:
        with (self.folder / LOSSES).open("w", newline="") as stream:
            csv.writer(stream).writerows([list(COLUMNS), *rows])

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        try:
            state = torch.load(path, weights_only=True)
            saved = json.loads(state["config"])
        except (OSError, RuntimeError, LookupError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} is not a checkpoint of a run: {error}") from error
        self._check_config(saved)
        self.student.load_state_dict(state["student"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average = state["average"]
        self.step, self.seconds = state["step"], state["seconds"]
        self.drafts.restore(state["drafts"])
        random.setstate(state["python"])
        kind, keys, *rest = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
        torch.set_rng_state(state["torch"])
        log = self.folder / LOSSES
        with log.open(newline="") as stream:
            rows = list(csv.reader(stream))[1:]
        self._start_log([row for row in rows if int(row[0]) <= self.step])

    def _record_config(self) -> None:
        """Write the configuration as a list: a run extended with other values has several."""
        path = self.folder / CONFIG
        parts: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
        mine = json.loads(json.dumps(dataclasses.asdict(self.config)))
        parts = [part for part in parts if part["from_step"] < self.step]
        if not parts or {k: v for k, v in parts[-1].items() if k != "from_step"} != mine:
            parts.append({"from_step": self.step, **mine})
        path.write_text(json.dumps(parts, indent=2) + "\n")

    def _check_config(self, saved: dict[str, Any]) -> None:
        mine = json.loads(json.dumps(dataclasses.asdict(self.config)))
        changed = [k for k in mine if k not in EXTENDABLE and saved.get(k) != mine[k]]
        if changed:
            raise TrainingError(
                f"the run in {self.folder} was started with other values of "
                f"{', '.join(changed)}; give those again or another --run folder"
            )
