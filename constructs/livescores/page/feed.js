// Keeps matches as they are: over the WebSocket API while that works, by their
// snapshots where something was missed. What the messages and the files are is said
// in lambda/livescores/score and lambda/livescores/snapshot.
//
// A match is live while it is known to be: its subscription was answered, it was
// compared with the list of matches since then, and something was heard of it, of
// this match and no other, within the last while. Everything else is stale, and says
// since when. What an answer to a ping says is that the connection lives.

export const times = { // ms
  answer: 8_000, // that an answer may take
  first: 2_000, longest: 30_000, // wait before trying again; it doubles, and half of it is chance
  silence: 22_000, // of a match, after which the page asks, while somebody looks at it
  fresh: 40_000, // after which what was heard of a match proves nothing
  copy: 2_500, // after which a file is younger than now, whatever caches there are
  ping: 540_000, // API Gateway ends a connection that is idle for 10 minutes
};
const kept = 50; // events of a match

const chance = (ms) => ms / 2 + Math.random() * ms / 2;
const growing = (tries) => chance(Math.min(times.longest, times.first * 2 ** tries));
const valid = /^[A-Za-z0-9._:-]{1,64}$/;
const nothing = { epoch: 0, sequence: 0 };
const before = (a, b) => a.epoch < b.epoch || a.epoch === b.epoch && a.sequence < b.sequence;

// Match is what is known of one.
export class Match {
  epoch = 0;
  sequence = 0;
  events = []; // in order
  there = undefined; // whether there is such a match, once that is known
  followed = false; // the API has said so on this connection
  compared = false; // with the list or its snapshot, since then
  asOf = 0; // when it was known to be current
  wanted = nothing; // that there is, as far as was heard
  tries = 0;
  constructor(id) { this.id = id; }

  // add takes events in and tells which are new. Those of before a reset are not,
  // and neither is what is there: events come at least once, and in any order.
  add(epoch, events) {
    if (epoch < this.epoch) return [];
    if (epoch > this.epoch) {
      this.epoch = epoch;
      this.sequence = 0;
      this.events = [];
      this.want(this);
    }
    const have = new Set(this.events.map((e) => e.sequence));
    const added = events.filter((e) => !have.has(e.sequence) && have.add(e.sequence));
    if (!added.length) return added;
    this.there = true;
    this.events = [...this.events, ...added].sort((a, b) => a.sequence - b.sequence).slice(-kept);
    this.sequence = this.events.at(-1).sequence;
    this.want(this);
    return added;
  }

  want({ epoch, sequence }) {
    if (before(this.wanted, { epoch, sequence })) this.wanted = { epoch, sequence };
  }
}

export class Feed {
  matches = new Map();
  list = []; // the day's matches
  #socket; #asked; #again = false; #tries = 0; #looked = 0;
  #checking; #checked = 0; #failed = 0; #next = 0; // with the list
  #heard = 0; #wrote = 0; #timers = {}; // over the connection
  dropped = 0; reconnects = 0;

