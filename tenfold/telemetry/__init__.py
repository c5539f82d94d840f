"""What the service tells its operators; secrets never."""

from tenfold.telemetry.logs import configure_logging
from tenfold.telemetry.redaction import redact

__all__ = ["configure_logging", "redact"]
