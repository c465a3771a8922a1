/* Sets light or dark before the first paint; the choice is remembered in this browser. */
(() => {
  const KEY = "demo.theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const read = () => {
    try { return window.localStorage.getItem(KEY); } catch { return null; }
  };
  const current = () => read() ?? (system.matches ? "dark" : "light");
  const apply = () => {
    document.documentElement.dataset.theme = current();
    document.dispatchEvent(new CustomEvent("themechange"));
  };
  window.demoTheme = { current };
  document.addEventListener("click", ({ target }) => {
    if (!target.closest?.("#theme")) return;
    try { window.localStorage.setItem(KEY, current() === "dark" ? "light" : "dark"); } catch { return; }
    apply();
  });
  system.addEventListener("change", apply);
  apply();
})();
