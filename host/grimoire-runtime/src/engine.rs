//! The one engine, its frozen configuration and its clock.

use std::time::Duration;

use wasmparser::WasmFeatures;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::limits::{MAX_CORE_INSTANCES, MAX_MEMORIES, MAX_TABLE_ELEMENTS, MAX_TABLES};
use crate::options::Options;

/// How often running plugins are looked at.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Native stack of a plugin. Rust and C keep their own stack in linear memory and need little.
const STACK_BYTES: usize = 512 << 10;

/// Memory that stays mapped in a pooled slot: zeroing it beats giving it back and faulting it in.
///
/// Linux could tell which pages were written (`pagemap_scan`), and less would be zeroed. That stays
/// off: a page that is swapped out, or being moved, when its instance ends is overlooked, and the next
/// instance reads what another wrote (wasmtime's pull request 14357).
const KEEP_RESIDENT: usize = 4 << 20;

/// What plugins may use of WebAssembly: what compilers emit today, and nothing that no world needs.
/// Threads, garbage collection, exceptions, several or 64-bit memories and asynchronous components
/// stay off.
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
        | WasmFeatures::COMPONENT_MODEL
}

/// Makes the engine: on pooled slots where the address space allows it, else on demand.
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

/// Instances that may live at a time: every scan, and the matcher's calls of two generations, with
/// as many again that are being torn down.
fn slots(options: &Options) -> u32 {
    u32::try_from(options.max_instances + 4 * options.threads + 4).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy)]
enum Allocation {
    Pooled { slots: u32 },
    OnDemand,
}

/// What is not set here stays off or at its default on purpose. The compiler's inlining does: for the
/// shipped plugins it made nothing faster, and compiling 2.7 times slower.
fn config(options: &Options, allocation: Allocation) -> Config {
    let mut config = Config::new();
    config.wasm_features(WasmFeatures::all() - features(), false);
    config.wasm_features(features(), true);
    config.gc_support(false);
    config.concurrency_support(false);
    config.epoch_interruption(true);
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
                .table_elements(MAX_TABLE_ELEMENTS)
                .max_memory_size(options.memory_bytes_per_call)
                .linear_memory_keep_resident(KEEP_RESIDENT)
                .table_keep_resident(64 << 10);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        Allocation::OnDemand => {
            // Little address space: no more of it than an instance may use, so that a memory that
            // grows is never copied; accesses beyond are checked in code.
            config.memory_reservation(options.memory_bytes_per_call as u64);
            config.memory_reservation_for_growth(1 << 20);
            config.memory_guard_size(64 << 10);
            config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        }
    }
    config
}

/// Ticks for as long as the engine or anything that runs on it lives, on a thread of its own: a
/// clock on the threads that it guards would stop with them.
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
        // The ticker holds the engine for the length of one increment at most.
        while weak.upgrade().is_some() {
            std::thread::yield_now();
        }
    }
}
