"""Hits as CSV (RFC 4180), for spreadsheets and pandas."""

import csv
import io
from collections.abc import Iterable, Sequence

from audio_search.formats.hits import Hit

COLUMNS = (
    'file', 'beg_s', 'end_s', 'distance', 'label', 'query_file', 'query_beg_s', 'query_end_s',
    'recorded_at',
)  # fmt: skip
FORMULA = ('=', '+', '-', '@', '\t', '\r')  # what a spreadsheet takes for the start of a formula


def csv_text(hits: Iterable[Hit]) -> str:
    """One row per hit, with COLUMNS. Times are in seconds; empty where they are not known."""
    return csv_rows(
        COLUMNS,
        (
            (
                hit.file,
                _time(hit.beg_s),
                _time(hit.end_s),
                f'{hit.distance:.6f}',
                hit.label,
                hit.query_file,
                _time(hit.query_beg_s),
                _time(hit.query_end_s),
                hit.recorded_at,
            )
            for hit in hits
        ),
    )


def csv_rows(columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A CSV table that is safe to open in a spreadsheet: see `cell`."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(columns)
    writer.writerows(map(cell, row) for row in rows)
    return written.getvalue()


def cell(text: str) -> str:
    """Text that no spreadsheet computes: a label or a file name may come from a stranger, and as a
    formula it could send the sheet away. An apostrophe in front makes it text (OWASP, "CSV
    injection")."""
    return f"'{text}" if text.startswith(FORMULA) else text


def uncell(text: str) -> str:
    """The text that became a `cell`."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _time(seconds: float | None) -> str:
    return '' if seconds is None else f'{seconds:.3f}'
