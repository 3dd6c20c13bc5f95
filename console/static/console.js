// The console's own script: news from the server, counting down, questions before dangerous forms. Works on top of plain forms.
'use strict';

const fresh = new Set();
let source = null;
let wasOpen = false;

function pulse(state, word) {
  const dot = document.getElementById('pulse');
  if (!dot) return;
  dot.dataset.state = state;
  dot.querySelector('.pulse-word').textContent = word;
}

function toast(text, href) {
  const holder = document.getElementById('toasts');
  const box = document.createElement(href ? 'a' : 'div');
  box.className = 'toast';
  box.textContent = text;
  if (href) box.href = href;
  holder.append(box);
  while (holder.children.length > 3) holder.firstElementChild.remove();
  setTimeout(() => box.remove(), 9000);
}

function tell(name) {
  document.body.dispatchEvent(new CustomEvent(name));
}

// Several news at once cause one refresh; while it runs further ones wait.
let planned = 0;
function refresh(delay = 150) {
  if (planned) return;
  planned = setTimeout(() => {
    planned = 0;
    tell('live');
    const desk = document.getElementById('ticket-desk');
    if (!desk) return;
    if (isBeingUsed(desk)) document.getElementById('stale').hidden = false;
    else tell('live-desk');
  }, delay);
}

function isBeingUsed(desk) {
  const typed = [...desk.querySelectorAll('textarea, input:not([type=hidden]):not([type=radio])')].some((field) => field.value !== field.defaultValue);
  const chosen = [...desk.querySelectorAll('input[type=radio]')].some((field) => field.checked !== field.defaultChecked);
  return typed || chosen || desk.contains(document.activeElement);
}

function heard(news) {
  const page = document.querySelector('[data-ticket]');
  if (page && page.dataset.ticket !== news.number) {
    if (news.event === 'opened' && news.urgent) toast(`紧急工单 ${news.number}`, `/console/tickets/${news.number}`);
    return;
  }
  if (news.event === 'opened' && !page) {
    fresh.add(news.number);
    toast(`${news.urgent ? '紧急' : '新'}工单 ${news.number}`, `/console/tickets/${news.number}`);
  }
  refresh();
}

function connect() {
  const address = document.body.dataset.events;
  if (!address || source) return;
  source = new EventSource(address);
  source.addEventListener('ready', () => {
    pulse('on', '实时');
    if (wasOpen) refresh(0);
    wasOpen = true;
  });
  source.addEventListener('ticket', (event) => heard(JSON.parse(event.data)));
  source.addEventListener('signed-out', () => location.reload());
  source.onerror = () => {
    pulse('wait', '重连中');
    if (source && source.readyState === EventSource.CLOSED) {
      disconnect();
      setTimeout(connect, 5000);
    }
  };
}

function disconnect() {
  if (source) source.close();
  source = null;
}

// A browser opens only six connections to one server: a page nobody looks at gives its own back.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    disconnect();
    pulse('off', '已暂停');
  } else connect();
});

function inWords(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / 60000);
  const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
  if (days) return hours ? `${days}天${hours}小时` : `${days}天`;
  if (hours) return rest ? `${hours}小时${rest}分` : `${hours}小时`;
  return `${rest}分钟`;
}

function countDown() {
  for (const place of document.querySelectorAll('[data-due]')) {
    const left = new Date(place.dataset.due) - Date.now();
    if (Number.isNaN(left)) continue;
    place.textContent = (left < 0 ? '超时 ' : '剩 ') + inWords(left);
    place.classList.toggle('red', left < 0);
    place.classList.toggle('soon', left >= 0 && left < 3600000);
  }
}

function afterSwap() {
  for (const number of fresh) document.getElementById(`row-${number}`)?.classList.add('is-fresh');
  setTimeout(() => fresh.clear(), 4000);
  countDown();
  toEnd();
  needWords();
}

let seenMessages = -1;
function toEnd() {
  const messages = document.getElementById('messages');
  if (!messages) return;
  if (messages.children.length !== seenMessages) messages.scrollTop = messages.scrollHeight;
  seenMessages = messages.children.length;
}

// A state that must be explained makes its text field required.
function needWords() {
  for (const form of document.querySelectorAll('form')) {
    const pill = form.querySelector('input[name=state]:checked');
    const words = form.querySelector('textarea[name=text]');
    if (words && form.querySelector('input[name=state]')) words.required = Boolean(pill && 'needsWords' in pill.dataset);
  }
}

document.addEventListener('change', (event) => {
  if (event.target.name === 'state') needWords();
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  if (form.method !== 'post' || 'download' in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  for (const button of form.querySelectorAll('button[type=submit]')) button.setAttribute('aria-busy', 'true');
});

window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy');
});

document.addEventListener('keydown', (event) => {
  const box = event.target.closest?.('form.reply textarea');
  if (box && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) box.form.requestSubmit();
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-copy]');
  if (button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = '已复制';
    return;
  }
  const row = event.target.closest?.('.row');
  if (row && !event.target.closest('a, button') && !String(window.getSelection())) row.querySelector('a.number').click();
});

document.addEventListener('htmx:after:swap', afterSwap);
setInterval(countDown, 20000);
afterSwap();
if (!document.hidden) connect();
