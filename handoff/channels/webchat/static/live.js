/* Keeps the transcript up to date: a stream where it works, long polling where something on the way breaks streams.
   Every (re)connection first catches up from a little before the last message seen, so that a drop loses nothing. */
import { ApiError } from "./api.js";

const OVERLAP = 30; // Messages read again on reconnection, for edits and delivery marks that were missed meanwhile.
const SILENCE_MS = 45_000;
const STREAM_FAILURES_BEFORE_POLLING = 3;
const POLL_SECONDS = 25;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function* eventsOf(response, onBytes) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    onBytes();
    buffer = (buffer + value).replaceAll("\r\n", "\n");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart())
        .join("\n");
      if (data) yield JSON.parse(data);
    }
  }
}

export class Live {
  #failures = 0;
  #abort = null;

  /** `lastSeq()` says how far the page has read; `onState({messages, conversation})` takes what is new. */
  constructor({ api, lastSeq, onState, onConnection }) {
    this.api = api;
    this.lastSeq = lastSeq;
    this.onState = onState;
    this.onConnection = onConnection;
    addEventListener("online", () => this.#abort?.abort());
  }

  async run() {
    for (let attempt = 0; ; ) {
      try {
        await this.#catchUp();
        this.onConnection(true);
        attempt = 0;
        if (this.#failures < STREAM_FAILURES_BEFORE_POLLING) await this.#stream();
        else await this.#poll();
      } catch (error) {
        if (error instanceof ApiError && error.status === 0) this.onConnection(false);
        attempt += 1;
        await sleep(Math.min(500 * 2 ** attempt, 10_000) * (0.75 + Math.random() / 2));
      }
    }
  }

  async #catchUp() {
    let after = Math.max(0, this.lastSeq() - OVERLAP);
    for (;;) {
      const state = await this.api.messages(after);
      this.onState(state);
      const newest = state.messages.at(-1)?.seq ?? after;
      if (newest <= after) return;
      after = newest;
    }
  }

  async #stream() {
    this.#abort = new AbortController();
    let timer = 0;
    const stillAlive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.#abort.abort(), SILENCE_MS);
    };
    stillAlive();
    const startedAt = Date.now();
    let received = 0;
    try {
      const response = await this.api.events(this.lastSeq(), this.#abort.signal);
      for await (const state of eventsOf(response, stillAlive)) {
        received += 1;
        this.onState(state);
      }
    } finally {
      clearTimeout(timer);
      const useless = received === 0 && Date.now() - startedAt < 5000;
      this.#failures = useless ? this.#failures + 1 : 0;
    }
  }

  async #poll() {
    this.#abort = new AbortController();
    this.onState(await this.api.messages(this.lastSeq(), { waitSeconds: POLL_SECONDS, signal: this.#abort.signal }));
  }
}
