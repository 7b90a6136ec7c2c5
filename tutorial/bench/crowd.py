"""The clients: raw sockets in one room, and one loop that is light enough not to be measured."""

import selectors
import socket
import time
from collections.abc import Callable

from tutorial.bench import frames
from tutorial.bench.frames import client_frame, find_frame, number_in, numbered
from tutorial.bench.processes import ROOM
from tutorial.bench.results import Sample
from tutorial.environment import Trouble

IN_FLIGHT = 40  # handshakes at a time: Daphne gives up those that take more than 5 s
LOST = 5.0  # seconds after which a message that has not come is lost
ROUGH = 0.001  # seconds by which a selector may be late: the last ones are spent awake
QUIET = 1.0  # seconds without a delivery after which nothing more is on its way
AGAIN = 0.05  # seconds that are waited for repeats at the end of a measurement

HANDSHAKE = (
    "GET /ws/chat/{room}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{cookie}\r\n"
)


class Client:
    """One open window: its socket, what it has read of the next frame, and what it has heard."""

    __slots__ = ("socket", "rest", "last", "missing")

    def __init__(self, socket: socket.socket, last: int):
        self.socket, self.rest = socket, b""
        self.last, self.missing = last, set()  # the newest number, and those before it not heard


class Crowd:
    """Clients in one room, of whom the first one speaks. Close it in the end.

    `ports`: those of the server's processes, which the clients take in turn. `session`: the key of
    their session, None where nobody logs in.
    """

    def __init__(self, ports: list[int], session: str | None):
        self.ports, self.session = ports, session
        self.clients: list[Client] = []
        self.selector = selectors.DefaultSelector()
        self.number = 0  # of the newest message
        self.size = 50  # characters of a text
        self.forget()

    def forget(self) -> None:
        """Begin a new measurement: what is still missing is not waited for any more."""
        self.sample = Sample()
        self.waiting: dict[int, int] = {}  # number → how many have yet to hear it
        self.finished: dict[int, float] = {}  # number → when the last one heard it
        for client in self.clients:
            client.last = self.number
            client.missing.clear()

    def close(self) -> None:
        """Close all sockets."""
        for client in self.clients:
            client.socket.close()
        self.selector.close()

    def grow(self, count: int) -> None:
        """Connect until there are `count` clients; raises `Trouble` when one is refused."""
        while len(self.clients) < count:
            begun = []
            for index in range(len(self.clients), min(count, len(self.clients) + IN_FLIGHT)):
                port = self.ports[index % len(self.ports)]
                client = Client(socket.create_connection(("127.0.0.1", port), LOST), self.number)
                self.clients.append(client)
                cookie = f"Cookie: sessionid={self.session}\r\n" if self.session else ""
                request = HANDSHAKE.format(room=ROOM, port=port, cookie=cookie)
                client.socket.sendall(request.encode())
                begun.append(client)
            for client in begun:
                self.finish_handshake(client)

    def finish_handshake(self, client: Client) -> None:
        """Read the server's answer, and listen from then on."""
        answer, read = b"", b"begin"
        while b"\r\n\r\n" not in answer and read:
            read = client.socket.recv(4096)
            answer += read
        head, _, client.rest = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            said = head.decode("latin-1").split("\r\n")[0] or "nothing"
            raise Trouble(f"The server refused client {len(self.clients)}. It answered: {said}")
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.socket.setblocking(False)
        self.selector.register(client.socket, selectors.EVENT_READ, client)

    def say(self) -> int:
        """Have the first client say the next message; return its number."""
        self.number += 1
        self.waiting[self.number] = len(self.clients)
        said = numbered(self.number, self.size)
        self.newest = said[: frames.NUMBERED].encode()
        self.send(frames.payload(said), frames.TEXT)
        return self.number

    def send(self, payload: bytes, opcode: int, client: Client | None = None) -> None:
        """Send a frame; a line that is closed shows when it is read."""
        line = (client or self.clients[0]).socket
        try:
            line.settimeout(LOST)
            line.sendall(client_frame(payload, opcode))
            line.setblocking(False)
        except OSError:
            pass

    def listen(self, seconds: float) -> None:
        """Hear what has come, or what comes first within that time."""
        for key, _ in self.selector.select(max(0.0, seconds)):
            self.hear(key.data)

    def listen_until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Listen until something is true or the time is over; return whether it is true."""
        while not done():
            left = deadline - time.perf_counter()
            if left <= 0 or not self.selector.get_map():  # nobody is left to hear it
                return False
            self.listen(left - ROUGH)
        return True

    def hear(self, client: Client) -> None:
        """Take what has come for one client."""
        try:
            read = client.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read:  # what it misses is counted as lost
            self.selector.unregister(client.socket)
            client.socket.close()
            return
        if self.is_the_next(client, read):
            self.take(client, self.number, frames.PAYLOAD)
            return
        data, at = client.rest + read, 0
        while frame := find_frame(data, at):
            at = frame.end
            if frame.opcode == frames.TEXT:
                self.count(client, data, frame)
            elif frame.opcode == frames.PING:
                self.send(data[frame.start : frame.end], frames.PONG, client)
        client.rest = data[at:]

    def is_the_next(self, client: Client, read: bytes) -> bool:
        """Whether this is one whole frame with the newest message, as nearly always it is.

        It is seen at a glance: so the clients need half as much of their core.
        """
        return (
            len(read) == frames.WHOLE
            and not client.rest
            and client.last == self.number - 1
            and self.newest in read
            and read.startswith(frames.HEAD)
        )

    def count(self, client: Client, data: bytes, frame: frames.Frame) -> None:
        """Count a delivery or a repeat; raises `Trouble` when it is neither."""
        number = number_in(data, frame.start, frame.end)
        if number is None or number > self.number:
            said = data[frame.start : frame.end].decode("utf-8", "replace")
            raise Trouble(f"The server answers: {said[:300]}")
        if number <= client.last and number not in client.missing:
            self.sample.repeated += 1
        else:
            self.take(client, number, frame.end - frame.start)

    def take(self, client: Client, number: int, size: int) -> None:
        """Note that a client has heard a message, whose frame has `size` bytes of payload."""
        if number > client.last:
            if number > client.last + 1:
                client.missing.update(range(client.last + 1, number))
            client.last = number
        else:
            client.missing.remove(number)
        self.sample.deliveries += 1
        self.sample.payload += size
        self.waiting[number] -= 1
        if not self.waiting[number]:
            self.finished[number] = time.perf_counter()

    def lost(self) -> int:
        """How many deliveries are missing now."""
        return sum(len(one.missing) + self.number - one.last for one in self.clients)

    def say_to_all(self) -> float | None:
        """Say a message and wait until everyone has it; return the seconds, None if in vain."""
        begun = time.perf_counter()
        number = self.say()
        if self.listen_until(lambda: number in self.finished, begun + LOST):
            return self.finished[number] - begun
        return None


def settle(crowd: Crowd) -> None:
    """Wait until everyone hears: a server may accept a client before it lets it into the room.

    Where that does not come about, the measurement that follows counts the losses.
    """
    crowd.forget()
    for _ in range(3):
        number, heard = crowd.say(), -1
        while number not in crowd.finished and crowd.sample.deliveries != heard:
            heard = crowd.sample.deliveries
            crowd.listen_until(lambda: number in crowd.finished, time.perf_counter() + QUIET)  # noqa: B023
        if number in crowd.finished:
            return


def fit(crowd: Crowd) -> None:
    """Find out how long texts have to be with this server, and see that it is so.

    Raises `Trouble` when what it sends does not come to have the right size.
    """
    settle(crowd)
    if not crowd.sample.deliveries:
        raise Trouble("The server does not send on what its only client says.")
    heard = crowd.sample.payload // crowd.sample.deliveries
    crowd.size = frames.text_size(crowd.size, heard)
    settle(crowd)
    if crowd.sample.payload != crowd.sample.deliveries * frames.PAYLOAD:
        raise Trouble(f"The server's frames do not keep to {frames.PAYLOAD} bytes.")


def one_by_one(crowd: Crowd, seconds: float, least: int, cpu: Callable[[], float]) -> Sample:
    """Say each message when everyone has the one before, for so long and at least so often.

    `cpu` gives the servers' processor time. It ends at the first message that does not reach all.
    """
    crowd.forget()
    sample, cpu_before, own_before = crowd.sample, cpu(), time.process_time()
    begun = time.perf_counter()
    while len(sample.times) < least or time.perf_counter() < begun + seconds:
        took = crowd.say_to_all()
        if took is None:
            break
        sample.times.append(took)
    sample.seconds = time.perf_counter() - begun
    sample.cpu = cpu() - cpu_before
    sample.busy = (time.process_time() - own_before) / sample.seconds
    return finish(crowd)


def at_fixed_rate(crowd: Crowd, interval: float, count: int) -> Sample:
    """Say `count` messages, one each `interval` seconds, whether the one before has come or not.

    A time counts from when a message ought to have been sent, so that a late one is no excuse.
    """
    crowd.forget()
    sample, due = crowd.sample, {}
    begun = time.perf_counter()
    for index in range(count):
        at = begun + index * interval
        crowd.listen_until(lambda: False, at)
        due[crowd.say()] = at
    crowd.listen_until(lambda: len(crowd.finished) == count, time.perf_counter() + LOST)
    sample.seconds = time.perf_counter() - begun
    heard = crowd.finished
    sample.times = [heard[number] - at for number, at in due.items() if number in heard]
    return finish(crowd)


def finish(crowd: Crowd) -> Sample:
    """Wait a moment for repeats and count the losses."""
    crowd.listen_until(lambda: False, time.perf_counter() + AGAIN)
    crowd.sample.lost = crowd.lost()
    return crowd.sample
