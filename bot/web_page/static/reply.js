// One thing said by the assistant, an operator or the system: bubble, emergency, document, notice, with its sources and buttons.
import { Chat, Fragment, h, names, useState } from './kit.js';
import { WORDS } from './words.js';
import { PlainText, emergencyNumbers, safeAddress } from './plain_text.js';
import * as api from './api.js';

const { Bubble, Button, Icon, Tag } = Chat;

const isLaw = (citation) => citation.plan.startsWith('law:');

export function Standing({ citation }) {
  const status = isLaw(citation) && citation.status === 'in_force' ? 'law' : citation.status;
  return h(Fragment, null,
    h(Tag, { className: `Standing Standing--${status}` }, WORDS.standing[status] || citation.status),
    citation.binding ? null : h(Tag, { className: 'Standing Standing--foreign' }, WORDS.not_binding));
}

function Citation({ citation }) {
  const url = safeAddress(citation.url);
  return h('details', { className: 'Citation' },
    h('summary', { className: 'Citation-head' },
      h('span', { className: 'Citation-title' }, `《${citation.title.replace(/^《|》$/g, '')}》`),
      h('span', { className: 'Citation-line' },
        (citation.doc_number || !isLaw(citation)) && h('span', { className: 'Citation-number' }, citation.doc_number || WORDS.no_number),
        h('span', { className: 'Citation-clause' }, citation.clause),
        h(Standing, { citation })),
      h(Icon, { type: 'chevron-down', className: 'Citation-arrow' })),
    h('div', { className: 'Citation-body' },
      citation.heading && h('p', { className: 'Citation-heading' }, citation.heading),
      h('blockquote', { className: 'Citation-quote' }, citation.quote),
      url && h('a', { className: 'Citation-link', href: url.href, target: '_blank', rel: 'noopener noreferrer' },
        WORDS.see_whole, h(Icon, { type: 'chevron-right' }))));
}

function Citations({ citations }) {
  if (!citations || !citations.length) return null;
  return h('div', { className: 'Citations' },
    h('p', { className: 'Citations-label' }, h(Icon, { type: 'book' }), WORDS.sources),
    citations.map((citation, n) => h(Citation, { key: n, citation })));
}

function Choices({ choices, open, onChoose }) {
  const [taken, take] = useState(null);
  if (!choices || !choices.length || (!open && !taken)) return null;
  return h('div', { className: 'Choices', role: 'group' },
    choices.map((choice) =>
      h(Button, {
        key: choice.choice, className: names('Choice', !open && taken === choice.choice && 'Choice--taken'), disabled: !open,
        onClick: () => { take(choice.choice); onChoose(choice); },
      }, choice.title)));
}

async function openOwnFile(talk, url, title) {
  const blob = await api.ownFile(talk, url.pathname + url.search);
  const address = URL.createObjectURL(blob);
  const link = Object.assign(document.createElement('a'), { href: address, download: title });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

export function Document({ document: file, talk }) {
  const url = safeAddress(file.url);
  const inner = [
    h('span', { key: 'i', className: 'Document-icon' }, h(Icon, { type: 'file' })),
    h('span', { key: 't', className: 'Document-text' },
      h('span', { className: 'Document-title' }, file.title),
      h('span', { className: 'Document-kind' }, WORDS.open_file)),
    h(Icon, { key: 'd', type: 'download' }),
  ];
  if (!url) return h('p', { className: 'Document' }, file.title);
  if (url.origin === window.location.origin && url.pathname.startsWith('/api/v1/')) {
    const fetchIt = () => openOwnFile(talk, url, file.title).catch((error) => Chat.toast.fail(error.reason || WORDS.odd));
    return h('button', { type: 'button', className: 'Document', onClick: fetchIt }, inner);
  }
  return h('a', { className: 'Document', href: url.href, target: '_blank', rel: 'noopener noreferrer' }, inner);
}

export function CallButtons({ numbers }) {
  return h('div', { className: 'Calls' },
    numbers.map((number) =>
      h('a', { key: number, className: 'Call', href: `tel:${number}` },
        h(Icon, { type: 'phone' }), h('span', null, WORDS.call_names[number] || WORDS.call(number)))));
}

/** The first of a turn always has buttons to call, those its text names or all three; what follows it repeats nothing. */
function Emergency({ body, follows, children }) {
  const named = emergencyNumbers(body.text);
  const numbers = named.length || follows ? named : ['119', '120', '110'];
  return h('section', { className: names('Emergency', follows && 'Emergency--more'), 'aria-label': WORDS.emergency },
    !follows && h('p', { className: 'Emergency-head' }, h(Icon, { type: 'alert' }), WORDS.emergency),
    h('p', { className: 'Emergency-text' }, h(PlainText, { text: body.text, emergency: true })),
    numbers.length > 0 && h(CallButtons, { numbers }), children);
}

/** The thumbs under an answer; a thumb down asks why, once, and can stay unexplained. */
export function Rating({ rated, onRate }) {
  const [asking, ask] = useState(false);
  if (rated) return h('p', { className: 'Rating Rating--done', role: 'status' }, rated === 'up' ? WORDS.rated_up : WORDS.rated_down);
  if (asking) {
    const answer = (reason) => onRate({ useful: false, ...(reason ? { reason } : {}) });
    return h('div', { className: 'Rating', role: 'group', 'aria-label': WORDS.why_useless },
      h('span', { className: 'Rating-why' }, WORDS.why_useless),
      WORDS.reasons.map((reason) => h('button', { key: reason, type: 'button', className: 'Rating-reason', onClick: () => answer(reason) }, reason)),
      h('button', { type: 'button', className: 'Rating-reason', onClick: () => answer(null) }, WORDS.no_reason));
  }
  return h('div', { className: 'Rating' },
    h('button', { type: 'button', className: 'Rating-thumb', 'aria-label': WORDS.useful_label, onClick: () => onRate({ useful: true }) },
      h(Icon, { type: 'thumbs-up' }), WORDS.useful),
    h('button', { type: 'button', className: 'Rating-thumb', 'aria-label': WORDS.useless_label, onClick: () => ask(true) },
      h(Icon, { type: 'thumbs-down' }), WORDS.useless));
}

export function Reply({ item, talk, onChoose }) {
  const { body } = item;
  const choices = h(Choices, { choices: body.choices, open: item.open, onChoose });
  if (body.kind === 'emergency') {
    return h(Fragment, null, h(Emergency, { body, follows: item.follows }, h(Citations, { citations: body.citations })), choices);
  }
  const notice = body.kind === 'notice' || item.author === 'notice';
  return h(Fragment, null,
    h(Bubble, { type: 'text', className: names('Bubble text Said', notice && 'Said--notice') },
      notice && h('p', { className: 'Said-notice' }, h(Icon, { type: 'bell' }), WORDS.notice),
      h('p', { className: 'Said-text' }, h(PlainText, { text: body.text || '' })),
      body.document && h(Document, { document: body.document, talk }),
      h(Citations, { citations: body.citations })),
    choices);
}
