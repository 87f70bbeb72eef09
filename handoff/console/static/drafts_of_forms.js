/* What is being written in a plain form outlives a reload and another form of the same page. */

for (const field of document.querySelectorAll("textarea[data-draft]")) {
  const key = `ponte.draft.${field.dataset.draft}`;
  if (field.dataset.sent !== undefined) {
    localStorage.removeItem(key);
    history.replaceState(null, "", location.pathname + location.hash); // A reload must not take it for sent once more.
  }
  const keep = () => {
    if (field.value) localStorage.setItem(key, field.value);
    else localStorage.removeItem(key);
  };
  if (!field.value) field.value = localStorage.getItem(key) ?? "";
  else if (field.value !== field.defaultValue) keep(); // Typed while this script was on its way.
  field.addEventListener("input", keep);
}
