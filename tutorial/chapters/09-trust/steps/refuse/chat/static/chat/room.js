// One window in one room: hears what is said, sends what is typed.

import { goToEnd, show } from "./log.js";

const byId = (id) => document.getElementById(id);
const input = byId("chat-message-input");
const address = new URL(`/ws${location.pathname}`, location.href);
address.protocol = address.protocol.replace("http", "ws");
const socket = new WebSocket(address);

socket.onopen = () => { byId("connection").textContent = "Connected."; };
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  hear[frame.type]?.(frame);
};
socket.onclose = ({ code }) => {
  const why = byId(`closed-${code}`);  // the page has a sentence for what can't be mended
  byId("connection").textContent = why ? "Closed." : "Not connected. Reload the page.";
  if (why) why.hidden = false;
};

const hear = {
  message: show,

  error({ detail }) {
    byId("error").textContent = detail;
  },
};

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("error").textContent = "";
  if (!input.value.trim() || socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ message: input.value }));
  input.value = "";
  goToEnd();
});
