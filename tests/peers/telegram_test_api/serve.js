// telegram-test-api behind a shim for what a Bot API server does and it does not:
//   getUpdates    it hands an update out once and forgets it, at once: here the offset confirms and the call waits (timeout)
//   getMe         without is_bot, which python-telegram-bot needs
//   setMyCommands unknown to it
//   webhook       it posts without the secret's header
// What it answers oddly but a bot should bear (dates in milliseconds, null where Telegram says true) stays as it is.
// node serve.js PORT MODULES
const http = require('http');
const path = require('path');

const [port, modules] = [Number(process.argv[2]), process.argv[3]];
const TelegramServer = require(path.join(modules, 'telegram-test-api'));
const axios = require(path.join(modules, 'axios'));

const api = new TelegramServer({ port, host: '127.0.0.1', storeTimeout: 3600 });

function body(request) {
  return new Promise((resolve) => {
    let raw = '';
    request.on('data', (part) => { raw += part; });
    request.on('end', () => resolve(new URLSearchParams(raw)));
  });
}

function answer(response, result) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ ok: true, result }));
}

async function updates(request, response, token) {
  const given = await body(request);
  const offset = Number(given.get('offset') || 0);
  const mine = (one) => one.botToken === token;
  if (offset > 0) {
    api.storage.userMessages = api.storage.userMessages.filter((one) => !(mine(one) && one.updateId < offset));
  }
  const end = Date.now() + Number(given.get('timeout') || 0) * 1000;
  while (!api.storage.userMessages.some(mine) && Date.now() < end && !response.destroyed) {
    await new Promise((wake) => { setTimeout(wake, 20); });
  }
  answer(response, api.storage.userMessages.filter(mine).map(TelegramServer.formatUpdate));
}

async function webhook(request, response, token) {
  const given = await body(request);
  axios.defaults.headers.common['X-Telegram-Bot-Api-Secret-Token'] = given.get('secret_token') || '';
  api.setWebhook({ url: given.get('url') }, token);
  answer(response, true);
}

http.createServer((request, response) => {
  const [, token, method] = /^\/bot([^/]+)\/(\w+)/.exec(request.url) || [];
  if (method === 'getUpdates') updates(request, response, token);
  else if (method === 'setWebhook') webhook(request, response, token);
  else if (method === 'getMe') answer(response, { id: 666, is_bot: true, username: 'TestNameBot', first_name: 'Test First name' });
  else if (method === 'setMyCommands') request.resume().on('end', () => answer(response, true));
  else api.webServer(request, response);
}).listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
