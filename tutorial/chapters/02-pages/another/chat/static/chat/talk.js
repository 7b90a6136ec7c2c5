const field = document.querySelector("#chat-message-input");
const button = document.querySelector("#chat-message-submit");

field.onkeyup = function (event) {
  if (event.key === "Enter") button.click();
};
button.onclick = function () {
  document.querySelector("#chat-log").value += field.value + "\n";
  field.value = "";
};
