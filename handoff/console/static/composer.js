/* Writing to the customer, or a note to the team. Drafts and chosen files stay with their conversation. */
import { growWithText, submitOnEnter } from "/static/assets/composer.js";
import { FileTray, acceptFiles, inMessages } from "/static/assets/files.js";
import { recordWith } from "/static/assets/record.js";
import { t } from "/static/assets/words.js";
import { tellWriting } from "./around.js";
import { drawComposing } from "/static/assets/composing.js";
import { pickReplies } from "./canned.js";
import { keepDraft, readDraft } from "./drafts.js";
import { pickMentions } from "./mention.js";
import { lastEditable, wordsOf } from "./messages.js";
import { drawUnsent, sendOut } from "./outgoing.js";
import { call, refreshPane } from "./page.js";
import { toBottom } from "./thread.js";

export { isSending } from "./outgoing.js";

const maxBytes = () => Number(document.body.dataset.maxUploadBytes);
const chosenFiles = new Map(); // Conversation → files picked but not sent.
let current = null; // The box on the page.

/* Actions of the conversation on their way (claiming, …). Not told by htmx's class: a refresh of the pane takes it away. */
const acting = new Set();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.matches(".actions form")) acting.add(ctx);
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  if (acting.delete(ctx) && acting.size === 0) document.dispatchEvent(new Event("ponte:acted"));
});

function say(words) {
  const notice = document.getElementById("composer-notice");
  if (notice) notice.textContent = words;
}

class Composer {
  constructor(form) {
    this.form = form;
    this.id = form.dataset.composer;
    this.text = form.elements.text;
    this.draft = readDraft(this.id);
    this.tray = new FileTray(document.getElementById(`tray-${this.id}`), {
      maxBytes: maxBytes(),
      onRefused: say,
      onChange: () => chosenFiles.set(this.id, [...this.tray.files]),
    });
    this.tray.add(chosenFiles.get(this.id) ?? []);
    this.restore();
    this.listen();
    drawUnsent(this.id);
  }

  get mode() {
    return this.form.querySelector("[name=mode]:checked:enabled")?.value;
  }

  choose(mode) {
    const radio = this.form.querySelector(`[name=mode][value=${mode}]:enabled`);
    if (radio) radio.checked = true;
    return Boolean(radio);
  }

  restore() {
    const typed = this.text.value; // While this script was on its way.
    if (typed && typed !== this.draft.text) {
      this.text.value = [this.draft.text, typed].filter(Boolean).join("\n");
      this.keep();
    }
    this.text.value = this.draft.text;
    if (this.draft.mode === "notes") this.choose("notes");
    growWithText(this.text);
    this.draw();
  }

  keep() {
    this.draft.text = this.text.value;
    keepDraft(this.id, this.draft);
  }

  draw() {
    drawComposing(document.getElementById(`composing-${this.id}`), this.draft, () => this.cancel());
  }

  listen() {
    const { form, text, tray } = this;
    text.addEventListener("input", () => {
      this.keep();
      tellWriting(text.value ? (this.draft.edit ? "messages" : (this.mode ?? null)) : null);
    });
    form.addEventListener("change", (event) => {
      if (event.target.name !== "mode") return;
      this.draft.mode = event.target.value;
      this.keep();
    });
    form.addEventListener("keydown", (event) => this.key(event));
    pickMentions({ id: this.id, textarea: text, isNote: () => this.mode === "notes" });
    pickReplies({ id: this.id, textarea: text, addFiles: (files) => tray.add(files), say });
    submitOnEnter(text, form);
    acceptFiles({
      tray,
      picker: form.elements.files,
      button: form.querySelector("[data-attach]"),
      area: document.getElementById("conversation"),
      hint: document.getElementById("drop-hint"),
      input: text,
    });
    recordWith({
      button: form.querySelector("[data-record]"),
      bar: document.getElementById(`recorder-${this.id}`),
      onFile: (file) => tray.add([file]),
      onProblem: say,
      onEnd: () => text.focus(),
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // An action on its way (claiming) decides whether this is an answer or a note: it goes first.
      if (acting.size > 0) {
        document.addEventListener("ponte:acted", () => form.isConnected && form.requestSubmit(), { once: true });
      } else {
        this.submit();
      }
    });
  }

  key(event) {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape" && (this.draft.edit || this.draft.quote)) {
      event.stopPropagation();
      this.cancel();
    } else if (event.key === "ArrowUp" && event.target === this.text && !this.text.value && !this.draft.edit) {
      const message = lastEditable();
      if (!message) return;
      event.preventDefault();
      this.edit(message.dataset.id, wordsOf(message));
    }
  }

  /** Answers one message; the answer says which. */
  quote(quote) {
    if (!this.choose("messages")) return say(t("Assuma a conversa para responder ao cliente."));
    if (this.draft.edit) this.cancel();
    this.draft.quote = quote;
    this.draft.mode = "messages";
    this.draw();
    this.keep();
    return this.text.focus();
  }

  /** Changes one's own message; what was being written comes back afterwards. */
  edit(id, before) {
    if (!this.draft.edit) this.draft.kept = this.text.value;
    this.draft.edit = { id, before };
    this.text.value = before;
    growWithText(this.text);
    this.draw();
    this.keep();
    this.text.focus();
    this.text.setSelectionRange(before.length, before.length);
  }

  cancel() {
    if (this.draft.edit) this.text.value = this.draft.kept ?? "";
    this.draft = { text: this.text.value, mode: this.draft.mode, quote: this.draft.edit ? this.draft.quote : undefined };
    growWithText(this.text);
    this.draw();
    this.keep();
    tellWriting(null);
    this.text.focus();
  }

  async saveEdit() {
    const { id } = this.draft.edit;
    const words = this.text.value.trim();
    if (!words) return say(t("Escreva a mensagem, ou apague-a no menu dela."));
    try {
      await call("PATCH", `/api/v1/conversations/${this.id}/messages/${id}`, { text: words });
      if (this.draft.edit?.id === id) this.cancel();
      say("");
      await refreshPane();
    } catch (error) {
      say(error.message);
    }
    return undefined;
  }

  submit() {
    if (this.draft.edit) return this.saveEdit();
    const { mode, id, tray } = this;
    if (!mode) return say(t("Assuma a conversa para responder ao cliente, ou escolha “Nota interna”."));
    const words = this.text.value.trim();
    const files = mode === "messages" ? tray.take() : [];
    if (!words && files.length === 0) return undefined;
    say("");
    tellWriting(null);
    chosenFiles.set(id, [...tray.files]);
    const { quote } = this.draft;
    this.draft = { text: "", mode: this.draft.mode, quote: mode === "notes" ? quote : undefined };
    this.text.value = "";
    this.keep();
    this.draw();
    growWithText(this.text);
    const sent = sendOut(
      id,
      inMessages(files, maxBytes()).map((some, index) => ({
        mode,
        words: index === 0 ? words : "",
        quote: index === 0 && mode === "messages" ? quote : undefined,
        files: some,
      })),
    );
    toBottom();
    return sent;
  }
}

export function initComposer(form) {
  if (!form || form.dataset.ready) return;
  form.dataset.ready = "yes";
  current = new Composer(form);
}

/** What the thread may ask of the box below it. */
export const box = {
  quote: (quote) => current?.quote(quote),
  edit: (id, before) => current?.edit(id, before),
  focus: () => current?.text.focus(),
};
