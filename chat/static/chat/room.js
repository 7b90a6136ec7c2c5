// One window in one room: hears what is said, sends what is typed, mends what the network breaks.

import { goToEnd, show, shown } from "./log.js";
import * as outbox from "./outbox.js";

const OVERLAP = 20;         // ids: how far back a catch-up begins, for messages out of order
const LOOK_AGAIN = 30;      // seconds between two catch-ups; an answer may take as long
const LONGEST_PAUSE = 30;   // seconds between two attempts to connect

const byId = (id) => document.getElementById(id);
const input = byId("chat-message-input");
const address = new URL(`/ws${location.pathname}`, location.href);
address.protocol = address.protocol.replace("http", "ws");
let socket;

let pause = 1;              // seconds until the next attempt to connect
let knock;                  // the timer of that attempt
let due;                    // the timer of an answer that the server owes us

function connect() {
  knock = clearTimeout(knock);
  socket = new WebSocket(address);
  socket.onopen = () => {
    due = clearTimeout(due);
    byId("connection").textContent = "Connected.";
    catchUp();
    sendNext();
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    hear[frame.type]?.(frame);
  };
  socket.onclose = ({ code }) => lose(code);
  expectAnswer();
}

/** Make another connection after a while, unless the page knows that it would be in vain. */
function lose(code) {
  due = clearTimeout(due);
  underWay = gap = false;
  const why = byId(`closed-${code}`);  // the page has a sentence for what can't be mended
  byId("connection").textContent = why ? "Closed." : "Not connected. Trying again …";
  if (why) return void (why.hidden = false);
  knock = setTimeout(connect, pause * 1000 * (0.5 + Math.random()));  // not all windows at once
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

/** Give the connection up if no answer comes; closing it in form takes some browsers a minute. */
function expectAnswer() {
  due = setTimeout(() => {
    socket.onclose = null;
    socket.close();
    lose();
  }, LOOK_AGAIN * 1000);
}

addEventListener("online", () => { if (knock) connect(); });

let complete = Math.max(0, ...shown);  // up to this id the log has no gap
let gap = false;            // one was seen while an answer was due: ask once more after it

const hear = {
  message(frame) {
    if (isUnderWay(frame.client_id)) settle();
    const previous = frame.previous ?? 0;
    if (previous === complete) complete = frame.id;
    else if (previous > complete && !shown.has(previous)) gap = !catchUp();
    show(frame);
  },

  caught_up({ last, more }) {
    if (!underWay) pause = 1;  // a message that the server can't store may break off each line
    complete = Math.max(complete, last);
    due = clearTimeout(due);
    if (more) catchUp(last);
    else if (gap) gap = !catchUp();
  },

  error({ detail, client_id, retry_after }) {
    byId("error").textContent = detail;
    if (!isUnderWay(client_id)) return;
    if (retry_after === null) input.value = `${input.value} ${settle()}`.trim();  // to be mended
    else setTimeout(() => { byId("error").textContent = ""; sendAgain(); }, retry_after * 1000);
  },
};

/** Ask for what came after a message, by default from a little before the newest; say if asked. */
function catchUp(after = Math.max(0, complete - OVERLAP)) {
  if (due || socket.readyState !== WebSocket.OPEN) return false;
  expectAnswer();
  socket.send(JSON.stringify({ after }));
  return true;
}

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

setInterval(() => {
  catchUp();
  if (underWay) sendAgain();
}, LOOK_AGAIN * 1000);
connect();
