/* The panel in which filters are chosen: a plain form in a dialog, fetched when it is opened. */
import { partOf } from "./page.js";

const drawer = document.createElement("dialog");
drawer.className = "drawer";
drawer.setAttribute("aria-labelledby", "filters-title");
document.body.append(drawer);

/** Opens the panel with what holds now; `show(query)` is called with what was chosen. */
export async function openFilters(query, show) {
  const text = await partOf(`/console/inbox/filters?${query}`);
  if (!text) return;
  drawer.innerHTML = text;
  htmx.process(drawer);
  drawer.showModal();
  drawer.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    drawer.close();
    show(chosen(event.target));
  });
}

function chosen(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value && name !== "company_q") query.append(name, value);
  }
  const own = query.get("view") === "queue" ? "priority" : "recent";
  if (query.get("sort") === own) query.delete("sort");
  return query;
}

drawer.addEventListener("click", (event) => {
  if (event.target === drawer || event.target.closest("[data-close-filters]")) drawer.close();
});
