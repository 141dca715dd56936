"""Train the style trunk that ships: `manage.py train_trunk`."""

from __future__ import annotations

from shop_style.management.training import TrainingCommand
from shop_style.transfer.training import cli


class Command(TrainingCommand):
    help = "Distil the style trunk from a teacher, going on from the run folder's checkpoint."
    stages = cli
