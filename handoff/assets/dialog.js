/* Small dialogs in the page's own words and looks; Escape and the reader's "no" are the same answer. */
import { element } from "./text.js";
import { t } from "./words.js";

/** Shows `body` under `title`; resolves with the `value` of the pressed action, or "" when it was closed. */
export function openDialog({ title, body = [], actions = [], close = t("Fechar") }) {
  const dialog = element("dialog", { class: "dialog", "aria-labelledby": "dialog-title" });
  const no = element("button", { class: "button", value: "", type: "submit" }, close);
  const look = ({ danger, plain }) => (danger ? "button button--danger" : plain ? "button" : "button button--primary");
  const buttons = actions.map((action) =>
    element("button", { class: look(action), value: action.value, type: "submit" }, action.label),
  );
  const form = element(
    "form",
    { method: "dialog", class: "dialog__form" },
    element("h2", { id: "dialog-title" }, title),
    ...body,
    element("p", { class: "dialog__actions" }, no, ...buttons),
  );
  dialog.append(form);
  document.body.append(dialog);
  const opener = document.activeElement;
  dialog.showModal();
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (opener?.isConnected) opener.focus({ preventScroll: true });
      resolve(dialog.returnValue);
    });
  });
}

/** Asks before something that cannot be taken back. */
export async function confirmed({ title, text, action }) {
  const body = [element("p", {}, text)];
  const answer = await openDialog({ title, body, actions: [{ label: action, value: "yes", danger: true }], close: t("Cancelar") });
  return answer === "yes";
}
