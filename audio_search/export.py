"""The clips of an index with their windows and embeddings, as a table of other programs.

One row per window, in flat columns, because that is what pandas, DuckDB and embedding-atlas read
without being told how; what is said of the clip stands in each of its rows.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from audio_search.store import Clip
from audio_search.store.records import EMBEDDING_SCALE, LOCATION_COLUMNS, UNKNOWN
from audio_search.store.sqlite.copying import claim
from audio_search.store.sqlite.reading import Reading
from audio_search.wall_clock import at, start_of

if TYPE_CHECKING:
    import pyarrow

COLUMNS = ('id', 'uri', 'label', 'tags', 'chunk', 'beg_s', 'end_s', 'recorded_at', 'vector')
SUFFIXES = ('.parquet', '.jsonl')
GROUP_ROWS = 8192  # of a row group, which is in memory as a whole: 16 MB of 512-d float32


class ExportError(ValueError):
    """The file was not written; the message says why, and what to do."""


def export(index: Reading, target: Path) -> int:
    """Write one row per window to the new file `target`: Parquet or JSON lines, by its suffix.

    The columns are COLUMNS: id and uri of the clip, its tag `label`, all its tags (in Parquet as
    JSON text), the number of the window in the clip (`window` itself is a word of SQL), its begin
    and end in s of the whole file (null where they are not known), when it was recorded (ISO 8601
    text, null likewise), and its embedding, float32 [dimensions]. Returns how many rows there are.
    `target` appears when it is whole; memory is bounded by one row group.

    Raises ExportError for another suffix, and where `target` exists or cannot be written;
    IndexFileError.
    """
    if target.suffix not in SUFFIXES:
        raise ExportError(f'{target} ends in neither {" nor ".join(SUFFIXES)}; choose one of them')
    if target.exists():
        raise ExportError(f'{target} exists already; move it away, or choose another name')
    partial = target.with_name(f'.{target.name}.partial')
    try:
        with partial.open('wb') as file:
            count = (parquet if target.suffix == '.parquet' else json_lines)(index, file)
        claim(partial, target)
    except FileExistsError:
        raise ExportError(
            f'{target} exists already; move it away, or choose another name'
        ) from None
    except OSError as error:
        raise ExportError(
            f'{target} cannot be written ({error.strerror or error}); choose a folder that exists, '
            'is writable and has room'
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return count


def json_lines(index: Reading, file: BinaryIO) -> int:
    """Write one JSON object per window; returns how many."""
    count = 0
    for clip in index.clips():
        for row in rows(clip):
            row['vector'] = row['vector'].tolist()
            text = json.dumps(row, ensure_ascii=False, separators=(',', ':'))
            file.write(text.encode('utf-8', 'replace') + b'\n')
            count += 1
    return count


def parquet(index: Reading, file: BinaryIO) -> int:
    """Write a Parquet file with one row per window; returns how many. How the vectors were made
    stands in its metadata."""
    import pyarrow
    from pyarrow import parquet as pq

    made = index.configuration.as_dict()
    schema = pyarrow.schema(
        [
            ('id', pyarrow.string()),
            ('uri', pyarrow.string()),
            ('label', pyarrow.string()),
            ('tags', pyarrow.string()),
            ('chunk', pyarrow.int32()),
            ('beg_s', pyarrow.float64()),
            ('end_s', pyarrow.float64()),
            ('recorded_at', pyarrow.string()),
            ('vector', pyarrow.list_(pyarrow.float32(), index.configuration.dimensions)),
        ],
        metadata={'audio_search': json.dumps(made)},
    )
    count = 0
    flat = (row for clip in index.clips() for row in rows(clip))
    with pq.ParquetWriter(file, schema, compression='zstd') as writer:
        while group := list(islice(flat, GROUP_ROWS)):
            writer.write_table(_table(group, schema))
            count += len(group)
    return count


def _table(group: list[dict[str, Any]], schema: 'pyarrow.Schema') -> 'pyarrow.Table':
    import pyarrow

    columns: dict[str, Any] = {name: [row[name] for row in group] for name in COLUMNS}
    columns['tags'] = [json.dumps(tags, ensure_ascii=False) for tags in columns['tags']]
    values = pyarrow.array(np.concatenate(columns['vector']))
    size = schema.field('vector').type.list_size
    columns['vector'] = pyarrow.FixedSizeListArray.from_arrays(values, size)
    return pyarrow.table(columns, schema=schema)


def rows(clip: Clip) -> Iterator[dict[str, Any]]:
    """A row per window of a clip, with COLUMNS; the vector is float32 [dimensions]."""
    label = clip.tags.get('label')
    start = start_of(clip.uri, clip.tags)
    vectors = clip.embeddings.astype(np.float32) / EMBEDDING_SCALE
    for location, vector in zip(clip.locations.tolist(), vectors, strict=True):
        known = dict(zip(LOCATION_COLUMNS, location, strict=True))
        beg_s = _seconds(known['beg_in_ms'])
        yield {
            'id': clip.id,
            'uri': clip.uri,
            'label': None if label is None else str(label),
            'tags': clip.tags,
            'chunk': known['offset'],
            'beg_s': beg_s,
            'end_s': _seconds(known['end_in_ms']),
            'recorded_at': None if start is None or beg_s is None else at(start, 1000 * beg_s),
            'vector': vector,
        }


def _seconds(ms: int) -> float | None:
    return None if ms == UNKNOWN else ms / 1000
