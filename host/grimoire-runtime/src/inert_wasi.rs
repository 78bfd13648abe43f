//! Inert WASI for guests that do not link without it: they can neither see nor reach anything of the machine.

use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder};

use crate::limits::MAX_HANDLES;

/// Maximum number of random bytes per request.
const RANDOM_BYTES: u64 = 1 << 20;

/// Created on first use: most plugins never need it.
#[derive(Default)]
pub(crate) struct InertWasi(Option<Box<(WasiCtx, ResourceTable)>>);

impl InertWasi {
    pub(crate) fn parts(&mut self) -> (&mut WasiCtx, &mut ResourceTable) {
        let parts = self.0.get_or_insert_with(|| Box::new((context(), table())));
        (&mut parts.0, &mut parts.1)
    }
}

fn table() -> ResourceTable {
    let mut table = ResourceTable::new();
    table.set_max_capacity(MAX_HANDLES);
    table
}

/// No environment, arguments, folders or network. Input is empty and output is discarded; clocks
/// stand still and random numbers are the same in every call, so that a result depends on the input
/// alone.
fn context() -> WasiCtx {
    WasiCtxBuilder::new()
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
