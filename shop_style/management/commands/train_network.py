"""Train the style network that ships, or one of your own: `manage.py train_network`."""

from __future__ import annotations

from shop_style.management.training import TrainingCommand
from shop_style.transfer.training.network import cli


class Command(TrainingCommand):
    help = "Train the style network on folders of photos and styles, going on where it stopped."
    stages = cli
