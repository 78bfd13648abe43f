//! Resource usage of calls, and its metrics.

use std::sync::OnceLock;
use std::time::Duration;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::Verdict;
use grimoire_domain::text;
use metrics::{Counter, Histogram, Label, counter, histogram};

/// The number of digits that stand for a digest in metrics, as in `grimoire plugin list`.
const DIGEST: usize = 12;

/// The resources used by one call (for analyzers: one scan).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Time of the instantiation, including the start function; none if there was no instance.
    pub(crate) instantiation: Option<Duration>,
    /// Time on a plugin thread, including instantiation, without waits.
    pub(crate) guest: Duration,
    /// Instructions, if they are counted.
    pub(crate) fuel: Option<u64>,
    /// Peak size of all memories and tables in bytes.
    pub(crate) memory: usize,
    /// Size of the plugin's output in the host's memory, in bytes.
    pub(crate) output: usize,
    /// Number of calls to the host.
    pub(crate) host_calls: u64,
}

/// The metrics of one version of a plugin, for each possible outcome of a call. Looked up once, so that a call
/// costs a few atomic additions.
#[derive(Debug)]
pub(crate) struct Meters {
    labels: Vec<Label>,
    by_outcome: [OnceLock<Meter>; 1 + FailureReason::ALL.len()],
}

struct Meter {
    calls: Counter,
    total: Histogram,
    instantiation: Histogram,
    guest: Histogram,
    memory: Histogram,
    output: Histogram,
    host_calls: Histogram,
}

impl Meters {
    /// The metrics of a running version.
    pub(crate) fn new(plugin: &str, digest: &str, world: &'static str) -> Self {
        let labels = vec![
            Label::new("plugin", plugin.to_owned()),
            Label::new("digest", text::cut(digest, DIGEST).to_owned()),
            Label::from_static_parts("world", world),
        ];
        Self { labels, by_outcome: Default::default() }
    }

    /// The metrics of all calls before activation together: there may be any number of candidates.
    pub(crate) fn on_trial() -> Self {
        let labels = vec![Label::from_static_parts("plugin", "on-trial")];
        Self { labels, by_outcome: Default::default() }
    }

    /// Records a call with its failure reason, or none for success. `total` is the time from the
    /// request to the validated answer, including waits.
    pub(crate) fn record(&self, outcome: Option<FailureReason>, total: Duration, usage: &Usage) {
        let place = outcome.map_or(0, |reason| 1 + reason as usize);
        let meter = self.by_outcome[place]
            .get_or_init(|| Meter::new(&self.labels, outcome.map_or("ok", FailureReason::as_str)));
        meter.calls.increment(1);
        meter.total.record(total);
        // A rejected call used nothing, and its zeros would distort the other figures.
        if let Some(instantiation) = usage.instantiation {
            meter.instantiation.record(instantiation);
            meter.guest.record(usage.guest);
            meter.memory.record(usage.memory as f64);
            meter.output.record(usage.output as f64);
            meter.host_calls.record(usage.host_calls as f64);
        }
    }
}

impl Meter {
    fn new(labels: &[Label], outcome: &'static str) -> Self {
        let mut labels = labels.to_vec();
        labels.push(Label::from_static_parts("outcome", outcome));
        Self {
            calls: counter!("grimoire_plugin_calls_total", labels.clone()),
            total: histogram!("grimoire_plugin_call_seconds", labels.clone()),
            instantiation: histogram!("grimoire_plugin_instantiation_seconds", labels.clone()),
            guest: histogram!("grimoire_plugin_guest_seconds", labels.clone()),
            memory: histogram!("grimoire_plugin_memory_bytes", labels.clone()),
            output: histogram!("grimoire_plugin_output_bytes", labels.clone()),
            host_calls: histogram!("grimoire_plugin_host_calls", labels),
        }
    }
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Meter").finish_non_exhaustive()
    }
}

/// Size of vectors in bytes, including owned data.
pub(crate) fn bytes_of_vectors(vectors: &[Vec<f32>]) -> usize {
    size_of_val(vectors) + vectors.iter().map(|vector| size_of_val(&vector[..])).sum::<usize>()
}

/// Size of verdicts in bytes, including owned data.
pub(crate) fn bytes_of_verdicts(verdicts: &[Verdict]) -> usize {
    let reasons = verdicts.iter().flat_map(|verdict| &verdict.reasons);
    size_of_val(verdicts)
        + reasons.map(|reason| size_of_val(reason) + reason.signal.len() + reason.detail.len()).sum::<usize>()
}
