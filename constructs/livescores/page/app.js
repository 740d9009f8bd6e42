// Shows the matches that the address names (?match=...&match=...), or those of
// config.json. See feed.js for what is known of them.

import { Feed } from './feed.js';

const words = {
  scheduled: 'not begun', postponed: 'postponed', kickoff: 'kick-off', halftime: 'half time', secondhalf: 'second half',
  fulltime: 'full time', abandoned: 'abandoned', owngoal: 'own goal', yellowcard: 'yellow card', redcard: 'red card', var: 'video review',
};
const phases = { scheduled: 'not begun', postponed: 'postponed', kickoff: 'first half', halftime: 'half time', secondhalf: 'second half', fulltime: 'full time', abandoned: 'abandoned' };
const word = (kind) => words[kind] ?? kind.replaceAll('-', ' ');
const byId = (id) => document.getElementById(id);
const cards = new Map(); // by id of the match
let feed, unseen = 0;

function el(tag, text, name) {
  const e = document.createElement(tag);
  e.textContent = text;
  if (name) e.className = name;
  return e;
}

const score = (e) => `${e.score.home} : ${e.score.away}`;
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

function put(card, name, text) {
  const e = card.querySelector('.' + name);
  if (e.textContent !== text) e.textContent = text;
}

// show shows what is new of a match.
function show(m, added, now) {
  const card = cards.get(m.id), last = m.events.at(-1);
  if (!card) return;
  card.dataset.sequence = m.sequence;
  const before = card.querySelector('.score').textContent;
  put(card, 'home', last?.home ?? m.id);
  put(card, 'away', last?.away ?? '');
  put(card, 'score', last ? score(last) : '- : -');
  put(card, 'clock', last?.clock ?? '');
  put(card, 'phase', phases[m.events.findLast((e) => phases[e.event])?.event] ?? '');
  card.querySelector('.unfollow').setAttribute('aria-label', `Stop following ${last ? `${last.home} – ${last.away}` : m.id}`);
  const list = card.querySelector('.events');
  if (now && added.length === 1 && list.firstChild?.dataset.sequence == last.sequence - 1) {
    list.prepend(row(last));
    if (list.children.length > 50) list.lastChild.remove();
  } else {
    list.replaceChildren(...rows(m.events));
  }
  if (now && last && before !== score(last) && before !== '- : -') changed(card, last);
}

function rows(events) {
  const all = [];
  let before;
  for (const e of events) {
    const n = e.sequence - before - 1;
    if (n > 0) all.unshift(el('li', n === 1 ? '1 event is missing' : `${n} events are missing`, 'gap'));
    all.unshift(row(e));
    before = e.sequence;
  }
  return all;
}

function row(e) {
  const item = document.createElement('li');
  item.dataset.sequence = e.sequence;
  item.append(el('span', e.clock), el('b', word(e.event)), el('span', score(e)));
  if (e.text) {
    const text = el('bdi', e.text);
    text.title = e.text;
    item.append(text);
  }
  return item;
}

// changed marks a score that has just changed, and tells those who look elsewhere.
function changed(card, e) {
  card.classList.remove('changed');
  void card.offsetWidth; // or both would be one, and nothing would begin
  card.classList.add('changed');
  if (!document.hidden) return;
  unseen++;
  badge(`(${unseen}) ${e.home} ${score(e)} ${e.away}`);
}

function badge(title) {
  document.title = title ?? 'Live scores';
  byId('icon').href = title ? 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle cx="4.5" cy="4.5" r="4" fill="red"/></svg>'.replaceAll('"', "'") : 'data:,';
  if (title) navigator.setAppBadge?.(unseen).catch(() => {});
  else navigator.clearAppBadge?.().catch(() => {});
}

const texts = {
  live: () => 'live', waiting: () => 'waiting', none: () => 'no such match',
  stale: (m) => `stale, as of ${clock(m.asOf)}`,
};

