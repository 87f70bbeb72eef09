// What the settings do beyond plain forms. Everything works without it.
import { t } from "/static/assets/words.js";

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A second press while the first is under way would do it twice.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

for (const pick of document.querySelectorAll("[data-picks]")) {
  const field = document.getElementById(pick.dataset.picks);
  pick.addEventListener("input", () => {
    field.value = pick.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  field.addEventListener("input", () => {
    if (/^#[0-9a-f]{6}$/i.test(field.value)) pick.value = field.value;
  });
}

for (const button of document.querySelectorAll("[data-copies]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent.trim());
    button.textContent = t("Copiado");
  });
}

// Who leaves a page with changes is asked first.
const changed = document.querySelector("form.panel[data-guard]");
if (changed) {
  let dirty = false;
  changed.addEventListener("input", () => (dirty = true));
  changed.addEventListener("submit", () => (dirty = false));
  window.addEventListener("beforeunload", (event) => {
    if (dirty) event.preventDefault();
  });
}

// An import goes on by itself, step by step; without this its button does it.
document.querySelector("form[data-goes-on]")?.requestSubmit();
