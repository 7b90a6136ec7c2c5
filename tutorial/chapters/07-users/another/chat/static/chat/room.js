const log = document.querySelector("#chat-log");
const input = document.querySelector("#chat-message-input");
const scheme = location.protocol === "https:" ? "wss" : "ws";
const line = new WebSocket(`${scheme}://${location.host}/ws${location.pathname}`);

line.addEventListener("message", (event) => {
  const said = JSON.parse(event.data);
  log.value += said.username + ": " + said.message + "\n";
});
line.addEventListener("close", (event) => {
  log.value += event.code === 4401 ? "Log in first.\n" : "The line is dead.\n";
});

document.querySelector("#chat-form").onsubmit = () => {
  if (line.readyState === 1) {
    line.send(JSON.stringify({ message: input.value }));
    input.value = "";
  }
  return false;
};
