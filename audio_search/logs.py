"""The service's own log: one JSON object a line."""

import json
import logging
import sys
from pathlib import Path

log = logging.getLogger('audio_search')


class JsonLines(logging.Formatter):
    """Time, level, message, and the record's `fields`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            'time': self.formatTime(record, '%Y-%m-%dT%H:%M:%S%z'),
            'level': record.levelname.lower(),
            'message': record.getMessage(),
            **getattr(record, 'fields', {}),
        }
        if record.exc_info:
            line['exception'] = self.formatException(record.exc_info)
        return json.dumps(line)


STDERR = '-'


def configure(path: str) -> None:
    """Log to the end of the file at `path`, or to STDERR; what was set up before is undone."""
    for former in list(log.handlers):
        log.removeHandler(former)
    handler: logging.Handler
    if path == STDERR:
        handler = logging.StreamHandler(sys.stderr)
    else:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path)
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
