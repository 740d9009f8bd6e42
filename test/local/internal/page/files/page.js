// The page asks how everything stands, twice a second, and draws what has changed. What
// a record holds is only ever set as text.

const $ = (id) => document.getElementById(id)

// element makes one with a class, text and children.
function element(name, { text, className, ...attributes } = {}, ...children) {
  const e = document.createElement(name)
  if (className) e.className = className
  if (text !== undefined) e.textContent = text
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value)
  e.append(...children)
  return e
}

const place = (r) => `${r.topic}[${r.partition}]@${r.offset}`
const clock = (at) => new Date(at).toLocaleTimeString([], { hour12: false })
const number = (n) => n.toLocaleString('en')

const drawn = new Map() // of each part, what was drawn last
const open = new Set() // details that a person has opened

// draw replaces a part of the page if what it shows has changed.
function draw(id, data, make) {
  const text = JSON.stringify(data)
  if (drawn.get(id) === text) return
  drawn.set(id, text)
  const old = $(id)
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined
  old.replaceChildren(...make())
  if (focused) old.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus()
}

function counts(pairs) {
  return element('dl', {}, ...pairs.filter(([, n, always]) => n || always).map(([name, n, , bad]) =>
    element('div', {}, element('dt', { text: name }), element('dd', { text: number(n), className: bad ? 'bad' : '' }))))
}

function partitions(c) {
  const most = Math.max(1, ...c.partitions.map((p) => p.lag))
  const head = element('tr', {}, ...['partition', 'committed', 'end', 'in/s', 'out/s'].map((text) => element('th', { text, scope: 'col' })),
    element('th', { text: 'lag', scope: 'col', className: 'text' }))
  const rows = c.partitions.map((p) => element('tr', {},
    element('td', { text: p.number }),
    element('td', { text: p.committed < 0 ? '-' : number(p.committed) }),
    element('td', { text: number(p.end) }),
    element('td', { text: p.in.toFixed(1) }),
    element('td', { text: p.out.toFixed(1) }),
    element('td', { className: 'lag' }, element('meter', { min: 0, max: most, value: p.lag, 'aria-label': `lag of partition ${p.number}` }), ` ${number(p.lag)}`)))
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows))
}

function consumer(c) {
  const all = element('article', {},
    element('h3', { text: c.name + ' ' }, element('small', { text: `reads ${c.topic} as group ${c.group}, ${c.mode}` })),
    counts([['lag', c.lag, true], ['produced', c.produced, true], ['handled', c.handled, true], ['filtered out', c.filtered], ['to destination', c.delivered],
      ['lost', c.lost, false, true], ['batches', c.batches, true], ['invocations', c.calls, true], ['failed', c.failed, false, true], ['throttled', c.throttled], ['processes', c.processes]]))
  if (c.problem) all.append(element('p', { text: c.problem, className: 'bad' }))
  all.append(partitions(c))
  return all
}

function batches(state) {
  const all = state.consumers.flatMap((c) => c.underWay.map((b) => ({ name: c.name, ...b })))
  if (all.length === 0) return [element('p', { text: 'none', className: 'quiet' })]
  return [element('table', {},
    element('thead', {}, element('tr', {}, element('th', { text: 'consumer', scope: 'col' }), element('th', { text: 'records', scope: 'col' }),
      element('th', { text: 'from and to', scope: 'col', className: 'text' }), element('th', { text: 'since', scope: 'col' }))),
    element('tbody', {}, ...all.map((b) => element('tr', {}, element('td', { text: b.name }), element('td', { text: b.records }),
      element('td', { className: 'text', text: b.first === b.last ? b.first : `${b.first} to ${b.last}` }), element('td', { text: clock(b.since) })))))]
}

function content(name, c) {
  const note = c.form === 'null' ? 'null' : `${c.form}, ${number(c.size)} bytes`
  const out = [element('p', { text: `${name}: ${note}`, className: 'quiet' })]
  if (c.form !== 'null') out.push(element('pre', { text: c.text }))
  return out
}

function replayButton(r) {
  const button = element('button', { text: 'Write again', type: 'button', 'data-focus': 'replay ' + place(r) })
  button.addEventListener('click', () => send('/replay', JSON.stringify({ topic: r.topic, partition: r.partition, offset: r.offset })))
  return button
}

