// SPDX-License-Identifier: Apache-2.0
// A server that answers by Node's own HTTP module and logs each request with what was answered.
'use strict';
const http = require('http'), net = require('net'), fs = require('fs'), crypto = require('crypto');
const [address, path, origin] = process.argv.slice(2);
const log = (request, status, interim) => fs.appendFileSync(path, JSON.stringify({
  method: request.method, target: request.url, host: request.headers.host || '', status, interim,
}) + '\n');

function answer(request, response, interim) {
  const chunked = () => { response.write('GET /inner HTTP/1.1\r\n\r\n'); response.write('HTTP/1.1 200 OK\r\n\r\n'); };
  let status = 200;
  if (request.url.startsWith('/early')) {
    response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    interim.push(103);
  }
  if (request.url.startsWith('/processing')) { response.writeProcessing(); interim.push(102); }
  if (request.url.startsWith('/status/')) status = Number(request.url.split('/')[2]);
  request.resume();
  request.on('end', () => {
    if (request.url.startsWith('/trailers')) {
      response.writeHead(200, { Trailer: 'X-Sum' });
      chunked();
      response.addTrailers({ 'X-Sum': 'HTTP/1.1 500 no' });
      response.end();
    } else if (request.url.startsWith('/chunked')) {
      response.writeHead(200);
      chunked();
      setTimeout(() => { chunked(); response.end(); }, 20);
    } else {
      response.writeHead(status, { 'Content-Type': 'text/plain' });
      response.end(status === 204 || status === 304 ? undefined : 'ok\n');
    }
    log(request, status, interim);
  });
}

const server = http.createServer((request, response) => answer(request, response, []));
server.on('checkContinue', (request, response) => {
  if (request.url.startsWith('/refuse')) {
    response.writeHead(417, { 'Content-Length': 0, Connection: 'close' });
    response.end();
    return log(request, 417, []);
  }
  response.writeContinue();
  answer(request, response, [100]);
});
server.on('upgrade', (request, socket) => {
  const key = request.headers['sec-websocket-key'] || '';
  const accept = crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
  const text = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
  socket.write(text);
  socket.on('data', () => socket.write(text));
  socket.on('error', () => {});
  log(request, 101, []);
});
server.on('connect', (request, socket) => {
  socket.on('error', () => {});
  if (!request.url.startsWith(origin)) {
    socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno\n');
    return log(request, 403, []);
  }
  const far = net.connect(80, origin, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    log(request, 200, []);
    far.pipe(socket); socket.pipe(far);
  });
  far.on('error', () => socket.destroy());
});
server.listen(80, address);
