"""A training run in a folder: rates, checkpoints, logs and exact resume, whatever is trained."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import pickle
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from shop_style.exceptions import ShopStyleError

CHECKPOINT = "checkpoint.pt"
STABLE_CHECKPOINT = "checkpoint-before-cooldown.pt"
LOSSES = "losses.csv"
CONFIG = "config.json"


class TrainingError(ShopStyleError, ValueError):
    """A run cannot start, resume or go on."""

    code = "training_failed"


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """What every run decides.

    rate: the optimiser's, after `warmup` steps; it stays constant, so that a run can be extended,
    and falls as a cosine to 1 % over the last `cooldown` steps. threads: of torch; another number
    gives other weights.
    """

    seed: int = 0
    steps: int = 10_000
    cooldown: int = 2_000
    warmup: int = 200
    rate: float = 2e-3
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


class TrainingLoop(ABC):
    """One run in one folder. `run()` goes on from the folder's checkpoint, if there is one.

    Resumed anywhere, a run ends with the weights of an uninterrupted one: everything random is a
    function of seed and step, and the checkpoint holds whatever else the next step depends on.
    """

    columns: ClassVar[tuple[str, ...]]
    """Names of the values that a step reports, as in losses.csv."""

    extendable: ClassVar[frozenset[str]] = frozenset({"steps", "cooldown", "threads"})
    """Settings that a resumed run may change."""

    def __init__(self, config: LoopConfig, folder: Path, say: Callable[[str], None]) -> None:
        self.settings = config
        self.folder = folder
        self.say = say
        self.step = 0
        self.seconds = 0.0
        torch.set_num_threads(config.threads)
        random.seed(config.seed)
        np.random.seed(config.seed)
        torch.manual_seed(config.seed)

    def open(self) -> None:
        """Resume from the folder's checkpoint, or begin its log. Raises TrainingError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / CHECKPOINT).is_file():
            self._resume()
        else:
            self._start_log([])
        self._record_config()

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What the next step depends on, beside step, clock and random generators."""

    @abstractmethod
    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""

    @abstractmethod
    def train_one(self, rate: float) -> Sequence[float]:
        """Take one step; returns its losses in the order of `columns`."""

    @abstractmethod
    def measure_row(self) -> Sequence[float]:
        """The same losses of the averaged weights on pictures held out."""

    def run(self, until: int | None = None) -> None:
        """Train to the end, or to step `until` (leaving a checkpoint there).

        Raises TrainingError when a loss is not finite; the last checkpoint stays as it was.
        """
        config = self.settings
        end = min(until or config.steps, config.steps)
        started, before = time.monotonic(), self.seconds
        first_step = self.step
        while self.step < end:
            if self.step == config.steps - config.cooldown:
                self.save(STABLE_CHECKPOINT)
            rate = config.rate_at(self.step)
            row = self.train_one(rate)
            self.step += 1
            self.seconds = before + time.monotonic() - started
            if self.step % 10 == 0 or self.step == end:
                pace = (time.monotonic() - started) / (self.step - first_step)
                self._report(rate, row, pace * (end - self.step))
            if self.step % config.measure_every == 0 or self.step == config.steps:
                self._log("held-out", rate, self.measure_row())
            if self.step % config.checkpoint_every == 0 or self.step == end:
                self.save(CHECKPOINT)

    def save(self, name: str) -> None:
        """Write everything the next step depends on, in one replace."""
        kind, keys, *rest = np.random.get_state()
        state = {
            **self.state(),
            "step": self.step,
            "seconds": self.seconds,
            "config": json.dumps(dataclasses.asdict(self.settings)),
            "python": random.getstate(),
            "numpy": (kind, torch.from_numpy(np.asarray(keys, np.int64)), *rest),
            "torch": torch.get_rng_state(),
        }
        part = self.folder / (name + ".part")
        torch.save(state, part)
        part.replace(self.folder / name)

    def check_finite(self, loss: torch.Tensor) -> None:
        """Raise TrainingError when a loss is no number."""
        if not torch.isfinite(loss):
            raise TrainingError(
                f"the loss of step {self.step} is {loss.item()}; the checkpoint in {self.folder} "
                "is from before it: start again from there with a lower --rate"
            )

    def set_rate(self, optimizer: torch.optim.Optimizer, rate: float) -> None:
        """Give every group its rate: `rate` times its own factor, 1 unless it has one."""
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)

    def _report(self, rate: float, row: Sequence[float], left: float) -> None:
        self._log("train", rate, row)
        pace = (self.seconds / self.step) if self.step else 0.0
        self.say(
            f"step {self.step}/{self.settings.steps}  {self.described(row)}  rate {rate:.2e}  "
            f"{pace:.2f} s a step  {left / 60:.1f} min left"
        )

    def described(self, row: Sequence[float]) -> str:
        """The losses in one short line."""
        return " ".join(
            f"{name} {value:.3f}" for name, value in zip(self.columns, row, strict=True)
        )

    def _log(self, kind: str, rate: float, row: Sequence[float]) -> None:
        values = [f"{value:.6f}" for value in row]
        with (self.folder / LOSSES).open("a", newline="") as stream:
            csv.writer(stream).writerow(
                [self.step, f"{self.seconds:.1f}", f"{rate:.6g}", kind, *values]
            )
        if kind == "held-out":
            self.say(f"step {self.step}  held out: {self.described(row)}")

    def _start_log(self, rows: list[list[str]]) -> None:
        header = ["step", "seconds", "rate", "kind", *self.columns]
        with (self.folder / LOSSES).open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])

    def _resume(self) -> None:
        path = self.folder / CHECKPOINT
        try:
            state = torch.load(path, weights_only=True)
            saved = json.loads(state["config"])
        except (OSError, RuntimeError, LookupError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(f"{path} is not a checkpoint of a run: {error}") from error
        self._check_config(saved)
        self.restore(state)
        self.step, self.seconds = state["step"], state["seconds"]
        random.setstate(state["python"])
        kind, keys, *rest = state["numpy"]
        np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))
        torch.set_rng_state(state["torch"])
        with (self.folder / LOSSES).open(newline="") as stream:
            rows = list(csv.reader(stream))[1:]
        self._start_log([row for row in rows if int(row[0]) <= self.step])

    def _record_config(self) -> None:
        """Write the configuration as a list: a run extended with other values has several."""
        path = self.folder / CONFIG
        parts: list[dict[str, Any]] = json.loads(path.read_text()) if path.is_file() else []
        mine = json.loads(json.dumps(dataclasses.asdict(self.settings)))
        parts = [part for part in parts if part["from_step"] < self.step]
        if not parts or {k: v for k, v in parts[-1].items() if k != "from_step"} != mine:
            parts.append({"from_step": self.step, **mine})
        path.write_text(json.dumps(parts, indent=2) + "\n")

    def _check_config(self, saved: dict[str, Any]) -> None:
        mine = json.loads(json.dumps(dataclasses.asdict(self.settings)))
        changed = [k for k in mine if k not in self.extendable and saved.get(k) != mine[k]]
        if changed:
            raise TrainingError(
                f"the run in {self.folder} was started with other values of "
                f"{', '.join(changed)}; give those again or another --run folder"
            )


def averaged(average: dict[str, torch.Tensor], now: dict[str, torch.Tensor], decay: float) -> None:
    """Move a running average of weights towards those of now, in place."""
    with torch.no_grad():
        for name, value in now.items():
            if value.is_floating_point():
                average[name].lerp_(value, 1 - decay)
            else:
                average[name].copy_(value)
