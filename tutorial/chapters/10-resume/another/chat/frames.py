import json
from uuid import UUID

SENTENCES = dict(
    bad_json="Das war kein JSON.",
    bad_frame="Das war keine Nachricht.",
    bad_after="Das war keine Nummer einer Nachricht.",
    blank="Da steht nichts.",
    too_long="Das ist zu lang.",
    bad_text="Diese Zeichen kann niemand speichern.",
    too_fast="Langsamer, bitte.",
)


class No(ValueError):
    pass


def parsed(data):
    if not isinstance(data, str):
        raise No("bad_frame")
    if len(data.encode()) > 60_000:
        raise No("too_long")
    try:
        content = json.loads(data)
    except (json.JSONDecodeError, RecursionError):
        raise No("bad_json") from None
    if not isinstance(content, dict):
        raise No("bad_frame")
    if "after" in content and "message" not in content:
        after = content["after"]
        if isinstance(after, bool) or not isinstance(after, int) or not 0 <= after < 2**62:
            raise No("bad_after")
        return "after", after, None
    name = content.get("client_id")
    try:
        name = None if name is None else UUID(name)
    except (ValueError, AttributeError, TypeError):
        raise No("bad_frame") from None
    if not isinstance(content.get("message"), str):
        raise No("bad_frame")
    return "message", content["message"], name
