"""What a search found, in the formats of other programs: spreadsheets, editors, players."""

from audio_search.formats.hits import Hit, hits_of
from audio_search.formats.render import FORMATS, Format, Rendered, render

__all__ = ['FORMATS', 'Format', 'Hit', 'Rendered', 'hits_of', 'render']
