/* What an agent does with a message of the thread: answer, copy, edit, delete, try again, see what it said before. */
import { confirmed, openDialog } from "/static/assets/dialog.js";
import { flash, listenToMessages } from "/static/assets/message_menu.js";
import { element } from "/static/assets/text.js";
import { fullTime } from "/static/assets/time.js";
import { t } from "/static/assets/words.js";
import { showToast } from "./toast.js";
import { call, openConversation, refreshPane } from "./page.js";

const pathOf = (message) => `/api/v1/conversations/${openConversation()}/messages/${message.dataset.id}`;
const textOf = (message) => message.dataset.text ?? message.querySelector(".message__text")?.textContent.trim() ?? "";

/** What a quote says of a message. */
export function quoteOf(message) {
  const picture = message.querySelector(".attachment--image img, .attachment__name");
  return {
    id: Number(message.dataset.id),
    seq: Number(message.dataset.seq),
    author: message.querySelector(".message__author").textContent.trim(),
    text: textOf(message) || picture?.alt || picture?.textContent || t("Arquivo"),
  };
}

async function attempt(work) {
  try {
    await work();
    await refreshPane();
  } catch (error) {
    showToast(error.message);
  }
}

async function remove(message) {
  const isNote = message.classList.contains("message--note");
  const sure = await confirmed({
    title: isNote ? t("Apagar a nota?") : t("Apagar só para a equipe?"),
    text: isNote
      ? t("A nota some para toda a equipe. Não dá para desfazer.")
      : t("A mensagem some só para a equipe: o cliente continua vendo. Não dá para desfazer."),
    action: isNote ? t("Apagar a nota") : t("Apagar para a equipe"),
  });
  if (sure) await attempt(() => call("DELETE", pathOf(message)));
}

async function showHistory(message) {
  try {
    const { revisions } = await call("GET", `${pathOf(message)}/revisions`);
    const versions = revisions.map(({ text, replaced_at: replacedAt }) =>
      element(
        "li",
        { class: "versions__item" },
        element("span", { class: "versions__when" }, t("Até {when}", { when: fullTime(new Date(replacedAt)) })),
        element("span", {}, text),
      ),
    );
    const now = element(
      "li",
      { class: "versions__item" },
      element("span", { class: "versions__when" }, t("Agora")),
      element("span", {}, textOf(message)),
    );
    await openDialog({ title: t("O que a mensagem dizia"), body: [element("ol", { class: "versions" }, ...versions, now)] });
  } catch (error) {
    showToast(error.message);
  }
}

const resend = (message) => attempt(() => call("POST", `${pathOf(message)}/resend`, {}));

async function copy(message) {
  try {
    await navigator.clipboard.writeText(textOf(message));
    showToast(t("Texto copiado."));
  } catch {
    showToast(t("O navegador não deixou copiar."));
  }
}

/** Goes to a quoted message, fetching what lies between when it is older than what is shown. */
async function goTo(id, seq) {
  if (!document.getElementById(`message-${id}`)) {
    document.getElementById("conversation").dataset.fromSeq = String(Math.max(1, seq - 5));
    await refreshPane();
  }
  const message = document.getElementById(`message-${id}`);
  if (message) flash(message);
  else showToast(t("Esta mensagem é antiga demais para ser mostrada aqui."));
}

/** `composer`: what answers and edits: { quote(message), edit(message), focus() }. */
export function listen(composer) {
  const all = {
    reply: { label: t("Responder"), name: "reply", run: (message) => composer.quote(quoteOf(message)) },
    resend: { label: t("Reenviar"), name: "retry", run: resend },
    copy: { label: t("Copiar texto"), name: "copy", run: copy },
    edit: { label: t("Editar"), name: "edit", run: (message) => composer.edit(message.dataset.id, textOf(message)) },
    history: { label: t("Ver o que dizia antes"), name: "history", run: showHistory },
    delete: { label: t("Apagar só para a equipe"), name: "trash", danger: true, run: remove },
  };
  listenToMessages({
    list: "#thread",
    label: t("Ações da mensagem"),
    actionsOf: (message) => (message.dataset.can ?? "").split(" ").filter((key) => all[key]).map((key) => ({ key, ...all[key] })),
    leave: composer.focus,
  });
  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    const quoted = at("[data-quoted]");
    const message = at(".message[data-id]");
    if (quoted && message) goTo(quoted.dataset.quoted, Number(quoted.dataset.quotedSeq));
    else if (at("[data-history]")) showHistory(message);
    else if (at("[data-resend]")) resend(message);
  });
  goToAddressed();
}

/** A link from elsewhere names a message: it is gone to once the thread has found its place. */
function goToAddressed() {
  const [, id] = /^#message-(\d+)$/.exec(location.hash) ?? [];
  const from = Number(new URLSearchParams(location.search).get("from") ?? 1);
  if (id) requestAnimationFrame(() => requestAnimationFrame(() => goTo(id, from)));
}

/** The newest message of the reader's own that may be changed; the arrow up in an empty box goes there. */
export const lastEditable = () => [...document.querySelectorAll('#messages .message[data-can~="edit"]')].at(-1);
export const wordsOf = textOf;
