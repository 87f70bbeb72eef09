/* What the customer does with a message: answer, copy, edit, delete. */
import { confirmed } from "../assets/dialog.js";
import { flash, listenToMessages } from "../assets/message_menu.js";

async function remove({ api, transcript, say }, id) {
  const sure = await confirmed({
    title: "Apagar para mim?",
    text: "A mensagem some só para você: quem atende continua vendo. Não dá para desfazer.",
    action: "Apagar para mim",
  });
  if (!sure) return;
  try {
    transcript.merge([await api.remove(id)]);
  } catch (error) {
    say(error.message);
  }
}

/** `page`: { api, transcript, composing, say, input }. */
export function listenToTranscript(page) {
  const { transcript, composing, say, input } = page;
  const idOf = (message) => Number(message.dataset.id);
  const all = {
    reply: { label: "Responder", name: "reply", run: (message) => composing.quote(transcript.quoteOf(idOf(message))) },
    copy: {
      label: "Copiar texto",
      name: "copy",
      run: (message) =>
        navigator.clipboard?.writeText(transcript.textOf(idOf(message))).catch(() => say("O navegador não deixou copiar.")),
    },
    edit: { label: "Editar", name: "edit", run: (message) => composing.edit(idOf(message), transcript.textOf(idOf(message))) },
    delete: { label: "Apagar para mim", name: "trash", danger: true, run: (message) => remove(page, idOf(message)) },
  };
  listenToMessages({
    list: "#scroll",
    label: "Ações da mensagem",
    actionsOf: (message) => message.dataset.can.split(" ").filter((key) => all[key]).map((key) => ({ key, ...all[key] })),
    leave: () => input.focus(),
  });
  document.addEventListener("click", (event) => {
    const quoted = event.target.closest?.("[data-quoted]");
    const message = quoted && document.querySelector(`#transcript .message[data-id="${quoted.dataset.quoted}"]`);
    if (message) flash(message);
  });
}
