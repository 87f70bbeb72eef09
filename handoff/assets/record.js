/* Records the reader's voice: elapsed time, cancel, and listening before it is sent (in the tray, as any other file). */
import { element, icon } from "./text.js";
import { t } from "./words.js";

const KINDS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/mp4", "m4a"],
];
const LONGEST_SECONDS = 15 * 60;

const PROBLEMS = {
  NotAllowedError: () => t("O microfone está bloqueado. Libere o acesso ao microfone nas permissões deste site, no navegador, e tente de novo."),
  NotFoundError: () => t("Nenhum microfone foi encontrado neste aparelho."),
  NotReadableError: () => t("O microfone está em uso por outro programa."),
};

function elapsed(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

function fileName(ending) {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `audio-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}.${ending}`;
}

class Recording {
  #chunks = [];
  #kept = false;

  constructor(stream, { bar, onFile, onEnd }) {
    const [type, ending] = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind)) ?? ["", "webm"];
    this.stream = stream;
    this.recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 32_000 } : {});
    this.recorder.addEventListener("dataavailable", (event) => this.#chunks.push(event.data));
    this.recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      clearInterval(this.timer);
      bar.replaceChildren();
      bar.hidden = true;
      if (this.#kept) {
        const mime = (this.recorder.mimeType || "audio/webm").split(";")[0];
        onFile(new File(this.#chunks, fileName(ending), { type: mime }));
      }
      onEnd();
    });
    this.#draw(bar);
    this.recorder.start(1000);
  }

  #draw(bar) {
    const since = Date.now();
    const time = element("span", { class: "recorder__time", role: "timer" }, "0:00");
    this.timer = setInterval(() => {
      const seconds = (Date.now() - since) / 1000;
      time.textContent = elapsed(seconds);
      if (seconds >= LONGEST_SECONDS) this.stop(true);
    }, 250);
    const cancel = element("button", { type: "button", class: "button button--small" }, t("Cancelar"));
    const done = element("button", { type: "button", class: "button button--small button--primary" }, icon("check"), t("Concluir"));
    cancel.addEventListener("click", () => this.stop(false));
    done.addEventListener("click", () => this.stop(true));
    bar.addEventListener("keydown", (event) => event.key === "Escape" && this.stop(false), { once: true });
    bar.replaceChildren(
      element("span", { class: "recorder__dot", "aria-hidden": "true" }),
      element("span", { class: "recorder__words", role: "status" }, t("Gravando")),
      time,
      cancel,
      done,
    );
    bar.hidden = false;
    done.focus();
  }

  stop(keep) {
    if (this.recorder.state === "inactive") return;
    this.#kept = keep;
    this.recorder.stop();
  }
}

/** Wires the microphone's button. `bar`: where the recording is shown; `onFile(file)` takes it; `onProblem(words)`. */
export function recordWith({ button, bar, onFile, onProblem, onEnd }) {
  let current = null;
  button.addEventListener("click", async () => {
    if (current) return current.stop(true);
    onProblem("");
    if (!navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder) {
      return onProblem(t("Este navegador não grava áudio aqui. Em páginas sem https a gravação não é permitida."));
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      button.setAttribute("aria-pressed", "true");
      current = new Recording(stream, {
        bar,
        onFile,
        onEnd() {
          current = null;
          button.setAttribute("aria-pressed", "false");
          onEnd?.();
        },
      });
    } catch (error) {
      onProblem(PROBLEMS[error.name]?.() ?? t("Não foi possível gravar: {reason}", { reason: error.message }));
    }
    return undefined;
  });
}

/** A recording's file says not how long it is; going to its end and back lets the browser find out. */
function learnLength(audio) {
  if (audio.duration !== Infinity) return;
  const back = () => {
    if (audio.duration === Infinity) return;
    audio.removeEventListener("durationchange", back);
    audio.currentTime = 0;
  };
  audio.addEventListener("durationchange", back);
  audio.currentTime = 1e7;
}

/** Every player of the page shows how long its sound is. */
export function learnLengths() {
  document.addEventListener("loadedmetadata", ({ target }) => target instanceof HTMLAudioElement && learnLength(target), true);
}
