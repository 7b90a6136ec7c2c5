import json

SENTENCES = dict(
    bad_json="Das war kein JSON.",
    bad_frame="Das war keine Nachricht.",
    blank="Da steht nichts.",
    too_long="Das ist zu lang.",
    bad_text="Diese Zeichen kann niemand speichern.",
    too_fast="Langsamer, bitte.",
)


class No(ValueError):
    pass


def text_of(data):
    if not isinstance(data, str):
        raise No("bad_frame")
    if len(data) > 30_000:
        raise No("bad_json" if data[0] == "[" else "too_long")
    try:
        content = json.loads(data)
    except (json.JSONDecodeError, RecursionError):
        raise No("bad_json") from None
    if not isinstance(content, dict) or not isinstance(content.get("message"), str):
        raise No("bad_frame")
    return content["message"]
