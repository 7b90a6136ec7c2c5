const $ = (id) => document.querySelector(`#${id}`);

const ws = new WebSocket(
  (window.location.protocol === "https:" ? "wss://" : "ws://") +
    window.location.host + "/ws" + window.location.pathname
);

ws.addEventListener("message", function (event) {
  const data = JSON.parse(event.data);
  $("chat-log").value += data.message + "\n";
});

ws.addEventListener("close", function () {
  $("chat-message-submit").disabled = true;
  $("chat-message-submit").textContent = "Nobody there";
});

$("chat-form").onsubmit = function () {
  if (ws.readyState === 1) {
    ws.send(JSON.stringify({ message: $("chat-message-input").value }));
    $("chat-message-input").value = "";
  }
  return false;
};
