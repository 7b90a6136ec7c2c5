"""What a client may say over the socket, and what it is told when it says something else."""

import json
import math

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

    ``code`` is a key of ``REFUSALS``, ``retry_after`` a number of seconds.
    """

    def __init__(self, code, retry_after=None):
        super().__init__(code)
        self.code, self.retry_after = code, retry_after

    def as_frame(self):
        """Return the refusal as a dict for the socket."""
        return {
            "type": "error",
            "code": self.code,
            "detail": REFUSALS[self.code],
            "retry_after": self.retry_after and math.ceil(self.retry_after),
        }


def read_frame(text):
    """Return ``{"message": str}``.

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
        case {"message": str(message)}:
            return {"message": message}
    raise Refusal("bad_frame")
