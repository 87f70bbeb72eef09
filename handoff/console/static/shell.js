/* Wires what every console page has: the live connection and its state. */
import { live } from "./live.js";
import { showToast } from "./toast.js";
import { t } from "/static/assets/words.js";

const line = document.getElementById("connection");

live.onState((state) => {
  const words = { live: t("Ao vivo"), lost: t("Reconectando"), connecting: t("Conectando") };
  line.dataset.state = state;
  line.textContent = words[state];
});
live.open();

document.addEventListener("htmx:before:response", (event) => {
  if (event.detail.ctx.response.raw.redirected) {
    event.preventDefault();
    location.reload();
  }
});
document.addEventListener("htmx:error", () => showToast(t("Sem resposta do servidor. Tente de novo.")));
