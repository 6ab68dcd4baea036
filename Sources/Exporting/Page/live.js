// SPDX-License-Identifier: Apache-2.0
// Draws the live page from the events of /events. Every name is set as text, never as markup.
"use strict";

const MEMORY = 600; // moments on the graphs: ten minutes, as many as the server keeps
const QUIET = 5000; // milliseconds without an event after which the page says so
const SVG = "http://www.w3.org/2000/svg";

/** Moments, oldest first: end, seconds, requests, failures, lost, answered, p50, p99. */
let moments = [];
let latest = null;
let heard = 0;
/** By site, its moments since this page was opened: end, seconds, requests, failures, lost. */
const siteMoments = new Map();
/** What each table is in order of. */
const orders = {
  sites: { key: "pace", ascending: false },
  clients: { key: "requests", ascending: false },
  owners: { key: "requests", ascending: false },
};
/** Windows that the tables can be of, shortest first; the one that is chosen. */
const WINDOWS = ["10s", "1m", "5m", "15m", "all"];
let chosen = WINDOWS.find((name) => name === new URLSearchParams(location.search).get("window")) ?? "1m";
let pointed = null; // the share of a graph's width that the pointer is at

const byId = (id) => document.getElementById(id);

function element(name, text, ...classes) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  made.classList.add(...classes);
  return made;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const grouped = (n) => `${Math.round(n)}`; // without separators: a number that is copied stays one
const paced = (n) => (n >= 100 ? grouped(n) : n >= 10 ? n.toFixed(1) : n.toFixed(n > 0 && n < 0.1 ? 2 : 1));
const percent = (part, whole) =>
  whole > 0 ? `${(100 * part / whole).toFixed(part > 0 && 100 * part < whole * 10 ? 1 : 0)}%` : "–";
const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

function moment(seconds) {
  const day = new Date(seconds * 1000), now = new Date();
  const time = clock(seconds);
  return day.toDateString() === now.toDateString() ? time : `${day.toISOString().slice(0, 10)} ${time}`;
}

function span(seconds) {
  if (seconds === undefined || seconds === null) return "–";
  const units = [[1, "s"], [1e-3, "ms"], [1e-6, "us"], [1e-9, "ns"]];
  const [length, name] = units.find(([unit]) => seconds / unit >= 0.9995) ?? units[3];
  return `${figures(seconds / length)}${name}`;
}

/** Three figures without trailing zeros, as every output of the program has them. */
const figures = (value) => `${Number(value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0))}`;

function lasting(seconds) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([length]) => seconds >= length);
  if (first < 0) return "0 s";
  const [length, name] = units[first];
  const whole = Math.floor(seconds / length);
  const next = units[first + 1];
  const rest = next ? Math.floor((seconds - whole * length) / next[0]) : 0;
  return rest > 0 ? `${whole} ${name} ${rest} ${next[1]}` : `${whole} ${name}`;
}

/** A round number that is not below `value`: 1, 2 or 5 times a power of ten. */
function ceiling(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value * 0.999999);
}

