"""What chapter 10's result must do: nothing is lost, and nothing stands there twice."""

import functools
from uuid import uuid4

from tutorial.checks import (
    PlayedServer,
    Problem,
    Visitor,
    blame_server,
    open_page,
    open_socket,
    project,
    server,
    step,
    wait_until,
)

RECOGNISE = [
    (
        r"Object of type UUID is not JSON serializable",
        "A UUID is put into JSON, which knows none. In as_frame of chat/models.py, write "
        "self.client_id and str(self.client_id).",
    ),
    (
        r"as_frame\(\) missing 1 required positional argument",
        "{place} calls as_frame without saying which message was before. Give it "
        "self.room.id_before(stored.pk).",
    ),
    (
        r"IntegrityError: (?:FOREIGN KEY|UNIQUE) constraint failed",
        "The database refuses a message, and nobody catches the IntegrityError. In say() of "
        "chat/consumers.py, catch it around form.save() and leave with 1013.",
    ),
    (
        r"has no column named client_id|no such column: \S*client_id",
        "The table has no column client_id: a migration is missing. Run "
        "python manage.py makemigrations chat, then python manage.py migrate.",
    ),
    (
        r"unexpected keyword argument '(client_id|after)'",
        "{place} calls a function with {0}, which does not take it. What read_frame returns and "
        "what say and catch_up take belong together.",
    ),
]

SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
from chat.models import Room
for name in {names}:
    client = Client()
    client.force_login(get_user_model().objects.create_user(name))
    print(name, client.cookies["sessionid"].value)
for name in ("lobby", "archive", "quiet", "doomed"):
    Room.objects.create(name=name)
"""


@functools.cache
def sessions():
    """The session keys of some users, who are logged in, by name; there are rooms, too."""
    env = project.path(".env")
    if env.is_file():  # a hundred messages are to be said in a moment
        others = [line for line in project.read(".env").splitlines() if "_PER_MINUTE" not in line]
        env.write_text("\n".join([*others, "CHAT_MESSAGES_PER_MINUTE=0", ""]), encoding="utf-8")
    printed = project.shell(SIGN_IN.format(names=["ann", "ben"]))
    return dict(line.split() for line in printed.splitlines())


def visitor(name):
    """A visitor who is logged in."""
    return Visitor.with_session(sessions()[name])


def window(name, room="lobby"):
    """A user's WebSocket to a room."""
    try:
        return open_socket(f"/ws/chat/{room}/", visitor=visitor(name))
    except Problem as problem:
        if "never answered" not in str(problem):
            raise
        raise Problem(
            "The handshake of a room is never answered: no event reaches its consumer. In "
            "chat/consumers.py, dispatch() has to hand on what it does not do itself, with await: "
            "await super().dispatch(event)."
        ) from None


def message(where, about):
    """The next frame, which has to be a message."""
    frame = where.hear()
    if frame.get("type") != "message" or not isinstance(frame.get("id"), int):
        raise Problem(f"{about}: a message should come, and this came: {frame}.")
    return frame


