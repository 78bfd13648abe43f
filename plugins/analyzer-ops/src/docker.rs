//! Docker builds.
//!
//! BuildKit ends a failed build with the failed step, its output, its location and the reason:
//!
//! ```text
//! #11 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
//! ------
//!  > [builder 5/6] RUN make:
//! 2.044 pot.c: No such file or directory
//! ------
//! Dockerfile:18
//! --------------------
//!   18 | >>> RUN make
//! --------------------
//! ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2
//! ```
//!
//! The classic builder prints `The command '/bin/sh -c make' returned a non-zero code: 2`.
//!
//! A failed command is only a summary of what it printed: the diagnostic quotes the line that most likely explains
//! it, and is useful if no other recogniser knows the command's tool. All other reasons are Docker's own.

use crate::{
    kinds, output,
    sink::{Recogniser, Sink},
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{Needle, leading_number, place_at_start},
};
use std::collections::VecDeque;

/// Maximum number of lines kept of a step's output.
const OUTPUT: usize = 60;
/// Maximum length of such a line, in bytes.
const LINE: usize = 1024;

/// Reads the output of `docker build` and tools based on it.
#[derive(Debug, Default)]
pub(crate) struct Docker {
    state: State,
    /// The last failed step that was read.
    step: Step,
    /// `#11 ERROR: …`, in case no reason follows.
    unexplained: Option<Diagnostic>,
    /// The output of the running step, with the classic builder.
    output: VecDeque<String>,
    is_classic: bool,
    /// The running step, if it copies files from the context.
    copying: Option<(String, Span)>,
    /// The last reason reported: wrappers repeat it.
    reason: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Outside,
    /// After the line of dashes that may start a failed step.
    Header,
    /// After a lone location, which a line of dashes follows if it is the step's.
    Named,
    /// Inside its output.
    Output,
    /// After the output: the location and the source.
    Place,
}

/// A failed step.
#[derive(Debug, Default)]
struct Step {
    command: String,
    output: VecDeque<String>,
    location: Option<Location>,
}

static SOLVE: Needle = Needle::new("failed to solve");
static NOT_COMPLETE: Needle = Needle::new("did not complete successfully");
static RETURNED: Needle = Needle::new("' returned a non-zero code: ");

impl Recogniser for Docker {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if self.frame(line) {
            return;
        }
        if SOLVE.find_among(line.characters, line.text).is_some()
            && let Some(reason) = reason(line.text)
        {
            let step = std::mem::take(&mut self.step);
            self.unexplained = None;
            if self.reason == innermost(reason) {
                sink.cover(line.span);
                return;
            }
            innermost(reason).clone_into(&mut self.reason);
            sink.block(step.explain(reason, line));
            return;
        }
        if line.line.starts_with('#')
            && let Some(reason) = step_error(line.line)
        {
            self.unexplained = Some(Step::default().explain(reason, line));
            return;
        }
        self.classic(line, sink);
    }

    fn finish(&mut self, sink: &mut Sink) {
        if let Some(mut diagnostic) = self.unexplained.take() {
            diagnostic.location = diagnostic.location.or(self.step.location.take());
            if diagnostic.role == Role::Summary
                && let Some(line) = telling(&self.step.output)
            {
                line.clone_into(&mut diagnostic.message);
            }
            sink.block(diagnostic);
        }
    }

    fn is_open(&self) -> bool {
        self.state != State::Outside || self.is_classic
    }
}

