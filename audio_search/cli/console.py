"""What the command line prints: news to stdout, errors and warnings to stderr."""

import sys

from rich.console import Console

console = Console(highlight=False, markup=False, soft_wrap=True)  # paths may hold brackets


def complain(sentence: str) -> None:
    print(f'audio-search: {sentence}', file=sys.stderr, flush=True)
