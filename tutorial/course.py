"""The course's chapters, in their order. This is the only list of them."""

from dataclasses import dataclass
from pathlib import Path

CHAPTERS = Path(__file__).resolve().parent / "chapters"


@dataclass(frozen=True)
class Chapter:
    """One chapter: its number, its short name, its title, and the part that it belongs to."""

    number: int
    name: str
    title: str
    part: str

    @property
    def folder(self) -> Path:
        """Where the chapter is, or will be."""
        return CHAPTERS / f"{self.number:02}-{self.name}"

    @property
    def exists(self) -> bool:
        """Whether the chapter is written; the others are still to come."""
        return self.folder.is_dir()


PART_1 = "Part I: the project"
PART_2 = "Part II: beyond it"

COURSE = (
    Chapter(1, "project", "A Django project that reads its settings from .env", PART_1),
    Chapter(2, "pages", "Pages, and why they cannot hear each other", PART_1),
    Chapter(3, "asgi", "From WSGI to ASGI", PART_1),
    Chapter(4, "echo", "A WebSocket that answers", PART_1),
    Chapter(5, "groups", "Everyone in the room hears", PART_1),
    Chapter(6, "tests", "Tests that talk over a WebSocket", PART_1),
    Chapter(7, "users", "Who is speaking?", PART_1),
    Chapter(8, "history", "Rooms and messages that stay", PART_1),
    Chapter(9, "trust", "What a stranger may not do", PART_1),
    Chapter(10, "resume", "Nothing lost and nothing twice", PART_1),
    Chapter(11, "async", "The same consumer, asynchronous", PART_2),
    Chapter(12, "redis", "Several processes, one chat: Redis", PART_2),
    Chapter(13, "rabbitmq", "The same on RabbitMQ", PART_2),
    Chapter(14, "deploy", "In production", PART_2),
    Chapter(15, "fanout", "One event for a whole process", PART_2),
    Chapter(16, "sse", "Server-sent events, the simpler sibling", PART_2),
)

PROJECT = 10
"""The chapter at whose end the project is what stands at the top level."""
