//! Tests over a real connection, for behaviour that needs a socket.

use std::net::SocketAddr;
use std::time::Duration;

use grimoire_http::server::{Limits, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::World;

struct Served {
    address: SocketAddr,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl Served {
    async fn start(world: &World) -> Self {
        Self::with_limits(world, Limits::default()).await
    }

    async fn with_limits(world: &World, limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = world.shutdown.clone();
        let server = tokio::spawn(serve(listener, world.router.clone(), limits, shutdown.clone()));
        Self { address, shutdown, server }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// Ends the server, which must not wait for open requests as long as it would for connections.
    async fn end(self) {
        self.shutdown.cancel();
        within(self.server).await.expect("no panic");
    }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(8), work).await.expect("in time")
}

/// Reads until the text contains `enough` or the other side closes.
async fn read_until(stream: &mut TcpStream, enough: &str) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    within(async {
        while !text.contains(enough) {
            let count = stream.read(&mut buffer).await.expect("the connection holds");
            if count == 0 {
                break;
            }
            text.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    })
    .await;
    assert!(text.contains(enough), "{text}");
    text
}

#[tokio::test]
async fn a_body_that_says_that_it_is_too_long_is_refused_before_it_is_sent() {
    let served = Served::start(&World::new()).await;
    let mut stream = served.connect().await;
    let head = head("/webhook", 27_262_976, &signature_line());
    stream.write_all(head.as_bytes()).await.expect("sent");
    let answer = read_until(&mut stream, "TOO_LARGE").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(stream);
    served.end().await;
}

#[tokio::test]
async fn a_caller_who_sends_all_of_26_mb_first_still_gets_the_answer() {
    let served = Served::start(&World::new()).await;
    let mut stream = served.connect().await;
    let head = head("/webhook", 27_262_976, &signature_line());
    stream.write_all(head.as_bytes()).await.expect("sent");
    within(stream.write_all(&vec![b' '; 27_262_976])).await.expect("the server takes what is sent");
    let answer = read_until(&mut stream, "TOO_LARGE").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // The connection is still usable.
    stream
        .write_all(b"GET /health/db HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .expect("sent");
    assert!(read_until(&mut stream, "healthy").await.starts_with("HTTP/1.1 200"));
    served.end().await;
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused() {
    let served = Served::start(&World::new()).await;
    for (nonsense, status) in [
        ("\u{16}\u{3}\u{1} hello\r\n\r\n".to_owned(), "400"),
        (format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "a".repeat(70_000)), "414"),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "a".repeat(500_000)), "431"),
    ] {
        let mut stream = served.connect().await;
        // The server may close before everything is sent.
        let _ = stream.write_all(nonsense.as_bytes()).await;
        read_until(&mut stream, status).await;
    }
    let mut stream = served.connect().await;
    stream
        .write_all(b"GET /health/db HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await
        .expect("sent");
    assert!(read_until(&mut stream, "healthy").await.starts_with("HTTP/1.1 200"), "it lives");
    served.end().await;
}

#[tokio::test]
async fn every_host_that_a_request_names_has_to_be_this_machine() {
    let served = Served::start(&World::new()).await;
    for (target, hosts) in [
        ("/health/db", "host: localhost\r\nhost: evil.example\r\n"),
        ("http://localhost/health/db", "host: evil.example\r\n"),
        ("http://evil.example/health/db", "host: localhost\r\n"),
    ] {
        let mut stream = served.connect().await;
        let head = format!("GET {target} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let answer = read_until(&mut stream, "MISDIRECTED_REQUEST").await;
        assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    }
    served.end().await;
}

#[tokio::test]
async fn an_event_stream_does_not_hold_the_end_up() {
    let world = World::new();
    world.opened(7).await;
    let served = Served::start(&world).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /api/jobs/1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    let answer = read_until(&mut stream, "event: queued").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.end().await;
    read_until(&mut stream, "0\r\n\r\n").await;
}

/// The head of a request; the body follows.
fn head(path: &str, length: usize, headers: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n"
    )
}

/// A header in the form of a signature.
fn signature_line() -> String {
    format!("x-hub-signature-256: sha256={}\r\n", "0".repeat(64))
}

/// Returns true if the server closed the connection without a response.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    within(async { matches!(stream.read(&mut byte).await, Ok(0) | Err(_)) }).await
}

#[tokio::test]
async fn a_connection_that_sends_no_request_is_closed() {
    let limits = Limits { head: Duration::from_millis(50), ..Limits::default() };
    let served = Served::with_limits(&World::new(), limits).await;
    for beginning in ["", "P", "PRI * HTTP/2.0\r\n", "GET /health HTTP/1.1\r\nhost: local"] {
        let mut stream = served.connect().await;
        stream.write_all(beginning.as_bytes()).await.expect("sent");
        let mut rest = Vec::new();
        // An error means the same: the connection is closed.
        let _ = within(stream.read_to_end(&mut rest)).await;
    }
    served.end().await;
}

#[tokio::test]
async fn http_2_is_neither_spoken_nor_upgraded_to() {
    let served = Served::start(&World::new()).await;
    let mut stream = served.connect().await;
    // The preface of HTTP/2, and empty settings.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("sent");
    assert!(is_closed(&mut stream).await);
    let mut stream = served.connect().await;
    let upgrade = "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";
    let request = format!("GET /health/db HTTP/1.1\r\nhost: localhost\r\n{upgrade}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let answer = read_until(&mut stream, "healthy").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.end().await;
}

#[tokio::test]
async fn a_connection_that_was_used_is_closed_when_it_stays_idle() {
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let served = Served::with_limits(&World::new(), limits).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /health/db HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    read_until(&mut stream, "healthy").await;
    assert!(is_closed(&mut stream).await);
    served.end().await;
}

#[tokio::test]
async fn the_oldest_idle_connection_makes_room_for_a_new_one() {
    let world = World::new();
    world.opened(7).await;
    let served = Served::with_limits(&world, Limits { connections: 3, ..Limits::default() }).await;
    // A busy connection is older than all others and stays open.
    let mut story = served.connect().await;
    story.write_all(b"GET /api/jobs/1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
    read_until(&mut story, "event: queued").await;
    let mut oldest = served.connect().await;
    for _ in 0..20 {
        let mut newest = served.connect().await;
        newest.write_all(b"GET /health/db HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        assert!(read_until(&mut newest, "status").await.starts_with("HTTP/1.1 200"));
        let mut next = served.connect().await;
        next.write_all(b"GET /health/db HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("sent");
        assert!(read_until(&mut next, "status").await.starts_with("HTTP/1.1 200"));
        assert!(is_closed(&mut oldest).await);
        oldest = newest;
        drop(next);
    }
    world.post("/api/jobs/1/cancel").await.expect(200);
    read_until(&mut story, "event: cancelled").await;
    drop(oldest);
    served.end().await;
}

#[tokio::test]
async fn no_body_is_waited_for_without_a_signature() {
    let served = Served::start(&World::new()).await;
    for signature in ["", "x-hub-signature-256: sha256=00\r\n", "x-hub-signature-256: sha1=00\r\n"] {
        let mut stream = served.connect().await;
        stream.write_all(head("/webhook", 20 << 20, signature).as_bytes()).await.expect("sent");
        let answer = read_until(&mut stream, "UNAUTHENTICATED").await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    }
    served.end().await;
}

#[tokio::test]
async fn unverified_bodies_have_one_bound_and_give_their_memory_back() {
    let served = Served::start(&World::with(|setup| setup.options.unverified_limit = 64 << 10)).await;
    let signature = signature_line();
    // Memory is reserved for what has arrived, not for what is announced.
    let mut announced = served.connect().await;
    announced.write_all(head("/webhook", 20 << 20, &signature).as_bytes()).await.expect("sent");
    let mut holder = served.connect().await;
    holder.write_all(head("/webhook", 1 << 20, &signature).as_bytes()).await.expect("sent");
    holder.write_all(&vec![b' '; 60 << 10]).await.expect("sent");
    let attempt = async || {
        let mut stream = served.connect().await;
        stream.write_all(head("/webhook", 8 << 10, &signature).as_bytes()).await.expect("sent");
        stream.write_all(&vec![b' '; 8 << 10]).await.expect("sent");
        read_until(&mut stream, "error_code").await[..12].to_owned()
    };
    within(async { while attempt().await != "HTTP/1.1 503" {} }).await;
    drop(holder);
    within(async { while attempt().await != "HTTP/1.1 401" {} }).await;
    drop(announced);
    served.end().await;
}

#[tokio::test]
async fn an_upload_that_sends_nothing_takes_no_place() {
    let served = Served::start(&World::with(|setup| setup.options.upload_places = 1)).await;
    let mut idle = Vec::new();
    for _ in 0..8 {
        let mut stream = served.connect().await;
        stream.write_all(head("/api/diagnose", 1_000, "").as_bytes()).await.expect("sent");
        idle.push(stream);
    }
    let mut stream = served.connect().await;
    stream.write_all(head("/api/diagnose", 9, "").as_bytes()).await.expect("sent");
    stream.write_all(b"all well\n").await.expect("sent");
    let answer = read_until(&mut stream, "errors").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(idle);
    served.end().await;
}
