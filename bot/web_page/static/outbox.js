// Sends what the resident said, in order, exactly once: each message keeps its id through every retry and reload.
import * as api from './api.js';
import * as memory from './memory.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30000;

export class Outbox {
  /** `changed` is called after every change; `answered(entry, turn)` with each Turn; `lost()` when the token no longer works. */
  constructor(talk, { changed, answered, lost }) {
    Object.assign(this, { talk, changed, answered, lost });
    this.entries = memory.outbox(talk.id).map((entry) => (entry.state === 'refused' ? entry : { ...entry, state: 'waiting' }));
    this.running = false;
    this.stopped = false;
    this.wake = () => {};
  }

  /** Whether anything is still on its way (then the server may know it already while this page does not). */
  get open() {
    return this.entries.some((entry) => entry.state !== 'refused');
  }

  add(message) {
    this.entries.push({ message_id: memory.newId(), at: new Date().toISOString(), state: 'waiting', ...message });
    this.save();
    this.run();
  }

  remove(messageId) {
    this.entries = this.entries.filter((entry) => entry.message_id !== messageId);
    this.save();
  }

  hurry() {
    this.wake();
    this.run();
  }

  stop() {
    this.stopped = true;
    this.wake();
  }

  save() {
    memory.keepOutbox(this.talk.id, this.entries);
    this.changed();
  }

  mark(entry, change) {
    Object.assign(entry, change);
    this.save();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    let pause = FIRST_PAUSE_MS;
    for (;;) {
      const entry = this.entries.find((waiting) => waiting.state !== 'refused');
      if (!entry || this.stopped) break;
      const ended = await this.send(entry);
      if (ended === 'lost') break;
      if (ended === 'done') {
        pause = FIRST_PAUSE_MS;
      } else {
        await this.rest(pause);
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
      }
    }
    this.running = false;
  }

  rest(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async send(entry) {
    this.mark(entry, { state: 'sending' });
    const message = { message_id: entry.message_id };
    if (entry.text) message.text = entry.text;
    if (entry.choice) message.choice = entry.choice;
    if (entry.attachments && entry.attachments.length) message.attachments = entry.attachments;
    try {
      const turn = await api.say(this.talk, message);
      this.entries = this.entries.filter((other) => other !== entry);
      this.answered(entry, turn);
      this.save();
      return 'done';
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  failed(entry, error) {
    if (this.stopped) return 'lost';
    if (error.status === 401) {
      this.mark(entry, { state: 'retrying' });
      this.lost();
      return 'lost';
    }
    if (error.passing === false) {
      this.mark(entry, { state: 'refused', reason: error.reason, remedy: error.remedy });
      return 'done';
    }
    // Anything not understood counts as passing: a message is never dropped because of this page's own fault.
    this.mark(entry, { state: 'retrying' });
    return 'again';
  }
}