impl Docker {
    /// Reads the failed step that BuildKit prints at the end; returns true if the line cannot be anything else.
    fn frame(&mut self, line: &Text<'_>) -> bool {
        let text = line.line.trim();
        if matches!(self.state, State::Outside | State::Header)
            && let Some(location) = lone_place(text)
        {
            // The beginning of the report was cut off.
            self.step = Step { location: Some(location), ..Step::default() };
            self.state = State::Named;
            return false;
        }
        if text == "------" {
            self.state = match self.state {
                State::Output => State::Place,
                _ => State::Header,
            };
            return true;
        }
        match self.state {
            State::Outside => {}
            State::Header => {
                self.state = State::Outside;
                if let Some(header) = text.strip_prefix("> [") {
                    self.step = Step { command: command(header).to_owned(), ..Step::default() };
                    self.state = State::Output;
                    return true;
                }
            }
            State::Named => {
                let is_place = text.len() > 8 && text.bytes().all(|byte| byte == b'-');
                if !is_place {
                    self.step.location = None;
                }
                self.state = if is_place { State::Place } else { State::Outside };
            }
            State::Output => keep(&mut self.step.output, line.text),
            State::Place => {
                if let Some(place) = place_at_start(text)
                    && place.rest.is_empty()
                    && self.step.location.is_none()
                {
                    self.step.location = Some(place.location());
                    return true;
                }
                let is_source = text.starts_with("-----")
                    || text.is_empty()
                    || leading_number(text).is_some_and(|(_, rest)| rest.trim_start().starts_with('|'));
                if !is_source {
                    self.state = State::Outside;
                }
            }
        }
        false
    }

    /// `Step 3/7 : RUN make` … `The command '/bin/sh -c make' returned a non-zero code: 2`.
    fn classic(&mut self, line: &Text<'_>, sink: &mut Sink) {
        let text = line.text;
        if text.starts_with("Step ") && text.contains(" : ") && text.contains('/') {
            self.is_classic = true;
            self.output.clear();
            let is_copy = text.split_once(" : ").is_some_and(|(_, step)| {
                ["COPY ", "ADD "].iter().any(|instruction| step.starts_with(instruction))
            });
            self.copying = is_copy.then(|| (text.to_owned(), line.span));
            return;
        }
        // Old versions say only what they did not find, in the context or in the image.
        let is_missing = || text.starts_with("lstat ") || text.starts_with("stat /var/lib/docker/");
        let is_progress = text.starts_with("--->") || text.starts_with("Removing intermediate");
        if let Some((step, span)) = self.copying.take_if(|_| !is_progress)
            && text.ends_with(": no such file or directory")
            && is_missing()
        {
            let mut diagnostic = line.found("docker", "build", Kind::Configuration, text);
            diagnostic.context = format!("{step}\n{text}");
            diagnostic.span = span.to(line.span);
            sink.block(diagnostic);
            return;
        }
        if let Some(at) = RETURNED.find_among(line.characters, text)
            && let Some(start) = text.find("The command '").filter(|&start| start < at)
        {
            let message = telling(&self.output).unwrap_or(&text[start..]).to_owned();
            let mut diagnostic = line.found("docker", "build", Kind::Configuration, &message);
            diagnostic.role = Role::Summary;
            sink.block(diagnostic);
            self.output.clear();
            self.is_classic = false;
            return;
        }
        if self.is_classic && !text.starts_with("--->") && !text.starts_with("Removing intermediate") {
            keep(&mut self.output, text);
        }
    }
}

/// `Dockerfile:18` and nothing else.
fn lone_place(text: &str) -> Option<Location> {
    if !text.ends_with(|last: char| last.is_ascii_digit()) || text.contains(' ') {
        return None;
    }
    let place = place_at_start(text)?;
    let name = place.path.rsplit(['/', '\\']).next().unwrap_or(place.path);
    let is_recipe = name.contains("ockerfile") || name.contains("ontainerfile");
    (is_recipe && place.rest.is_empty() && place.column.is_none()).then(|| place.location())
}

fn keep(output: &mut VecDeque<String>, text: &str) {
    if text.is_empty() {
        return;
    }
    if output.len() == OUTPUT {
        output.pop_front();
    }
    output.push_back(grimoire_plugin_sdk::text::cut(text, LINE).to_owned());
}

/// The line of a step's output that most likely explains why the step failed.
fn telling(lines: &VecDeque<String>) -> Option<&str> {
    output::telling(lines.iter().map(String::as_str))
}

/// The command in `builder 5/6] RUN make:`.
fn command(header: &str) -> &str {
    header.split_once("] ").map_or(header, |(_, command)| command).trim_end_matches(':')
}

