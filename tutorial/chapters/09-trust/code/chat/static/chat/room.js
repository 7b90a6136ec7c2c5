// One window in one room: hears what is said, sends what is typed, mends what the network breaks.

import { goToEnd, show } from "./log.js";

const LONGEST_PAUSE = 30;   // seconds between two attempts to connect

const byId = (id) => document.getElementById(id);
const input = byId("chat-message-input");
const address = new URL(`/ws${location.pathname}`, location.href);
address.protocol = address.protocol.replace("http", "ws");
let socket;

let pause = 1;              // seconds until the next attempt to connect

function connect() {
  socket = new WebSocket(address);
  socket.onopen = () => {
    pause = 1;
    byId("connection").textContent = "Connected.";
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    hear[frame.type]?.(frame);
  };
  socket.onclose = ({ code }) => lose(code);
}

/** Make another connection after a while, unless the page knows that it would be in vain. */
function lose(code) {
  const why = byId(`closed-${code}`);  // the page has a sentence for what can't be mended
  byId("connection").textContent = why ? "Closed." : "Not connected. Trying again …";
  if (why) return void (why.hidden = false);
  setTimeout(connect, pause * 1000 * (0.5 + Math.random()));  // not all windows at once
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

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

connect();
