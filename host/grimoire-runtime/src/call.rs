//! The store of one call: its limits, its time, its log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::engine::TICK;
use crate::lifeless::Lifeless;
use crate::limits::{MAX_HANDLES, TotalLimiter};
use crate::log::{CallLog, Logbook};
use crate::options::{Options, TimeBudget};
use crate::problem::{BudgetSpent, Fault, Reason, classify};
use crate::usage::Usage;

/// What a store carries: everything that one instance may see or use up.
pub(crate) struct Call {
    pub(crate) limiter: TotalLimiter,
    pub(crate) log: CallLog,
    wasi: Lifeless,
    ticks_left: u64,
    memory_limit: usize,
    usage: Usage,
}

impl Call {
    /// Keeps how long it took to make the instance.
    pub(crate) fn instantiated(&mut self, started: Instant) {
        self.usage.instantiation = Some(started.elapsed());
    }

    /// Counts bytes that the plugin returned.
    pub(crate) fn returned(&mut self, bytes: usize) {
        self.usage.output += bytes;
    }

    /// What was used up so far.
    pub(crate) fn usage(&self) -> Usage {
        Usage { memory: self.limiter.used(), ..self.usage }
    }
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (ctx, table) = self.wasi.parts();
        WasiCtxView { ctx, table }
    }
}

/// A store for one call (for analyzers: one scan), with every limit armed and no time to spend yet.
pub(crate) fn store(
    engine: &Engine,
    options: &Options,
    plugin: &Arc<str>,
    book: &Arc<Logbook>,
) -> Store<Call> {
    let call = Call {
        limiter: TotalLimiter::new(options.memory_bytes_per_call),
        log: CallLog::new(Arc::clone(plugin), Arc::clone(book), options.log_bytes_per_call),
        wasi: Lifeless::default(),
        ticks_left: 0,
        memory_limit: options.memory_bytes_per_call,
        usage: Usage::default(),
    };
    let mut store = Store::new(engine, call);
    store.limiter(|call| &mut call.limiter);
    store.set_hostcall_fuel(options.output_bytes_per_call);
    store.set_max_component_handles(MAX_HANDLES);
    store.epoch_deadline_callback(|mut context| {
        let left = &mut context.data_mut().ticks_left;
        *left = left.checked_sub(1).ok_or(BudgetSpent)?;
        // Others get the thread at every tick, so that no plugin keeps it longer than that.
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// How many ticks a time is, at least one.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX).max(1)
}

/// Computing time of a whole scan that is not used yet.
#[derive(Debug)]
pub(crate) struct Allowance(u64);

impl Allowance {
    pub(crate) fn new(time: Duration) -> Self {
        Self(ticks(time))
    }
}

/// One entry into a guest: armed before, settled after.
#[must_use]
pub(crate) struct Entry {
    granted: u64,
    elapsed: Duration,
    /// Time that the guest had a thread so far.
    guest: Duration,
}

impl Entry {
    /// Arms the store's clock. Comes before anything of the guest runs, its start function included.
    pub(crate) fn arm(store: &mut Store<Call>, budget: TimeBudget, allowance: &Allowance) -> Self {
        let granted = ticks(budget.computing).min(allowance.0);
        store.data_mut().ticks_left = granted;
        store.set_epoch_deadline(1);
        Self { granted, elapsed: budget.elapsed, guest: Duration::ZERO }
    }

    /// Waits for the guest, as long as it may take: the engine's clock only runs while it computes,
    /// this one also while it waits in a host call.
    pub(crate) async fn wait<T>(
        &mut self,
        guest: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<wasmtime::Result<T>, Elapsed> {
        let mut guest = std::pin::pin!(guest);
        let timed = std::future::poll_fn(|context| {
            let started = Instant::now();
            let polled = guest.as_mut().poll(context);
            self.guest += started.elapsed();
            polled
        });
        tokio::time::timeout(self.elapsed, timed).await
    }

    /// Takes what was used from the allowance and reads the outcome.
    pub(crate) fn settle<T>(
        self,
        store: &mut Store<Call>,
        allowance: &mut Allowance,
        outcome: Result<wasmtime::Result<T>, Elapsed>,
    ) -> Result<T, Fault> {
        let call = store.data_mut();
        call.usage.guest += self.guest;
        allowance.0 = allowance.0.saturating_sub(self.granted - call.ticks_left);
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                tracing::debug!(error = format!("{error:?}"), "plugin call failed");
                Err(classify(&error, call.limiter.refused(), call.memory_limit))
            }
            Err(Elapsed { .. }) => {
                let milliseconds = self.elapsed.as_millis();
                Err(Fault::new(Reason::Timeout, format!("did not return within {milliseconds} ms")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_at_least_one_tick_and_rounds_up() {
        assert_eq!(ticks(Duration::ZERO), 1);
        assert_eq!(ticks(Duration::from_millis(10)), 1);
        assert_eq!(ticks(Duration::from_millis(11)), 2);
        assert_eq!(ticks(Duration::MAX), u64::MAX);
    }
}
