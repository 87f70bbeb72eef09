/* The form of a canned reply: variables by a press, and how a customer would read it while it is written. */

const text = document.getElementById("text");
const preview = document.getElementById("preview");
const buttons = [...document.querySelectorAll("[data-variable]")];
const samples = new Map(buttons.map((button) => [button.dataset.variable, button.dataset.sample]));
const scopes = [...document.querySelectorAll("[name=scope][type=radio]")];
const VARIABLE = /\{\{\s*([^{}]*?)\s*\}\}/g;
const ENDED = /(?:^|[.!?…\n])\s*$/;

function draw() {
  preview.textContent = text.value.replace(VARIABLE, (whole, name, at) => {
    const sample = samples.get(name.toLowerCase()) ?? whole;
    return ENDED.test(text.value.slice(0, at)) ? sample[0].toUpperCase() + sample.slice(1) : sample;
  });
}

/** The queue matters to a team's reply only. */
function showQueue() {
  const field = document.getElementById("queue")?.closest(".field");
  if (field) field.hidden = scopes.find((radio) => radio.checked)?.value !== "team";
}

if (text) {
  text.addEventListener("input", draw);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      text.setRangeText(`{{${button.dataset.variable}}}`, text.selectionStart, text.selectionEnd, "end");
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
  }
  for (const radio of scopes) radio.addEventListener("change", showQueue);
  draw();
  showQueue();
}
