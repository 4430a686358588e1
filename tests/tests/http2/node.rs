//! Against a server that shares no code with us: the HTTP/2 of Node.js, if it is there.

use std::process::Stdio;

use nova_testkit::net::{Certificates, PATIENCE, within};
use nova_tests::Wire;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use websockex_nova::{
    client::Connect,
    connect::{Connector, HttpChoice},
    prelude::*,
};

use super::wire;

/// An echo over HTTP/2, which tells each thing it sees as a line of JSON.
const SCRIPT: &str = r#"
const http2 = require('node:http2');
const tell = (what) => console.log(JSON.stringify(what));

function frames(stream) {
  let buffer = Buffer.alloc(0);
  return (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (;;) {
      if (buffer.length < 2) return;
      const opcode = buffer[0] & 15;
      let length = buffer[1] & 127, at = 2;
      if (!(buffer[1] & 128)) { tell({ event: 'unmasked' }); return stream.close(8); }
      if (length === 126) { if (buffer.length < 4) return; length = buffer.readUInt16BE(2); at = 4; }
      else if (length === 127) { if (buffer.length < 10) return; length = Number(buffer.readBigUInt64BE(2)); at = 10; }
      if (buffer.length < at + 4 + length) return;
      const mask = buffer.subarray(at, at + 4), payload = Buffer.from(buffer.subarray(at + 4, at + 4 + length));
      for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
      buffer = buffer.subarray(at + 4 + length);
      const head = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
      head[0] = 128 | (opcode === 9 ? 10 : opcode);
      if (length < 126) head[1] = length;
      else if (length < 65536) { head[1] = 126; head.writeUInt16BE(length, 2); }
      else { head[1] = 127; head.writeBigUInt64BE(BigInt(length), 2); }
      stream.write(Buffer.concat([head, payload]));
      if (opcode === 8) stream.end();
    }
  };
}

let input = '';
process.stdin.on('data', (data) => {
  input += data;
  if (!input.includes('\n')) return;
  const tls = JSON.parse(input);
  input = '';
  const settings = { enableConnectProtocol: true };
  const server = tls.key
    ? http2.createSecureServer({ key: tls.key, cert: tls.cert, settings, allowHTTP1: false })
    : http2.createServer({ settings });
  server.on('session', (session) => {
    session.on('goaway', (code) => tell({ event: 'goaway', code }));
    session.on('error', (error) => tell({ event: 'error', text: String(error) }));
    session.on('close', () => tell({ event: 'over' }));
  });
  server.on('stream', (stream, headers) => {
    tell({ event: 'asked', method: headers[':method'], protocol: headers[':protocol'], scheme: headers[':scheme'],
           path: headers[':path'], version: headers['sec-websocket-version'], key: headers['sec-websocket-key'] });
    stream.on('error', (error) => tell({ event: 'error', text: String(error) }));
    stream.respond({ ':status': 200 });
    stream.on('data', frames(stream));
    stream.on('end', () => tell({ event: 'end' }));
    stream.on('close', () => tell({ event: 'closed', code: stream.rstCode }));
  });
  server.listen(0, '127.0.0.1', () => tell({ event: 'listening', port: server.address().port }));
});
process.stdin.on('end', () => process.exit(0));
"#;

/// The running server. It ends with its standard input, or at the latest when this is dropped.
struct Node {
    child: Child,
    told: Lines<BufReader<ChildStdout>>,
}

impl Node {
    /// `None`, told on standard error, where there is no Node.js.
    async fn start(tls: &Value) -> Option<Self> {
        let mut command = Command::new("node");
        command.args(["-e", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let Ok(mut child) = command.spawn() else {
            #[allow(clippy::print_stderr, reason = "a test that was skipped says so")]
            {
                eprintln!("skipped: node is not there");
            }
            return None;
        };
        let line = format!("{tls}\n");
        child.stdin.as_mut().unwrap().write_all(line.as_bytes()).await.unwrap();
        let told = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { child, told })
    }

    async fn next(&mut self) -> Value {
        let line = within(6 * PATIENCE, "a line from node", self.told.next_line()).await;
        serde_json::from_str(&line.unwrap().expect("node goes on")).unwrap()
    }
}

async fn conversation(tls: Value, scheme: (&str, &str), wire: Wire) {
    let Some(mut node) = Node::start(&tls).await else { return };
    let port = node.next().await["port"].as_u64().unwrap();
    let echo = Echo::at(&format!("{}://127.0.0.1:{port}/ws?a=1", scheme.0)).unwrap();
    let client = Connect::new(echo, wire).connect().await.unwrap();
    let asked = json!({
        "event": "asked", "method": "CONNECT", "protocol": "websocket", "scheme": scheme.1, "path": "/ws?a=1",
        "version": "13",
    });
    assert_eq!(node.next().await, asked);
    for length in [0, 1, 125, 126, 65_535, 65_536, 300_000, 2_000_000] {
        let text = "x".repeat(length);
        assert!(client.call(text.clone()).await.unwrap() == text, "{length} bytes");
    }
    let many = (0..500).map(|number| client.call(number.to_string()));
    for (number, reply) in many.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(reply.await.unwrap(), number.to_string());
    }
    client.shutdown(secs(2)).await.unwrap();
    // The stream ends in order, and then the connection takes leave.
    let mut told = Vec::new();
    while told.last() != Some(&json!({ "event": "over" })) {
        told.push(node.next().await);
    }
    for wanted in [
        json!({ "event": "end" }),
        json!({ "event": "closed", "code": 0 }),
        json!({ "event": "goaway", "code": 0 }),
    ] {
        assert!(told.contains(&wanted), "{wanted} is not in {told:?}");
    }
    assert!(!told.iter().any(|told| told["event"] == "error"), "{told:?}");
    drop(node.child.stdin.take());
    within(6 * PATIENCE, "the end of node", node.child.wait()).await.unwrap();
}

#[tokio::test]
async fn node_understands_us_without_tls() {
    let wire = Wire::new(Connector::new().with_http(HttpChoice::Two));
    conversation(json!({}), ("ws", "http"), wire).await;
}

#[tokio::test]
async fn node_understands_us_over_tls() {
    let certificates = Certificates::generate();
    let server = certificates.server();
    let tls = json!({ "key": server.key_pem(), "cert": server.certificate_pem() });
    conversation(tls, ("wss", "https"), wire(&certificates, HttpChoice::Either)).await;
}
