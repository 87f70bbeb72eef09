/* What the page tells of the customer: that they are writing, and what they have read. */

const REPEAT_MS = 2500;
const QUIET_MS = 4000;
const READ_AFTER_MS = 400;

export class Telling {
  #writing = false;
  #toldAt = 0;
  #quiet = 0;
  #readTimer = 0;
  #read = 0;

  /** `isWanted()`: whether a person of the team may be looking. */
  constructor({ api, isWanted }) {
    this.api = api;
    this.isWanted = isWanted;
  }

  writing(on) {
    clearTimeout(this.#quiet);
    if (on) this.#quiet = setTimeout(() => this.writing(false), QUIET_MS);
    const now = Date.now();
    if (!on && !this.#writing) return;
    if (on && (!this.isWanted() || (this.#writing && now - this.#toldAt < REPEAT_MS))) return;
    this.#writing = on;
    this.#toldAt = now;
    this.api.typing(on).catch(() => {}); // It would be over before a second try.
  }

  /** The reader sees the end of the transcript, whose newest unread message has this number. */
  read(seq) {
    if (!seq || seq <= this.#read || document.visibilityState !== "visible") return;
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(async () => {
      try {
        await this.api.read(seq);
        this.#read = Math.max(this.#read, seq);
      } catch {
        return; // The next message, or the next look at the page, tells it.
      }
    }, READ_AFTER_MS);
  }
}
