"""The least of the WebSocket protocol (RFC 6455) that the clients need, as pure functions.

Every payload, in either direction and on every server, has `PAYLOAD` bytes. The text that is said
begins with its number, so that a delivery is told by looking at a few bytes.
"""

import json
import os
from typing import NamedTuple

from tutorial.environment import Trouble

PAYLOAD = 400  # bytes
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
MARK, DIGITS = b"no-", 7
NUMBERED = len(MARK) + DIGITS + 1  # characters of a text that say its number

HEAD = b"\x81\x7e" + PAYLOAD.to_bytes(2, "big")
"""How a server's frame with `PAYLOAD` bytes of text begins (RFC 6455, section 5.2)."""
WHOLE = len(HEAD) + PAYLOAD


class Frame(NamedTuple):
    """Where a frame lies in what was read: its payload is `data[start:end]`."""

    opcode: int
    start: int
    end: int


def find_frame(data: bytes, at: int) -> Frame | None:
    """The server's frame that begins at `at`, or None when it is not all there.

    Raises `Trouble` when it is masked, compressed or one of several parts: no server here does it.
    """
    if len(data) < at + 2:
        return None
    first, length, start = data[at], data[at + 1], at + 2
    if first & 0xF0 != 0x80 or length > 127:
        raise Trouble(f"The server sent a frame that the benchmark can't read: {data[at : at + 9]}")
    if extra := {126: 2, 127: 8}.get(length):
        if len(data) < start + extra:
            return None
        length = int.from_bytes(data[start : start + extra], "big")
        start += extra
    end = start + length
    return Frame(first & 0x0F, start, end) if len(data) >= end else None


def client_frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole frame as a client sends it, masked; `payload` has fewer than 65,536 bytes."""
    key, size = os.urandom(4), len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    mask = (key * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    return bytes([0x80 | opcode]) + length + key + masked.to_bytes(size, "big")


def numbered(number: int, size: int) -> str:
    """A text of `size` characters that begins with its number."""
    return f"{MARK.decode()}{number:0{DIGITS}}-".ljust(size, "x")


def number_in(data: bytes, start: int, end: int) -> int | None:
    """The number of the text that a payload holds, or None when there is none."""
    at = data.find(MARK, start, end)
    return None if at < 0 else int(data[at + len(MARK) : at + len(MARK) + DIGITS])


def payload(text: str) -> bytes:
    """What a client says, as JSON filled up with spaces to `PAYLOAD` bytes.

    It is the classic frame, without a `client_id`: every row understands it. Raises `Trouble`
    when it is longer.
    """
    said = json.dumps({"message": text}).encode()
    if len(said) > PAYLOAD:
        raise Trouble(f"A text of {len(text)} characters does not fit into {PAYLOAD} bytes.")
    return said.ljust(PAYLOAD)


def text_size(text: int, heard: int) -> int:
    """How long texts have to be, so that what the server sends on has `PAYLOAD` bytes.

    It sent `heard` bytes for a text of `text` characters. The bare application sends on what it
    got, with the spaces: there any size does. Raises `Trouble` when there is no room for a text.
    """
    size = text + PAYLOAD - heard
    if size < NUMBERED:
        raise Trouble(f"The server adds too much to a text: {heard - text} bytes.")
    return size
