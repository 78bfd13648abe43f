//! The wasmtime engine, its fixed configuration and its clock.

use std::time::Duration;

use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::{MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use crate::options::Options;

/// The interval at which running plugins are interrupted.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Native stack size of a plugin in bytes. Rust and C keep their own stack in linear memory and need little.
const STACK_BYTES: usize = 512 << 10;

/// Bytes that stay mapped in a pooled slot: zeroing them is faster than unmapping and faulting them in again.
///
/// Linux could report which pages were written (`pagemap_scan`), so that less would be zeroed. That
/// stays off: a page that is swapped out or being moved when its instance ends is missed, and the next
/// instance reads another's data (wasmtime's pull request 14357).
const KEEP_RESIDENT: usize = 4 << 20;

/// The WebAssembly features of plugins: those that compilers emit today, and none that no world needs. Multiple
/// memories and tail calls are there for interpreters. Threads, garbage collection, exceptions, 64-bit memories and
/// asynchronous components stay off: a component that needs them is rejected by name before compiling.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::RELAXED_SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::MULTI_MEMORY
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::COMPONENT_MODEL
}

/// Creates the engine: with pooled slots if the address space allows it, else on demand.
pub(crate) fn start(options: &Options) -> wasmtime::Result<Engine> {
    let slots = slots(options);
    let engine = match Engine::new(&config(options, Allocation::Pooled { slots })) {
        Ok(engine) => engine,
        Err(error) => {
            tracing::warn!(%error, slots, "no address space for pooled plugin memory, allocating on demand");
            Engine::new(&config(options, Allocation::OnDemand))?
        }
    };
    tick(&engine)?;
    Ok(engine)
}

/// Number of concurrent instances: every scan, and the matcher's calls of two generations, with as
/// many again that are being torn down.
fn slots(options: &Options) -> u32 {
    u32::try_from(options.max_instances + 4 * options.threads + 4).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
enum Allocation {
    Pooled { slots: u32 },
    OnDemand,
}

/// Everything not set here stays off or at its default on purpose. That includes the compiler's
/// inlining: it made no shipped plugin faster, but compilation 2.7 times slower.
fn config(options: &Options, allocation: Allocation) -> Config {
    let mut config = Config::new();
    config.wasm_features(WasmFeatures::all() - features(), false);
    config.wasm_features(features(), true);
    config.gc_support(false);
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.consume_fuel(options.count_fuel);
    config.cranelift_nan_canonicalization(true);
    config.relaxed_simd_deterministic(true);
    config.memory_init_cow(true);
    config.max_wasm_stack(STACK_BYTES);
    config.async_stack_size(STACK_BYTES + (1 << 20));
    match allocation {
        Allocation::Pooled { slots } => {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_component_instances(slots)
                .total_core_instances(slots.saturating_mul(MAX_CORE_INSTANCES))
                .total_memories(slots.saturating_mul(2))
                .total_tables(slots.saturating_mul(MAX_TABLES))
                .total_stacks(slots)
                .max_core_instances_per_component(MAX_CORE_INSTANCES)
                .max_memories_per_component(MAX_MEMORIES)
                .max_tables_per_component(MAX_TABLES)
                .max_memories_per_module(MAX_MEMORIES)
                .max_tables_per_module(MAX_TABLES)
                .table_elements(MAX_TABLE_ELEMENTS)
                .max_memory_size(options.memory_bytes_per_call)
                .linear_memory_keep_resident(KEEP_RESIDENT)
                .table_keep_resident(64 << 10);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        Allocation::OnDemand => {
            // Limits the address space to what an instance may use, so that a growing memory is
            // never copied; accesses beyond it are checked in code.
            config.memory_reservation(options.memory_bytes_per_call as u64);
            config.memory_reservation_for_growth(1 << 20);
            config.memory_guard_size(64 << 10);
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
    }
    config
}

/// Advances the epoch while the engine or any of its users lives, on a separate thread: a clock on
/// the threads that it guards would stop with them.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let weak = engine.weak();
    std::thread::Builder::new().name("grimoire-ticker".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(TICK);
            match weak.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_address_space_an_engine_is_still_made() {
        let options = Options { max_instances: 100_000, ..Options::default() };
        let pooled = config(&options, Allocation::Pooled { slots: slots(&options) });
        assert!(Engine::new(&pooled).is_err(), "so many slots fit into no address space");
        start(&options).expect("an engine");
    }

    #[test]
    fn the_ticker_ends_with_its_engine() {
        let engine = start(&Options::default()).expect("an engine");
        let weak = engine.weak();
        drop(engine);
        // The ticker holds the engine for at most one increment.
        while weak.upgrade().is_some() {
            std::thread::yield_now();
        }
    }
}
