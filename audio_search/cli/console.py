"""What the command line prints: news to stdout, errors and warnings to stderr."""

import sys

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


def complain(sentence: str) -> None:
    print(f'audio-search: {sentence}', file=sys.stderr, flush=True)
