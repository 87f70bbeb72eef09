/* The console's WebSocket: it only says which conversations changed; the page fetches what it shows. */

const SILENCE_MS = 60_000;
const SIGNED_OUT = 4401;
const LONGEST_PAUSE_MS = 8000;

export class LiveSocket {
  #seq = null;
  #attempt = 0;
  #timer = 0;
  #socket = null;

  /** `onChange(ids)` gets the changed conversations, or null when anything may have changed. */
  constructor({ onChange, onState }) {
    this.onChange = onChange;
    this.onState = onState;
    addEventListener("online", () => this.#socket?.close());
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const after = this.#seq === null ? "" : `?after=${this.#seq}`;
    const socket = new WebSocket(`${scheme}://${location.host}/console/live${after}`);
    this.#socket = socket;
    let heard = false;
    socket.addEventListener("message", (event) => {
      this.#heard();
      const { seq, conversations } = JSON.parse(event.data);
      this.#seq = seq ?? this.#seq;
      if (!heard) this.onState("live");
      if (!heard) this.onChange(null); // What was missed while away is fetched as a whole.
      else if (conversations.length > 0) this.onChange(conversations);
      heard = true;
      this.#attempt = 0;
    });
    socket.addEventListener("close", (event) => {
      if (event.code === SIGNED_OUT) location.reload();
      else this.#reopen();
    });
    this.#heard();
  }

  #heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#socket?.close(), SILENCE_MS);
  }

  #reopen() {
    clearTimeout(this.#timer);
    this.onState("lost");
    this.#attempt += 1;
    const pause = Math.min(300 * 2 ** this.#attempt, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
    setTimeout(() => this.open(), pause);
  }
}
