//! The wasmtime store of one call: its limits, its time, its log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grimoire_domain::failure_reason::FailureReason;
use tokio::time::error::Elapsed;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

use crate::engine::TICK;
use crate::inert_wasi::InertWasi;
use crate::limits::{MAX_HANDLES, TotalLimiter};
use crate::log::{CallLog, LogLevel, Logbook, shown};
use crate::options::{Options, TimeBudget};
use crate::problem::{BudgetSpent, Fault, Signs, classify};
use crate::usage::Usage;

/// The data of a store: everything that one instance may see or consume.
pub(crate) struct Call {
    pub(crate) limiter: TotalLimiter,
    pub(crate) log: CallLog,
    wasi: InertWasi,
    ticks_left: u64,
    memory_limit: usize,
    usage: Usage,
}

impl Call {
    /// Records how long the instantiation took.
    pub(crate) fn instantiated(&mut self, started: Instant) {
        self.usage.instantiation = Some(started.elapsed());
    }

    /// Counts a call to the host.
    pub(crate) fn called_host(&mut self) {
        self.usage.host_calls += 1;
    }

    /// Moves what the guest printed to its log, and returns it as one line.
    fn take_printed(&mut self, level: LogLevel) -> Option<String> {
        let printed = self.wasi.take_printed()?;
        for line in printed.lines() {
            self.log.write(level, line);
        }
        Some(shown(&printed))
    }

    /// Counts bytes that the plugin returned.
    pub(crate) fn returned(&mut self, bytes: usize) {
        self.usage.output += bytes;
    }

    /// Milliseconds of computing time left.
    pub(crate) fn milliseconds_left(&self) -> u64 {
        self.ticks_left.saturating_mul(u64::try_from(TICK.as_millis()).unwrap_or(u64::MAX))
    }

    /// The resources used so far.
    pub(crate) fn usage(&self) -> Usage {
        Usage { memory: self.limiter.used(), ..self.usage }
    }
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Every function of WASI begins with this.
        self.called_host();
        let (ctx, table) = self.wasi.parts();
        WasiCtxView { ctx, table }
    }
}

