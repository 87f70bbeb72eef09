/* Whether one is there or away, the same in all of one's tabs. */
import { live } from "./live.js";

async function refreshPresence() {
  const form = document.getElementById("presence");
  if (!form) return;
  try {
    const response = await fetch("/console/presence", { headers: { "HX-Request": "true" }, cache: "no-store" });
    if (!response.ok || response.redirected) return;
    await htmx.swap({ text: await response.text(), target: form, swap: "outerMorph", sourceElement: form });
  } catch {
    // The next word of the live connection asks again.
  }
}

live.onMessage((message) => {
  if (message.team) refreshPresence();
});
