/* What makes the portal's forms kinder. Everything works without it. */
import { FileTray, sizeName } from "/static/assets/files.js";

/** A form leaves once; coming back to its page frees it again. */
function sendOnce(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.leaving) {
      event.preventDefault();
      return;
    }
    form.dataset.leaving = "yes";
    form.setAttribute("aria-busy", "true");
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", () => {
    delete form.dataset.leaving;
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("button[type=submit]")) button.removeAttribute("aria-disabled");
  });
}

/** Files may be picked in several goes and taken out again; what cannot be sent is said at once. */
function keepPicked(field) {
  const input = field.querySelector("input[type=file]");
  const refusal = field.querySelector("[data-refusal]");
  const maxBytes = Number(field.dataset.maxBytes);
  const say = (words) => {
    refusal.textContent = words;
    refusal.hidden = words === "";
  };
  let refused = "";
  const tray = new FileTray(field.querySelector(".tray"), {
    maxBytes,
    onRefused: (words) => {
      refused = words;
    },
    onChange: () => {
      const carried = new DataTransfer();
      for (const file of tray.files) carried.items.add(file);
      input.files = carried.files;
      const total = tray.files.reduce((sum, file) => sum + file.size, 0);
      const sums = `Os arquivos somam ${sizeName(total)}. O limite é de ${sizeName(maxBytes)} por envio: tire algum e envie depois.`;
      say(total > maxBytes ? sums : refused);
    },
  });
  input.addEventListener("change", () => tray.add([...input.files]));
}

for (const form of document.querySelectorAll("form[data-once]")) sendOnce(form);
for (const field of document.querySelectorAll("[data-files]")) keepPicked(field);
