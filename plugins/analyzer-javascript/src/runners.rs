//! Jasmine, Cucumber.js, Karma and AVA: one diagnostic per failed test.
//!
//! ```text
//! 1) basket adds                         Chrome Headless 120.0 (Linux x86_64) basket adds FAILED
//!   Message:                                 Expected 3 to be 4.
//!     Expected 3 to be 4.                          at UserContext.<anonymous> (src/basket.spec.ts:5:17)
//!   Stack:
//!         at … (/app/basket.spec.js:1:61)
//! ```

use grimoire_plugin_sdk::text::{Beginnings, Characters, Needle, leading_number, place_at_start, trim};
use grimoire_plugin_sdk::{Diagnostic, Frame, Kind, Location, Span};

use crate::found::{Excerpt, exception, failure, finding, frame, is_own, own_place, summary};

/// Maximum number of message lines.
const MESSAGE_LINES: usize = 4;
/// Frames kept.
const FRAMES: usize = 100;
/// Maximum number of remembered names of AVA's failed tests.
const NAMES: usize = 2_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `Message:` and `Stack:`.
    Jasmine,
    /// `Step: … - place`, `Step Definition: place`, `Message:`; or the steps, one of which is marked.
    Cucumber,
    /// Lines indented by a tab.
    Karma,
    /// A name, a location, values, frames.
    Ava,
}

struct Block {
    form: Form,
    name: String,
    message: Vec<String>,
    told: bool,
    place: Option<Location>,
    frames: Vec<Frame>,
    excerpt: Excerpt,
    span: Span,
}

/// Recognises the reports of these runners.
#[derive(Default)]
pub(crate) struct Runners {
    block: Option<Block>,
    /// True in Jasmine's list of failures.
    failures: bool,
    /// AVA's failed tests, whose blocks follow.
    names: Vec<String>,
}

impl Runners {
    /// Reads a line; returns true if it belongs to a failed test.
    pub(crate) fn line(
        &mut self,
        text: &str,
        among: Characters,
        span: Span,
        out: &mut Vec<Diagnostic>,
    ) -> bool {
        let trimmed = trim(text);
        match trimmed {
            "Failures:" if !text.starts_with(' ') => {
                self.failures = true;
                return false;
            }
            "Pending:" => {
                self.finish(out);
                return false;
            }
            _ => {}
        }
        if let Some((name, form)) = self.header(text, trimmed) {
            self.close(out);
            self.block = Some(Block {
                form,
                name,
                message: Vec::new(),
                told: false,
                place: None,
                frames: Vec::new(),
                excerpt: Excerpt::default(),
                span,
            });
            return true;
        }
        if let Some(block) = &mut self.block {
            if block.takes(text, trimmed) {
                block.line(text, trimmed, span);
                return true;
            }
            self.close(out);
        }
        if let Some(found) = karma(trimmed, among, span).or_else(|| cypress(trimmed, span)) {
            out.push(found);
            return true;
        }
        false
    }

    pub(crate) fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.failures = false;
        self.names.clear();
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        if let Some(block) = self.block.take() {
            out.extend(block.report());
        }
    }

    fn header(&mut self, text: &str, trimmed: &str) -> Option<(String, Form)> {
        if let Some(name) = trimmed.strip_prefix("✘ [fail]: ").or_else(|| trimmed.strip_prefix("✖ [fail]: "))
        {
            if self.names.len() < NAMES {
                self.names.push(name.to_owned());
            }
            return None;
        }
        if self.failures
            && !text.starts_with(' ')
            && let Some((_, rest)) = leading_number(text)
            && let Some(name) = rest.strip_prefix(") ")
        {
            if let Some(scenario) = name.strip_prefix("Scenario: ") {
                // `# features/pot.feature:3`, in older versions after a dash.
                let name = scenario.split(" # ").next().and_then(|name| name.split(" - features/").next());
                return Some((name.unwrap_or(scenario).trim().to_owned(), Form::Cucumber));
            }
            return Some((name.to_owned(), Form::Jasmine));
        }
        if let Some(name) = trimmed.strip_suffix(" FAILED")
            && let Some((browser, name)) = name.split_once(") ")
            && browser.contains(" (")
            && [
                "Chrome",
                "Firefox",
                "Safari",
                "Edge",
                "Electron",
                "HeadlessChrome",
                "PhantomJS",
                "jsdom",
                "WebKit",
                "Opera",
                "IE ",
            ]
            .iter()
            .any(|known| browser.starts_with(known))
        {
            return Some((name.to_owned(), Form::Karma));
        }
        // AVA's list may add the message to the name.
        let known = text.starts_with("  ") && !text.starts_with("   ") && !self.names.is_empty();
        let name = known.then(|| {
            self.names.iter().position(|name| name == trimmed || name.starts_with(&format!("{trimmed} ")))
        })??;
        self.names.remove(name);
        Some((trimmed.to_owned(), Form::Ava))
    }
}

