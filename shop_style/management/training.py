"""Commands that train for hours: their arguments and work are those of a module."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from shop_style.management.coded import CodedCommand


class TrainingStages(Protocol):
    """A module with the arguments and the flow of one training."""

    def add_arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, options: Mapping[str, Any], say: Callable[[str], None]) -> None: ...


class TrainingCommand(CodedCommand):
    """Parses and prints, each line at once; needs no database."""

    requires_system_checks = ()
    stages: TrainingStages

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.stages.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        def say(line: str) -> None:
            self.stdout.write(line)
            self.stdout.flush()

        self.stages.run(options, say)
