import { goToEnd, show, shown } from "./log.js";
import * as outbox from "./outbox.js";

const find = (selector) => document.querySelector(selector);
const scheme = location.protocol === "https:" ? "wss" : "ws";
let line;
let failures = 0;
let newest = Math.max(0, ...shown);
let asking = false;

const ready = () => line.readyState === WebSocket.OPEN;
const say = (frame) => { if (ready()) line.send(JSON.stringify(frame)); };
const sendFirst = () => { if (outbox.first()) say(outbox.first()); };

function ask(after = newest) {
  if (asking || !ready()) return;
  asking = true;
  say({ after });
}

function open() {
  line = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}`);
  line.addEventListener("open", () => {
    find("#connection").textContent = "Connected.";
    asking = false;
    ask();
    sendFirst();
  });
  line.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  line.addEventListener("close", (event) => {
    const sentence = find(`#closed-${event.code}`);
    find("#connection").textContent = "Not connected.";
    if (sentence) return void (sentence.hidden = false);
    failures += 1;
    setTimeout(open, Math.min(30000, 500 * 2 ** failures));
  });
}

function hear(frame) {
  const mine = frame.client_id && frame.client_id === outbox.first()?.client_id;
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
    newest = Math.max(newest, frame.last);
    if (frame.more) ask();
  } else if (frame.type === "error") {
    find("#error").textContent = frame.detail;
    if (mine && frame.retry_after) setTimeout(sendFirst, frame.retry_after * 1000);
    else if (mine) find("#chat-message-input").value = outbox.settle();
  }
}

find("#chat-form").onsubmit = (event) => {
  event.preventDefault();
  const waiting = outbox.first();
  outbox.put(find("#chat-message-input").value);
  find("#chat-message-input").value = "";
  if (!waiting) sendFirst();
  goToEnd();
};

setInterval(() => { ask(); sendFirst(); }, 30000);
open();
