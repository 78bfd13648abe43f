//! Finds what an operator describes in the plugin's configuration: no tool is known to it.
//!
//! | setting | meaning |
//! | --- | --- |
//! | `tool` | a list of tools, each with a name and expressions whose groups have names: `path`, `line`, `message`… |
//! | `problemMatcher` | problem matchers in the form of GitHub Actions, as `.github/problem-matcher.json` has them |
//!
//! Expressions have JavaScript's syntax and are matched in linear time, line by line. Without a configuration the
//! analyzer accepts nothing, so that it is never called.
#![deny(unsafe_code)]

mod expression;
mod fields;
mod literals;
mod matcher;
mod settings;
mod severity;

use grimoire_plugin_sdk::{Description, Diagnostic, Line, LineAnalyzer, LineScan, Marker, export_analyzer};
use matcher::Matcher;
use settings::Settings;

/// Most texts that the host looks for on behalf of one analyzer.
const MOST_PROBES: usize = 256;

/// The analyzer: see the crate's documentation.
#[derive(Default)]
pub struct Patterns {
    matchers: Vec<Matcher>,
    /// True after the output was interrupted by the runner's own lines.
    interrupted: bool,
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Patterns>;

export_analyzer!(Scan);

impl LineAnalyzer for Patterns {
    /// The time for a line grows with its length times the size of the expressions.
    const LINE_LIMIT: usize = 4 * 1024;

    fn describe(settings: Option<&str>) -> Description {
        let Some(settings) = settings.and_then(|settings| Settings::read(settings).ok()) else {
            return Description::default();
        };
        let mut tools: Vec<_> = settings.matchers.iter().map(|matcher| matcher.tool().to_owned()).collect();
        tools.sort();
        tools.dedup();
        let texts: Option<Vec<_>> = settings.matchers.iter().map(Matcher::probes).collect();
        // One matcher without fixed text needs every line.
        let mut probes: Vec<_> = texts.unwrap_or_default().into_iter().flatten().cloned().collect();
        probes.sort();
        probes.dedup();
        if probes.len() > MOST_PROBES {
            probes.clear();
        }
        let accepts = Self::ACCEPTS.iter().map(|&accepted| accepted.to_owned()).collect();
        Description { tools, accepts, probes }
    }

    fn configured(settings: &str) -> Result<Self, String> {
        Ok(Self { matchers: Settings::read(settings)?.matchers, interrupted: false })
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        if line.echoed {
            if !std::mem::replace(&mut self.interrupted, true) {
                self.matchers.iter_mut().for_each(Matcher::reset);
            }
            return;
        }
        self.interrupted = false;
        match line.marker {
            // The runner marks lines that a problem matcher of its own has found.
            None | Some(Marker::Error | Marker::Warning | Marker::Notice) if line.properties.is_empty() => {}
            _ => return,
        }
        for text in line.text.split('\n') {
            for matcher in &mut self.matchers {
                out.extend(matcher.line(text, line.span));
            }
        }
    }

    fn finish(&mut self, _: &mut Vec<Diagnostic>) {
        self.matchers.iter_mut().for_each(Matcher::reset);
    }
}
