"""Broken: a page of any site may open a WebSocket. The consumer is the reader's own."""

from channels.security.websocket import OriginValidator

from config import origin


class Anybody:
    """Takes the place of the given SameOriginValidator, and looks at nothing."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, *arguments):
        return await self.application(*arguments)


origin.SameOriginValidator = Anybody
OriginValidator.valid_origin = lambda self, parsed_origin: True
