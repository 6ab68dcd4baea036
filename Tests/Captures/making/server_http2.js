// SPDX-License-Identifier: Apache-2.0
// A server of HTTP/2 in clear text by Node's own module: trailers, interim responses, pushes, resets, GOAWAY, and
// WebSocket's extended CONNECT. It logs each request with what was answered.
'use strict';
const http2 = require('http2'), fs = require('fs');
const [address, path] = process.argv.slice(2);
const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM } = http2.constants;
const log = (headers, entry) => fs.appendFileSync(path, JSON.stringify({
  method: headers[':method'], target: headers[':path'], host: headers[':authority'], ...entry,
}) + '\n');

function answer(stream, headers) {
  const target = headers[':path'];
  if (headers[':protocol']) {
    stream.respond({ ':status': 200 });
    stream.end('frames of another protocol');
    return log(headers, { status: 200, protocol: headers[':protocol'] });
  }
  if (target.startsWith('/reset')) {
    stream.close(NGHTTP2_INTERNAL_ERROR);
    return log(headers, { status: null, failed: true });
  }
  if (target.startsWith('/refuse')) {
    stream.close(NGHTTP2_REFUSED_STREAM);
    return log(headers, { status: null, failed: true });
  }
  if (target.startsWith('/broken')) {
    stream.respond({ ':status': 200 });
    stream.write('half of it');
    setTimeout(() => stream.destroy(new Error('broken')), 50);
    return log(headers, { status: 200, failed: true });
  }
  if (target.startsWith('/slow')) {
    let isOver = false;
    stream.on('close', () => { if (!isOver) log(headers, { status: null }); });
    return setTimeout(() => {
      if (stream.destroyed || stream.closed) return;
      isOver = true;
      stream.respond({ ':status': 200 });
      stream.end('late');
      log(headers, { status: 200 });
    }, 400);
  }
  const interim = [];
  if (target.startsWith('/early')) {
    stream.additionalHeaders({ ':status': 103, link: '</style.css>; rel=preload; as=style' });
    interim.push(103);
  }
  if (target.startsWith('/push')) {
    stream.pushStream({ ':path': '/pushed' }, (error, pushed) => {
      if (error) return;
      pushed.respond({ ':status': 200 });
      pushed.end('pushed');
    });
  }
  const status = target.startsWith('/status/') ? Number(target.split('/')[2]) : 200;
  if (target.startsWith('/trailers')) {
    stream.respond({ ':status': status }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '6' }));
    stream.end('parts\n');
  } else {
    stream.respond({ ':status': status, 'content-type': 'text/plain' });
    stream.end(status === 204 || status === 304 ? undefined : 'ok\n');
  }
  if (target.startsWith('/leave')) stream.session.close();
  log(headers, { status, interim });
}

const server = http2.createServer({ settings: { enableConnectProtocol: true } });
server.on('stream', (stream, headers) => {
  stream.on('error', () => {});
  stream.resume();
  const isOver = headers[':method'] !== 'CONNECT' && !headers[':path'].startsWith('/slow');
  if (isOver) stream.on('end', () => answer(stream, headers)); else answer(stream, headers);
});
server.listen(81, address);
