// What stands beside the conversation: the menu, the resident's tickets, earlier conversations, saving and erasing one's own record.
import { Chat, Fragment, h, useState } from './kit.js';
import { WORDS } from './words.js';
import * as api from './api.js';
import * as memory from './memory.js';
import { when } from './plain_text.js';
import { CallButtons } from './reply.js';
import { LinkSheet, useLinkState } from './link.js';
import { ConfirmSheet, Sheet, SheetItem } from './sheet.js';
import { TicketCard, placeText } from './ticket_card.js';

export function whereText(record) {
  return [record.regionName, placeText(record.place)].filter(Boolean).join(' · ');
}

export function Tickets({ tickets }) {
  if (!tickets.length) return h('p', { className: 'Empty-line' }, WORDS.my_tickets_empty);
  const newest = [...tickets].sort((a, b) => String(b.opened_at).localeCompare(String(a.opened_at)));
  return h(Fragment, null, newest.map((ticket) => h(TicketCard, { key: ticket.number, ticket })));
}

/** Everything this conversation holds, as one JSON file on the phone. */
async function saveMine(record, tickets) {
  const messages = [];
  for (let after = 0; ;) {
    const page = (await api.said(record, after)).messages;
    messages.push(...page);
    if (page.length < 200) break;
    after = page[page.length - 1].id;
  }
  const text = JSON.stringify({ region: record.region, place: record.place, messages, tickets }, null, 2);
  const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: address, download: `linda-${record.id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/** Erase every conversation this phone knows, on the server first; what the server does not know any more counts as erased. */
async function eraseAll() {
  for (const record of memory.talks()) {
    try {
      await api.erase(record);
    } catch (error) {
      if (error.status !== 401 && error.status !== 404) throw error;
    }
    memory.forgetTalk(record.id);
  }
}

function EraseSheet({ onErased, onClose }) {
  const [busy, setBusy] = useState(false);
  const erase = async () => {
    setBusy(true);
    try {
      await eraseAll();
      Chat.toast.success(WORDS.erased);
      onErased();
    } catch (error) {
      setBusy(false);
      Chat.toast.fail(`${WORDS.erase_failed} ${error.reason || ''}`, 4000);
    }
  };
  return h(ConfirmSheet, { title: WORDS.erase, text: WORDS.erase_ask, yes: WORDS.erase_yes, busy, onYes: erase, onClose });
}

function EarlierSheet({ record, onSwitch, onClose }) {
  return h(Sheet, { title: WORDS.earlier, onClose }, memory.talks().map((talk) =>
    h(SheetItem, {
      key: talk.id, icon: talk.id === record.id ? 'check-circle' : 'clock', title: whereText(talk) || WORDS.name,
      hint: `${when(talk.startedAt)}${talk.id === record.id ? ` · ${WORDS.current}` : ''}`, onClick: () => onSwitch(talk.id),
    })));
}

export function Menu({ view, large, onLarge, onFresh, onSwitch, onErased, onClose }) {
  const [page, turn] = useState('menu');
  const { record, tickets } = view;
  const [link] = useLinkState(record, false);
  if (page === 'link') return h(LinkSheet, { record, onClose });
  if (page === 'tickets') return h(Sheet, { title: WORDS.my_tickets, onClose }, h(Tickets, { tickets }));
  if (page === 'earlier') return h(EarlierSheet, { record, onSwitch, onClose });
  if (page === 'erase') return h(EraseSheet, { onErased, onClose });
  const save = () => saveMine(record, tickets).then(onClose).catch((error) => Chat.toast.fail(error.reason || WORDS.odd));
  return h(Sheet, { title: WORDS.menu, onClose },
    h(SheetItem, { icon: 'ticket', title: `${WORDS.my_tickets}${tickets.length ? `（${tickets.length}）` : ''}`, onClick: () => turn('tickets') }),
    h(SheetItem, { icon: 'edit', title: large ? WORDS.big_close : WORDS.big_open, onClick: onLarge }),
    h(SheetItem, { icon: 'pin', title: WORDS.fresh, onClick: onFresh }),
    memory.talks().length > 1 && h(SheetItem, { icon: 'clock', title: WORDS.earlier, onClick: () => turn('earlier') }),
    link && link !== 'off' && h(SheetItem, {
      icon: 'bell', title: WORDS.link, hint: WORDS.link_states[link], onClick: () => turn('link'),
    }),
    h(SheetItem, { icon: 'download', title: WORDS.save_mine, onClick: save }),
    h(SheetItem, { icon: 'trash', title: WORDS.erase, danger: true, onClick: () => turn('erase') }),
    h('p', { className: 'Sheet-note' }, WORDS.help_phone),
    h(CallButtons, { numbers: ['119', '120', '110'] }));
}
