// One window in one room: shows what is said, sends what is typed, and mends what the network breaks.
"use strict";

const PART = 20;            // ids: how far back a catch-up begins, for messages that came out of order
const LOOK_AGAIN = 30;      // seconds between two catch-ups
const LONGEST_PAUSE = 30;   // seconds between two attempts to connect

const byId = (id) => document.getElementById(id);
const log = byId("chat-log");
const list = log.querySelector("ol");
const input = byId("chat-message-input");
const username = JSON.parse(byId("username").textContent);

// ---- What is shown ----------------------------------------------------------------------------

const shown = new Set();    // ids of the messages in the log
let complete = 0;           // up to this id the log has no gap

/** Prepare a message's <li> for this reader: local time, own messages marked. */
function adopt(item) {
  const time = item.querySelector("time");
  const when = new Date(time.dateTime);
  time.textContent = when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  item.classList.toggle("own", item.querySelector("b").textContent === username);
  shown.add(Number(item.dataset.id));
  return item;
}

/** Put a message into the log, in the order of ids. */
function show({ id, username, message, created_at }) {
  const item = byId("message").content.firstElementChild.cloneNode(true);
  item.dataset.id = id;
  item.querySelector("b").textContent = username;
  item.querySelector("time").dateTime = created_at;
  item.querySelector("p").textContent = message;
  let before = list.lastElementChild;
  while (before && Number(before.dataset.id) > id) before = before.previousElementSibling;
  if (before) before.after(adopt(item));
  else list.prepend(adopt(item));
  follow();
}

// A reader who is at the end of the log stays there; one who scrolled up keeps the place.
let atEnd = true;
const follow = () => { if (atEnd) log.scrollTop = log.scrollHeight; };
log.addEventListener("scroll", () => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
});
new ResizeObserver(follow).observe(log);

byId("older")?.addEventListener("click", loadOlder);

/** Fetch the page of messages before the first one, and put its messages above ours. */
async function loadOlder(event) {
  event.preventDefault();
  const link = event.target;
  try {
    const response = await fetch(link.href);
    if (!response.ok || response.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fromEnd = log.scrollHeight - log.scrollTop;
    list.prepend(...Array.from(page.querySelectorAll("#chat-log li"), adopt));
    const next = page.getElementById("older");
    if (next) link.href = next.getAttribute("href");
    else link.remove();
    log.scrollTop = log.scrollHeight - fromEnd;
  } catch {
    byId("error").textContent = "The older messages could not be loaded. Try again.";
  }
}

// ---- What is sent -----------------------------------------------------------------------------

const drawer = `unsent by ${username} at ${location.pathname}`;
const outbox = JSON.parse(sessionStorage.getItem(drawer) ?? "[]");  // the first one is under way
let underWay = false;

byId("chat-form").addEventListener("submit", (event) => {
  event.preventDefault();
  byId("error").textContent = "";
  if (!input.value.trim()) return;
  outbox.push({ message: input.value, client_id: newId() });
  input.value = "";
  showOutbox();
  sendNext();
  atEnd = true;
  follow();
});

/** Return a random UUID (crypto.randomUUID is missing on pages without HTTPS). */
function newId() {
  const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)));
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function showOutbox() {
  sessionStorage.setItem(drawer, JSON.stringify(outbox));
  const items = outbox.map(({ message }) => {
    const item = document.createElement("li");
    item.textContent = `${message} …`;
    item.dir = "auto";
    return item;
  });
  byId("outbox").replaceChildren(...items);
}

/** Send the first message that waits, unless one is on its way. */
function sendNext() {
  if (underWay || !outbox.length || socket?.readyState !== WebSocket.OPEN) return;
  underWay = true;
  socket.send(JSON.stringify(outbox[0]));
}

/** Take the first message out of the outbox: it is stored, or refused for good. */
function settle() {
  underWay = false;
  const [{ message }] = outbox.splice(0, 1);
  showOutbox();
  sendNext();
  return message;
}

// ---- What the server says ---------------------------------------------------------------------

const isUnderWay = (client_id) => client_id !== null && client_id === outbox[0]?.client_id;

const hear = {
  message(frame) {
    if (isUnderWay(frame.client_id)) settle();
    if (!shown.has(frame.id)) show(frame);
    const previous = frame.previous ?? 0;
    if (previous === complete) complete = frame.id;
    else if (previous > complete && !shown.has(previous)) catchUp();
  },

  caught_up({ last, more }) {
    pause = 1;
    complete = Math.max(complete, last);
    asked = false;
    if (more) catchUp(last);
  },

  error({ detail, client_id, retry_after }) {
    byId("error").textContent = detail;
    if (!isUnderWay(client_id)) return;
    if (retry_after === null) {
      const message = settle();
      input.value ||= message;
      return;
    }
    setTimeout(() => {
      underWay = false;
      byId("error").textContent = "";
      sendNext();
    }, retry_after * 1000);
  },
};

// ---- The connection ---------------------------------------------------------------------------

const address = new URL(`/ws${location.pathname}`, location.href);
address.protocol = address.protocol.replace("http", "ws");
let socket;
let asked = false;          // for a catch-up that has not ended yet
let pause = 1;              // seconds until the next attempt to connect

function connect() {
  socket = new WebSocket(address);
  socket.onopen = () => {
    byId("connection").textContent = "Connected.";
    catchUp();
    sendNext();
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    hear[frame.type](frame);
  };
  socket.onclose = ({ code }) => {
    underWay = asked = false;
    const why = byId(`closed-${code}`);  // the page has a sentence for what can't be mended
    byId("connection").textContent = why ? "Closed." : "Not connected. Trying again …";
    if (why) return void (why.hidden = false);
    setTimeout(connect, pause * 1000 * (0.5 + Math.random()));  // not all windows at once
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
}

/** Ask for what came after a message, by default from a little before the newest. */
function catchUp(after = Math.max(0, complete - PART)) {
  if (asked || socket.readyState !== WebSocket.OPEN) return;
  asked = true;
  socket.send(JSON.stringify({ after }));
}

setInterval(() => {
  if (asked) socket.close();  // no answer since the last look: this connection is dead
  catchUp();
}, LOOK_AGAIN * 1000);

for (const item of list.children) complete = Number(adopt(item).dataset.id);
showOutbox();
follow();
connect();
