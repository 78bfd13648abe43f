//! Over a real connection: what only a socket can show.

use std::net::SocketAddr;
use std::time::Duration;

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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = world.shutdown.clone();
        let server =
            tokio::spawn(grimoire_http::server::serve(listener, world.router.clone(), shutdown.clone()));
        Self { address, shutdown, server }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// Ends the server, which must not take as long as its patience with open requests.
    async fn end(self) {
        self.shutdown.cancel();
        within(self.server).await.expect("no panic");
    }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(8), work).await.expect("in time")
}

/// Reads until `enough` says so or the other side closes.
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
    let head = "POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 27262976\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    let answer = read_until(&mut stream, "too_large").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    drop(stream);
    served.end().await;
}

#[tokio::test]
async fn a_caller_who_sends_all_of_26_mb_first_still_gets_the_answer() {
    let served = Served::start(&World::new()).await;
    let mut stream = served.connect().await;
    let head = "POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 27262976\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("sent");
    within(stream.write_all(&vec![b' '; 27_262_976])).await.expect("the server takes what is sent");
    let answer = read_until(&mut stream, "too_large").await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // The connection is still good.
    stream.write_all(b"GET /health/db HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    assert!(read_until(&mut stream, "\"ok\"").await.starts_with("HTTP/1.1 200"));
    served.end().await;
}

#[tokio::test]
async fn what_is_no_request_at_all_is_refused() {
    let served = Served::start(&World::new()).await;
    for (nonsense, status) in [
        ("\u{16}\u{3}\u{1} hello\r\n\r\n".to_owned(), "400"),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)), "414"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(500_000)), "431"),
    ] {
        let mut stream = served.connect().await;
        // The server may close before all of it is sent.
        let _ = stream.write_all(nonsense.as_bytes()).await;
        read_until(&mut stream, status).await;
    }
    let mut stream = served.connect().await;
    stream.write_all(b"GET /health/db HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("sent");
    assert!(read_until(&mut stream, "\"ok\"").await.starts_with("HTTP/1.1 200"), "it lives");
    served.end().await;
}

#[tokio::test]
async fn an_event_stream_does_not_hold_the_end_up() {
    let world = World::new();
    world.opened(7).await;
    let served = Served::start(&world).await;
    let mut stream = served.connect().await;
    stream.write_all(b"GET /api/jobs/1/events HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("sent");
    let answer = read_until(&mut stream, "event: queued").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    served.end().await;
    read_until(&mut stream, "0\r\n\r\n").await;
}
