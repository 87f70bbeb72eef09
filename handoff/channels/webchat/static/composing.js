/* The box: what is written in it, and which message it answers or changes. It survives a reload. */
import { growWithText } from "../assets/composer.js";
import { drawComposing } from "../assets/composing.js";

export class Composing {
  #draft;

  constructor({ channel, input, place }) {
    this.key = `ponte.draft.${channel}`;
    this.input = input;
    this.place = place;
    this.#draft = this.#read();
    input.value = this.#draft.text ?? "";
    input.addEventListener("input", () => this.#keep());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !(this.#draft.edit || this.#draft.quote)) return;
      event.preventDefault();
      this.cancel();
    });
    this.#show();
  }

  #read() {
    const kept = sessionStorage.getItem(this.key) ?? "";
    return kept.startsWith("{") ? JSON.parse(kept) : { text: kept };
  }

  #keep() {
    this.#draft.text = this.input.value;
    sessionStorage.setItem(this.key, JSON.stringify(this.#draft));
  }

  #show() {
    growWithText(this.input);
    drawComposing(this.place, this.#draft, () => this.cancel());
  }

  get editing() {
    return this.#draft.edit?.id ?? null;
  }

  quote(quote) {
    if (this.#draft.edit) this.cancel();
    this.#draft.quote = quote;
    this.#keep();
    this.#show();
    this.input.focus();
  }

  /** What was being written comes back when the edit ends. */
  edit(id, before) {
    const kept = this.#draft.edit ? this.#draft.kept : this.input.value;
    this.#draft = { quote: this.#draft.quote, kept, edit: { id, before } };
    this.input.value = before;
    this.#keep();
    this.#show();
    this.input.focus();
    this.input.setSelectionRange(before.length, before.length);
  }

  cancel() {
    const { edit, kept, quote } = this.#draft;
    if (edit) this.input.value = kept ?? "";
    this.#draft = edit ? { quote } : {};
    this.#keep();
    this.#show();
    this.input.focus();
  }

  /** Empties the box; gives what it answered. */
  take() {
    const { quote } = this.#draft;
    this.#draft = {};
    this.input.value = "";
    sessionStorage.removeItem(this.key);
    this.#show();
    return quote ?? null;
  }
}
