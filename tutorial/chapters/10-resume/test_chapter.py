"""What chapter 10's result must do: nothing is lost, and nothing stands there twice."""

import functools
from uuid import uuid4

from tutorial.checking.dotenv import set_line
from tutorial.checking.leaving import after_days, room_deleted
from tutorial.checking.places import where
from tutorial.checking.playing import PlayedRoom, judge_pauses
from tutorial.checks import (
    Problem,
    Visitor,
    blame_server,
    open_page,
    open_socket,
    pause,
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

SURROUNDINGS = {"owner": "test_what_is_said_twice_is_stored_once"}

CONSUMERS = "chat/consumers.py"
NAMES = ["ann", "ben", "cat", "dan", "eve", "fay", "gil", "hal", "ida", "joe", "kim", "quick"]
"""Users who are logged in; each says a few messages at most, as there is a limit."""

SIGN_IN = """
from django.contrib.auth import get_user_model
from django.test import Client
from chat.models import Room
for name in {names}:
    client = Client()
    client.force_login(get_user_model().objects.get_or_create(username=name)[0])
    print(name, client.cookies["sessionid"].value)
for name in ("lobby", "archive", "quiet", "doomed", "cellar", "stage"):
    Room.objects.get_or_create(name=name)
"""


@functools.cache
def sessions():
    """The session keys of some users, who are logged in, by name; there are rooms, too.

    From here on `.env` asks for one message in a minute, and a short burst.
    """
    set_line(project, "CHAT_MESSAGES_PER_MINUTE", "1")
    printed = project.shell(SIGN_IN.format(names=NAMES))
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


def message(socket, about):
    """The next frame, which has to be a message."""
    frame = socket.hear()
    if frame.get("type") != "message" or not isinstance(frame.get("id"), int):
        raise Problem(f"{about}: a message should come, and this came: {frame}.")
    return frame


@step(
    "Say it twice, store it once",
    see="say a message with a client_id twice in the console, and the same id comes back twice; "
    "reload, and the room has one line",
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
    who_is_told_to_go()
    the_room_is_gone()
    the_pace()


def who_is_told_to_go():
    """Nobody is logged in, there is no such room, and somebody goes on and on."""
    for who, path, wanted in (
        (None, "/ws/chat/lobby/", 4401),
        (visitor("ben"), "/ws/chat/nowhere/", 4404),
        (visitor("gil"), "/ws/chat/lobby/", 1008),
    ):
        with open_socket(path, visitor=who) as one:
            for _ in range(20 if wanted == 1008 else 0):
                one.say(nonsense=True)
                one.hear()
            if (code := one.close_code(1)) != wanted:
                what = {4401: "of somebody who is not logged in", 4404: "to a room that is none"}
                raise Problem(
                    f"A socket {what.get(wanted, 'with twenty refusals in a minute')} "
                    f"{f'is closed with {code}' if code else 'stays open'}, and should be closed "
                    f"with {wanted}. The codes stand at the top of {CONSUMERS}."
                )


def the_room_is_gone():
    """A room is deleted, and somebody writes in it."""
    with window("fay", "doomed") as one:
        one.say(message="hello")
        message(one, "A message was said")
        project.shell("from chat.models import Room\nRoom.objects.filter(name='doomed').delete()")
        since = len(server.log())
        one.say(message="is anybody there?")
        if (code := one.close_code(1.5)) != 1013:
            how = f"it is closed with {code}" if code else "it stays open"
            raise blame_server(
                since,
                f"A room has been deleted, and somebody writes in it: the connection should be "
                f"closed with 1013, but {how}. Catch IntegrityError around form.save().",
            )
    # Whether it ends in an exception behind that, no server tells whose client has gone.
    room_deleted("/ws/chat/cellar/", visitor("fay"), "cellar")


def the_pace():
    """Somebody is too fast: blank messages and what is said again cost nothing."""
    line = where(project.copy, CONSUMERS, "say", "seconds_to_wait")
    with window("quick") as one:
        for _ in range(8):
            one.say(message=" ", client_id=str(uuid4()))
            if (frame := one.hear()).get("code") != "blank":
                raise Problem(
                    f"Blank messages are refused with {frame}. They cost nothing, and are “blank”: "
                    f"in {line}, ask seconds_to_wait behind the form's check."
                )
        said = []
        for number in range(60):
            said.append(str(uuid4()))
            one.say(message=f"pace {number}", client_id=said[-1])
            if (frame := one.hear()).get("type") != "message":
                break
        told = (frame.get("code"), frame.get("client_id"), bool(frame.get("retry_after")))
        if told != ("too_fast", said[-1], True) or len(said) < 2:
            raise Problem(
                f"The limit is one message in a minute, sixty were said in a moment, and {frame} "
                f"came. In {line}, say() should refuse what is too fast, with its client_id and "
                "with the seconds to wait in retry_after."
            )
        if f"pace {number}" in visitor("quick").get("/chat/lobby/").text:
            raise Problem(
                f"A message is refused as too_fast, and stored all the same. In {line}, ask "
                "seconds_to_wait before the message is stored: that belongs above form.save()."
            )
        one.say(message="pace 0", client_id=said[0])
        if (frame := one.hear()).get("client_id") != said[0] or frame.get("type") != "message":
            raise Problem(
                "A message that is stored already is sent again by somebody who is too fast, and "
                f"{frame} comes. That says nothing new: in {line}, confirm it before the limit "
                "is asked."
            )


@step(
    "See the gap",
    see="in the console, each message has previous: the id of the one before it in its room",
    hint="Room.id_before, as_frame(previous), and both places in say.",
)
def test_a_message_says_which_one_was_before():
    with window("cat", "quiet") as one, window("dan") as elsewhere:
        one.say(message="first")
        first = message(one, "The first message of a room was said")
        if first.get("previous", "missing") is not None:
            raise Problem(
                "The first message of a room has nothing before it: previous should be null, but "
                f"the frame is {first}."
            )
        elsewhere.say(message="in between")
        elsewhere.hear()
        name = str(uuid4())
        one.say(message="second", client_id=name)
        second = message(one, "A second message was said")
        if second.get("previous") != first["id"]:
            raise Problem(
                f"The message before in this room is {first['id']}, but previous says "
                f"{second.get('previous')}. Only messages of the same room count."
            )
        one.say(message="second", client_id=name)
        again = message(one, "A message was said again")
        if again.get("previous") != first["id"]:
            raise Problem(
                f"The message before in this room is {first['id']}. Its successor was sent again, "
                f"and in its confirmation previous says {again.get('previous')}."
            )


def part(socket, after, before, least):
    """Ask for a part of a catch-up: the ids of its messages, and the frame at its end.

    `before` is the id of the room's message before the first of them.
    """
    socket.say(after=after)
    ids = []
    while (frame := socket.hear()).get("type") == "message":
        if frame.get("previous", "missing") != before:
            raise Problem(
                f"In a catch-up after {after}, message {frame.get('id')} comes behind {before}, "
                f"but its previous is {frame.get('previous', 'missing')}."
            )
        before = frame.get("id")
        ids.append(before)
        if len(ids) > 200:
            raise Problem("A catch-up brings more than 200 messages at once. A part has 100.")
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


ARCHIVE = """
from django.contrib.auth import get_user_model
from chat.models import Message, Room
room, user = Room.objects.get(name="archive"), get_user_model().objects.get(username="ann")
stored = Message.objects.filter(room=room).order_by("pk")
if not stored:
    Message.objects.bulk_create([Message(room=room, user=user, text=str(n)) for n in range(103)])
print(*stored.all().values_list("pk", flat=True))
"""

ACTIVE = """
from django.contrib.auth import get_user_model
get_user_model().objects.filter(username={name!r}).update(is_active={active})
"""


@step(
    "Catch up in parts",
    see='the console shows old messages when you send {"after": 0}',
    hint="read_frame knows after, receive calls catch_up.",
)
def test_a_catch_up_comes_in_parts():
    parts_of_a_catch_up()
    who_may_not_go_on()
    who_stays_for_days()


def who_stays_for_days():
    """A window is open for more than a day, and asks for what it has missed."""
    days = after_days("/ws/chat/lobby/", visitor("ben"), visitor("dan"))
    if not days["caught_up"]:
        raise Problem("A window that was open for more than a day gets no catch-up any more.")
    if not days["hears"]:
        line = where(project.copy, CONSUMERS, "catch_up")
        raise Problem(
            "A window was open for more than a day, and hears nobody any more, though it asks for "
            f"what it has missed: the channel layer has forgotten it. In {line}, catch_up() has to "
            "join the group again, with group_add."
        )


def parts_of_a_catch_up():
    """A room has 103 messages, and somebody asks for them."""
    sessions()
    said = [int(id) for id in project.shell(ARCHIVE).split()]
    with window("ann", "archive") as one:
        ids, end = part(one, 0, None, 100)
        if ids != said[:100] or end.get("more") is not True or end.get("last") != ids[-1]:
            raise Problem(
                "103 messages are missing. The first part should bring 100 of them, the oldest, "
                f'and end with "more": true and "last": {said[99]}. It brought {len(ids)}, and '
                f"ended with {end}."
            )
        ids, end = part(one, end["last"], end["last"], 3)
        if ids != said[100:] or end.get("more") is not False:
            raise Problem(f"The second part should bring the last 3, but: {ids}, {end}.")
        ids, end = part(one, said[-1], said[-1], 0)
        if ids or end.get("more") is not False:
            raise Problem(f"Nothing is missing, but the answer is {ids}, {end}.")
        for wrong in (-1, True, "17", 2**63):
            one.say(after=wrong)
            refused = one.hear()
            if refused.get("code") != "bad_after":
                raise Problem(f"after: {wrong!r} should be refused as bad_after, not: {refused}.")


def who_may_not_go_on():
    """Somebody's account is deactivated, and they write and ask."""
    with window("eve") as one, window("ben") as other:
        project.shell(ACTIVE.format(name="eve", active=False))
        since = len(server.log())
        one.say(message="am I still here?")
        code = one.close_code(1.5)
        project.shell(ACTIVE.format(name="eve", active=True))
        heard = not other.hears_nothing(0.2)
    if code != 4401 or heard:
        how = f"is closed with {code}" if code else "can still write"
        raise blame_server(
            since,
            f"Somebody whose account is deactivated {how}{', and the room hears it' * heard}; the "
            "window should be closed with 4401. In receive(), ask self.is_logged_in() first. (In "
            "an async consumer, is there an await in front of it? Without it the answer is a "
            "coroutine, and every object is true.)",
        )


@functools.cache
def stage():
    """A page of an empty room, and we are its server."""
    sessions()
    played = PlayedRoom(open_page("/chat/stage/", visitor=visitor("ann")))
    if not played.wait(lambda: played.opened):
        raise Problem("The room's page opens no WebSocket. Is connect() called at the end?")
    pause(played.page, 0.05)
    if len(played.opened) > 1:
        raise Problem(
            f"The page opens {len(played.opened)} WebSockets at once. In room.js, connect(); "
            "stands there more than once: leave the one at the end."
        )
    return played


def write(played, text):
    """Write a line into the page's field, and press Enter."""
    played.page.locator("#chat-message-input").fill(text)
    played.page.locator("#chat-message-input").press("Enter")


def need_no_errors(played):
    """Raise `Problem` for an error that the browser's console tells of."""
    if said := played.page.console.verdict(project.copy):
        raise Problem(said)


@step(
    "Keep what is not sent",
    see="what you write while the server is away is sent when it is back",
    hint="Send puts into the outbox; sendNext sends when it can; what is heard settles it.",
)
def test_what_is_not_confirmed_is_sent_again():
    played = stage()
    page = played.page
    waiting = page.locator("#outbox li")
    write(played, "number 1")
    if not played.wait(lambda: played.said("message")):
        raise Problem("A line is written and Enter pressed, and the page sends no message.")
    sent = played.said("message")[0]
    if not sent.get("client_id"):
        raise Problem(f"The page says {sent}, without a client_id. outbox.first() has one.")
    write(played, "number 2")
    pause(page, 0.05)
    if len(played.said("message")) > 1:
        raise Problem(
            "A second line is written before the first one is confirmed, and the page sends at "
            "once. One message is on its way at a time: in room.js, sendNext() looks at underWay, "
            "and sets it."
        )
    played.opened[-1].close(code=1011)
    if played.pause(60) is None or not played.wait(lambda: len(played.opened) == 2):
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
    what_is_refused_for_now(played, sent)
    played.tell_message(1, None, sent["message"], client_id=sent["client_id"])
    if not wait_until(page, lambda: waiting.count() == 1):
        raise Problem(
            "A message has been confirmed, and it is still in the outbox. hear.message settles the "
            "one whose client_id comes back."
        )
    if not played.wait(lambda: len(played.said("message")) > 2):
        raise Problem(
            "A message has been confirmed, and the page does not send the next one of the outbox. "
            "settle() takes one out, and then calls sendNext()."
        )
    what_is_refused_for_good(played)
    need_no_errors(played)


def what_is_refused_for_now(played, sent):
    """A refusal of something else, and one of the message under way, which is too fast."""
    page, body = played.page, played.page.locator("body").inner_text
    refused = {"type": "error", "code": "too_fast", "client_id": None, "retry_after": None}
    played.tell(**refused | {"code": "bad_after", "detail": "Another sentence."})
    if not wait_until(page, lambda: "Another sentence." in body()):
        raise Problem(
            "A refusal without a client_id reaches the page, and its sentence is not shown. In "
            "room.js, hear.error shows it before it asks whose it is."
        )
    if page.locator("#outbox li").count() != 2 or page.locator("#chat-message-input").input_value():
        raise Problem(
            "Something else was refused, and the page takes a message out of its outbox. In "
            "room.js, hear.error settles the one whose client_id comes back, and no other."
        )
    mine = {"client_id": sent["client_id"], "retry_after": 5, "detail": "Too fast, by five."}
    played.tell(**refused | mine)
    wait_until(page, lambda: "Too fast, by five." in body())
    played.pass_time(3)
    if played.wait(lambda: len(played.said("message")) > 1, 0.05):
        raise Problem("A message is refused with retry_after: 5, and the page sends it at once.")
    played.pass_time(4)
    if not played.wait(lambda: len(played.said("message")) > 1, 1.0):
        raise Problem(
            "A message is refused with retry_after: 5, and the page does not send it again five "
            "seconds later. In room.js, hear.error waits that long, and then calls sendAgain()."
        )
    if played.said("message")[1] != sent:
        raise Problem("A message is refused with retry_after, and then the page sends another one.")


def what_is_refused_for_good(played):
    """The second message is refused; then Enter in an empty field."""
    page = played.page
    if wait_until(page, lambda: "Too fast" not in page.locator("body").inner_text()) is False:
        raise Problem(
            "A message was too fast, has been sent again and is confirmed, and the page still says "
            "that it was too fast. In room.js, hear.error empties the sentence before it sends."
        )
    second = played.said("message")[-1]
    if second.get("message") != "number 2":
        raise Problem(f"“number 2” is the next one in the outbox, and the page sends {second}.")
    played.tell(
        **{"type": "error", "code": "bad_text", "detail": "No.", "retry_after": None},
        client_id=second.get("client_id"),
    )
    field = page.locator("#chat-message-input")
    if not wait_until(page, lambda: field.input_value() == "number 2"):
        raise Problem(
            "A message is refused for good, and its text does not come back into the field, to be "
            f"mended: it holds “{field.input_value()}”. In room.js, hear.error puts there what "
            "settle() returns."
        )
    said = len(played.said("message"))
    write(played, "   ")
    pause(page, 0.05)
    if page.locator("#outbox li").count() or len(played.said("message")) > said:
        raise Problem(
            "Enter is pressed in a field with nothing but spaces, and that goes into the outbox. "
            "In room.js, return when input.value.trim() is empty."
        )
    field.fill("")


@step(
    "Catch up on the page",
    see="two windows, a server that goes away and comes back: both show the same",
    hint="catchUp in onopen, in hear.message, in hear.caught_up and in setInterval.",
)
def test_the_page_asks_for_what_it_lacks():
    played = stage()
    played.answers = False
    played.page.reload()
    what_is_missing(played)
    what_goes_on_by_itself(played)
    a_line_that_is_dead(played)
    a_server_that_is_away(played)
    what_is_in_vain(played)
    need_no_errors(played)


def asked(played):
    """What the page has asked on its connection: ids."""
    return [frame["after"] for frame in played.said("after")]


def asks_again(played, count, seconds=1.5):
    """Whether the page has asked more than `count` times."""
    return played.wait(lambda: len(asked(played)) > count, seconds)


def what_is_missing(played):
    """A page without messages is told of some, with gaps between them."""
    page = played.page
    if not asks_again(played, 0):
        raise Problem(
            "The page connects, and does not ask what it has missed. Call catchUp() in "
            "socket.onopen."
        )
    if asked(played)[0] != 0:
        raise Problem(f"A page that has no messages asks after {asked(played)[0]}, and not 0.")
    played.tell_message(2, 1)
    if asks_again(played, 1, 0.1):
        raise Problem(
            "The page has asked what it lacks, and asks again before there was an answer. In "
            "room.js, catchUp() returns false while `due` is set."
        )
    played.tell(type="caught_up", last=0, more=False)
    if not asks_again(played, 1):
        raise Problem(
            "A message came whose previous the page does not have, while it waited for another "
            "answer. After that answer it should ask for what it lacks. In room.js, that is noted "
            "in `gap`: hear.caught_up calls catchUp() when it is true."
        )
    played.tell_message(1, None)
    played.tell_message(2, 1)
    played.tell(type="caught_up", last=2, more=False)
    played.tell_message(3, 2)
    if asks_again(played, 2, 0.1):
        raise Problem(
            "The page has all messages, and asks for a catch-up again. Ask only when previous is "
            "an id that it has not shown."
        )
    played.tell_message(9, 8)
    if not asks_again(played, 2):
        raise Problem(
            "A message came whose previous is 8, and the page has no message 8. It should ask for "
            "what it lacks: catchUp() in hear.message."
        )
    if not isinstance(asked(played)[2], int) or not 0 <= asked(played)[2] <= 3:
        raise Problem(f"The page has message 3, lacks message 8, and asks after {asked(played)[2]}")
    for id in range(4, 7):
        played.tell_message(id, id - 1)
    played.tell(type="caught_up", last=6, more=True)
    if not asks_again(played, 3) or not 0 <= asked(played)[3] <= 6:
        raise Problem(
            "A part of a catch-up ends with message 6 and more: true, and the page does not ask "
            "for what comes after that. In room.js, hear.caught_up calls catchUp(last)."
        )
    for id in range(7, 10):
        played.tell_message(id, id - 1)
    played.tell(type="caught_up", last=1000, more=False)
    lines = page.locator("#chat-log li p")
    wanted = [f"number {id}" for id in range(1, 10)]
    if not wait_until(page, lambda: lines.all_inner_texts() == wanted):
        raise Problem(
            "After a catch-up the log should have messages 1 to 9, each once and in order. It has: "
            f"{', '.join(lines.all_inner_texts())}."
        )
    if asks_again(played, 4, 0.1):
        raise Problem("A catch-up has ended, and the page asks again at once.")


def what_goes_on_by_itself(played):
    """The page is connected, and time goes by."""
    played.answers, made = True, len(played.opened)
    write(played, "number 10")
    played.wait(lambda: played.said("message"))
    for turn in range(2):
        before = len(asked(played))
        played.pass_time(31)
        if not asks_again(played, before):
            raise Problem(
                "Half a minute goes by, and the page does not ask what it has missed. After the "
                "last message of the evening no gap shows: in room.js, setInterval() calls "
                "catchUp() every LOOK_AGAIN seconds."
            )
        if not turn and asked(played)[-1] < 900:
            raise Problem(
                "A catch-up has ended with message 1000, and half a minute later the page asks "
                f"after {asked(played)[-1]}: it gets again what it has. In room.js, "
                "hear.caught_up moves `complete` on, and catchUp() asks from a little before it."
            )
    if not played.wait(lambda: len(played.said("message")) > 1, 1.0):
        raise Problem(
            "A message is not confirmed for half a minute, on a line that lives. The page should "
            "send it again: in room.js, setInterval() calls sendAgain() while underWay is true."
        )
    first = played.said("message")[0]
    played.tell_message(1001, 1000, "number 10", client_id=first.get("client_id"))
    keeps_its_connection(played, made, "all its questions were answered")


def keeps_its_connection(played, made, why):
    """Raise `Problem` when the page makes another one than the first `made` connections."""
    played.pass_time(35)
    if played.wait(lambda: len(played.opened) > made, 0.05):
        raise Problem(
            f"The page is connected, {why}, and within a minute it makes another connection. In "
            "room.js, stop the timers `due` and `knock` with clearTimeout when they are no longer "
            "wanted: in connect(), in onopen, in lose() and in hear.caught_up."
        )


def a_line_that_is_dead(played):
    """The server answers no more, and then no handshake either."""
    old, made = played.opened[-1], len(played.opened)
    played.answers = False
    before = len(asked(played))
    played.pass_time(31)
    asks_again(played, before)
    played.pass_time(40)
    how = (
        "In room.js, catchUp() and connect() call expectAnswer(), which gives the connection up "
        "after LOOK_AGAIN seconds: it closes it, and calls lose()."
    )
    if not played.wait(lambda: len(played.opened) > made, 1.0):
        raise Problem(
            "The page asks, and nobody answers for half a minute: the line is dead. The page "
            f"should make another connection. {how}"
        )
    if not played.wait(lambda: old in played.parted, 1.0):
        raise Problem(
            "The line is dead, the page makes another connection, and leaves the old one open. "
            f"{how}"
        )
    played.answers = True
    played.tell(type="caught_up", last=1001, more=False)
    keeps_its_connection(played, made + 1, "as one that was dead has been given up")


def a_server_that_is_away(played):
    """The server accepts and breaks off, again and again; then the network comes back."""
    played.answers = False
    pauses = []
    for _ in range(5):
        played.wait(lambda: asked(played), 1.0)
        played.opened[-1].close(code=1011)
        pauses.append(played.pause(60))
    if None not in pauses and max(pauses) < 6:
        raise Problem(
            "A server accepts and breaks off at once, again and again, and the page knocks every "
            f"{pauses[-1]:.0f} seconds. It has not recovered before it has answered: in room.js, "
            "`pause = 1` belongs into hear.caught_up, not into onopen."
        )
    judge_pauses(pauses)
    made = len(played.opened)
    played.opened[-1].close(code=1011)
    played.wait(lambda: played.attempts()[-1]["ended"])
    played.answers = True
    played.page.evaluate("window.dispatchEvent(new Event('online'))")
    if not played.wait(lambda: len(played.opened) > made, 1.5):
        raise Problem(
            "The page waits for its next attempt, the browser says that it is online again, and "
            'the page goes on waiting. In room.js, addEventListener("online", …) connects at once.'
        )
    played.wait(lambda: asked(played))
    played.page.evaluate("window.dispatchEvent(new Event('online'))")
    keeps_its_connection(played, made + 1, "since the browser is online again")
    played.opened[-1].close(code=1011)
    again = played.pause(60)
    if again is None or again > 4:
        raise Problem(
            "The server was away for long, came back and has answered, and goes away again for a "
            "moment. The page begins with a long pause; it should begin with a short one. In "
            "room.js, hear.caught_up sets pause to 1."
        )


NEVER_OPEN = """() => {
  window.__knocks = 0;
  window.WebSocket = class extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;
    readyState = 0;
    constructor() { super(); window.__knocks += 1; }
    send() {}
    close() {}
  };
}"""
"""Has the page's next connections never open, as those to a machine that does not answer."""


def what_is_in_vain(played):
    """The page is told that nobody is logged in; and another one meets a server that is silent."""
    page = played.page
    played.wait(lambda: asked(played))
    played.opened[-1].close(code=4401)
    if not wait_until(page, page.locator("#closed-4401").is_visible):
        raise Problem(
            "The page is closed with 4401, and does not show its sentence, the element closed-4401."
        )
    if played.pause(20) is not None:
        raise Problem(
            "The page has been told 4401, that nobody is logged in any more, and connects again. "
            "That is in vain: return from lose() when the page has a sentence for the code."
        )
    made = len(played.opened)
    page.reload()
    played.wait(lambda: len(played.opened) > made and asked(played))
    page.evaluate(NEVER_OPEN)
    played.opened[-1].close(code=1011)
    played.wait(lambda: played.attempts()[-1]["ended"])
    for _ in range(2):
        played.pass_time(25)
    if page.evaluate("window.__knocks") < 2:
        raise Problem(
            "The page connects, and the server never answers the handshake. After half a minute "
            "the page should try once more: in room.js, connect() calls expectAnswer() at its end."
        )


@step(
    "Deliver without the thread",
    see="python manage.py test tests.test_models tests.test_consumer ends with OK",
    hint="dispatch passes chat.message on, and awaits super().dispatch(event) for all else.",
)
def test_all_is_as_right_as_before():
    with window("fay") as one, window("ben") as other:
        one.say(message="hello")
        heard = message(one, "A message was said")
        if other.hear() != heard:
            raise Problem("Two windows in one room hear different frames of the same message.")


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
    see="two windows hear each other as before, and the terminal stays quiet; chapter 11 measures "
    "how much sooner they do",
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
