"""Changes and messages, pushed to connected clients as they happen."""

from tenfold.realtime.hub import Proof, Realtime
from tenfold.realtime.reach import IsPersonal, Render

__all__ = ["IsPersonal", "Proof", "Realtime", "Render"]
