"""Searches by words through the whole service, over toy-data."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_search.audio import decoding
from tests.cli.command import run
from tests.conftest import RATE_HZ
from tests.running import ROOT, RunningService

CLIPS = sorted((ROOT / 'toy-data').glob('*.mp3'))
# What somebody may type who looks for the clips of a label.
WORDS = {
    'helicopter': 'helicopter',
    'churchbell': 'church bells',
    'applause': 'applause',
    'seashore': 'seashore',
    'birds': 'birds singing',
    'telephone': 'phone ringing',
    'gunshot': 'gunshots',
    'speech': 'people talking',
    'piano': 'piano',
    'drums': 'drums',
}
BIRD = 'toy-data/144_birds.mp3'
BIRD_BEGIN_S, BIRD_S = 31.3, 2.0