@step(
    "Say it twice, store it once",
    see="nothing new, yet",
    hint="client_id in the model, in read_frame and in say; a migration.",
)
def test_what_is_said_twice_is_stored_once():
    with window("ann") as one, window("ben") as other:
        one.say(message="without a name")
        first = message(one, "A message without client_id was said")
        other.hear()
        if first.get("client_id", "missing") is not None:
            raise Problem(
                "A message was said without a client_id, and its frame has "
                f"{first.get('client_id', 'no client_id')!r}. It should be null: self.client_id "
                "and str(self.client_id)."
            )
        name = str(uuid4())
        one.say(message="once", client_id=name)
        stored = message(one, "A message with a client_id was said")
        if stored.get("client_id") != name:
            raise Problem(
                f"A message was said with the client_id {name}, and it comes back with "
                f"{stored.get('client_id')!r}. The page knows its own messages by it."
            )
        other.hear()
        one.say(message="once", client_id=name)
        try:
            again = message(one, "The same was said again")
        except Problem as problem:
            if "(1013)" not in str(problem):
                raise
            raise Problem(
                "A message that is stored already was sent again with its client_id, and the "
                "connection was closed with 1013. Look for the client_id before storing, and send "
                "what is stored to its sender."
            ) from None
        if again["id"] != stored["id"]:
            raise Problem(
                "The same message with the same client_id was sent twice, and stored twice: as "
                f"{stored['id']} and {again['id']}. In say(), look for it before storing."
            )
        if not other.hears_nothing():
            raise Problem(
                "A message that is stored already is told to the whole room again. Confirm it to "
                "its sender alone."
            )
        one.send('{"message": "x", "client_id": "y"}')
        refused = one.hear()
        if refused.get("code") != "bad_frame":
            raise Problem(f"A client_id that is no UUID should be a bad_frame, but: {refused}.")
        one.say(message="  ", client_id=name[:-4] + "0000")
        refused = one.hear()
        if refused.get("client_id") != name[:-4] + "0000":
            raise Problem(
                "A refusal should say whose it is: the client_id of the frame. This one came: "
                f"{refused}."
            )


@step(
    "See the gap",
    see="nothing new, yet",
    hint="Room.id_before, as_frame(previous), and both places in say.",
)
def test_a_message_says_which_one_was_before():
    with window("ann", "quiet") as one, window("ann") as elsewhere:
        one.say(message="first")
        first = message(one, "The first message of a room was said")
        if first.get("previous", "missing") is not None:
            raise Problem(
                "The first message of a room has nothing before it: previous should be null, but "
                f"the frame is {first}."
            )
        elsewhere.say(message="in between")
        elsewhere.hear()
        one.say(message="second")
        second = message(one, "A second message was said")
        if second.get("previous") != first["id"]:
            raise Problem(
                f"The message before in this room is {first['id']}, but previous says "
                f"{second.get('previous')}. Only messages of the same room count."
            )


def part(where, after, least):
    """Ask for a part of a catch-up: the ids of its messages, and the frame at its end."""
    where.say(after=after)
    ids = []
    while (frame := where.hear()).get("type") == "message":
        if ids and frame.get("previous") != ids[-1]:
            raise Problem(
                f"In a catch-up, message {frame['id']} came behind {ids[-1]}, but its previous is "
                f"{frame.get('previous')}."
            )
        ids.append(frame["id"])
    if frame.get("type") != "caught_up":
        raise Problem(
            f'{{"after": {after}}} was asked, and this came: {frame}. A catch-up ends with '
            '{"type": "caught_up", "last": …, "more": …}.'
        )
    if after in ids:
        raise Problem(
            f'{{"after": {after}}} brings message {after} itself again. It means: later than this '
            "one. Filter with pk__gt."
        )
    if len(ids) < least or sorted(set(ids)) != ids:
        raise Problem(f"A catch-up should bring {least} messages, the oldest first, not {ids}.")
    return ids, frame


@step(
    "Catch up in parts",
    see='the console shows old messages when you send {"after": 0}',
    hint="read_frame knows after, receive calls catch_up.",
)
def test_a_catch_up_comes_in_parts():
    with window("ann", "archive") as one:
        said = []
        for number in range(103):
            one.say(message=str(number))
            said.append(message(one, "A message was said")["id"])
        ids, end = part(one, 0, 100)
        if ids != said[:100] or end.get("more") is not True or end.get("last") != ids[-1]:
            raise Problem(
                "103 messages are missing. The first part should bring 100 of them, the oldest, "
                f'and end with "more": true and "last": {said[99]}. It brought {len(ids)}, and '
                f"ended with {end}."
            )
        ids, end = part(one, end["last"], 3)
        if ids != said[100:] or end.get("more") is not False:
            raise Problem(f"The second part should bring the last 3, but: {ids}, {end}.")
        ids, end = part(one, said[-1], 0)
        if ids or end.get("more") is not False:
            raise Problem(f"Nothing is missing, but the answer is {ids}, {end}.")
        for wrong in (-1, True, "17", 2**63):
            one.say(after=wrong)
            refused = one.hear()
            if refused.get("code") != "bad_after":
                raise Problem(f"after: {wrong!r} should be refused as bad_after, not: {refused}.")


