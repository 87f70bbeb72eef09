/* Wires what every console page has: the live connection and its state, shortcuts, notices. */
import { live } from "./live.js";
import * as notices from "./notices.js";
import * as shortcuts from "./shortcuts.js";
import "./presence.js";
import "./title.js";
import { showToast } from "./toast.js";
import { learnLengths } from "/static/assets/record.js";
import { t } from "/static/assets/words.js";
import { zoomPictures } from "/static/assets/zoom.js";

const { preferences } = JSON.parse(document.getElementById("frame").textContent);
const line = document.getElementById("connection");

live.onState((state) => {
  const words = { live: t("Ao vivo"), lost: t("Reconectando"), connecting: t("Conectando") };
  line.dataset.state = state;
  line.textContent = words[state];
});
live.open();
notices.listen(preferences);
shortcuts.listen(preferences.shortcuts);
zoomPictures();
learnLengths();

document.addEventListener("htmx:before:response", (event) => {
  if (event.detail.ctx.response.raw.redirected) {
    event.preventDefault();
    location.reload();
  }
});
document.addEventListener("htmx:error", () => showToast(t("Sem resposta do servidor. Tente de novo.")));

/* Copies an address or a snippet; the button says that it did. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  } catch {
    showToast(t("O navegador não deixou copiar. Selecione o texto e copie."));
  }
});
