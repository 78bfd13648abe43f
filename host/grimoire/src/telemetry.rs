//! Log lines: text for people, JSON for machines.

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};

/// Sends log lines to standard error from now on. Does nothing if a subscriber is already installed.
pub(crate) fn start(config: &Config) {
    let terminal = std::io::stderr().is_terminal();
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    };
    let registry = tracing_subscriber::registry().with(config.log_filter.0.clone());
    // A second call (a test that starts two servers) finds a subscriber, which is kept.
    let _ = if json {
        registry.with(json_layer(std::io::stderr)).try_init()
    } else {
        let layer = tracing_subscriber::fmt::layer().with_ansi(terminal).with_writer(std::io::stderr);
        registry.with(layer).try_init()
    };
}

/// One JSON object for each event: its time, level, fields and target, and under `spans` the fields and the name of
/// every enclosing span, the outermost first.
fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(writer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Operators' dashboards and alerts read these names.
    #[test]
    fn a_line_has_time_level_fields_target_and_spans() {
        let lines = Lines::default();
        let sink = lines.clone();
        let layer = json_layer(move || sink.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info_span!("one", job = 7).in_scope(|| {
                tracing::info_span!("two").in_scope(|| {
                    tracing::warn!(target: "security", count = 3, path = %"a\\b\t\"c\"", "two\nlines of {}", "é");
                });
            });
        });
        let written = lines.0.lock().unwrap().clone();
        assert_eq!(written.iter().position(|byte| *byte == b'\n'), Some(written.len() - 1), "one line");
        let mut line: Value = serde_json::from_slice(&written).unwrap();
        let time = line["timestamp"].take();
        assert!(time.as_str().unwrap().parse::<grimoire_domain::Timestamp>().is_ok(), "{time}");
        let expected = json!({
            "timestamp": null, "level": "WARN", "message": "two\nlines of é", "count": 3,
            "path": "a\\b\t\"c\"", "target": "security",
            "spans": [{ "name": "one", "job": 7 }, { "name": "two" }],
        });
        assert_eq!(line, expected);
    }
}