class Stage(PlayedServer):
    """The server of a room with messages, played by us."""

    def said(self, key, number=-1):
        """The frames with this key that the page has said on a connection."""
        return [frame for frame in self.heard[number] if key in frame]

    def tell_message(self, id, previous, client_id=None):
        """Send a message to the page."""
        what = {"username": "ann", "message": f"number {id}", "client_id": client_id}
        when = "2026-06-21T12:00:00+00:00"
        self.tell(type="message", id=id, previous=previous, created_at=when, **what)


@functools.cache
def stage():
    """A page of an empty room, and we are its server."""
    project.shell("from chat.models import Room\nRoom.objects.create(name='stage')")
    found = Stage(open_page("/chat/stage/", visitor=visitor("ann")))
    if not found.wait(lambda: found.opened):
        raise Problem("The room's page opens no WebSocket. Is connect() called at the end?")
    found.page.wait_for_timeout(50)
    if len(found.opened) > 1:
        raise Problem(
            f"The page opens {len(found.opened)} WebSockets at once. In room.js, connect(); stands "
            "there more than once: leave the one at the end."
        )
    return found


@step(
    "Keep what is not sent",
    see="what you write while the server is away is sent when it is back",
    hint="Send puts into the outbox; sendNext sends when it can; what is heard settles it.",
)
def test_what_is_not_confirmed_is_sent_again():
    played = stage()
    page = played.page
    page.locator("#chat-message-input").fill("number 1")
    page.keyboard.press("Enter")
    if not played.wait(lambda: played.said("message")):
        raise Problem("A line is written and Enter pressed, and the page sends no message.")
    sent = played.said("message")[0]
    if not sent.get("client_id"):
        raise Problem(f"The page says {sent}, without a client_id. outbox.first() has one.")
    played.opened[-1].close(code=1011)
    if not played.wait(lambda: len(played.opened) == 2, fast=True):
        raise Problem("The connection breaks, and the page does not make another one.")
    if not played.wait(lambda: played.said("message")):
        raise Problem(
            "The connection broke before a message was confirmed, and on the new one the page does "
            "not send it again. It stays in the outbox: call sendNext() in socket.onopen, and let "
            "lose() set underWay to false."
        )
    if played.said("message")[0] != sent:
        raise Problem(
            f"The page sent {sent}, and after a reconnect {played.said('message')[0]}. It has to "
            "be the same message with the same client_id, or it is stored twice."
        )
    played.tell_message(1, None, sent["client_id"])
    if not wait_until(page, lambda: not page.locator("#outbox li").count()):
        raise Problem(
            "A message has been confirmed, and it is still in the outbox. hear.message settles the "
            "one whose client_id comes back."
        )


