// One conversation as the page shows it: what the server knows, what is still on its way, tickets, ratings.
import * as api from './api.js';
import * as memory from './memory.js';
import { News } from './news.js';
import { Outbox } from './outbox.js';

const OVERLAP = 20; // ask again for this many messages at each catch-up: a lower id may be committed later than a higher one
const PAGE = 200;
const TYPING_AFTER_MS = 350;

export class Talk {
  constructor(record, firstReplies = []) {
    this.record = record;
    this.messages = new Map(); // id → message of the server
    this.fresh = []; // turns just answered whose messages the server has not told yet
    this.held = []; // told while a message of ours is on its way: they may be its own answer
    this.tickets = new Map();
    this.link = 'live';
    this.gone = false;
    this.loaded = false;
    this.typing = false;
    this.welcome = firstReplies;
    this.listeners = new Set();
    this.outbox = new Outbox(record, {
      changed: () => this.outboxChanged(),
      answered: (entry, turn) => this.answered(entry, turn),
      lost: () => this.lose(),
    });
    this.news = new News(record, {
      tell: (message) => this.told([message]),
      catchUp: () => this.catchUp(),
      link: (state) => this.set({ link: state }),
      lost: () => this.lose(),
      last: () => this.lastId(),
    });
    this.view = this.look();
    this.subscribe = this.subscribe.bind(this);
    this.snapshot = this.snapshot.bind(this);
  }

  // ---- life
  open() {
    this.outbox.run();
    this.news.start();
    this.hurry = () => {
      this.outbox.hurry();
      this.news.hurry();
    };
    window.addEventListener('online', this.hurry);
    this.seen = () => document.visibilityState === 'visible' && this.hurry();
    document.addEventListener('visibilitychange', this.seen);
    this.refreshTickets();
  }

