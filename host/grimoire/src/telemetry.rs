//! Log lines: text for people, JSON for machines.

mod fields;
mod line;

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Config, LogFormat};

/// Sends log lines to standard error from now on. Does nothing when something listens already.
pub(crate) fn start(config: &Config) {
    let terminal = std::io::stderr().is_terminal();
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    };
    let registry = tracing_subscriber::registry().with(filter(&config.log_level));
    // A second call finds a listener (a test that starts two servers): the first one stays.
    let _ = if json {
        let layer = json_layer(std::io::stderr);
        registry.with(layer).try_init()
    } else {
        let layer = tracing_subscriber::fmt::layer().with_ansi(terminal).with_writer(std::io::stderr);
        registry.with(layer).try_init()
    };
}

/// Which events and spans are logged. Where the setting asks for targets and levels only, as it nearly
/// always does, no span needs to be known: the full filter looks up every span when it is made, entered,
/// left and closed, under a lock that all threads share.
fn filter(setting: &str) -> Box<dyn Layer<Registry> + Send + Sync> {
    match targets(setting) {
        Some(targets) => targets.boxed(),
        None => EnvFilter::try_new(setting).unwrap_or_else(|_| EnvFilter::new("info")).boxed(),
    }
}

/// The setting as targets with their levels; absent where it asks for spans or fields, or cannot be read.
fn targets(setting: &str) -> Option<Targets> {
    let directives: Vec<&str> = setting.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if directives.is_empty() || setting.contains('[') {
        return None;
    }
    directives.join(",").parse().ok()
}

/// One JSON object for each line: the event's fields, and those of the spans that it happened in.
fn json_layer<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    tracing_subscriber::fmt::layer()
        .fmt_fields(fields::MembersOfSpans)
        .event_format(line::JsonLine)
        .with_writer(writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_and_levels_need_no_full_filter() {
        for (setting, same) in [
            ("info", "info"),
            (" warn , grimoire_http=debug,,", "warn,grimoire_http=debug"),
            ("grimoire=off,security", "grimoire=off,security=trace"),
        ] {
            assert_eq!(targets(setting), same.parse().ok(), "{setting}");
        }
    }

    #[test]
    fn what_asks_for_spans_or_fields_is_left_to_the_full_filter() {
        for setting in
            ["", ",", "info,[request]=debug", "[{delivery}]=trace", "grimoire[request{route=x}]=debug"]
        {
            assert_eq!(targets(setting), None, "{setting}");
        }
    }
}