/** Draws lines over the last minutes; `series` are [class, value of a moment, filled]. */
function graph(id, series, top, label, limit = null, points = moments) {
  const svg = byId(id);
  const width = svg.clientWidth || 600, height = svg.clientHeight || 160;
  const left = 58, right = 6, above = 8, below = 20;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const now = latest ? latest.at : 0;
  const oldest = points.length ? points[0][0] : now;
  const range = Math.min(MEMORY, Math.max(60, now - oldest));
  const x = (time) => left + (width - left - right) * (1 - (now - time) / range);
  const y = (value) => above + (height - above - below) * (1 - Math.min(value, top) / top);
  const parts = [];
  for (const share of [0, 0.5, 1]) {
    const level = y(top * share);
    parts.push(shape("line", { x1: left, x2: width - right, y1: level, y2: level, class: "grid" }));
    const text = shape("text", { x: left - 6, y: level + 4, "text-anchor": "end" });
    text.textContent = label(top * share);
    parts.push(text);
  }
  const step = range > 300 ? 120 : range > 120 ? 60 : 15;
  for (let ago = 0; ago <= range; ago += step) {
    const anchor = ago === 0 ? "end" : "middle";
    if (x(now - ago) < left + 10) continue;
    const text = shape("text", { x: x(now - ago), y: height - 4, "text-anchor": anchor });
    text.textContent = ago === 0 ? "now" : ago % 60 === 0 ? `-${ago / 60} min` : `-${ago} s`;
    parts.push(text);
  }
  if (limit !== null && limit <= top) {
    parts.push(shape("line", { x1: left, x2: width - right, y1: y(limit), y2: y(limit), class: "limit" }));
  }
  const seen = points.filter((m) => m[0] >= now - range);
  for (const m of seen) {
    if (m[4] === 0) continue;
    parts.push(shape("rect", {
      x: x(m[0] - m[1]), y: above, width: Math.max(1.5, x(m[0]) - x(m[0] - m[1])),
      height: height - above - below, class: "lost",
    }));
  }
  for (const [name, value, filled] of series) {
    let line = "", area = "", begun = null;
    const close = (last) => { if (begun !== null) area += `V${y(0)}H${begun}Z`; begun = null; return last; };
    for (const m of seen) {
      const v = value(m);
      if (v === null) { close(); continue; }
      const point = `${x(m[0]).toFixed(1)} ${y(v).toFixed(1)}`;
      line += `${begun === null ? "M" : "L"}${point}`;
      area += begun === null ? `M${x(m[0]).toFixed(1)} ${y(0)}L${point}` : `L${point}`;
      if (begun === null) begun = x(m[0]).toFixed(1);
    }
    close();
    if (filled) parts.push(shape("path", { d: area, class: `${name}-fill` }));
    parts.push(shape("path", { d: line, class: name }));
  }
  let at = null;
  if (pointed !== null && seen.length) {
    const time = now - range * (1 - pointed);
    at = seen.reduce((best, m) => (Math.abs(m[0] - time) < Math.abs(best[0] - time) ? m : best));
    parts.push(shape("line", { x1: x(at[0]), x2: x(at[0]), y1: above, y2: height - below, class: "cursor" }));
  }
  svg.replaceChildren(...parts);
  return at;
}

function drawGraphs() {
  const rate = (m) => m[2] / m[1], failing = (m) => m[3] / m[1];
  const p50 = (m) => (m[5] > 0 ? m[6] : null), p99 = (m) => (m[5] > 0 ? m[7] : null);
  // The lowest limit of the rules about all requests, unless the traffic is far below it.
  const limits = latest.alerts.map((alert) => alert.perSecond).filter((value) => value > 0);
  const limit = limits.length ? Math.min(...limits) : null;
  const highest = Math.max(0, ...moments.map(rate));
  const most = ceiling(limit !== null && limit <= highest * 4 ? Math.max(highest, limit) : highest);
  byId("limit").textContent = limit === null ? "" : `alert limit ${paced(limit)}/s`;
  const slowest = ceiling(Math.max(0, ...moments.map((m) => p99(m) ?? 0)));
  let at = graph("traffic", [["good", rate, true], ["bad", failing, true]], most,
    (v) => (Number.isInteger(v) ? grouped(v) : paced(v)), limit);
  byId("traffic-read").textContent = at ? `${clock(at[0])}: ${paced(rate(at))}, failures ${paced(failing(at))}` : "";
  at = graph("latency", [["mid", p50, false], ["slow", p99, false]], slowest, (v) => (v ? span(v) : "0"));
  byId("latency-read").textContent = at ? `${clock(at[0])}: ${span(p50(at))}, ${span(p99(at))}` : "";
}

/** Sums of the last ten seconds. */
function recent() {
  const last = moments.filter((m) => m[0] > latest.at - 10.5);
  const sum = (place) => last.reduce((total, m) => total + m[place], 0);
  const answered = last.filter((m) => m[5] > 0);
  // The mean of the seconds' medians, and the worst of their p99.
  const weight = answered.reduce((total, m) => total + m[5], 0);
  return {
    rate: sum(2) / Math.max(sum(1), 1e-9), requests: sum(2), failures: sum(3),
    p50: weight ? answered.reduce((total, m) => total + m[6] * m[5], 0) / weight : null,
    p99: weight ? Math.max(...answered.map((m) => m[7])) : null,
  };
}

