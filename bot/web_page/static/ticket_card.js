// A ticket as its resident sees it: number, state, clocks with the clause they stand in, what happened.
import { Chat, h, names, useEffect, useState } from './kit.js';
import { WORDS } from './words.js';
import { when } from './plain_text.js';

const { Card, Icon, Tag } = Chat;
let titles = null;

/** Category titles by id, fetched once from our own server. */
export function useTitles() {
  const [known, know] = useState(titles || {});
  useEffect(() => {
    if (titles) return;
    fetch('/static/vendor/categories.json')
      .then((answer) => answer.json())
      .then((found) => { titles = found; know(found); })
      .catch(() => {});
  }, []);
  return known;
}

/** 幸福小区 3号楼2单元502 */
export function placeText(place) {
  if (!place) return '';
  const house = [place.building && WORDS.building(place.building), place.unit && WORDS.unit(place.unit), place.room].filter(Boolean).join('');
  return [place.community, house, place.spot].filter(Boolean).join(' ');
}

const toClause = ({ plan, clause }) => ({
  href: `/plans/${encodeURIComponent(plan)}${clause ? `#${encodeURIComponent(clause)}` : ''}`, target: '_blank', rel: 'noopener noreferrer',
  title: `${WORDS.sources}：${WORDS.clause} ${clause || ''}`,
});

function Clock({ clock }) {
  const late = clock.state === 'breached';
  const said = clock.state === 'not_set' || !clock.due_at ? WORDS.clock_states.not_set : WORDS.due(when(clock.due_at));
  return h('li', { className: names('Clock', `Clock--${clock.state}`) },
    h(Icon, { type: late ? 'warning-circle' : clock.state === 'met' ? 'check-circle' : 'clock' }),
    h('span', { className: 'Clock-name' }, WORDS.clocks[clock.name] || clock.name),
    h('span', { className: 'Clock-due' }, said,
      (late || clock.state === 'met') && h('strong', null, ` ${WORDS.clock_states[clock.state]}`)),
    clock.source && clock.source.plan && h('a', { className: 'Clock-source', ...toClause(clock.source) }, clock.source.clause || WORDS.sources));
}

function Row({ name, children }) {
  return children ? h('div', { className: 'Ticket-row' }, h('dt', null, name), h('dd', null, children)) : null;
}

export function TicketCard({ ticket, open = false }) {
  const known = useTitles();
  const history = ticket.history || [];
  const clocks = ticket.clocks || [];
  return h(Card, { className: names('Ticket', `Ticket--${ticket.kind}`), 'data-ticket': ticket.number },
    h('div', { className: 'Ticket-head' },
      h(Icon, { type: ticket.kind === 'emergency' ? 'alert' : 'ticket' }),
      h('span', { className: 'Ticket-number' }, ticket.number),
      h(Tag, { className: names('State', `State--${ticket.state}`) }, WORDS.states[ticket.state] || ticket.state)),
    h('dl', { className: 'Ticket-rows' },
      h(Row, { name: WORDS.kinds[ticket.kind] || WORDS.category }, known[ticket.category] || (ticket.kind !== 'handoff' && ticket.category)),
      h(Row, { name: WORDS.place }, placeText(ticket.place)),
      h(Row, { name: WORDS.described }, ticket.description),
      h(Row, { name: WORDS.lead }, ticket.lead_unit),
      h(Row, { name: WORDS.support }, (ticket.support_units || []).join('、'))),
    clocks.length > 0 && h('ul', { className: 'Clocks' }, clocks.map((clock, n) => h(Clock, { key: n, clock }))),
    history.length > 0 && h('details', { className: 'History', open },
      h('summary', null, `${WORDS.history}（${history.length}）`),
      h('ol', null, history.map((step, n) =>
        h('li', { key: n }, h('time', { dateTime: step.at }, when(step.at)), h('span', null, step.text || step.event), step.by && h('small', null, step.by))))));
}