  // changed is called with a match, what is new of it and whether that happens now.
  constructor(url, changed) {
    Object.assign(this, { url, changed });
    const back = () => document.visibilityState === 'visible' && this.look();
    for (const name of ['focus', 'pageshow', 'online']) addEventListener(name, back);
    document.addEventListener('visibilitychange', back);
    addEventListener('offline', () => {
      for (const m of this.matches.values()) m.compared = false;
      this.#tell();
    });
    const quiet = chance(times.silence / 5) + times.silence * 0.9;
    setInterval(() => {
      const now = Date.now();
      if (this.#socket?.readyState === WebSocket.OPEN && now - this.#wrote > times.ping - chance(times.ping / 9)) this.#ping();
      // One match that talks is no word of another that does not.
      const silent = now - this.#checked > quiet && (!this.matches.size || [...this.matches.values()].some((m) => now - m.asOf > quiet));
      if (document.visibilityState === 'visible' && silent && now >= this.#next) this.check();
      this.#tell();
    }, 5_000);
  }

  state(m) {
    if (!valid.test(m.id) || m.there === false) return 'none';
    if (this.online && m.followed && m.compared && Date.now() - m.asOf < times.fresh) return m.events.length ? 'live' : 'waiting';
    return m.events.length ? 'stale' : 'waiting';
  }

  get online() { return this.#socket?.readyState === WebSocket.OPEN && navigator.onLine !== false; }

  follow(...ids) {
    for (const id of ids) if (!this.matches.has(id)) this.matches.set(id, new Match(id));
    this.#subscribe();
    this.check();
  }

  leave(id) {
    this.matches.delete(id);
    this.#subscribe();
  }

  connect() {
    clearTimeout(this.#timers.connect);
    const s = this.#socket = new WebSocket(this.url);
    this.#timers.answer = setTimeout(() => this.#drop(), times.answer);
    s.onopen = () => { clearTimeout(this.#timers.answer); this.#subscribe(); };
    s.onmessage = ({ data }) => s === this.#socket && this.#receive(data);
    s.onclose = () => s === this.#socket && this.#drop();
    this.#tell();
  }

  // drop gives a connection up without waiting for the end of it, which may take
  // minutes, and makes another. After an outage not all come back at once.
  #drop() {
    const s = this.#socket;
    this.#socket = undefined;
    if (s) { s.onclose = null; s.close(); }
    this.#asked = undefined;
    for (const name of ['answer', 'pong', 'retry', 'copy']) clearTimeout(this.#timers[name]);
    for (const m of this.matches.values()) m.followed = m.compared = false;
    this.reconnects++;
    clearTimeout(this.#timers.connect);
    this.#timers.connect = setTimeout(() => this.connect(), growing(this.#tries++));
    this.#tell();
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    this.#wrote = Date.now();
    return true;
  }

  // subscribe names all matches in one message. There is one at a time, so that the
  // last one holds.
  #subscribe() {
    if (this.#asked) { this.#again = true; return; }
    clearTimeout(this.#timers.retry);
    const matches = [...this.matches.values()].filter((m) => valid.test(m.id))
      .map((m) => ({ match: m.id, epoch: m.epoch || undefined, sequence: m.sequence || undefined }));
    if (!this.#send({ action: 'subscribe', matches })) return;
    this.#asked = Date.now();
    this.#again = false;
    // Nothing heard since: the connection is dead, and says nothing of it.
    this.#timers.answer = setTimeout(() => (this.#heard < this.#asked ? this.#drop() : this.#refused()), times.answer);
  }

  #refused() {
    clearTimeout(this.#timers.answer);
    this.#asked = undefined;
    this.#timers.retry = setTimeout(() => this.#subscribe(), growing(this.#tries++));
    this.#tell();
  }

  #receive(data) {
    let m;
    try { m = JSON.parse(data); } catch { return; }
    this.#heard = Date.now();
    clearTimeout(this.#timers.pong);
    if (m.type === 'score') this.#happened(m);
    else if (m.type === 'subscribed') this.#subscribed(m);
    else if (m.type === 'error') this.onerror?.(m.error);
    // API Gateway's own: too many requests, or the function behind it failed.
    else if (m.message && this.#asked) this.#refused();
    this.#tell();
  }

  #subscribed({ matches = [], error }) {
    clearTimeout(this.#timers.answer);
    this.#asked = undefined;
    this.#tries = 0;
    this.onerror?.(error);
    for (const m of this.matches.values()) m.followed = matches.includes(m.id);
    if (this.#again) this.#subscribe();
    // What happened before this is in files that are as young as this: now, for
    // most of it, and when no cache has an older copy, for all of it.
    this.check();
    clearTimeout(this.#timers.copy);
    this.#timers.copy = setTimeout(() => this.check(), times.copy + chance(times.copy));
  }

  #happened({ match, epoch = 0, events = [] }) {
    const m = this.matches.get(match);
    if (!m) return;
    const next = m.sequence + 1, reset = epoch > m.epoch;
    const added = m.add(epoch, events);
    this.dropped += events.length - added.length;
    if (!added.length && !reset) return;
    m.asOf = Date.now();
    this.changed(m, added, true);
    if (reset || added[0].sequence > next && next > 1) this.#load(m); // something was missed
  }

  // look asks whether all is still as it is shown: somebody looks at it.
  look() {
    if (Date.now() - this.#looked < 1_000) return;
    this.#looked = Date.now();
    if (!this.#socket) { clearTimeout(this.#timers.connect); this.#tries = 0; this.connect(); }
    this.#ping();
    this.check();
    this.#tell();
  }

  #ping() {
    clearTimeout(this.#timers.pong);
    if (this.#send({ action: 'ping' })) this.#timers.pong = setTimeout(() => this.#drop(), times.answer);
  }

  // check compares all matches with the list, and reads those that are behind it.
  check() {
    return this.#checking ??= this.#compare().finally(() => { this.#checking = undefined; this.#tell(); });
  }

  async #compare() {
    const asked = Date.now();
    const followed = new Set([...this.matches.values()].filter((m) => m.followed));
    let list;
    try {
      list = await read('m/day/matches.json');
    } catch {
      this.#next = Date.now() + growing(this.#failed++);
      return; // what is shown is as old as it says
    }
    this.#checked = Date.now();
    this.#failed = 0;
    this.list = list?.matches ?? [];
    this.onlist?.();
    const lines = new Map(this.list.map((l) => [l.match, l]));
    let behind = false;
    for (const m of this.matches.values()) {
      if (!valid.test(m.id)) continue;
      const l = lines.get(m.id);
      if (l ? before(m, l) : !m.asOf) {
        behind ||= m.compared && m.followed;
        m.compared = false;
        if (l) { m.want(l); m.there = true; }
        this.#load(m);
      } else {
        m.there ??= !!l;
        m.asOf = Math.max(m.asOf, asked);
        if (followed.has(m)) m.compared = true;
      }
    }
    if (behind) this.#ping(); // why was it not told?
  }

  // load reads the snapshot of a match, again while that is an older copy.
  async #load(m) {
    if (m.loading || !valid.test(m.id)) return;
    m.loading = true;
    const asked = Date.now(), followed = m.followed;
    let wait = 0;
    try {
      const s = await read(`m/${m.id}.json`);
      if (s) {
        const epoch = m.epoch, added = m.add(s.epoch, s.events);
        m.there = true;
        if (added.length || m.epoch !== epoch) this.changed(m, added, false);
      } else if (!m.events.length) m.there = false;
      if (!before(s ?? nothing, m.wanted)) {
        m.asOf = Math.max(m.asOf, asked);
        m.compared ||= followed;
        m.tries = 0;
      } else if (m.tries++ < 5) wait = chance(2 * times.copy);
      else m.tries = 0; // until the list is asked again
    } catch { wait = growing(m.tries++); }
    m.loading = false;
    if (wait) setTimeout(() => this.matches.get(m.id) === m && this.#load(m), wait);
    this.#tell();
  }

  #tell() { this.onstate?.(); }
}

// read reads a file, undefined if there is none.
async function read(path) {
  const answer = await fetch(path, { cache: 'no-cache', signal: AbortSignal.timeout(times.answer) });
  if (answer.status === 403 || answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}
