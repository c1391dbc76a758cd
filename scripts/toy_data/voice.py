"""Texts, spoken by eSpeak NG."""

import subprocess
import tempfile
from pathlib import Path

from .package import decoded
from .waveform import Wave


def spoken(text: str, voice: str, words_per_minute: int, pitch: int) -> Wave:
    """The text in an eSpeak NG voice; pitch from 0 to 99."""
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, 'speech.wav')
        subprocess.run(
            ['espeak-ng', '-v', voice, '-s', str(words_per_minute), '-p', str(pitch),
             '-w', sound, text],
            check=True, capture_output=True,
        )  # fmt: skip
        return decoded(sound)
