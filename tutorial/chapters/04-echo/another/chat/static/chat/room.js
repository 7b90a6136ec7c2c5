const $ = (id) => document.querySelector(`#${id}`);

const ws = new WebSocket(
  (window.location.protocol === "https:" ? "wss://" : "ws://") +
    window.location.host + "/ws" + window.location.pathname
);

ws.addEventListener("message", function (event) {
  const data = JSON.parse(event.data);
  $("chat-log").value += data.message + "\n";
});

$("chat-form").onsubmit = function () {
  ws.send(JSON.stringify({ message: $("chat-message-input").value }));
  $("chat-message-input").value = "";
  return false;
};
