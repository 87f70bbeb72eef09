/* Around the conversation: sections that stay as the reader left them, dialogs of actions, the sheet on a phone. */

const KEY = "ponte.side";
const byId = (id) => document.getElementById(id);

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

function restoreSections() {
  const open = remembered();
  for (const part of document.querySelectorAll("details[data-section]")) {
    const wanted = open[part.dataset.section];
    if (wanted !== undefined && part.open !== wanted) part.open = wanted;
  }
  const priority = byId("priority");
  if (priority && document.activeElement !== priority) priority.value = priority.dataset.value;
}

/** The history is fetched when it is looked at, and again when it has changed. */
async function showHistory() {
  const part = byId("side-history");
  const slot = part?.querySelector("div");
  if (!part?.open || slot.dataset.version === part.dataset.version) return;
  slot.dataset.version = part.dataset.version;
  try {
    const response = await fetch(part.dataset.url, { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (!response.ok) throw new Error(response.statusText);
    slot.innerHTML = await response.text();
  } catch {
    delete slot.dataset.version; // Looked at again, it is fetched again.
  }
}

document.addEventListener("toggle", (event) => event.target.id === "side-history" && showHistory(), true);

/* `toggle` does not bubble, and it also tells what a script did: only what the reader did is kept. */
document.addEventListener("click", (event) => {
  const part = event.target.closest("details[data-section] > summary")?.parentElement;
  if (!part) return;
  const open = { ...remembered(), [part.dataset.section]: !part.open };
  localStorage.setItem(KEY, JSON.stringify(open));
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog.task")) {
    event.target.closest("dialog")?.close();
  }
  if (event.target.closest("[data-close-side]")) {
    const opener = byId("details");
    if (opener?.getAttribute("aria-expanded") === "true") opener.click();
    opener?.focus();
  }
});

document.addEventListener("htmx:before:swap", (event) => {
  const { response, text, sourceElement } = event.detail.ctx;
  const dialog = sourceElement?.closest?.("#pane-dialog");
  if (!dialog) return;
  const refused = response?.status >= 400 && !text.includes('id="conversation"');
  if (refused) dialog.querySelector("[role=alert]").textContent = reasonOf(text);
  else if (!sourceElement.matches("[data-stays]")) dialog.close();
});

/* What is typed into a template's variable stands at once where the customer will read it. */
document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-template]");
  for (const mark of form?.querySelectorAll("mark[data-variable]") ?? []) {
    if (mark.dataset.variable === target.name) mark.textContent = target.value || mark.dataset.empty;
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  restoreSections();
  showHistory();
  const source = event.detail.ctx.sourceElement;
  if (source?.getAttribute?.("hx-target") === "#pane-dialog") showDialog();
  if (source?.closest?.("#other-actions, #pane-dialog")) closeMenu();
  if (source?.id === "tag-adder") {
    const name = byId("tag-name");
    if (name) name.value = "";
    (name ?? byId("conversation"))?.focus();
  }
});

/** What was chosen from the menu is done: the morph would leave it open. */
function closeMenu() {
  const opener = byId("more-actions");
  byId("other-actions")?.removeAttribute("data-open");
  opener?.setAttribute("aria-expanded", "false");
}

function showDialog() {
  const dialog = byId("pane-dialog");
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input, textarea, button")?.focus();
}

function reasonOf(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return "";
  }
}

restoreSections();
showHistory();
