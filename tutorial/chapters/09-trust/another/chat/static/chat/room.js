import { goToEnd, show } from "./log.js";

const field = document.querySelector("#chat-message-input");
const scheme = location.protocol === "https:" ? "wss" : "ws";
let line;
let failures = 0;

function open() {
  line = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}`);
  line.addEventListener("open", () => {
    failures = 0;
    document.querySelector("#connection").textContent = "Connected.";
  });
  line.addEventListener("message", (event) => {
    const frame = JSON.parse(event.data);
    if (frame.type === "message") show(frame);
    else if (frame.type === "error") document.querySelector("#error").textContent = frame.detail;
  });
  line.addEventListener("close", (event) => {
    const sentence = document.querySelector(`#closed-${event.code}`);
    document.querySelector("#connection").textContent = "Not connected.";
    if (sentence) {
      sentence.hidden = false;
    } else {
      failures += 1;
      setTimeout(open, Math.min(30000, 500 * 2 ** failures));
    }
  });
}

document.querySelector("#chat-form").onsubmit = (event) => {
  event.preventDefault();
  if (line.readyState === WebSocket.OPEN) {
    line.send(JSON.stringify({ message: field.value }));
    field.value = "";
    document.querySelector("#error").textContent = "";
    goToEnd();
  }
};

open();
