//! Facts for operators about the calls of a plugin.

use std::collections::BTreeMap;

use grimoire_domain::Timestamp;

/// Facts about the plugins of one name, since the start of the process and across generations.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PluginEvidence {
    /// The number of calls by outcome: `ok`, or the word of a reason.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// What the calls of the last versions cost, by version and outcome.
    pub calls: Vec<PluginCalls>,
    /// The last lines of its log, oldest first: the word of the level, and the cleaned text.
    pub log: Vec<(&'static str, String)>,
    /// The last call that ended with a trap.
    pub last_trap: Option<PluginTrap>,
}

/// The calls of one version with one outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginCalls {
    /// The digest of the version.
    pub digest: String,
    /// Its world, such as `grimoire:matcher@0.1.0`.
    pub world: &'static str,
    /// `ok`, or the word of a reason.
    pub outcome: &'static str,
    /// The number of calls.
    pub calls: u64,
    /// Seconds from the request to the checked answer.
    pub seconds: Histogram,
    /// Seconds until there was an instance. This and what follows does not count calls that got none.
    pub instantiation: Histogram,
    /// Seconds of computing on a plugin thread.
    pub guest: Histogram,
    /// The largest size of all memories and tables of a call in bytes.
    pub memory: Histogram,
    /// The number of calls that the plugin made to the host.
    pub host_calls: Histogram,
    /// Bytes of the answer.
    pub output: Histogram,
}

/// Counts values in classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The sum of all values.
    pub sum: f64,
    /// The upper bound of each class, ascending and the last one infinite, and the number of its values: those up to
    /// its bound and above the bound before.
    pub classes: Vec<(f64, u64)>,
}

impl Histogram {
    /// Without values. A class without bound is added to those with these bounds.
    pub fn new(bounds: &[f64]) -> Self {
        let classes = bounds.iter().chain([&f64::INFINITY]).map(|bound| (*bound, 0)).collect();
        Self { sum: 0.0, classes }
    }

    /// Counts a value.
    pub fn record(&mut self, value: f64) {
        self.sum += value;
        if let Some((_, count)) = self.classes.iter_mut().find(|(bound, _)| value <= *bound) {
            *count += 1;
        }
    }

    /// The number of values.
    pub fn count(&self) -> u64 {
        self.classes.iter().map(|(_, count)| count).sum()
    }
}

/// A call that ended with a trap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginTrap {
    /// The time of the call.
    pub at: Timestamp,
    /// A description of the trap.
    pub detail: String,
    /// What the plugin itself said last: a panic with its place, the text of an exception. Cleaned and masked.
    pub last_words: Option<String>,
    /// The cleaned backtrace, innermost call first: names of functions, or their numbers if the component has no names.
    pub backtrace: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_in_the_first_class_that_has_room_for_them() {
        let mut histogram = Histogram::new(&[1.0, 10.0]);
        for value in [0.0, 1.0, 1.5, 1e9] {
            histogram.record(value);
        }
        assert_eq!(histogram.classes, [(1.0, 2), (10.0, 1), (f64::INFINITY, 1)]);
        assert_eq!((histogram.count(), histogram.sum), (4, 1e9 + 2.5));
    }
}
