/* Short words at the bottom of the page: what could not be done, and why. */
import { t } from "/static/assets/words.js";

const SHOWN_MS = 10_000;
let timer = 0;

export function showToast(text) {
  const toast = document.getElementById("toast");
  toast.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => (toast.textContent = ""), SHOWN_MS);
}

/** Shows the reason that a refused request gave. */
export function showProblem(response, text) {
  const json = response.headers.get("content-type")?.includes("json");
  showToast((json && JSON.parse(text).error?.message) || t("Não foi possível. Tente de novo."));
}
