"""The service's own log (one JSON object per line), and what is said of an error."""

import json
import logging
import sys
from pathlib import Path

from audio_search.settings import STDERR, SettingsError

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


def configure(path: str) -> None:
    """Append to the file at `path`, or log to STDERR, in the place of what was set up before.

    Raises SettingsError where the file cannot be written.
    """
    handler = logging.StreamHandler(sys.stderr) if path == STDERR else _to_file(Path(path))
    handler.setFormatter(JsonLines())
    for logger in (log, logging.getLogger('uvicorn')):
        for former in list(logger.handlers):
            logger.removeHandler(former)
        logger.addHandler(handler)
        logger.propagate = False
    log.setLevel(logging.INFO)


def _to_file(path: Path) -> logging.FileHandler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return logging.FileHandler(path)
    except OSError as error:
        raise SettingsError(
            f'the log {path} cannot be written ({error.strerror}); make its folder writable, or '
            'set AUDIO_SEARCH_LOG or AUDIO_SEARCH_WORKSPACE to another place'
        ) from None


def explain(error: BaseException, log_file: Path) -> str:
    """One sentence on `error`.

    Our own errors are sentences for the user already. Of any other, which nobody expected, the
    sentence gives type and message (of what caused it, where that is known), and says that the
    traceback is in `log_file`, where this puts it.
    """
    cause = error
    while not _is_ours(cause) and cause.__cause__:
        cause = cause.__cause__
    if _is_ours(cause):
        return str(cause)
    sentence = f'{type(cause).__name__}: {" ".join(str(cause).split())}'.removesuffix(': ')
    try:
        handler = _to_file(log_file)
    except SettingsError:
        return sentence
    handler.setFormatter(JsonLines())
    trace = (type(error), error, error.__traceback__)
    handler.handle(
        log.makeRecord(log.name, logging.ERROR, __file__, 0, 'unexpected error', (), trace)
    )
    handler.close()
    return f'{sentence} (the traceback is in {log_file})'


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.startswith('audio_search.')
