"""Right: the consumer that chapter 5 has led to takes the place of the reader's own."""

import inspect
from pathlib import Path

from channels.consumer import AsyncConsumer

from .consumers import ChatConsumer

FOLDER = Path(__file__).resolve().parents[1]
call = AsyncConsumer.__call__


async def replaced(self, scope, receive, send):
    """Run the right consumer where one of the reader's would run."""
    own = Path(inspect.getfile(type(self))).resolve().is_relative_to(FOLDER)
    return await call(ChatConsumer() if own else self, scope, receive, send)


AsyncConsumer.__call__ = replaced