// tell says of each match and of all what can be said for them.
function tell() {
  const n = { live: 0, waiting: 0, stale: 0, none: 0 };
  for (const m of feed.matches.values()) {
    const state = feed.state(m), card = cards.get(m.id);
    n[state]++;
    if (!card) continue;
    if (card.dataset.state !== state) card.dataset.state = state;
    put(card, 'state', m.events.length || state !== 'waiting' || !m.compared ? texts[state](m) : 'not begun');
  }
  const all = feed.matches.size - n.none;
  const quiet = feed.online && n.stale === 0 && [...feed.matches.values()].every((m) => m.compared || feed.state(m) === 'none');
  let state = 'offline', text = 'no connection, trying again';
  if (quiet) [state, text] = ['online', 'live'];
  else if (n.live) [state, text] = ['partly', `${n.live} of ${all} live`];
  else if (feed.online || !feed.reconnects && navigator.onLine) [state, text] = ['connecting', 'connecting'];
  Object.assign(document.body.dataset, { state, dropped: feed.dropped, reconnects: feed.reconnects });
  put(document.body, 'summary', text);
}

function list() {
  const known = feed.list.filter((l) => l.home);
  byId('day').hidden = !known.length;
  byId('list').replaceChildren(...known.map((l) => {
    const item = document.createElement('li'), b = el('button', '');
    b.type = 'button';
    b.dataset.id = l.match;
    b.setAttribute('aria-pressed', cards.has(l.match));
    b.append(el('bdi', l.home), el('strong', score(l)), el('bdi', l.away), el('span', phases[l.phase] === 'first half' || !phases[l.phase] ? l.clock : phases[l.phase]));
    b.onclick = () => {
      if (cards.has(l.match)) leave(l.match); else follow(l.match);
      remember();
      b.setAttribute('aria-pressed', cards.has(l.match));
    };
    item.append(b);
    return item;
  }));
}

// refresh lists again, unless nothing changed: focus stays where it is.
let listed = '';
function refresh() {
  const text = JSON.stringify(feed.list);
  if (text === listed) return;
  listed = text;
  const focus = document.activeElement?.dataset.id;
  list();
  if (focus) byId('list').querySelector(`[data-id="${CSS.escape(focus)}"]`)?.focus();
}

function add(id) {
  const card = byId('card').content.firstElementChild.cloneNode(true);
  card.dataset.match = id;
  card.querySelector('.unfollow').onclick = () => { leave(id); remember(); };
  byId('matches').append(card);
  cards.set(id, card);
}

function follow(...ids) {
  ids = [...new Set(ids)].filter((id) => !cards.has(id));
  ids.forEach(add);
  feed.follow(...ids);
  for (const id of ids) show(feed.matches.get(id), [], false);
  tell();
}

// leave takes a match away. Who did it by keyboard goes on at the next one.
function leave(id) {
  const card = cards.get(id);
  const next = (card.nextElementSibling ?? card.previousElementSibling)?.querySelector('.unfollow') ?? byId('match');
  if (card.contains(document.activeElement)) next.focus();
  card.remove();
  cards.delete(id);
  feed.leave(id);
  for (const b of byId('list').querySelectorAll('button')) b.setAttribute('aria-pressed', cards.has(b.dataset.id));
  tell();
}

// remember keeps the matches in the address, for a reload or a friend.
function remember() {
  history.replaceState(null, '', '?' + new URLSearchParams([...cards.keys()].map((id) => ['match', id])));
}

function showError(text) {
  byId('error').textContent = text ?? '';
  byId('error').hidden = !text;
}

byId('follow').onsubmit = (e) => {
  e.preventDefault();
  follow(byId('match').value);
  remember();
  byId('match').value = '';
};

document.addEventListener('visibilitychange', () => {
  if (document.hidden || !unseen) return;
  unseen = 0;
  badge();
});

async function start() {
  let config;
  try {
    const answer = await fetch('config.json', { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    config = await answer.json();
  } catch (e) {
    document.body.dataset.state = 'offline';
    put(document.body, 'summary', 'not configured, trying again');
    showError(`config.json cannot be read: ${e.message}`);
    setTimeout(start, 5_000 + Math.random() * 25_000);
    return;
  }
  showError();
  feed = new Feed(config.url, show);
  Object.assign(feed, { onstate: tell, onlist: refresh, onerror: showError });
  const named = new URLSearchParams(location.search).getAll('match');
  follow(...(named.length ? named : config.matches));
  feed.connect();
}
start();
