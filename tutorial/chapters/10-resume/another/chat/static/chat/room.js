import { goToEnd, show, shown } from "./log.js";
import * as outbox from "./outbox.js";

const find = (selector) => document.querySelector(selector);
const scheme = location.protocol === "https:" ? "wss" : "ws";
let line;
let failures = 0;
let next;
let patience;
let newest = Math.max(0, ...shown);
let asking = false;
let doubtful = false;
let sending = null;

const ready = () => line.readyState === WebSocket.OPEN;
const say = (frame) => { if (ready()) line.send(JSON.stringify(frame)); };

function sendFirst() {
  sending = null;
  if (!outbox.first() || !ready()) return;
  sending = outbox.first().client_id;
  say(outbox.first());
}

function waitForAnswer() {
  clearTimeout(patience);
  const waiting = line;
  patience = setTimeout(() => { waiting.close(); ended(waiting); }, 30000);
}

function ask(after = newest) {
  doubtful = asking;
  if (asking || !ready()) return;
  asking = true;
  say({ after });
  waitForAnswer();
}

function open() {
  clearTimeout(next);
  next = null;
  const mine = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}`);
  line = mine;
  waitForAnswer();
  mine.addEventListener("open", () => {
    find("#connection").textContent = "Connected.";
    asking = false;
    ask();
    sendFirst();
  });
  mine.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  mine.addEventListener("close", (event) => ended(mine, event.code));
}

function ended(which, code) {
  if (which !== line || next) return;
  clearTimeout(patience);
  const sentence = find(`#closed-${code}`);
  find("#connection").textContent = "Not connected.";
  if (sentence) return void (sentence.hidden = false);
  failures += 1;
  next = setTimeout(open, Math.min(30000, 500 * 2 ** failures));
}

function hear(frame) {
  const mine = frame.client_id && frame.client_id === sending;
  if (frame.type === "message") {
    if (mine) {
      outbox.settle();
      sendFirst();
    }
    if (frame.previous && frame.previous > newest) ask();
    else newest = Math.max(newest, frame.id);
    show(frame);
  } else if (frame.type === "caught_up") {
    failures = 0;
    asking = false;
    clearTimeout(patience);
    newest = Math.max(newest, frame.last);
    if (frame.more || doubtful) ask();
  } else if (frame.type === "error") {
    find("#error").textContent = frame.detail;
    if (mine && frame.retry_after) setTimeout(againNow, frame.retry_after * 1000);
    else if (mine) {
      find("#chat-message-input").value = outbox.settle();
      sendFirst();
    }
  }
}

function againNow() {
  find("#error").textContent = "";
  sendFirst();
}

find("#chat-form").onsubmit = (event) => {
  event.preventDefault();
  find("#error").textContent = "";
  if (find("#chat-message-input").value.trim() === "") return;
  outbox.put(find("#chat-message-input").value);
  find("#chat-message-input").value = "";
  if (!sending) sendFirst();
  goToEnd();
};

window.ononline = () => { if (next) open(); };
setInterval(() => { ask(); sendFirst(); }, 30000);
open();