function drawTiles() {
  const now = recent();
  byId("rate").textContent = (latest.lost > 0 ? "≥\u202f" : "") + paced(now.rate);
  byId("total").textContent = `${grouped(latest.requests)} since ${moment(latest.started)}`;
  byId("failing").textContent = percent(now.failures, Math.max(now.requests, now.failures));
  byId("failing").classList.toggle("alarm", now.failures * 20 > now.requests && now.failures > 0);
  byId("failed").textContent = `${grouped(latest.failures)} in all`;
  byId("p50").textContent = span(now.p50);
  byId("p99").textContent = span(now.p99);
}

/** What a row is ordered by: its name, or a number, where a missing one is the lowest. */
function sortValue(row, key) {
  if (key === "share") return row.answered > 0 ? row.failures / row.answered : 0;
  return row[key] ?? -1;
}

function sorted(rows, order) {
  const sign = order.ascending ? 1 : -1;
  return [...rows].sort((a, b) => {
    const first = sortValue(a, order.key), second = sortValue(b, order.key);
    return first < second ? -sign : first > second ? sign : 0;
  });
}

function drawColumns(id, order) {
  for (const column of byId(id).children) {
    if (column.dataset.sort !== order.key) column.removeAttribute("aria-sort");
    else column.setAttribute("aria-sort", order.ascending ? "ascending" : "descending");
  }
}

function drawSites() {
  const most = Math.max(...latest.sites.map((s) => s.pace), 1e-9);
  drawColumns("columns", orders.sites);
  const rows = sorted(latest.sites, orders.sites).map((site) => {
    const row = element("tr");
    const name = element("th");
    name.scope = "row";
    const bar = element("i", "", "bar");
    bar.style.width = `${(100 * site.pace / most).toFixed(1)}%`;
    const link = element("a", site.site);
    link.href = `#site=${encodeURIComponent(site.site)}`;
    name.append(bar, link);
    if (site.sections?.length) name.append(element("small", `most in ${site.sections[0][0]}`));
    const failing = element("td", percent(site.failures, site.answered), "n");
    if (site.failures * 20 > site.answered && site.failures > 0) failing.classList.add("alarm");
    row.append(name, element("td", paced(site.pace), "n"), element("td", grouped(site.requests), "n"), failing,
      element("td", span(site.p50), "n", "wide"), element("td", span(site.p99), "n", "wide"));
    return row;
  });
  if (latest.others > 0) {
    const row = element("tr");
    const name = element("th", "all other sites", "empty");
    name.scope = "row";
    row.append(name, element("td", "", "n"), element("td", grouped(latest.others), "n"), element("td", "", "n"),
      element("td", "", "n", "wide"), element("td", "", "n", "wide"));
    rows.push(row);
  }
  if (rows.length === 0) {
    const row = element("tr");
    const text = element("td", latest.silence || `No requests${inWindow()}.`, "empty");
    text.colSpan = 6;
    row.append(text);
    rows.push(row);
  }
  byId("sites").replaceChildren(...rows);
}

/** The site that the address names; null for all. */
function chosenSite() {
  if (!location.hash.startsWith("#site=")) return null;
  // An address that somebody typed may be no encoded name.
  try { return decodeURIComponent(location.hash.slice(6)); } catch { return null; }
}

