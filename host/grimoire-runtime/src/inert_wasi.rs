//! Inert WASI for guests that do not link without it: they can neither see nor reach anything of the machine.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, async_trait};

use crate::limits::MAX_HANDLES;

/// Maximum number of random bytes per request.
const RANDOM_BYTES: u64 = 1 << 20;
/// Number of bytes that are kept of what a guest prints, counted from the end: that is where an exception's text is.
const PRINTED_BYTES: usize = 4 << 10;

/// Created on first use: most plugins never need it.
#[derive(Default)]
pub(crate) struct InertWasi(Option<Box<Parts>>);

struct Parts {
    context: WasiCtx,
    table: ResourceTable,
    printed: Printed,
}

impl InertWasi {
    pub(crate) fn parts(&mut self) -> (&mut WasiCtx, &mut ResourceTable) {
        let parts = self.0.get_or_insert_with(|| {
            let printed = Printed::default();
            Box::new(Parts { context: context(&printed), table: table(), printed })
        });
        (&mut parts.context, &mut parts.table)
    }

    /// The end of what was printed since this was asked last, if anything was.
    pub(crate) fn take_printed(&mut self) -> Option<String> {
        let printed = std::mem::take(&mut *self.0.as_ref()?.printed.lock());
        (!printed.is_empty()).then(|| String::from_utf8_lossy(&printed).into_owned())
    }
}

fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    table
}

/// No environment, arguments, folders or network. Input is empty and output ends in the plugin's log; clocks
/// stand still and random numbers are the same in every call, so that a result depends on the input
/// alone.
fn context(printed: &Printed) -> WasiCtx {
    WasiCtxBuilder::new()
        .stdout(printed.clone())
        .stderr(printed.clone())
        .wall_clock(Frozen)
        .monotonic_clock(Frozen)
        .secure_random(pattern())
        .insecure_random(pattern())
        .insecure_random_seed(0)
        .max_random_size(RANDOM_BYTES)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

/// A fixed sequence without a short period: the bytes of a 64-bit linear congruential generator.
fn pattern() -> Deterministic {
    let mut state = 0x6772_696D_6F69_7265_u64;
    let bytes = (0..1021).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    Deterministic::new(bytes.collect())
}

/// The end of what a guest wrote to its standard output and error.
#[derive(Debug, Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, bytes: &[u8]) {
        let mut kept = self.lock();
        kept.extend_from_slice(&bytes[bytes.len().saturating_sub(PRINTED_BYTES)..]);
        let surplus = kept.len().saturating_sub(PRINTED_BYTES);
        kept.drain(..surplus);
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

/// Never waits: what is too much is forgotten.
impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.keep(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Printed {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.keep(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Frozen;

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Frozen {
    fn resolution(&self) -> u64 {
        1_000_000_000
    }

    fn now(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_is_printed_is_kept() {
        let printed = Printed::default();
        printed.keep(b"forgotten");
        for _ in 0..10 {
            printed.keep(&[b'x'; 1 << 10]);
        }
        printed.keep(b"ValueError: x");
        let kept = printed.lock();
        assert_eq!(kept.len(), PRINTED_BYTES);
        assert!(kept.ends_with(b"xxValueError: x"));
        drop(kept);
        printed.keep(&vec![b'y'; 1 << 20]);
        assert_eq!(*printed.lock(), [b'y'; PRINTED_BYTES]);
    }
}
