/* Marks entities in a message by selecting its words, and takes a suggested intent with one press. */
import { element, icon } from "/static/assets/text.js";
import { t } from "/static/assets/words.js";

/** Positions count characters as people and Python do: an emoji is one. */
const length = (text) => Array.from(text).length;

for (const item of document.querySelectorAll("[data-item]")) {
  const sentence = item.querySelector("[data-sentence]");
  const tools = item.querySelector("[data-tools]");
  const marks = item.querySelector("[data-marks]");
  if (!tools) continue;
  const selected = () => sentence.value.slice(sentence.selectionStart, sentence.selectionEnd);
  for (const name of ["select", "keyup", "mouseup", "touchend"])
    sentence.addEventListener(name, () => (tools.hidden = !selected().trim()));
  tools.addEventListener("click", (event) => {
    const entity = event.target.closest("[data-entity]")?.dataset.entity;
    if (!entity || !selected().trim()) return;
    const words = selected().trim();
    const before = sentence.value.slice(0, sentence.selectionStart) + selected().slice(0, selected().indexOf(words));
    const start = length(before);
    marks.append(mark(item.dataset.item, start, start + length(words), entity, words));
    tools.hidden = true;
    sentence.setSelectionRange(0, 0);
    sentence.focus();
  });
}

function mark(id, start, end, entity, words) {
  const line = element("li", { class: "mark" }, `${entity}: `);
  const field = element("input", { type: "hidden", name: "mark", value: [id, start, end, entity, words].join(":") });
  const remove = element("button", { type: "button", "aria-label": t("Tirar a marca") }, icon("close"));
  remove.addEventListener("click", () => line.remove());
  line.append(element("b", {}, words), field, remove);
  return line;
}

document.addEventListener("click", (event) => {
  const intent = event.target.closest("[data-intent]")?.dataset.intent;
  if (!intent) return;
  document.getElementById("intent").value = intent; // The focus stays: keys go on.
});