/** One site alone: its rate, its outcomes, its latencies, its sections. */
function drawSite() {
  const name = chosenSite();
  byId("one").hidden = name === null;
  document.querySelector("main").classList.toggle("one-site", name !== null);
  if (name === null) return;
  const site = latest.sites.find((one) => one.site === name);
  byId("one-name").textContent = name;
  byId("one-known").hidden = site === undefined;
  byId("one-note").textContent = site === undefined ? `not among the listed sites${inWindow()}` : "";
  if (site === undefined) return;
  const points = siteMoments.get(name) ?? [];
  const rate = (m) => m[2] / m[1], failing = (m) => m[3] / m[1];
  const at = graph("one-graph", [["good", rate, true], ["bad", failing, true]],
    ceiling(Math.max(0, ...points.map(rate))), (v) => (Number.isInteger(v) ? grouped(v) : paced(v)), null, points);
  byId("one-read").textContent = at ? `${clock(at[0])}: ${paced(rate(at))}, failures ${paced(failing(at))}` : "";
  const counts = [
    ["Requests/s", paced(site.pace)], ["Requests", grouped(site.requests)],
    ["Failures", `${grouped(site.failures)}, ${percent(site.failures, site.answered)}`],
    ["Aborted", grouped(site.aborted)], ["Timed out", grouped(site.timedOut)], ["Unknown", grouped(site.unknown)],
    ["p50", span(site.p50)], ["p90", span(site.p90)], ["p99", span(site.p99)], ["Slowest", span(site.max)],
  ];
  if (site.owners?.some((owner) => owner.process)) {
    counts.push(["Served by", site.owners.map((owner) => `${owner.process || "not known"}${
      owner.where ? ` (${owner.where})` : ""} ${percent(owner.requests, site.served)}`).join(", ")]);
  }
  byId("one-counts").replaceChildren(...counts.map(([what, text]) => {
    const pair = element("div");
    pair.append(element("dt", what), element("dd", text));
    return pair;
  }));
  const most = Math.max(...(site.sections ?? []).map(([, count]) => count), 1);
  byId("one-sections").replaceChildren(...(site.sections ?? []).map(([section, count, failures, answered, p50, p99]) => {
    const row = element("tr");
    const head = element("th");
    head.scope = "row";
    const bar = element("i", "", "bar");
    bar.style.width = `${(100 * count / most).toFixed(1)}%`;
    head.append(bar, element("span", section));
    const failed = element("td", percent(failures, answered), "n");
    if (failures * 20 > answered && failures > 0) failed.classList.add("alarm");
    row.append(head, element("td", grouped(count), "n"), element("td", percent(count, site.requests), "n"), failed,
      element("td", span(p50), "n", "wide"), element("td", span(p99), "n", "wide"));
    return row;
  }));
}

/** Keeps what each site has counted since the event before. */
function noteSites(before) {
  const known = new Map((before?.sites ?? []).map((site) => [site.site, site.counted]));
  for (const site of latest.sites) {
    const first = known.get(site.site);
    const elapsed = before ? latest.at - before.at : 0;
    if (!first || !site.counted || !(elapsed > 0) || site.counted[0] < first[0]) continue;
    const points = siteMoments.get(site.site) ?? [];
    points.push([latest.at, elapsed, site.counted[0] - first[0], site.counted[1] - first[1], 0]);
    if (points.length > MEMORY) points.shift();
    siteMoments.set(site.site, points);
  }
  // Names come and go: those that were not listed for as long as the graphs go back are forgotten.
  for (const [name, points] of siteMoments) {
    if (points[points.length - 1][0] < latest.at - MEMORY) siteMoments.delete(name);
  }
}

function drawClients() {
  drawColumns("client-columns", orders.clients);
  const most = Math.max(...latest.clients.map((c) => c.requests), 1);
  const rows = sorted(latest.clients, orders.clients).map((client) => {
    const row = element("tr");
    const name = element("th");
    name.scope = "row";
    const bar = element("i", "", "bar");
    bar.style.width = `${(100 * client.requests / most).toFixed(1)}%`;
    name.append(bar, element("span", client.client));
    const failing = element("td", percent(client.failures, client.answered), "n");
    if (client.failures * 20 > client.answered && client.failures > 0) failing.classList.add("alarm");
    row.append(name, element("td", grouped(client.requests), "n"), failing,
      element("td", span(client.slowest), "n"));
    return row;
  });
  if (latest.otherClients > 0) {
    const row = element("tr");
    const name = element("th", "all other clients", "empty");
    name.scope = "row";
    row.append(name, element("td", grouped(latest.otherClients), "n"), element("td", "", "n"),
      element("td", "", "n"));
    rows.push(row);
  }
  if (rows.length === 0) {
    const row = element("tr");
    const text = element("td", `No clients${inWindow()}.`, "empty");
    text.colSpan = 4;
    row.append(text);
    rows.push(row);
  }
  byId("clients").replaceChildren(...rows);
}