function recordDetails(r, within) {
  const all = element('div', {}, ...content('key', r.key), ...content('value', r.value))
  if (r.headers.length) {
    all.append(element('p', { text: 'headers', className: 'quiet' }),
      element('pre', { text: r.headers.map((h) => `${h.name}: ${h.value.form === 'null' ? 'null' : h.value.text}`).join('\n') }))
  }
  all.append(replayButton(r))
  return details(`${within} ${place(r)}`, [element('code', { text: place(r) }), ` ${clock(r.timestamp)} ${r.key.form === 'null' ? 'no key' : r.key.text} `,
    element('span', { className: 'quiet', text: r.value.form === 'null' ? 'null' : r.value.text.replaceAll(/\s+/g, ' ').slice(0, 200) })], all)
}

function details(id, summary, ...body) {
  const d = element('details', {}, element('summary', { 'data-focus': id }, ...summary), ...body)
  d.open = open.has(id)
  d.addEventListener('toggle', () => (d.open ? open.add(id) : open.delete(id)))
  return d
}

function failures(all) {
  if (all.length === 0) return [element('p', { text: 'none', className: 'quiet' })]
  return [element('div', { className: 'scroll' }, ...all.map((f) => details(`failure ${f.id}`,
    [`${clock(f.at)} ${f.consumer}: `, element('span', { className: 'bad', text: f.what }), ` ${f.count} ${f.count === 1 ? 'record' : 'records'} `, element('span', { className: 'quiet', text: f.text })],
    element('p', { text: f.text }),
    ...f.records.map((r) => recordDetails(r, `failure ${f.id}`)),
    ...(f.count > f.records.length ? [element('p', { className: 'quiet', text: `and ${f.count - f.records.length} more` })] : []))))]
}

function choices(select, topics) {
  if ([...select.options].map((o) => o.value).join() === topics.join()) return
  const chosen = select.value
  select.replaceChildren(...topics.map((t) => element('option', { text: t, value: t })))
  if (topics.includes(chosen)) select.value = chosen
}

async function send(path, body) {
  const answer = $('answer')
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    const said = await response.json()
    answer.textContent = said.error ?? `written as ${said.position}`
    answer.className = said.error ? 'bad' : ''
  } catch (error) {
    answer.textContent = `not written: ${error.message}`
    answer.className = 'bad'
  }
}

$('produce').addEventListener('submit', (event) => {
  event.preventDefault()
  const line = { topic: $('to').value, key: $('key').value === '' ? null : $('key').value }
  if ($('partition').value.trim() !== '') line.partition = Number($('partition').value)
  if ($('headers').value.trim() !== '') line.headers = parsed($('headers').value) ?? $('headers').value
  // The value goes as it was written: to parse it would round large numbers.
  const text = $('value').value
  const value = $('tombstone').checked ? 'null' : parsed(text) === undefined ? JSON.stringify(text) : text
  send('/produce', JSON.stringify(line).replace(/}$/, () => `,"value":${value}}`))
})

// parsed is JSON as a value, undefined where it is none.
function parsed(text) {
  try { return JSON.parse(text) } catch { return undefined }
}

async function refresh() {
  try {
    const state = await (await fetch('/state')).json()
    $('brokers').textContent = state.brokers
    choices($('topic'), state.topics)
    choices($('to'), state.topics)
    draw('consumers', state.consumers.map((c) => ({ ...c, underWay: [] })), () => state.consumers.map(consumer))
    draw('batches', state.consumers.map((c) => c.underWay), () => batches(state))
    draw('failures', state.failures, () => failures(state.failures))
    const records = await (await fetch('/records?topic=' + encodeURIComponent($('topic').value))).json()
    draw('records', records, () => records.length
      ? [element('div', { className: 'scroll' }, ...records.map((r) => recordDetails(r, 'record')))]
      : [element('p', { text: 'none yet', className: 'quiet' })])
    $('connection').textContent = 'live'
    document.body.dataset.state = 'live'
  } catch {
    $('connection').textContent = 'the loop has ended, or does not answer'
    document.body.dataset.state = 'gone'
  }
  setTimeout(refresh, 500)
}

$('topic').addEventListener('change', () => drawn.delete('records'))
refresh()
