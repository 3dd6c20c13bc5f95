// Before the first word: where the resident lives (or the place a scanned code brings), what is kept, and the numbers for danger.
import { Chat, Fragment, h, names, useEffect, useState } from './kit.js';
import { WORDS } from './words.js';
import * as api from './api.js';
import { CallButtons } from './reply.js';

const { Button, Icon } = Chat;

/** The token of a place code when the page was opened as /p/<token>. */
export function placeToken() {
  const found = /^\/p\/([^/]+)\/?$/.exec(window.location.pathname);
  if (!found) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch (_) {
    return found[1];
  }
}

function Options({ label, name, options, value, onPick, columns }) {
  return h('fieldset', { className: names('Options', columns && 'Options--small') },
    h('legend', null, label),
    h('div', { className: 'Options-list' }, options.map((option) =>
      h('label', { key: option.id || 'none', className: names('Option', value === option.id && 'Option--on') },
        h('input', { type: 'radio', name, value: option.id || '', checked: value === option.id, onChange: () => onPick(option.id) }),
        h('span', null, option.name)))));
}

function Failed({ error, onAgain }) {
  return h('div', { className: 'Failed', role: 'alert' },
    h('p', null, `${error.reason || WORDS.odd} ${error.remedy || ''}`),
    onAgain && h(Button, { onClick: onAgain }, WORDS.again));
}

/** Regions of the server; `again` asks once more after a failure. */
function useRegions() {
  const [state, set] = useState({ regions: null, error: null });
  const ask = () => {
    set({ regions: null, error: null });
    api.regions().then(({ regions }) => set({ regions, error: null })).catch((error) => set({ regions: null, error }));
  };
  useEffect(ask, []);
  return { ...state, again: ask };
}

export function FirstVisit({ onBegun, notice }) {
  const { regions, error, again } = useRegions();
  const [region, pickRegion] = useState(undefined);
  const [form, pickForm] = useState(null);
  const [busy, setBusy] = useState(false);
  const [failure, fail] = useState(null);
  const chosen = (regions || []).find((one) => one.id === region);
  const begin = async () => {
    setBusy(true);
    fail(null);
    try {
      const wish = { locale: 'zh-CN', ...(region ? { region } : {}), ...(form ? { property_form: form } : {}) };
      onBegun(await api.begin(wish), { region, regionName: chosen && chosen.name });
    } catch (problem) {
      fail(problem);
      setBusy(false);
    }
  };
  return h('main', { className: 'First' },
    h('div', { className: 'First-card' },
      h('header', { className: 'First-head' },
        h('img', { src: '/static/icon.svg', alt: '' }),
        h('div', null, h('h1', null, WORDS.name), h('p', null, WORDS.tagline))),
      notice && h(Failed, { error: notice }),
      h('ul', { className: 'First-can' }, WORDS.can_do.map((line) => h('li', { key: line }, h(Icon, { type: 'check-circle' }), line))),
      error && h(Failed, { error, onAgain: again }),
      !regions && !error && h('p', { className: 'First-wait', role: 'status' }, WORDS.beginning),
      regions && h(Fragment, null,
        h(Options, {
          label: WORDS.choose_region, name: 'region', value: region, onPick: pickRegion,
          options: [...regions, { id: null, name: WORDS.region_unknown }],
        }),
        h('p', { className: 'First-why' }, WORDS.choose_region_why),
        chosen && chosen.property_forms.length > 0 && h(Options, {
          label: WORDS.choose_form, name: 'form', value: form, onPick: pickForm, columns: true,
          options: [{ id: null, name: WORDS.form_unknown }, ...chosen.property_forms],
        }),
        failure && h(Failed, { error: failure }),
        h(Button, { className: 'First-begin', color: 'primary', block: true, disabled: region === undefined, loading: busy, onClick: begin },
          busy ? WORDS.beginning : WORDS.begin)),
      h('p', { className: 'First-privacy' }, h(Icon, { type: 'shield' }), WORDS.privacy_short)),
    h('div', { className: 'First-danger' }, h('p', null, WORDS.danger_first), h(CallButtons, { numbers: ['119', '120', '110'] })));
}