/// Cypress's errors before the first test.
fn cypress(text: &str, span: Span) -> Option<Diagnostic> {
    static STARTS: Beginnings = Beginnings::new(&[
        "Cypress failed to verify that your server is running",
        "Cypress failed to start",
        "Can't run because no spec files were found",
        "The cypress npm package is installed, but the Cypress binary is missing",
        "No version of Cypress is installed in: ",
        "Your system is missing the dependency: Xvfb",
        "The Cypress App could not be downloaded",
        "Cypress verification timed out",
        "The browser never connected. Something is wrong.",
    ]);
    let kind = match STARTS.position(text)? {
        0..=2 => Kind::Configuration,
        3..=5 => Kind::Dependency,
        6 => Kind::Network,
        _ => Kind::Timeout,
    };
    Some(failure("cypress", "start", kind, text, span))
}

/// Karma's errors outside of tests.
fn karma(text: &str, among: Characters, span: Span) -> Option<Diagnostic> {
    static SIGNS: [Needle; 4] = [
        Needle::new("Disconnected"),
        Needle::new("No binary for "),
        Needle::new("[launcher]: Cannot start "),
        Needle::new("Executed "),
    ];
    if !SIGNS.iter().any(|sign| sign.find_among(among, text).is_some()) {
        return None;
    }
    if text.contains("Disconnected") && text.contains("because no message in ") {
        let message = text.find("Disconnected").map_or(text, |at| &text[at..]);
        return Some(failure("karma", "disconnected", Kind::Timeout, message, span));
    }
    if text.starts_with("No binary for ") && text.contains(" browser on your platform") {
        return Some(failure("karma", "browser", Kind::Configuration, text, span));
    }
    if text.contains("[launcher]: Cannot start ") {
        return Some(failure("karma", "browser", Kind::Configuration, text, span));
    }
    let counts = text.contains("Executed ") && text.contains(" FAILED)") && text.contains(" of ");
    counts.then(|| summary("karma", Kind::Test, text, span))
}

impl Block {
    fn takes(&self, text: &str, trimmed: &str) -> bool {
        match self.form {
            Form::Jasmine | Form::Cucumber | Form::Ava => {
                trimmed.is_empty() || text.starts_with("  ") && trimmed != "─"
            }
            Form::Karma => {
                text.starts_with('\t')
                    || text.starts_with("    ")
                    || trimmed.is_empty() && self.message.is_empty()
            }
        }
    }

    fn line(&mut self, text: &str, trimmed: &str, span: Span) {
        self.excerpt.push(text);
        if trimmed.is_empty() {
            return;
        }
        self.span = self.span.to(span);
        let place = trimmed.strip_prefix("› ").and_then(|rest| frame(&format!("at {rest}")));
        if let Some(frame) = place.or_else(|| frame(trimmed)) {
            self.told |= self.form != Form::Ava;
            if self.frames.len() < FRAMES {
                self.frames.push(frame);
            }
            return;
        }
        if matches!(trimmed, "Message:" | "Stack:") {
            self.told = trimmed == "Stack:";
            return;
        }
        if self.form == Form::Cucumber && self.step(trimmed) {
            return;
        }
        if self.form == Form::Ava {
            if self.place.is_none()
                && let Some(place) = place_at_start(trimmed).filter(|place| place.rest.is_empty())
            {
                self.place = Some(place.location());
                return;
            }
            let is_source = leading_number(trimmed).is_some_and(|(_, rest)| rest.starts_with(": "));
            if is_source || matches!(trimmed, "Error thrown in test:" | "}") {
                return;
            }
            // `TypeError {` shows the object, `TypeError: …` has the message.
            if trimmed.ends_with('{') || trimmed.starts_with("message:") {
                return;
            }
        }
        if !self.told && self.message.len() < MESSAGE_LINES && !trimmed.starts_with("at ") {
            self.message.push(trimmed.to_owned());
        }
    }

    /// One of Cucumber's steps: the failed one has the location.
    fn step(&mut self, text: &str) -> bool {
        let failed = text.strip_prefix("✖ ").or_else(|| text.strip_prefix("× "));
        let named = ["Step Definition: ", "Step: "].iter().find_map(|name| text.strip_prefix(name));
        if let Some(step) = failed.or(named) {
            let place =
                step.rsplit(' ').next().and_then(place_at_start).filter(|place| place.rest.is_empty());
            if let Some(place) = place {
                self.place = Some(place.location());
            }
            return true;
        }
        ["✔ ", "✓ ", "- ", "? "].iter().any(|mark| text.starts_with(mark)) && self.message.is_empty()
    }

    fn report(mut self) -> Option<Diagnostic> {
        let first = self.message.first()?;
        let kind = exception(first).map_or("assertion", |(kind, _)| kind).to_owned();
        let tool = match self.form {
            Form::Jasmine => "jasmine",
            Form::Cucumber => "cucumber",
            Form::Karma => "karma",
            Form::Ava => "ava",
        };
        // The definition of a step is less specific than the location of the failure.
        if self.form == Form::Cucumber
            && let Some(place) = own_place(&self.frames)
        {
            self.place = Some(place);
        }
        let location =
            self.place.take().filter(|place| is_own(&place.path)).or_else(|| own_place(&self.frames));
        let mut found = finding(tool, &kind, &self.message.join("\n"), location, self.span);
        found.code = None;
        found.kind = Kind::Test;
        found.test = Some(self.name);
        found.stack_trace = self.frames;
        found.context = self.excerpt.take();
        Some(found)
    }
}
