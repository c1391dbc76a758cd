"""Where in a recording a sound occurs: plain numpy on vectors and times.

    recording = of_windows(embeddings, begin_s, end_s, pooling, window_s)
    near = profile(query, recording, query_s, window_s)
    cut = cut_for(near.distance, near.hours, per_hour=1, kind=near.kind)
    events = find(near, cut, min_gap_s=1)

Knows neither stores nor documents.
"""

from audio_search.events.activity import AROUND_S, heard
from audio_search.events.cuts import Kind as CutKind
from audio_search.events.cuts import cut_for, is_usual
from audio_search.events.events import Event, find
from audio_search.events.examples import Examples, of_windows
from audio_search.events.profiles import Profile, QueryError, profile
from audio_search.events.rarity import rarities
from audio_search.events.refinement import MARGIN_S, refined, shifted_windows

__all__ = [
    'AROUND_S',
    'MARGIN_S',
    'CutKind',
    'Event',
    'Examples',
    'Profile',
    'QueryError',
    'cut_for',
    'find',
    'heard',
    'is_usual',
    'of_windows',
    'profile',
    'rarities',
    'refined',
    'shifted_windows',
]
