//! The filter of log lines.

use std::str::FromStr as _;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use super::setting::Definition;

/// Prefixes of the targets of Grimoire's own crates.
const OURS: [&str; 2] = ["grimoire", "security"];

/// The logged targets, each with its level.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFilter(pub(crate) Targets);

/// Parses a level, or levels and `target=level` pairs separated by commas. A level above `info` applies to
/// Grimoire's own crates only: libraries log tens of thousands of lines at `debug`, and must be named explicitly.
pub(super) fn read(_: &Definition, text: &str) -> Result<LogFilter, Vec<String>> {
    let mut targets = Targets::new().with_default(LevelFilter::OFF);
    let mut problems = Vec::new();
    let mut any = false;
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        any = true;
        let (target, word) = match part.split_once('=') {
            Some((target, word)) => (Some(target.trim()), word.trim()),
            None => (None, part),
        };
        match (level(word), target) {
            (None, _) => problems.push(format!(
                "{word:?} is no level: it must be error, warn, info, debug, trace or off, or filters such as \
                 info,grimoire_runtime=debug"
            )),
            (Some(_), Some(target)) if target.is_empty() || target.contains(['[', '{']) => {
                problems.push(format!("{part:?} names no target such as grimoire_runtime"));
            }
            (Some(level), Some(target)) => targets = targets.with_target(target, level),
            (Some(level), None) if level > LevelFilter::INFO => {
                targets = targets.with_default(LevelFilter::INFO);
                for target in OURS {
                    targets = targets.with_target(target, level);
                }
            }
            (Some(level), None) => targets = targets.with_default(level),
        }
    }
    if !any {
        problems.push("must name a level such as info".to_owned());
    }
    if problems.is_empty() { Ok(LogFilter(targets)) } else { Err(problems) }
}

/// A level by its name here or in other logging libraries, ignoring letter case.
fn level(word: &str) -> Option<LevelFilter> {
    match word.to_ascii_lowercase().as_str() {
        "warning" => Some(LevelFilter::WARN),
        "critical" | "fatal" => Some(LevelFilter::ERROR),
        // The library would also accept numbers and an empty text.
        "error" | "warn" | "info" | "debug" | "trace" | "off" => LevelFilter::from_str(word).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;
    use crate::config::settings::LOG_LEVEL;

    fn targets(text: &str) -> Targets {
        let LogFilter(targets) =
            read(&LOG_LEVEL.definition, text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        targets
    }

    #[test]
    fn levels_have_the_names_of_other_logging_libraries_too() {
        for (text, lowest) in [
            ("WARNING", Level::WARN),
            ("Warn", Level::WARN),
            ("critical", Level::ERROR),
            (" info ,", Level::INFO),
        ] {
            let targets = targets(text);
            assert!(targets.would_enable("grimoire_http", &lowest), "{text}");
            assert!(!targets.would_enable("grimoire_http", &Level::DEBUG), "{text}");
        }
        assert!(!targets("off").would_enable("grimoire", &Level::ERROR));
    }

    #[test]
    fn debug_is_that_of_our_own_crates() {
        let targets = targets("DEBUG");
        assert!(targets.would_enable("grimoire_http::router", &Level::DEBUG));
        assert!(targets.would_enable("security", &Level::DEBUG));
        assert!(targets.would_enable("hyper", &Level::INFO));
        assert!(!targets.would_enable("hyper", &Level::DEBUG));
        assert!(!targets.would_enable("grimoire", &Level::TRACE));
    }

    #[test]
    fn a_named_target_has_its_own_level() {
        let targets = targets("warn,hyper=debug,grimoire_http=off");
        assert!(targets.would_enable("hyper::proto", &Level::DEBUG));
        assert!(!targets.would_enable("grimoire_http", &Level::ERROR));
        assert!(!targets.would_enable("tantivy", &Level::INFO));
    }

    #[test]
    fn what_is_no_level_is_refused() {
        for text in ["verbose", "3", "", ",", "info,grimoire=loud", "=debug", "info,[request]=debug"] {
            assert!(read(&LOG_LEVEL.definition, text).is_err(), "{text:?}");
        }
    }
}
