// What a window has to send: kept until it is settled, through a reload and a log-in, too.

const input = document.getElementById("chat-message-input");
const box = document.getElementById("outbox");
const username = JSON.parse(document.getElementById("username").textContent);
const drawer = `unsent by ${username} at ${location.pathname}`;
const waiting = JSON.parse(sessionStorage.getItem(drawer) ?? "[]");

/** Return the frame to send next, or undefined. */
export const first = () => waiting[0];

/** Put a message into the outbox. */
export function put(message) {
  waiting.push({ message, client_id: newId() });
  keep();
}

/** Take the first message out, because it is stored or refused for good; return its text. */
export function settle() {
  const { message } = waiting.shift();
  keep();
  return message;
}

/** Return a random UUID (crypto.randomUUID is missing on pages without HTTPS). */
function newId() {
  const bytes = Array.from(crypto.getRandomValues(new Uint8Array(16)));
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function keep() {
  sessionStorage.setItem(drawer, JSON.stringify(waiting));
  const items = waiting.map(({ message }) => {
    const item = document.createElement("li");
    item.textContent = `${message} …`;
    item.dir = "auto";
    return item;
  });
  box.replaceChildren(...items);
  box.scrollTop = box.scrollHeight;
}

input.value ||= sessionStorage.getItem(`${drawer}, draft`) ?? "";
addEventListener("pagehide", () => sessionStorage.setItem(`${drawer}, draft`, input.value));
keep();
