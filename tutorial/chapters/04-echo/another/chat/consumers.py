from channels.generic.websocket import JsonWebsocketConsumer


class Echo(JsonWebsocketConsumer):
    def receive_json(self, content, **kwargs):
        self.send_json({"message": content["message"], "length": len(content["message"])})
