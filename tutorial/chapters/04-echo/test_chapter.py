"""What chapter 4's result must do: the server answers on a WebSocket, but only to its own pages."""

from tutorial.checks import (
    Problem,
    asgi_imports,
    get,
    handshake,
    open_page,
    open_socket,
    pause,
    server,
    step,
    wait_until,
)

RECOGNISE = [
    (
        r"TypeError: object \w+ can't be used in 'await' expression",
        "A route names the consumer's class itself. In chat/routing.py, write .as_asgi() behind "
        "it, as .as_view() stands behind a view: ChatConsumer.as_asgi().",
    ),
    (
        r"TypeError: string indices must be integers",
        "{place} treats the frame as if it were a dict, but a frame is text. json.loads(text_data) "
        "makes a dict of it.",
    ),
    (
        r"(?:TypeError|AttributeError|Exception)[^\n]*(?:dict|'encode'|bytes-like)",
        "{place} sends a dict, but a frame is text. json.dumps(…) makes text of it.",
    ),
    (
        r"KeyError: '(\w+)'",
        '{place} looks for {0!r} in the frame, but the page sends {{"message": "…"}}.',
    ),
]

ROOM = "/ws/chat/lobby/"

NOTE_ADDRESSES = """
window.addresses = [];
window.WebSocket = new Proxy(WebSocket, {
  construct(made, words) {
    addresses.push(String(words[0]));
    return Reflect.construct(made, words);
  },
});
"""
SEEN = """() => [document.title, document.body.innerText,
  ...[...document.querySelectorAll("input, textarea, button")].map(
    (field) => `${field.value} ${field.disabled}`)]"""
FIELDS = "() => [...document.querySelectorAll('input, textarea')].map((field) => field.value)"


@step(
    "Say who answers, and where",
    see="the room's page opens, and the server's terminal shows WebSocket CONNECT",
    hint='chat/consumers.py, chat/routing.py, and "websocket" in config/asgi.py belong together.',
)
def test_a_room_takes_a_websocket():
    open_socket(ROOM).close()


@step(
    "Send it back",
    see="what you send comes back into your own log",
    hint="receive() gets the text of a frame. Read it with json.loads, answer with json.dumps.",
)
def test_what_is_said_comes_back():
    with open_socket(ROOM) as window:
        for said in ("hello", "<b>Grüße</b> 雑談"):
            window.say(message=said)
            heard = window.hear()
            if "message" not in heard:
                raise Problem(
                    f'The answer is {heard}. The page looks for its text under "message".'
                )
            if heard["message"] != said:
                raise Problem(
                    f"“{said}” was said, and “{heard['message']}” came back. It has to be the same."
                )


@step(
    "Send it back",
    see="a second window stays empty: each has a consumer of its own",
    hint="What one window says must not be kept where another one finds it.",
)
def test_each_window_hears_itself_only():
    with open_socket(ROOM) as one, open_socket(ROOM) as other:
        one.say(message="only for me")
        one.hear()
        if not other.hears_nothing():
            raise Problem("A second window hears what the first one said. That is chapter 5.")


@step(
    "Keep strangers' pages out",
    see="a page of http://localhost:8000 can't open ws://127.0.0.1:8000/ws/chat/lobby/, and the "
    "server's terminal says WebSocket REJECT",
    hint="config/origin.py is given. Wrap URLRouter in its SameOriginValidator.",
)
def test_a_page_of_another_site_is_refused():
    for origin in ("http://evil.example", None):
        if (status := handshake(ROOM, origin=origin)) != 403:
            whose = f"A page of {origin}" if origin else "Whoever sends no Origin"
            raise Problem(
                f"{whose} can open a WebSocket to your server (the handshake is answered with "
                f"{status}, not 403). In config/asgi.py, put SameOriginValidator(…) around "
                "URLRouter(…)."
            )


@step(
    "Keep strangers' pages out",
    see="daphne config.asgi:application starts, as runserver does",
    hint="Your own modules are imported below get_asgi_application().",
)
def test_the_imports_are_in_the_safe_order():
    if early := asgi_imports():
        first = next((name for name in early if "." in name), early[0])
        raise Problem(
            f"config/asgi.py imports {first} above get_asgi_application(), before Django is set "
            "up. It works today, and fails under daphne as soon as a consumer imports a model "
            "(AppRegistryNotReady). Move the import below that line."
        )