@step(
    "Catch up on the page",
    see="two windows, a server that goes away and comes back: both show the same",
    hint="catchUp in onopen, in hear.message, in hear.caught_up and in setInterval.",
)
def test_the_page_asks_for_what_it_lacks():
    played = stage()
    if not played.wait(lambda: played.said("after"), 0.8):
        raise Problem(
            "The page connects, and does not ask what it has missed. Call catchUp() in "
            "socket.onopen."
        )
    played.tell(type="caught_up", last=1, more=False)
    played.tell_message(2, 1)
    played.page.wait_for_timeout(100)
    asked = len(played.said("after"))
    if asked != 1:
        raise Problem(
            "The page has all messages, and asks for a catch-up again. Ask only when previous is "
            "an id that it has not shown."
        )
    played.tell_message(9, 8)
    if not played.wait(lambda: len(played.said("after")) > asked, 1.5):
        raise Problem(
            "A message came whose previous is 8, and the page has no message 8. It should ask for "
            "what it lacks: catchUp() in hear.message."
        )
    if played.said("after")[-1]["after"] > 2:
        raise Problem(f"The page lacks message 8, and asks for {played.said('after')[-1]}.")
    for id in range(3, 10):
        played.tell_message(id, id - 1)
    played.tell(type="caught_up", last=9, more=False)
    lines = played.page.locator("#chat-log li p")
    wanted = [f"number {id}" for id in range(1, 10)]
    if not wait_until(played.page, lambda: lines.all_inner_texts() == wanted):
        raise Problem(
            "After a catch-up the log should have messages 1 to 9, each once and in order. It has: "
            f"{', '.join(lines.all_inner_texts())}."
        )


@step(
    "Deliver without the thread",
    see="nothing new: it is faster, and as right as before",
    hint="dispatch passes chat.message on, and awaits super().dispatch(event) for all else.",
)
def test_all_is_as_right_as_before():
    with window("ann", "doomed") as one, window("ben", "doomed") as other:
        one.say(message="hello")
        heard = message(one, "A message was said")
        if other.hear() != heard:
            raise Problem("Two windows in one room hear different frames of the same message.")
        since = len(server.log())
        project.shell("from chat.models import Room\nRoom.objects.filter(name='doomed').delete()")
        one.say(message="is anybody there?")
        if (code := one.close_code(1.5)) != 1013:
            how = f"it is closed with {code}" if code else "it stays open"
            raise blame_server(
                since,
                "A room has been deleted, and somebody writes in it: the connection should be "
                f"closed with 1013, but {how}. Catch IntegrityError around form.save().",
            )


BUSY = """
import asyncio, json, threading
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from config.asgi import application

started, done, told = threading.Event(), threading.Event(), []
layer = get_channel_layer()
group_send = layer.group_send

async def note(group, event):
    told.append((group, event))
    await group_send(group, event)

def keep_busy():
    started.set()
    done.wait(5)

async def listen():
    layer.group_send = note
    headers = {headers}
    window = WebsocketCommunicator(
        application, "/ws/chat/quiet/", [(k.encode(), v.encode()) for k, v in headers.items()]
    )
    if not (await window.connect(5))[0]:
        return "closed"
    await window.send_json_to({{"message": "while the thread is free"}})
    await window.receive_from(5)
    if not told:
        return "untold"
    busy = asyncio.ensure_future(sync_to_async(keep_busy)())
    while not started.is_set():
        await asyncio.sleep(0.01)
    await group_send(*told[-1])
    try:
        await window.receive_from(1.5)
        return "heard"
    except TimeoutError:
        return "late"
    finally:
        done.set()
        await busy

print(asyncio.run(listen()))
"""


@step(
    "Deliver without the thread",
    see="nothing new: what is said is heard even while the thread has something else to do",
    hint="dispatch passes chat.message on by itself; the old chat_message is gone.",
)
def test_what_is_said_does_not_wait_for_the_thread():
    headers = {
        "host": "127.0.0.1",
        "origin": "http://127.0.0.1",
        "cookie": f"sessionid={sessions()['ben']}",
    }
    came = project.shell(BUSY.format(headers=headers)).strip()
    if came == "late":
        raise Problem(
            "While the thread of the synchronous consumers is busy, no window hears what is said: "
            "each one is handed the event in that thread. Let dispatch() pass chat.message on "
            "right on the event loop, as “Deliver without the thread” has it."
        )
    if came != "heard":
        raise Problem(
            "A message is said with no server around it, and it can't be seen on its way to the "
            f"room ({came}). say() tells the room with the channel layer's group_send."
        )