/** Who serves and who asks; nothing where processes are not known. */
function drawOwners() {
  byId("processes").hidden = latest.owners === undefined;
  if (latest.owners === undefined) return;
  drawColumns("owner-columns", orders.owners);
  const most = Math.max(...latest.owners.map((o) => o.requests), 1);
  const rows = sorted(latest.owners, orders.owners).map((owner) => {
    const row = element("tr");
    const name = element("th");
    name.scope = "row";
    const bar = element("i", "", "bar");
    bar.style.width = `${(100 * owner.requests / most).toFixed(1)}%`;
    name.append(bar, element("span", owner.process || "not known, or another machine"));
    const where = [owner.where, owner.pid ? `pid ${owner.pid}` : ""].filter((text) => text).join(", ");
    if (where) name.append(element("small", where));
    const failing = element("td", percent(owner.failures, owner.answered), "n");
    if (owner.failures * 20 > owner.answered && owner.failures > 0) failing.classList.add("alarm");
    row.append(name, element("td", owner.role === "server" ? "serves" : "asks"),
      element("td", grouped(owner.requests), "n"), failing,
      element("td", grouped(owner.inFlight), "n", "wide"), element("td", span(owner.p50), "n", "wide"), element("td", span(owner.p99), "n", "wide"));
    return row;
  });
  if (rows.length === 0) {
    const row = element("tr");
    const text = element("td", `No exchange has ended${inWindow()}.`, "empty");
    text.colSpan = 7;
    row.append(text);
    rows.push(row);
  }
  byId("owners").replaceChildren(...rows);
}

function drawAlerts() {
  const lines = [];
  for (const alert of latest.alerts) {
    const about = alert.subject ? `${alert.rule} (${alert.subject})` : alert.rule;
    const numbers = alert.reading;
    const line = element("li");
    if (alert.since !== null) {
      line.append(element("span", `ALERT: ${about}`, "alarm"),
        element("small", `${numbers}, peak ${alert.peak}, since ${moment(alert.since)}`));
    } else if (alert.heldBack) {
      line.append(element("span", `${about}: held back`), element("small", `${numbers}, ${alert.heldBack}`));
    } else {
      line.append(element("span", `${about}: quiet`), element("small", numbers));
    }
    lines.push(line);
    for (const [started, ended] of alert.past) {
      lines.push(element("li", `${about} from ${moment(started)} to ${moment(ended)}`, "empty"));
    }
  }
  if (lines.length === 0) lines.push(element("li", "No rule is set.", "empty"));
  byId("alerts").replaceChildren(...lines);
}

function drawCounts() {
  const list = (pairs) => pairs.map(([name, count]) => `${name} ${grouped(count)}`).join(", ") || "–";
  const counts = [
    ["Methods", list(latest.methods)], ["Statuses", list(latest.statuses)],
    ["In flight", grouped(latest.inFlight)
      + (latest.oldestInFlight === null ? "" : `, the first for ${span(latest.oldestInFlight)}`)],
    ["Aborted", grouped(latest.aborted)], ["Timed out", grouped(latest.timedOut)],
    ["Unknown", grouped(latest.unknown)], ["Packets", grouped(latest.packets)],
    ["Segments matched", grouped(latest.matched)],
    ["Lost", latest.lost > 0 ? `${grouped(latest.lost)}: counts are lower bounds` : "0"],
    ["Duplicates", grouped(latest.duplicates)],
  ];
  byId("counts").replaceChildren(...counts.flatMap(([name, text]) => {
    const value = element("dd", text);
    if (name === "Lost" && latest.lost > 0) value.classList.add("alarm");
    return [element("dt", name), value];
  }));
}

function drawState() {
  const pill = byId("state");
  const isLost = Date.now() - heard > QUIET;
  const isAlert = latest.alerts.some((alert) => alert.since !== null);
  const text = isLost ? "no connection" : latest.faults.length ? latest.faults[0].split(":")[0]
    : isAlert ? "ALERT" : "watching";
  pill.textContent = text;
  pill.className = `pill ${isLost ? "wait" : latest.faults.length || isAlert ? "bad" : "well"}`;
  document.title = isAlert ? "ALERT - wiretally" : "wiretally";
  byId("notes").replaceChildren(...latest.faults.map((fault) => element("p", fault, "note", "bad")),
    ...latest.notices.map((notice) => element("p", notice, "note")),
    ...(latest.tls ? [element("p", latest.tls, "note")] : []));
  byId("source").textContent = `${latest.source}, port ${latest.ports}, by ${latest.backend}`;
  byId("foot").textContent =
    `wiretally ${latest.version}, watching for ${lasting(latest.at - latest.started)}; as of ${clock(latest.at)}`;
}