  close() {
    this.outbox.stop();
    this.news.stop();
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.seen);
  }

  lose() {
    this.news.stop();
    this.outbox.stop();
    this.set({ gone: true });
  }

  // ---- for React
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  snapshot() {
    return this.view;
  }

  set(change) {
    Object.assign(this, change);
    this.changed();
  }

  changed() {
    this.view = this.look();
    this.listeners.forEach((listener) => listener());
  }

  note(change) {
    this.record = { ...this.record, ...change };
    memory.noteTalk(this.record.id, change);
  }

  noteTurn(turn, change) {
    const turns = { ...memory.turnsOf(this.record.id), ...this.record.turns }; // another tab may have added some
    this.note({ turns: { ...turns, [turn]: { ...turns[turn], ...change } } });
  }

  // ---- from the server
  lastId() {
    return Math.max(0, ...this.messages.keys());
  }

  async catchUp() {
    const ids = [...this.messages.keys()].sort((a, b) => a - b);
    let after = ids.length > OVERLAP ? ids[ids.length - OVERLAP - 1] : 0;
    for (;;) {
      const { messages } = await api.said(this.record, after);
      this.loaded = true;
      this.told(messages);
      if (messages.length < PAGE) return this.changed();
      after = messages[messages.length - 1].id;
    }
  }

  /** Messages from the stream or a catch-up. Answers to something still on its way are held until its own Turn is here. */
  told(messages) {
    const known = this.record.turns || {};
    let news = false;
    for (const message of messages) {
      if (this.messages.has(message.id)) continue;
      const ours = message.turn && (message.author === 'resident' || message.author === 'linda');
      if (ours && this.outbox.open && !known[message.turn]) {
        if (!this.held.some((other) => other.id === message.id)) this.held.push(message);
        continue;
      }
      this.messages.set(message.id, message);
      news = news || message.author === 'notice' || message.author === 'operator';
    }
    this.forgetTold();
    if (news && this.loaded) this.refreshTickets();
    this.changed();
  }

  /** What the server has told by now need not be shown from the Turn any more. */
  forgetTold() {
    const count = new Map();
    for (const { turn, author } of this.messages.values()) {
      if (turn && author === 'linda') count.set(turn, (count.get(turn) || 0) + 1);
    }
    this.fresh = this.fresh.filter(({ turn }) => (count.get(turn.turn) || 0) < turn.replies.length);
  }

  answered(entry, turn) {
    const numbers = turn.tickets.map((ticket) => ticket.number).filter(Boolean);
    turn.tickets.forEach((ticket) => ticket.number && this.tickets.set(ticket.number, ticket));
    this.noteTurn(turn.turn, { mid: entry.message_id, outcome: turn.outcome, tickets: numbers });
    this.note({ asksFor: turn.asks_for, report: turn.draft });
    this.fresh.push({ entry: { ...entry }, turn, at: new Date().toISOString() });
    this.release();
  }

  release() {
    const held = this.held;
    this.held = [];
    if (held.length) this.told(held);
  }

  outboxChanged() {
    clearTimeout(this.typingTimer);
    const sending = this.outbox.entries.some((entry) => entry.state === 'sending');
    if (!sending) this.typing = false;
    else if (!this.typing) this.typingTimer = setTimeout(() => this.set({ typing: true }), TYPING_AFTER_MS);
    if (!this.outbox.open) this.release();
    this.changed();
  }

  async refreshTickets() {
    const numbers = this.ticketNumbers();
    await Promise.all(
      numbers.map(async (number) => {
        try {
          this.tickets.set(number, await api.ticket(this.record, number));
        } catch (_) {
          // Away or not ours any more: the card shows what was known last.
        }
      }),
    );
    if (numbers.length) this.changed();
  }

  ticketNumbers() {
    const all = Object.values(this.record.turns || {}).flatMap((turn) => turn.tickets || []);
    return [...new Set([...all, ...this.tickets.keys()])];
  }

  // ---- what the resident does
  say(text, attachments = []) {
    this.outbox.add({ text, attachments });
  }

  /** One tap at a time: what shaking fingers add while it is on its way is not said again. */
  choose(choice) {
    if (this.outbox.entries.some((entry) => entry.choice && entry.state !== 'refused')) return;
    this.outbox.add({ choice: choice.choice, title: choice.title });
  }

  async rate(turn, opinion) {
    this.noteTurn(turn, { rated: opinion.useful ? 'up' : 'down' });
    this.changed();
    try {
      await api.rate(this.record, turn, opinion);
    } catch (_) {
      this.noteTurn(turn, { rated: undefined });
      this.changed();
      throw _;
    }
  }

  // ---- one flat list for the screen
  look() {
    const items = [...this.messages.values()].sort((a, b) => a.id - b.id).map((message) => this.item(message));
    if (!items.length && this.welcome.length) {
      this.welcome.forEach((body, n) => items.push({ key: `hello-${n}`, author: 'linda', body, at: this.record.startedAt }));
    }
    this.number(items);
    this.fresh.forEach((turned) => items.push(...this.freshItems(turned, items)));
    this.outbox.entries.forEach((entry) => items.push(waiting(entry)));
    this.attachTickets(items);
    this.openChoices(items);
    items.forEach((item, n) => { item.follows = n > 0 && item.turn && items[n - 1].turn === item.turn && items[n - 1].author === item.author; });
    return {
      items, typing: this.typing, link: this.link, gone: this.gone, loaded: this.loaded, record: this.record,
      tickets: this.ticketNumbers().map((n) => this.tickets.get(n)).filter(Boolean),
    };
  }

  item(message) {
    const meta = (message.turn && (this.record.turns || {})[message.turn]) || {};
    return { ...message, meta, key: message.turn ? null : `m-${message.id}` };
  }

  /** Keys by turn and place in it, the same before and after the server has told the message; the greeting has no turn. */
  number(items) {
    const count = new Map();
    let greeting = 0;
    for (const item of items) {
      if (!item.turn && item.author === 'linda' && greeting >= 0) item.key = `hello-${greeting++}`;
      else greeting = -1;
      if (item.key) continue;
      const place = `${item.turn}-${item.author}`;
      const n = count.get(place) || 0;
      count.set(place, n + 1);
      item.key = item.author === 'resident' && item.meta.mid ? item.meta.mid : `${place}-${n}`;
    }
  }

  freshItems({ entry, turn, at }, items) {
    const keys = new Set(items.map((item) => item.key));
    const meta = (this.record.turns || {})[turn.turn] || {};
    const mine = waiting(entry);
    const all = [{ ...mine, turn: turn.turn, meta, state: undefined }];
    turn.replies.forEach((body, n) =>
      all.push({ key: `${turn.turn}-linda-${n}`, author: 'linda', turn: turn.turn, meta, body, at, id: null }),
    );
    return all.filter((item) => !keys.has(item.key));
  }

  attachTickets(items) {
    const last = new Map();
    items.forEach((item, n) => item.turn && item.author === 'linda' && last.set(item.turn, n));
    for (const n of last.values()) {
      const item = items[n];
      item.endsTurn = true;
      item.tickets = (item.meta.tickets || []).map((number) => this.tickets.get(number)).filter(Boolean);
    }
  }

  /** Buttons answer the newest question only: they close when the resident has said something after them. */
  openChoices(items) {
    let open = true;
    for (let n = items.length - 1; n >= 0; n -= 1) {
      if (items[n].author === 'resident' && items[n].state !== 'refused') open = false;
      else items[n].open = open;
    }
  }
}

function waiting(entry) {
  return {
    key: entry.message_id, author: 'resident', at: entry.at, state: entry.state, entry, meta: {},
    body: { text: entry.text || entry.title || '', attachments: entry.attachments || [] },
  };
}