/// Creates a store for one call (for analyzers: one scan), with all limits set and no time granted yet.
pub(crate) fn store(
    engine: &Engine,
    options: &Options,
    plugin: &Arc<str>,
    book: &Arc<Logbook>,
) -> Store<Call> {
    let call = Call {
        limiter: TotalLimiter::new(options.memory_bytes_per_call),
        log: CallLog::new(Arc::clone(plugin), Arc::clone(book), options.log_bytes_per_call),
        wasi: InertWasi::default(),
        ticks_left: 0,
        memory_limit: options.memory_bytes_per_call,
        usage: Usage::default(),
    };
    let mut store = Store::new(engine, call);
    store.limiter(|call| &mut call.limiter);
    store.set_hostcall_fuel(options.output_bytes_per_call);
    store.set_max_component_handles(MAX_HANDLES);
    if options.count_fuel {
        store.set_fuel(ALL_FUEL).expect("the engine was made to count");
    }
    store.epoch_deadline_callback(|mut context| {
        let left = &mut context.data_mut().ticks_left;
        *left = left.checked_sub(1).ok_or(BudgetSpent)?;
        // Yields at every tick, so that no plugin keeps the thread longer than that.
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// Fuel is only counted: the time limit ends a call.
const ALL_FUEL: u64 = u64::MAX;

/// Converts a duration to ticks, at least one.
fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX).max(1)
}

/// The computing time of a whole scan.
#[derive(Debug)]
pub(crate) struct Allowance {
    granted: Duration,
    used_ticks: u64,
}

impl Allowance {
    pub(crate) fn new(time: Duration) -> Self {
        Self { granted: time, used_ticks: 0 }
    }

    /// Adds the time for reading this many bytes.
    pub(crate) fn earn(&mut self, bytes: usize, per_mebibyte: Duration) {
        let earned = per_mebibyte.as_nanos().saturating_mul(bytes as u128) >> 20;
        let earned = Duration::from_nanos(u64::try_from(earned).unwrap_or(u64::MAX));
        self.granted = self.granted.saturating_add(earned);
    }

    /// Number of unused ticks.
    fn left(&self) -> u64 {
        ticks(self.granted).saturating_sub(self.used_ticks)
    }
}

/// One entry into a guest: armed before, settled after.
#[must_use]
pub(crate) struct Entry {
    granted: u64,
    /// The computing time of the scan, if less of that is left than the call may use.
    scan_limit: Option<Duration>,
    elapsed: Duration,
    /// Time that the guest has had a thread so far.
    guest: Duration,
}

impl Entry {
    /// Arms the store's clock. Must happen before any code of the guest runs, including its start function.
    pub(crate) fn arm(store: &mut Store<Call>, budget: TimeBudget, allowance: &Allowance) -> Self {
        let (of_call, of_scan) = (ticks(budget.computing), allowance.left());
        let scan_limit = (of_scan < of_call).then_some(allowance.granted);
        let granted = of_call.min(of_scan);
        store.data_mut().ticks_left = granted;
        store.set_epoch_deadline(1);
        Self { granted, scan_limit, elapsed: budget.elapsed, guest: Duration::ZERO }
    }

    /// Waits for the guest within the elapsed limit: the engine's clock only runs while the guest
    /// computes, this one also while it waits in a host call.
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

    /// Deducts the used time from the allowance and interprets the outcome.
    pub(crate) fn settle<T>(
        self,
        store: &mut Store<Call>,
        allowance: &mut Allowance,
        outcome: Result<wasmtime::Result<T>, Elapsed>,
    ) -> Result<T, Fault> {
        let fuel = store.get_fuel().ok().map(|left| ALL_FUEL - left);
        let call = store.data_mut();
        call.usage.guest += self.guest;
        call.usage.fuel = fuel;
        allowance.used_ticks = allowance.used_ticks.saturating_add(self.granted - call.ticks_left);
        match outcome {
            Ok(Ok(value)) => {
                call.take_printed(LogLevel::Info);
                Ok(value)
            }
            Ok(Err(error)) => {
                tracing::debug!(error = format!("{error:?}"), "plugin call failed");
                let panic = call.log.panic().map(str::to_owned);
                let signs = Signs {
                    memory_refused: call.limiter.refused(),
                    panic,
                    printed: call.take_printed(LogLevel::Error),
                    memory_limit: call.memory_limit,
                };
                let fault = classify(&error, signs);
                Err(match self.scan_limit {
                    Some(limit) if fault.reason == FailureReason::Timeout => {
                        let milliseconds = limit.as_millis();
                        Fault::new(
                            FailureReason::Timeout,
                            format!(
                                "used up the {milliseconds} ms of computing time for what it read so far"
                            ),
                        )
                    }
                    _ => fault,
                })
            }
            Err(Elapsed { .. }) => {
                let milliseconds = self.elapsed.as_millis();
                Err(Fault::new(FailureReason::Timeout, format!("did not return within {milliseconds} ms")))
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

    #[test]
    fn a_scan_earns_time_by_what_it_reads_however_it_is_cut() {
        let second = Duration::from_secs(1);
        let (mut at_once, mut in_pages) = (Allowance::new(second), Allowance::new(second));
        at_once.earn(4 << 20, second);
        (0..512).for_each(|_| in_pages.earn(8 << 10, second));
        assert_eq!(at_once.left(), 500);
        assert_eq!(in_pages.left(), at_once.left());
        at_once.used_ticks = 501;
        assert_eq!(at_once.left(), 0);
        at_once.granted = Duration::MAX;
        at_once.earn(usize::MAX, Duration::MAX);
        assert!(at_once.left() > 1 << 60, "it never overflows");
    }
}
