"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const filters = one("#filters"), form = one("form", filters), list = one("#list"), matrix = one("#matrix"), body = matrix?.tBodies[0];
  const rows = body ? all("tr", body) : [], coverage = all("#coverage-table tbody tr");
  rows.forEach((row, index) => { row.order = index; row.search = row.dataset.op.toLowerCase(); });
  let findings = [];

  const collect = () => {
    findings = all(".finding");
    for (const each of findings) each.search = one("summary", each).textContent.toLowerCase();
  };

  /* Findings that would have made the file too large are packed into it. */
  const unpack = async () => {
    const packed = one("#packed");
    if (!packed) return;
    try {
      const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      list.insertAdjacentHTML("beforeend", await new Response(stream).text());
    } catch {
      one("#packed-failed").hidden = false;
    }
  };

  const verdicts = Object.fromEntries(rows.map((row) => [row.dataset.op, row.dataset.verdict]));
  const wanted = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  const fits = (each, want) =>
    (!want.api || each.dataset.api === want.api) &&
    (!want.verdict || verdicts[each.dataset.op] === want.verdict) &&
    (!want.group || each.dataset.group === want.group) &&
    (!want.rule || each.dataset.rule === want.rule) &&
    (!want.severity || each.dataset.severity === want.severity) &&
    (!want.suspect || each.dataset.suspect === want.suspect) &&
    (!want.q || want.q.toLowerCase().split(/\s+/).every((word) => each.search.includes(word)));

  const apply = () => {
    const want = wanted();
    const byFinding = ["group", "rule", "severity", "suspect"].some((name) => want[name]);
    const operations = new Set();
    let shown = 0, shownRows = 0;
    for (const each of findings) {
      const fit = fits(each, want);
      each.classList.toggle("out", !fit);
      if (fit) { shown += 1; operations.add(each.dataset.op); }
    }
    for (const row of [...rows, ...coverage]) {
      const own = (!want.api || row.dataset.api === want.api) && (!want.verdict || row.dataset.verdict === want.verdict) &&
        (!want.q || want.q.toLowerCase().split(/\s+/).every((word) => row.dataset.op.toLowerCase().includes(word)));
      const fit = operations.has(row.dataset.op) || (own && !byFinding);
      row.classList.toggle("out", !fit);
      if (fit && row.parentNode === body) shownRows += 1;
    }
    if (matrix) one("#operations .empty").hidden = shownRows > 0;
    const empty = one("#findings .empty");
    if (empty) empty.hidden = shown > 0;
    one("#told").value = (matrix ? `${shownRows} of ${rows.length} operations, ` : "") + `${shown} of ${findings.length} findings`;
    const hash = new URLSearchParams(want).toString();
    history.replaceState(null, "", hash ? `#?${hash}` : location.pathname + location.search);
    roam();
  };

  const choose = (values) => {
    form.reset();
    for (const [name, value] of Object.entries(values)) if (form.elements[name]) form.elements[name].value = value;
    apply();
  };

  const reveal = (id) => {
    const found = document.getElementById(id);
    if (!found) return;
    if (found.matches(".finding")) { found.classList.remove("out"); found.open = true; one("summary", found).focus({ preventScroll: true }); }
    /* What was never laid out has a guessed height; the second time it is known. */
    const go = () => found.scrollIntoView({ block: "start", behavior: "instant" });
    go();
    requestAnimationFrame(() => requestAnimationFrame(go));
  };

  /* Sorting: a heading sorts, the same heading again turns the order. */
  const rank = { error: 0, fail: 1, untested: 2, pass: 3 };
  const states = { crash: 0, fail: 1, warn: 2, pass: 3, none: 4 };
  const number = (text) => parseFloat(text.replace(/,/g, "").match(/[\d.]+/)) || 0;
  const keys = {
    order: (row) => row.dataset.op,
    verdict: (row) => rank[row.dataset.verdict],
    findings: (row) => -number(one('[data-n="Findings"]', row).textContent),
    exchanges: (row) => -number(one('[data-n="Exchanges"]', row).textContent),
    coverage: (row) => number(one('[data-n="Coverage"]', row).textContent),
  };
  const key = (name) => keys[name] || ((row) => {
    const cell = one(`[data-g="${name.slice(2)}"]`, row);
    return states[cell.classList[0]] * 1e6 - number(cell.textContent);
  });
  const heads = matrix ? all("thead th", matrix) : [];
  const sort = (head) => {
    const down = head.getAttribute("aria-sort") === "descending";
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "ascending" : "descending");
    const of = key(head.dataset.sort), turn = down ? -1 : 1;
    const value = new Map(rows.map((row) => [row, of(row)]));
    const compare = (a, b) => (value.get(a) < value.get(b) ? -1 : value.get(a) > value.get(b) ? 1 : 0) * turn || a.order - b.order;
    body.append(...[...rows].sort(compare));
    roam();
  };
  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head));
  }

  /* One cell of the grid is a tab stop; arrow keys move it (WAI-ARIA grid pattern). */
  let current = null;
  const visible = () => [...(body?.rows || [])].filter((row) => !row.classList.contains("out"));
  const focusable = (cell) => one("a", cell) || cell;
  const roam = (cell) => {
    const next = cell || (current && current.isConnected && !current.parentNode.classList.contains("out") ? current : visible()[0]?.cells[0]);
    if (current) focusable(current).tabIndex = -1;
    current = next || null;
    if (current) focusable(current).tabIndex = 0;
  };
  if (matrix) all("tbody a", matrix).forEach((link) => { link.tabIndex = -1; const cell = link.closest("td"); link.dataset.title = heads[cell.cellIndex].textContent; });
  const show = (row, group) => {
    choose(group ? { q: row.dataset.op, group } : { q: row.dataset.op });
    const first = findings.find((each) => !each.classList.contains("out"));
    if (first) reveal(first.id); else one("#h-findings").scrollIntoView();
  };
  matrix?.addEventListener("keydown", (event) => {
    const cell = event.target.closest("tbody td, tbody th");
    if (!cell) return;
    const lines = visible(), at = lines.indexOf(cell.parentNode), column = cell.cellIndex, last = cell.parentNode.cells.length - 1;
    const to = {
      ArrowDown: [at + 1, column], ArrowUp: [at - 1, column], ArrowRight: [at, column + 1], ArrowLeft: [at, column - 1],
      Home: [event.ctrlKey ? 0 : at, 0], End: [event.ctrlKey ? lines.length - 1 : at, last],
      PageDown: [Math.min(at + 10, lines.length - 1), column], PageUp: [Math.max(at - 10, 0), column],
    }[event.key];
    if (to) {
      event.preventDefault();
      const next = lines[to[0]]?.cells[to[1]];
      if (next) { roam(next); focusable(next).focus(); }
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      show(cell.parentNode, cell.dataset.g);
    }
  });
  matrix?.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody td, tbody th");
    if (!cell || event.ctrlKey || event.metaKey || event.shiftKey) return;
    roam(cell);
    if (event.target.closest("a") || cell.matches("th")) {
      event.preventDefault();
      show(cell.parentNode, cell.dataset.g);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) {
      const pre = one("pre", button.closest("figure"));
      const told = (words) => { button.textContent = words; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
      const select = () => { getSelection().selectAllChildren(pre); told("Selected"); };
      if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(() => told("Copied"), select); else select();
    }
    const filter = event.target.closest('a[href^="#?"]');
    if (filter) { event.preventDefault(); choose(Object.fromEntries(new URLSearchParams(filter.hash.slice(2)))); one("#h-findings").scrollIntoView(); }
    const link = event.target.closest('a[href^="#f-"]');
    if (link && !link.closest("#matrix")) { event.preventDefault(); choose({}); reveal(link.hash.slice(1)); }
  });

  const open = (flag) => findings.forEach((each) => { if (!each.classList.contains("out")) each.open = flag; });
  one("#open")?.addEventListener("click", () => open(true));
  one("#close")?.addEventListener("click", () => findings.forEach((each) => { each.open = false; }));

  /* On paper nothing can be opened: what fails and is shown is printed in full. */
  let opened = [];
  addEventListener("beforeprint", () => {
    const closed = findings.filter((each) => !each.open && "fails" in each.dataset && !each.classList.contains("out"));
    closed.forEach((each) => { each.open = true; });
    opened.push(...closed);
  });
  addEventListener("afterprint", () => { opened.forEach((each) => { each.open = false; }); opened = []; });

  const theme = one("#theme"), themes = ["auto", "light", "dark"];
  const paint = (name) => {
    if (name === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = name;
    theme.textContent = `Theme: ${name}`;
  };
  let chosen = "auto";
  try { chosen = localStorage.getItem("conformance-theme") || "auto"; } catch { /* a file may have no storage */ }
  paint(themes.includes(chosen) ? chosen : "auto");
  theme.addEventListener("click", () => {
    chosen = themes[(themes.indexOf(chosen) + 1) % themes.length];
    paint(chosen);
    try { localStorage.setItem("conformance-theme", chosen); } catch { /* as above */ }
  });

  const start = () => {
    const hash = location.hash;
    collect();
    if (hash.startsWith("#?")) choose(Object.fromEntries(new URLSearchParams(hash.slice(2)))); else apply();
    if (hash.startsWith("#f-")) reveal(hash.slice(1));
    return hash;
  };
  const finish = async (hash) => {
    document.documentElement.dataset.ready = "";
    if (one("#packed")) {
      await new Promise((done) => setTimeout(done));
      await unpack();
      collect();
      apply();
      if (hash.startsWith("#f-")) reveal(hash.slice(1));
    }
    document.documentElement.dataset.complete = "";
  };
  /* What sticks to the top must not hide what a link leads to; on a phone the filters start closed. */
  const narrow = matchMedia("(max-width: 760px)");
  const measure = () => {
    const nav = one("nav.bar").offsetHeight, top = narrow.matches ? nav : nav + filters.offsetHeight;
    document.documentElement.style.setProperty("--nav", `${nav}px`);
    document.documentElement.style.setProperty("--top", `${top}px`);
  };
  const fold = () => { filters.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  new ResizeObserver(measure).observe(filters);
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  all("#theme, #filters, .controls, .keys").forEach((each) => { each.hidden = false; });
  fold();
  measure();
  finish(start());
})();