/// The text after `failed to solve: `, if the line is BuildKit's or a wrapper's.
fn reason(text: &str) -> Option<&str> {
    let (before, rest) = SOLVE.split(text)?;
    let before = before.trim_end();
    // `target web: failed to solve: …` of bake and Compose.
    let good = before.is_empty() || before.ends_with(':') && before.len() < 200;
    let rest = rest.strip_prefix(" with frontend dockerfile.v0").unwrap_or(rest);
    let rest = rest.strip_prefix(" with frontend gateway.v0").unwrap_or(rest);
    let reason = rest.strip_prefix(": ")?.trim();
    (good && !reason.is_empty()).then_some(reason)
}

/// The text after `#11 ERROR: `.
fn step_error(text: &str) -> Option<&str> {
    let (_, rest) = leading_number(text.strip_prefix('#')?)?;
    let reason = rest.strip_prefix(" ERROR: ").or_else(|| {
        // A time may precede the word.
        let (clock, rest) = rest.trim_start().split_once(' ')?;
        clock.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then_some(())?;
        rest.strip_prefix("ERROR: ")
    })?;
    (!reason.trim().is_empty()).then(|| reason.trim())
}

/// The reason without the layers that wrap every reason.
fn innermost(reason: &str) -> &str {
    const LAYERS: [&str; 7] = [
        "failed to solve: ",
        "failed to solve with frontend dockerfile.v0: ",
        "rpc error: code = Unknown desc = ",
        "rpc error: code = Unavailable desc = ",
        "failed to create LLB definition: ",
        "failed to build LLB: ",
        "failed to read dockerfile: failed to load cache key: ",
    ];
    let mut reason = reason;
    while let Some(rest) = LAYERS.iter().find_map(|layer| reason.strip_prefix(layer)) {
        reason = rest;
    }
    reason
}

impl Step {
    fn explain(self, reason: &str, line: &Text<'_>) -> Diagnostic {
        let reason = innermost(reason);
        let mut location = self.location;
        if let Some(number) = parse_error(reason)
            && location.is_none()
        {
            location = Some(Location::at("Dockerfile", number, None));
        }
        let mut context = String::new();
        if !self.command.is_empty() {
            context = format!("{}\n", self.command);
        }
        for output in self.output.iter().rev().take(12).rev() {
            context.push_str(output);
            context.push('\n');
        }
        context.push_str(line.text);
        let failed_command = NOT_COMPLETE.is_in(reason) || reason.contains("executor failed running [");
        if failed_command {
            let message = telling(&self.output).unwrap_or(reason).to_owned();
            return Diagnostic {
                role: Role::Summary,
                location,
                context,
                ..line.found("docker", "build", Kind::Configuration, &message)
            };
        }
        let message = without_reference(reason);
        if reason.ends_with("context canceled") {
            return Diagnostic {
                role: Role::Consequence,
                location,
                context,
                ..line.found("docker", "canceled", Kind::Infrastructure, &message)
            };
        }
        let kind = kinds::of(&message, kind(&message));
        Diagnostic { location, context, ..line.found("docker", "build", kind, &message) }
    }
}

/// `failed to compute cache key: failed to calculate checksum of ref x::y: "/pot": not found` without the
/// reference, which means nothing to readers.
fn without_reference(reason: &str) -> String {
    static REFERENCE: Needle = Needle::new("failed to calculate checksum of ref ");
    if let Some((before, rest)) = REFERENCE.split(reason)
        && let Some((_, after)) = rest.split_once(": ")
    {
        return format!("{before}{after}");
    }
    reason.to_owned()
}

/// The line of `dockerfile parse error on line 3: …`, `dockerfile parse error line 3: …`.
fn parse_error(reason: &str) -> Option<u32> {
    let (_, rest) = reason.split_once("arse error ")?;
    let rest = rest.strip_prefix("on ").unwrap_or(rest).strip_prefix("line ")?;
    leading_number(rest).map(|(line, _)| line)
}

fn kind(message: &str) -> Kind {
    let image = ["source metadata", "pull access denied", "manifest", "docker.io/", "no match for platform"];
    if image.iter().any(|sign| message.contains(sign)) { Kind::Dependency } else { Kind::Configuration }
}
