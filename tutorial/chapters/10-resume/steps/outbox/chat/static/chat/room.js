// One window in one room: hears what is said, sends what is typed, mends what the network breaks.

import { goToEnd, show } from "./log.js";
import * as outbox from "./outbox.js";

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
    sendNext();
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    hear[frame.type]?.(frame);
  };
  socket.onclose = ({ code }) => lose(code);
}

/** Make another connection after a while, unless the page knows that it would be in vain. */
function lose(code) {
  underWay = false;
  const why = byId(`closed-${code}`);  // the page has a sentence for what can't be mended
  byId("connection").textContent = why ? "Closed." : "Not connected. Trying again …";
  if (why) return void (why.hidden = false);
  setTimeout(connect, pause * 1000 * (0.5 + Math.random()));  // not all windows at once
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

const hear = {
  message(frame) {
    if (isUnderWay(frame.client_id)) settle();
    show(frame);
  },

  error({ detail, client_id, retry_after }) {
    byId("error").textContent = detail;
    if (!isUnderWay(client_id)) return;
    if (retry_after === null) input.value = `${input.value} ${settle()}`.trim();  // to be mended
    else setTimeout(() => { byId("error").textContent = ""; sendAgain(); }, retry_after * 1000);
  },
};

let underWay = false;       // whether the first message of the outbox is on its way

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("error").textContent = "";
  if (!input.value.trim()) return;
  outbox.put(input.value);
  input.value = "";
  sendNext();
  goToEnd();
});

const isUnderWay = (client_id) => client_id !== null && client_id === outbox.first()?.client_id;

/** Send the first message that waits, unless one is on its way. */
function sendNext() {
  if (underWay || !outbox.first() || socket.readyState !== WebSocket.OPEN) return;
  underWay = true;
  socket.send(JSON.stringify(outbox.first()));
}

/** Send what is on its way once more: twice does no harm, and not at all would. */
function sendAgain() {
  underWay = false;
  sendNext();
}

/** Take the first message out of the outbox, return its text, and send the next one. */
function settle() {
  underWay = false;
  const message = outbox.settle();
  sendNext();
  return message;
}

connect();
