/* A macro from the list of canned replies: shows first what will be sent and changed, then does all of it or nothing. */
import { openDialog } from "/static/assets/dialog.js";
import { uuid } from "/static/assets/random.js";
import { element, icon } from "/static/assets/text.js";
import { t } from "/static/assets/words.js";
import { refreshInbox } from "./inbox.js";
import { call, refreshPane } from "./page.js";

const kinds = () => ({ status: t("Status"), priority: t("Prioridade"), queue: t("Fila"), tag: t("Etiqueta") });

function stepOf({ kind, before, after }) {
  const change = before ? t("{before} → {after}", { before, after }) : after;
  return element("li", {}, element("strong", {}, `${kinds()[kind]}: `), change);
}

function bodyOf(preview, text, failure) {
  const words = preview.gaps.map((gap) => `${gap.label} → “${preview.text.slice(gap.start, gap.end)}”`);
  return [
    failure ? element("p", { class: "notice notice--error", role: "alert" }, failure) : null,
    element("label", { class: "field__label", for: "macro-text" }, t("O que será enviado")),
    text,
    words.length > 0 ? element("p", { class: "gaps" }, icon("alert"), t("Confira antes de enviar:"), ` ${words.join(", ")}`) : null,
    preview.files.length > 0 ? element("p", {}, icon("clip"), ` ${preview.files.join(", ")}`) : null,
    element("p", { class: "field__label" }, t("O que muda")),
    preview.steps.length > 0
      ? element("ul", { class: "macro__steps" }, ...preview.steps.map(stepOf))
      : element("p", {}, t("Nada: a conversa já está assim.")),
  ].filter(Boolean);
}

/** Resolves with "text" when only the words are wanted, "applied" when all was done, else "". */
export async function openMacro({ id, reply }) {
  const path = `/api/v1/conversations/${id}/macros/${reply.id}`;
  const clientId = uuid(); // However often it is tried, it is done once.
  const preview = await call("GET", path);
  const text = element("textarea", { class: "input macro__text", id: "macro-text", rows: "5", maxlength: "4000" });
  text.value = preview.text;
  let failure = preview.refusal ?? "";
  for (;;) {
    const answer = await openDialog({
      title: reply.title,
      body: bodyOf(preview, text, failure),
      actions: [
        { label: t("Só inserir o texto"), value: "text", plain: true },
        { label: t("Aplicar macro"), value: "apply" },
      ],
      close: t("Cancelar"),
    });
    if (answer !== "apply") return answer;
    try {
      await call("POST", path, { client_id: clientId, text: text.value });
      refreshPane();
      refreshInbox();
      return "applied";
    } catch (error) {
      failure = error.message;
    }
  }
}
