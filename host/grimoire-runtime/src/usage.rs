//! What calls used up, and where it is counted.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use grimoire_domain::diagnostic::{Diagnostic, Location};
use grimoire_domain::ranking::Verdict;
use metrics::{Counter, Histogram, Label, counter, histogram};

use crate::problem::Reason;

/// What one call (for analyzers: one scan) used up.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Making the instance, its start function included; none when there never was one.
    pub(crate) instantiation: Option<Duration>,
    /// Time on a plugin thread, instantiation included, waiting excluded.
    pub(crate) guest: Duration,
    /// Bytes of all memories and tables at their largest.
    pub(crate) memory: usize,
    /// Bytes of what the plugin returned, as the host holds them.
    pub(crate) output: usize,
}

/// The metrics of one plugin, for each way in which a call ends. Looked up once: a call costs a few
/// atomic additions.
#[derive(Debug)]
pub(crate) struct Meters {
    plugin: Arc<str>,
    by_outcome: [OnceLock<Meter>; 1 + Reason::COUNT],
}

struct Meter {
    calls: Counter,
    total: Histogram,
    instantiation: Histogram,
    guest: Histogram,
    memory: Histogram,
    output: Histogram,
}

impl Meters {
    pub(crate) fn new(plugin: Arc<str>) -> Self {
        Self { plugin, by_outcome: Default::default() }
    }

    /// Counts a call that ended with this reason; none: it ended well. `total` is the time from the
    /// request to the checked answer, waiting included.
    pub(crate) fn record(&self, outcome: Option<Reason>, total: Duration, usage: &Usage) {
        let place = outcome.map_or(0, |reason| 1 + reason as usize);
        let meter = self.by_outcome[place]
            .get_or_init(|| Meter::new(&self.plugin, outcome.map_or("ok", Reason::as_str)));
        meter.calls.increment(1);
        meter.total.record(total);
        // A call that was turned away used up nothing: its zeros would bend every other figure.
        if let Some(instantiation) = usage.instantiation {
            meter.instantiation.record(instantiation);
            meter.guest.record(usage.guest);
            meter.memory.record(usage.memory as f64);
            meter.output.record(usage.output as f64);
        }
    }
}

impl Meter {
    fn new(plugin: &Arc<str>, outcome: &'static str) -> Self {
        let labels =
            vec![Label::new("plugin", plugin.to_string()), Label::from_static_parts("outcome", outcome)];
        Self {
            calls: counter!("grimoire_plugin_calls_total", labels.clone()),
            total: histogram!("grimoire_plugin_call_seconds", labels.clone()),
            instantiation: histogram!("grimoire_plugin_instantiation_seconds", labels.clone()),
            guest: histogram!("grimoire_plugin_guest_seconds", labels.clone()),
            memory: histogram!("grimoire_plugin_memory_bytes", labels.clone()),
            output: histogram!("grimoire_plugin_output_bytes", labels),
        }
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Meter").finish_non_exhaustive()
    }
}

/// Bytes of verdicts with all that they own.
pub(crate) fn bytes_of_verdicts(verdicts: &[Verdict]) -> usize {
    let reasons = verdicts.iter().flat_map(|verdict| &verdict.reasons);
    size_of_val(verdicts)
        + reasons.map(|reason| size_of_val(reason) + reason.signal.len() + reason.detail.len()).sum::<usize>()
}

/// Bytes of diagnostics with all that they own.
pub(crate) fn bytes_of_diagnostics(diagnostics: &[Diagnostic]) -> usize {
    let path = |location: &Option<Location>| location.as_ref().map_or(0, |location| location.path.len());
    let owned = |diagnostic: &Diagnostic| {
        let frames: usize = diagnostic
            .stack_trace
            .iter()
            .map(|frame| {
                let function = frame.function.as_ref().map_or(0, String::len);
                size_of_val(frame) + function + path(&frame.location) + frame.text.len()
            })
            .sum();
        diagnostic.tool.len()
            + diagnostic.error_type.len()
            + diagnostic.code.as_ref().map_or(0, String::len)
            + diagnostic.message.len()
            + diagnostic.test.as_ref().map_or(0, String::len)
            + path(&diagnostic.location)
            + frames
            + diagnostic.context.len()
    };
    size_of_val(diagnostics) + diagnostics.iter().map(owned).sum::<usize>()
}
