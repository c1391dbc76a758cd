"""Which clips are one recording: up to its encoding, its gain, and a cut of under a second.

Two stages, because the vectors alone cannot tell. A cut moves the windows, and then a gunshot is
farther from itself (0.23) than two recordings of birds are from each other (0.10). So the vectors
only propose pairs (`candidates`), exactly and without opening a file, and the sound of the proposed
ones decides (`fingerprints`).
"""

from audio_search.duplicates.groups import Group, Member, find_groups

__all__ = ['Group', 'Member', 'find_groups']
