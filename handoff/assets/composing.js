/* Above the box: which message is being answered or changed. */
import { element, icon } from "./text.js";
import { t } from "./words.js";

function bar(label, author, text, cancel) {
  const close = element("button", { type: "button", class: "icon-button", "aria-label": t("Cancelar"), title: `${t("Cancelar")} (Esc)` });
  close.append(icon("close"));
  close.addEventListener("click", cancel);
  return [
    icon(label === "edit" ? "edit" : "reply"),
    element(
      "span",
      { class: "quote composing__what" },
      element(
        "span",
        { class: "quote__words" },
        element("span", { class: "quote__author" }, author),
        element("span", { class: "quote__text" }, text),
      ),
    ),
    close,
  ];
}

/** Shows what a draft is about, or nothing. */
export function drawComposing(place, { quote, edit }, cancel) {
  if (edit) place.replaceChildren(...bar("edit", t("Editando a mensagem"), edit.before, cancel));
  else if (quote) place.replaceChildren(...bar("reply", t("Respondendo a {name}", { name: quote.author }), quote.text, cancel));
  else place.replaceChildren();
  place.hidden = !(edit || quote);
}
