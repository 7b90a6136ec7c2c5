// What a window shows of its room: the messages in their order, each once.

const log = document.getElementById("chat-log");
const list = log.querySelector("ol");
const error = document.getElementById("error");
const username = JSON.parse(document.getElementById("username").textContent);

/** The ids of the messages in the log. */
export const shown = new Set();

/** Prepare a message's <li> for this reader: local time, own messages marked. */
function adopt(item) {
  const time = item.querySelector("time");
  const when = new Date(time.dateTime);
  time.textContent = when.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  item.classList.toggle("own", item.querySelector("b").textContent === username);
  shown.add(Number(item.dataset.id));
  return item;
}

/** Put a message into the log, in the order of ids, unless it is there. */
export function show({ id, username, message, created_at }) {
  if (shown.has(id)) return;
  const item = document.getElementById("message").content.firstElementChild.cloneNode(true);
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
let atEnd = !location.search;  // ?before=… asks for the past
const follow = () => { if (atEnd) log.scrollTop = log.scrollHeight; };
log.addEventListener("scroll", () => {
  atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
});
new ResizeObserver(follow).observe(log);

/** Go to the end of the log. */
export function goToEnd() {
  atEnd = true;
  follow();
}

document.getElementById("older")?.addEventListener("click", loadOlder);

/** Fetch the page of messages before the first one, and put its messages above ours. */
async function loadOlder(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;  // wanted in a window of its own
  event.preventDefault();
  const link = event.target;
  error.textContent = "";
  try {
    const response = await fetch(link.href);
    if (response.redirected) return location.reload();  // to the log-in page
    if (!response.ok) throw response;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const older = Array.from(page.querySelectorAll("#chat-log li"));
    const first = list.firstElementChild;
    const place = first.getBoundingClientRect().top;
    list.prepend(...older.filter((item) => !shown.has(Number(item.dataset.id))).map(adopt));
    const next = page.getElementById("older");
    if (next) link.href = next.getAttribute("href");
    else link.remove();
    log.scrollTop += first.getBoundingClientRect().top - place;
    if (!next) log.focus({ preventScroll: true });
  } catch {
    error.textContent = "The older messages could not be loaded. Try again.";
  }
}

for (const item of list.children) adopt(item);
follow();
