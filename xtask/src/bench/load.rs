//! The load generator: prepared requests over persistent connections, on one thread.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A prepared request: method, path, headers and body, as sent over the wire.
pub(super) type Request = Vec<u8>;

/// Prepares a request without a body.
pub(super) fn get(path: &str) -> Request {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\r\n").into_bytes()
}

/// Prepares a request with a JSON body.
pub(super) fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Request {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// The result of a load.
#[derive(Debug)]
pub(super) struct Outcome {
    elapsed: Duration,
    latencies: Vec<Duration>,
}

impl Outcome {
    /// Number of responses per second.
    pub(super) fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency in microseconds that `of_a_thousand` of a thousand responses did not exceed.
    pub(super) fn microseconds(&self, of_a_thousand: usize) -> f64 {
        percentile(&self.latencies, of_a_thousand).as_secs_f64() * 1e6
    }
}

/// The duration that `of_a_thousand` of a thousand do not exceed.
pub(super) fn percentile(sorted: &[Duration], of_a_thousand: usize) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * of_a_thousand / 1_000).copied().unwrap_or_default()
}

/// Sends `total` requests, cycling through the given ones; each connection sends the next one as soon
/// as it has its response. Every response must have `status`.
pub(super) fn run(
    address: SocketAddr,
    connections: usize,
    requests: &[Request],
    total: usize,
    status: u16,
) -> anyhow::Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let opened = futures::future::try_join_all((0..connections).map(|_| connect(address))).await?;
        let next = Cell::new(0);
        let started = Instant::now();
        let lanes = opened.into_iter().map(|stream| lane(stream, requests, &next, total, status));
        let mut latencies: Vec<Duration> =
            futures::future::try_join_all(lanes).await?.into_iter().flatten().collect();
        let elapsed = started.elapsed();
        latencies.sort_unstable();
        Ok(Outcome { elapsed, latencies })
    })
}

/// The response to one request, including its head; it must be 200.
pub(super) fn fetch(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stream = connect(address).await?;
        stream.write_all(&get(path)).await?;
        let mut answer = Answer::default();
        answer.read(&mut stream).await?;
        ensure!(answer.status()? == 200, "{path}: {}", answer.text());
        Ok(answer.text())
    })
}

/// A persistent connection, for requests that depend on the previous response.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    answer: Answer,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self { stream: connect(address).await?, answer: Answer::default() })
    }

    /// The response, including its head; it must have `status`.
    pub(super) async fn send(&mut self, request: &Request, status: u16) -> anyhow::Result<String> {
        self.stream.write_all(request).await?;
        self.answer.read(&mut self.stream).await?;
        let text = self.answer.text();
        ensure!(self.answer.status()? == status, "answered, not with {status}: {text}");
        Ok(text)
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await.with_context(|| format!("nobody listens on {address}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn lane(
    mut stream: TcpStream,
    requests: &[Request],
    next: &Cell<usize>,
    total: usize,
    status: u16,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    let mut answer = Answer::default();
    loop {
        let number = next.get();
        if number == total {
            return Ok(latencies);
        }
        next.set(number + 1);
        let started = Instant::now();
        stream.write_all(&requests[number % requests.len()]).await?;
        answer.read(&mut stream).await?;
        latencies.push(started.elapsed());
        ensure!(answer.status()? == status, "answered, not with {status}: {}", answer.text());
    }
}

/// A response, read into a reusable buffer.
#[derive(Debug, Default)]
struct Answer {
    bytes: Vec<u8>,
}

const HEAD_END: &[u8] = b"\r\n\r\n";

impl Answer {
    /// Reads the next response to its end.
    async fn read(&mut self, stream: &mut TcpStream) -> anyhow::Result<()> {
        self.bytes.clear();
        let mut end = None;
        loop {
            let before = self.bytes.len();
            ensure!(stream.read_buf(&mut self.bytes).await? > 0, "the connection ended before the answer");
            if end.is_none() {
                let from = before.saturating_sub(HEAD_END.len());
                let found = self.bytes[from..].windows(HEAD_END.len()).position(|window| window == HEAD_END);
                end = found
                    .map(|at| {
                        let body = from + at + HEAD_END.len();
                        content_length(&self.bytes[..body]).map(|length| body + length)
                    })
                    .transpose()?;
            }
            if end.is_some_and(|end| self.bytes.len() >= end) {
                return Ok(());
            }
        }
    }

    fn status(&self) -> anyhow::Result<u16> {
        let digits = self.bytes.get(9..12).context("the answer is no HTTP/1.1")?;
        Ok(std::str::from_utf8(digits)?.parse()?)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The length of the body that follows a head. Every measured response states one.
fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|&byte| byte == b'\n')
        .find(|line| line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME))
        .context("the answer does not tell its length")?;
    Ok(std::str::from_utf8(&line[NAME.len()..])?.trim().parse()?)
}
