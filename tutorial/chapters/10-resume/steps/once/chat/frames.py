"""What a client may say over the socket, and what it is told when it says something else."""

import json
import math
from uuid import UUID

MAX_BYTES = 64 * 1024

REFUSALS = {
    "bad_json": "This was not JSON.",
    "bad_frame": 'Send {"message": "a text"}, as text.',
    "blank": "Write something first.",
    "too_long": "This is too long: a message has at most 500 characters.",
    "bad_text": "This text has characters that can't be stored.",
    "too_fast": "This was too fast. Wait a moment.",
}


class Refusal(Exception):
    """A frame comes to nothing.

    ``code`` is a key of ``REFUSALS``, ``client_id`` a UUID, ``retry_after`` a number of seconds.
    """

    def __init__(self, code, client_id=None, retry_after=None):
        super().__init__(code)
        self.code, self.client_id, self.retry_after = code, client_id, retry_after

    def as_frame(self):
        """Return the refusal as a dict for the socket."""
        return {
            "type": "error",
            "code": self.code,
            "detail": REFUSALS[self.code],
            "client_id": self.client_id and str(self.client_id),
            "retry_after": self.retry_after and math.ceil(self.retry_after),
        }


def is_uuid(text):
    """Say whether the text is a UUID in one of its usual forms."""
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def read_frame(text):
    """Return ``{"message": str, "client_id": UUID or None}``.

    ``text`` is what a client sent, None if it was binary. Raises Refusal for all else.
    """
    if text is None:
        raise Refusal("bad_frame")
    if len(text.encode()) > MAX_BYTES:
        raise Refusal("too_long")
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("bad_json") from None
    match frame:
        case {"message": str(message), "client_id": str(client_id)} if is_uuid(client_id):
            return {"message": message, "client_id": UUID(client_id)}
        case {"message": str(message)} if frame.get("client_id") is None:
            return {"message": message, "client_id": None}
    raise Refusal("bad_frame")
