// Shows the matches that the address names (?match=...&match=...), or those of
// config.json, as the messages of the WebSocket API tell of them. What the
// messages are is said in lambda/livescores/score.

const firstWait = 500; // ms before the first attempt to connect again; it doubles
const longestWait = 30_000;
const refreshEvery = 240_000; // API Gateway ends a connection that is idle for 10 minutes
const answerWithin = 10_000; // or the connection is taken for dead
const shownEvents = 20;

const matches = new Map(); // by id: {card, sequence}
let config, socket, attempts = 0, retryTimer, refreshTimer, answerTimer;

const byId = (id) => document.getElementById(id);

function setState(state, text) {
  document.body.dataset.state = state;
  byId('state').textContent = text;
}

function showError(text) {
  byId('error').textContent = text;
  byId('error').hidden = !text;
}

function connect() {
  clearTimeout(retryTimer);
  setState('connecting', 'connecting');
  const s = socket = new WebSocket(config.url);
  s.onopen = refresh;
  s.onmessage = ({ data }) => s === socket && receive(data);
  s.onclose = () => s === socket && reconnect();
}

// reconnect waits longer each time, and for a random part of it: after an outage
// not all browsers come back in the same moment.
function reconnect() {
  clearTimeout(refreshTimer);
  clearTimeout(answerTimer);
  socket = null;
  const longest = Math.min(longestWait, firstWait * 2 ** attempts++);
  const wait = longest / 2 + Math.random() * longest / 2;
  document.body.dataset.reconnects = attempts;
  setState('offline', 'connection lost, trying again');
  retryTimer = setTimeout(connect, wait);
}

// drop gives up a connection that does not answer, without waiting for the end of
// it, which may take minutes.
function drop() {
  const s = socket;
  if (!s) return;
  s.onclose = null;
  s.close();
  reconnect();
}

function send(action, match) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ action, match }));
}

// refresh subscribes to all matches, again too: the answers have the current
// scores, so that what was missed is made up for, and keep the connection alive.
function refresh() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, refreshEvery);
  if (matches.size === 0) {
    setState('online', 'live');
    return;
  }
  clearTimeout(answerTimer);
  answerTimer = setTimeout(drop, answerWithin);
  for (const match of matches.keys()) send('subscribe', match);
}

function receive(data) {
  let m;
  try {
    m = JSON.parse(data);
  } catch {
    return;
  }
  switch (m.type) {
    case 'subscribed':
      clearTimeout(answerTimer);
      attempts = 0;
      setState('online', 'live');
      m.events?.forEach(show);
      break;
    case 'score':
      m.events.forEach(show);
      break;
    case 'error':
      clearTimeout(answerTimer);
      showError(m.error);
      break;
    default: // API Gateway's own, when the function behind it failed: the answer is overdue
  }
}

// show shows an event, unless what is shown is as new: events come at least once,
// and an answer to subscribe can be overtaken.
function show(event) {
  const match = matches.get(event.match);
  if (!match) return;
  if (event.sequence <= match.sequence) {
    document.body.dataset.dropped = Number(document.body.dataset.dropped ?? 0) + 1;
    return;
  }
  match.sequence = event.sequence;
  const { card } = match;
  const put = (name, text) => { card.querySelector('.' + name).textContent = text; };
  put('home', event.home);
  put('away', event.away);
  put('clock', event.clock);
  const score = `${event.score.home} : ${event.score.away}`;
  if (card.querySelector('.score').textContent !== score) {
    put('score', score);
    card.classList.remove('changed');
    requestAnimationFrame(() => card.classList.add('changed'));
  }
  card.dataset.sequence = event.sequence;
  const item = document.createElement('li');
  for (const [tag, text] of [['span', event.clock], ['b', event.event], ['span', score], ['span', event.text ?? '']]) {
    item.appendChild(document.createElement(tag)).textContent = text;
  }
  const list = card.querySelector('.events');
  list.prepend(item);
  while (list.children.length > shownEvents) list.lastChild.remove();
}

function follow(id) {
  if (matches.has(id)) return;
  const card = byId('card').content.firstElementChild.cloneNode(true);
  card.dataset.match = id;
  card.querySelector('.id').textContent = id;
  card.querySelector('.score').textContent = '- : -';
  card.querySelector('.unfollow').onclick = () => {
    matches.delete(id);
    card.remove();
    send('unsubscribe', id);
    remember();
  };
  byId('matches').append(card);
  matches.set(id, { card, sequence: 0 });
  send('subscribe', id);
}

// remember keeps the matches in the address, for a reload or a friend.
function remember() {
  const query = new URLSearchParams([...matches.keys()].map((id) => ['match', id]));
  history.replaceState(null, '', '?' + query);
}

byId('follow').onsubmit = (e) => {
  e.preventDefault();
  showError('');
  follow(byId('match').value);
  remember();
  byId('match').value = '';
};

addEventListener('online', () => { if (!socket) { attempts = 0; connect(); } });

async function start() {
  try {
    const answer = await fetch('config.json', { cache: 'no-cache' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    config = await answer.json();
  } catch (e) {
    setState('offline', 'not configured');
    showError(`config.json cannot be read: ${e.message}`);
    retryTimer = setTimeout(start, longestWait);
    return;
  }
  const named = new URLSearchParams(location.search).getAll('match');
  for (const id of named.length ? named : config.matches) follow(id);
  connect();
}
start();