@step(
    "Open it from the page",
    see="you write a line, press Enter, and read it in the log: it has been to the server and back",
    hint="new WebSocket(address), socket.onmessage and socket.send in room.js.",
)
def test_the_page_speaks_with_the_server():
    if get("/chat/lobby/").status != 200:
        raise Problem("/chat/lobby/ is not there any more; chapter 2 made it.")
    since = len(server.log())
    page = open_page("/chat/lobby/")
    wait_until(page, lambda: "WebSocket CONNECT" in server.log()[since:])
    pause(page, 0.05)
    if not page.sockets:
        raise Problem(
            "The room's page opens no WebSocket. In chat/static/chat/room.js, make one with "
            "new WebSocket(address)."
        )
    if not page.sockets[0].url.endswith("/ws/chat/lobby/"):
        raise Problem(
            f"The page opens {page.sockets[0].url}; it should end with /ws/chat/lobby/. Look at "
            "how room.js puts the address together."
        )
    said = []
    page.sockets[0].on("framesent", lambda frame: said.append(str(frame)))
    page.locator("#chat-message-input").fill("there and back")
    page.keyboard.press("Enter")
    wait_until(page, lambda: page.locator("#chat-log").input_value())
    shown = page.locator("#chat-log").input_value()
    if not shown.strip():
        raise Problem(
            "A line is sent from the room's page, and its log stays empty. In room.js, the submit "
            "listener calls socket.send(…), and socket.onmessage shows what comes."
        )
    pause(page, 0.15)
    if len(said) != 1 or shown.count("\n") > 1 or "there and back" not in said[0]:
        raise Problem(
            f"One line is written, “there and back”, and the page sends {' and '.join(said)}; its "
            f"log has {shown!r}. In chat/static/chat/room.js, is the form's submit handled twice, "
            "or a line shown that nobody has sent?"
        )
    if shown.strip() != "there and back":
        raise Problem(
            f"“there and back” was sent from the page, and its log shows “{shown.strip()}”. It "
            "should show the text of the answer, once. In room.js: show(JSON.parse(data).message)."
        )


@step(
    "Open it from the page",
    see="stop the server: the log says that the connection is closed, and a line that you write "
    "now stays in its field",
    hint="socket.onclose says it; and while socket.readyState is not WebSocket.OPEN, the submit "
    "listener returns before it sends and empties the field.",
)
def test_the_page_says_that_its_line_is_closed():
    page = open_page("/chat/lobby/")
    page.add_init_script(NOTE_ADDRESSES)
    since, told = len(server.log()), []
    page.on("dialog", lambda dialog: (told.append(dialog.message), dialog.dismiss()))
    page.reload()
    wait_until(page, lambda: "WebSocket CONNECT" in server.log()[since:])
    pause(page, 0.05)
    for address in page.evaluate("addresses"):
        if address.startswith("http"):
            raise Problem(
                f"The page opens {address}. New browsers take that, those from before 2024 refuse "
                "it. In chat/static/chat/room.js, make the address begin with ws: where the page's "
                "own begins with http:, and with wss: for https:."
            )
    page.locator("#chat-message-input").fill("not lost")
    before = page.evaluate(SEEN)
    server.stop()
    if not wait_until(page, lambda: told or page.evaluate(SEEN) != before):
        raise Problem(
            "The server is stopped, and the room's page looks as it did: whoever writes there does "
            "not know that nobody hears it. In chat/static/chat/room.js, let socket.onclose say so."
        )
    page.keyboard.press("Enter")
    pause(page, 0.15)
    if "not lost" not in page.evaluate(FIELDS):
        raise Problem(
            "The connection is closed, a line is written and Enter pressed, and the line is gone: "
            "nobody has heard it, and its field is empty. In chat/static/chat/room.js, the submit "
            "listener calls event.preventDefault() first, and then returns while "
            "socket.readyState is not WebSocket.OPEN."
        )
