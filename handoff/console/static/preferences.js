/* The page of notices and shortcuts: the browser's permission is asked for by a button, and tones can be heard. */
import { play } from "./sounds.js";
import { t } from "/static/assets/words.js";

const KINDS = ["queue", "message", "assigned", "mention"];
const BETWEEN_MS = 700;

function showPermission(part) {
  const state = globalThis.Notification?.permission ?? "unsupported";
  const words = {
    default: t("Este navegador ainda não deixa o Ponte mostrar notificações."),
    granted: t("Este navegador deixa o Ponte mostrar notificações."),
    denied: t("Este navegador bloqueou as notificações. Libere-as no cadeado ao lado do endereço."),
    unsupported: t("Este navegador só mostra notificações em endereços https."),
  };
  part.hidden = false;
  part.querySelector("[data-permission-text]").textContent = words[state];
  part.querySelector("[data-permission-ask]").hidden = state !== "default";
}

const permission = document.querySelector("[data-permission]");
if (permission) {
  showPermission(permission);
  permission.querySelector("[data-permission-ask]").addEventListener("click", async () => {
    await Notification.requestPermission();
    showPermission(permission);
  });
  document.querySelector("[data-try-sound]").addEventListener("click", () => {
    KINDS.forEach((kind, index) => setTimeout(() => play(kind), index * BETWEEN_MS));
  });
}
