"""`python -m shop_style.transfer.training`: the same as `manage.py train_trunk`, without Django."""

from __future__ import annotations

import argparse

from shop_style.transfer.training.cli import add_arguments, run

parser = argparse.ArgumentParser(prog="python -m shop_style.transfer.training")
add_arguments(parser)
run(vars(parser.parse_args()), lambda line: print(line, flush=True))
