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

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  show(input.value);
  input.value = "";
});