/** What follows `no requests`: the time of the tables. */
const inWindow = () => (latest.window === "all" ? " yet" : ` in the last ${latest.window}`);

/** The chosen window on its buttons, the tables' own in their titles. */
function drawWindows() {
  for (const button of byId("windows").children) button.setAttribute("aria-pressed", button.dataset.window === chosen);
  for (const title of document.querySelectorAll("h2 .window")) {
    title.textContent = !latest ? "" : latest.window === "all" ? "(all)" : `(last ${latest.window})`;
  }
  for (const link of document.querySelectorAll("a[data-table]")) {
    link.href = `api/v1/${link.dataset.table}.csv${chosen === "all" ? "" : `?window=${chosen}`}`;
  }
}

/** Has the tables drawn of another window, which the page's address keeps. */
function choose(name) {
  if (name === chosen) return;
  chosen = name;
  history.replaceState(null, "", `?window=${name}${location.hash}`);
  drawWindows();
  events?.close();
  start();
}

function draw() {
  drawWindows();
  if (!latest) return;
  drawState();
  drawTiles();
  drawGraphs();
  drawSites();
  drawSite();
  drawClients();
  drawOwners();
  drawAlerts();
  drawCounts();
}

function take(event) {
  const before = latest;
  latest = JSON.parse(event.data);
  noteSites(before);
  heard = Date.now();
  if (latest.moments.length > 1) moments = [];
  for (const m of latest.moments) {
    if (!moments.length || m[0] > moments[moments.length - 1][0]) moments.push(m);
  }
  if (moments.length > MEMORY) moments = moments.slice(-MEMORY);
  if (document.visibilityState === "visible") draw();
}

let events = null;

function start() {
  const source = new EventSource(`events?window=${chosen}`);
  events = source;
  source.onmessage = (event) => { if (source === events) take(event); };
  // A server that is full answers with an error, after which a browser does not try again by itself.
  source.onerror = () => {
    if (source !== events || source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (source === events) start(); }, 5000);
  };
}

function drawAllGraphs() {
  drawGraphs();
  drawSite();
}

for (const id of ["traffic", "latency", "one-graph"]) {
  const svg = byId(id);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    pointed = Math.min(1, Math.max(0, (event.clientX - box.left - 58) / (box.width - 64)));
    if (latest) drawAllGraphs();
  });
  svg.addEventListener("pointerleave", () => { pointed = null; if (latest) drawAllGraphs(); });
}
for (const [table, id, name, redraw] of [
  ["sites", "columns", "site", drawSites], ["clients", "client-columns", "client", drawClients],
  ["owners", "owner-columns", "process", drawOwners],
]) {
  for (const column of byId(id).children) {
    column.firstElementChild.addEventListener("click", () => {
      const key = column.dataset.sort, order = orders[table];
      // Names begin with a, numbers with the highest; a second click turns the order round.
      orders[table] = { key, ascending: order.key === key ? !order.ascending : key === name };
      if (latest) redraw();
    });
  }
}
for (const button of byId("windows").children) {
  button.addEventListener("click", () => choose(button.dataset.window));
}
// The key of the screen.
addEventListener("keydown", (event) => {
  if (event.key !== "w" || event.ctrlKey || event.altKey || event.metaKey) return;
  choose(WINDOWS[(WINDOWS.indexOf(chosen) + 1) % WINDOWS.length]);
});
document.addEventListener("visibilitychange", draw);
addEventListener("resize", draw);
addEventListener("hashchange", () => { draw(); scrollTo(0, 0); });
setInterval(() => { if (latest) drawState(); else if (Date.now() - opened > QUIET) byId("state").textContent = "no connection"; }, 1000);
const opened = Date.now();
drawWindows();
start();
