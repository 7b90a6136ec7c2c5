// One window in one room.
"use strict";

const byId = (id) => document.getElementById(id);
const log = byId("chat-log");
const input = byId("chat-message-input");

/** Put a line at the end of the log. */
function show(line) {
  log.value += `${line}\n`;
  log.scrollTop = log.scrollHeight;
}

const address = new URL(`/ws${location.pathname}`, location.href);
address.protocol = address.protocol.replace("http", "ws");
const socket = new WebSocket(address);

socket.onmessage = ({ data }) => {
  const { username, message } = JSON.parse(data);
  show(`${username}: ${message}`);
};
socket.onclose = ({ code }) => {
  show(code === 4401 ? "You are not logged in." : "The connection is closed. Reload the page.");
};

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;  // not yet, or no more
  socket.send(JSON.stringify({ message: input.value }));
  input.value = "";
});
