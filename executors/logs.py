"""The service's own log: one JSON object a line."""

import json
import logging
import sys

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


def configure(path: str = '') -> None:
    """Log to the end of the file at `path`, or to stderr; whatever was set up before is undone."""
    for handler in list(log.handlers):
        log.removeHandler(handler)
    handler = logging.FileHandler(path) if path else logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
