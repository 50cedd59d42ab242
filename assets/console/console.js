for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = button.parentElement.querySelector("input");
    field.select();
    await navigator.clipboard.writeText(field.value);
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = before;
    }, 2000);
  });
}
const followed = document.querySelector("main[data-refresh]");
if (followed) {
  const look = async () => {
    const answer = await fetch(location.href).catch(() => null);
    const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page && !page.querySelector("main[data-refresh]")) return location.reload();
    const [now, next] = [followed, page].map((place) => place && place.querySelector("[data-live]"));
    if (now && next && now.innerHTML !== next.innerHTML) now.innerHTML = next.innerHTML;
    setTimeout(look, followed.dataset.refresh * 1000);
  };
  setTimeout(look, followed.dataset.refresh * 1000);
}
const tree = document.querySelector("form[data-tree]");
if (tree) {
  const chosen = () =>
    new Set([
      ...new FormData(tree).getAll("permission"),
      ...[...tree.querySelectorAll("select[data-grades]")].flatMap((select) =>
        [...select.options].slice(1, select.selectedIndex + 1).map((option) => option.value),
      ),
    ]);
  const refresh = () => {
    const has = chosen();
    for (const box of tree.querySelectorAll("[data-needs]")) {
      const missing = box.dataset.needs.split(" ").some((needed) => !has.has(needed));
      const input = box.querySelector("input,select");
      input.disabled = missing;
      box.classList.toggle("greyed", missing);
    }
    for (const [name, wanted] of [
      ["can", true],
      ["cannot", false],
    ]) {
      const list = tree.querySelector('[data-summary="' + name + '"]');
      if (!list) continue;
      const says = [...tree.querySelectorAll("[data-says]")]
        .filter((part) => {
          const input = part.matches("option") ? part : part.querySelector("input");
          const on = part.matches("option")
            ? part.index > 0 && part.index <= part.parentElement.selectedIndex && !part.parentElement.disabled
            : input.checked && !input.disabled;
          return on === wanted;
        })
        .map((part) => Object.assign(document.createElement("li"), { textContent: part.dataset.says }));
      const nothing = Object.assign(document.createElement("li"), {
        className: "muted",
        textContent: list.dataset.nothing,
      });
      list.replaceChildren(...(says.length || !list.dataset.nothing ? says : [nothing]));
    }
  };
  tree.addEventListener("change", refresh);
  refresh();
}
