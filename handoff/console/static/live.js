/* The console's one WebSocket, shared by every script of a page. It mostly says which conversations changed; the page
   fetches what it shows. `live` is opened by shell.js; others listen. */

const SILENCE_MS = 60_000;
const SIGNED_OUT = 4401;
const LONGEST_PAUSE_MS = 8000;

class LiveSocket {
  #seq = null;
  #attempt = 0;
  #timer = 0;
  #waiting = 0;
  #socket = null;
  #state = "connecting";
  #heard = false;
  #listeners = { change: [], message: [], state: [] };

  constructor() {
    // A browser that knows that its network went, or came back, need not wait for the silence.
    addEventListener("offline", () => this.#drop());
    addEventListener("online", () => this.#drop());
  }

  /** `listener(ids)`: these conversations changed; null: anything may have, at the start and after each reconnection. */
  onChange(listener) {
    this.#listeners.change.push(listener);
    if (this.#heard) listener(null); // Who listens late has missed the first word.
  }

  /** `listener(message)`: every word of the server as it came, such as `{ typing: … }`. */
  onMessage(listener) {
    this.#listeners.message.push(listener);
  }

  /** `listener(state)`: connecting, live or lost. */
  onState(listener) {
    this.#listeners.state.push(listener);
    listener(this.#state);
  }

  /** Says something to the server; false when there is no connection, and then it is not said later either. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  open() {
    clearTimeout(this.#waiting);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const after = this.#seq === null ? "" : `?after=${this.#seq}`;
    const socket = new WebSocket(`${scheme}://${location.host}/console/live${after}`);
    this.#socket = socket;
    this.#heard = false;
    const isOurs = () => this.#socket === socket;
    socket.addEventListener("message", (event) => isOurs() && this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (event.code === SIGNED_OUT) location.reload();
      else if (isOurs()) this.#reopen();
    });
    this.#awaitWord();
  }

  #take(message) {
    this.#awaitWord();
    this.#seq = message.seq ?? this.#seq;
    this.#attempt = 0;
    const first = !this.#heard;
    this.#heard = true;
    if (first) this.#enter("live");
    // What was missed while away is fetched as a whole.
    if (first) this.#tell("change", null);
    else if (message.conversations?.length > 0) this.#tell("change", message.conversations);
    this.#tell("message", message);
  }

  #enter(state) {
    this.#state = state;
    this.#tell("state", state);
  }

  #tell(what, value) {
    for (const listener of this.#listeners[what]) listener(value);
  }

  #awaitWord() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#drop(), SILENCE_MS);
  }

  /** Gives the socket up at once: over a dead network its closing would take minutes to be told. */
  #drop() {
    const former = this.#socket;
    this.#socket = null;
    this.#attempt = 0;
    former?.close();
    this.#reopen();
  }

  #reopen() {
    clearTimeout(this.#timer);
    clearTimeout(this.#waiting);
    this.#enter("lost");
    this.#attempt += 1;
    const growing = Math.min(300 * 2 ** this.#attempt, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
    // Without a network the wait is long, and its return ends it; a server on this very machine is still found.
    this.#waiting = setTimeout(() => this.open(), navigator.onLine ? growing : LONGEST_PAUSE_MS);
  }
}

export const live = new LiveSocket();
