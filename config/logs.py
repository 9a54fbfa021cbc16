"""How the log is written."""

import logging


class FirstLine(logging.Filter):
    """Cut a record to its first line: beat writes two tracebacks per tick while the broker is away."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        record.exc_info = record.exc_text = None
        return True
