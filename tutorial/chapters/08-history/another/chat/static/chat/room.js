import * as log from "./log.js";

const field = document.querySelector("#chat-message-input");
const state = document.querySelector("#connection");
const scheme = location.protocol === "https:" ? "wss" : "ws";
const line = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}`);

line.addEventListener("open", () => { state.textContent = "Here we are."; });
line.addEventListener("message", (event) => log.show(JSON.parse(event.data)));
line.addEventListener("close", (event) => {
  state.textContent = "The line is dead.";
  document.querySelector(`#closed-${event.code}`)?.removeAttribute("hidden");
});
document.querySelector("#chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (line.readyState !== 1) return;
  line.send(JSON.stringify({ message: field.value }));
  field.value = "";
  log.goToEnd();
});
