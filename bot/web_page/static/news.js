// News of one conversation: Server-Sent Events read by fetch (the token stays out of the address), polling where that fails.
import * as api from './api.js';

const POLL_MS = 3000;
const LONGEST_PAUSE_MS = 30000;
const QUIET_MS = 45000; // the server says something at least every 15 s
const STALE_MS = 20000; // a phone that slept: the line is taken for dead at once
const SHORT_MS = 5000;

/** One parsed event of a text/event-stream block. */
export function parseEvent(block) {
  const event = { event: 'message', id: null, data: [] };
  for (const line of block.split(/\r\n|\n|\r/)) {
    if (!line || line.startsWith(':')) continue;
    const cut = line.indexOf(':');
    const field = cut < 0 ? line : line.slice(0, cut);
    const value = cut < 0 ? '' : line.slice(cut + 1).replace(/^ /, '');
    if (field === 'data') event.data.push(value);
    else if (field === 'event' || field === 'id') event[field] = value;
  }
  return { ...event, data: event.data.join('\n') };
}

export class News {
  /** `tell` gets each message; `catchUp` fetches what was missed; `link` hears "live" | "polling"; `lost` hears a 401. */
  constructor(talk, { tell, catchUp, link, lost, last }) {
    Object.assign(this, { talk, tell, catchUp, link, lost, last });
    this.stopped = false;
    this.fails = 0;
    this.wake = () => {};
  }

  start() {
    this.run();
    return this;
  }

  stop() {
    this.stopped = true;
    if (this.abort) this.abort.abort();
    this.wake();
  }

  /** Try at once instead of waiting out the pause (the network came back, the page is looked at again). */
  hurry() {
    if (this.abort && Date.now() - this.heard > STALE_MS) {
      this.renewing = true;
      this.abort.abort();
    }
    this.wake();
  }

  async run() {
    while (!this.stopped) {
      let reached = false;
      const began = Date.now();
      try {
        await this.catchUp();
        reached = true;
        await this.listen();
      } catch (error) {
        if (error.status === 401) return void this.lost();
      }
      if (this.stopped) return;
      // A stream cut off at once (a proxy that buffers) is as bad as none: then the catch-up above is the polling.
      this.fails = this.renewing || (reached && Date.now() - began > SHORT_MS) ? 0 : this.fails + 1;
      this.renewing = false;
      if (this.fails > 1) this.link('polling');
      const longer = Math.min(LONGEST_PAUSE_MS, POLL_MS * 1.6 ** this.fails);
      await this.pause(this.fails === 0 ? 100 : reached ? POLL_MS : longer);
    }
  }

  pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async listen() {
    if (!window.ReadableStream || !window.TextDecoder) throw new Error('no streams in this browser: poll');
    this.abort = new AbortController();
    const answer = await api.stream(this.talk, this.last(), this.abort.signal);
    if (!answer.body || !answer.body.getReader) throw new Error('no streams in this browser: poll');
    this.link('live');
    await this.readAll(answer.body.getReader());
  }

  async readAll(reader) {
    const decoder = new TextDecoder();
    let text = '';
    let watch;
    const guard = () => {
      this.heard = Date.now();
      clearTimeout(watch);
      watch = setTimeout(() => this.abort.abort(), QUIET_MS);
    };
    try {
      for (;;) {
        guard();
        const { done, value } = await reader.read();
        if (done) return;
        text += decoder.decode(value, { stream: true });
        const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
        text = blocks.pop();
        blocks.forEach((block) => this.take(block));
      }
    } finally {
      clearTimeout(watch);
    }
  }

  take(block) {
    const event = parseEvent(block);
    if (event.event !== 'message' || !event.data) return;
    try {
      this.tell(JSON.parse(event.data));
    } catch (_) {
      // A broken event is skipped; the next catch-up brings the message.
    }
  }
}
