//! Ansible: failures of tasks, and reasons why a playbook cannot be read.
//!
//! ```text
//! TASK [till : Install the package] ****
//! task path: /src/roles/till/tasks/main.yml:3
//! fatal: [web-2]: FAILED! => {"changed": false, "msg": "No package matching 'till-server' is available"}
//! failed: [web-2] (item=till) => {"msg": "…"}
//! fatal: [web-2]: UNREACHABLE! => {"msg": "Failed to connect to the host via ssh: …"}
//! ```
//!
//! The result may be JSON on one line or several, YAML below the line, or sections (`MSG:`) of the debug callback.
//! Failures that are ignored (`...ignoring`) or rescued, as shown in the recap, are not errors.
//!
//! ```text
//! ERROR! couldn't resolve module/action 'till'. This often indicates a misspelling, …
//!
//! The error appears to be in '/src/site.yml': line 12, column 7, but may
//!
//! [ERROR]: Task failed: Module failed: non-zero return code
//! Origin: /src/site.yml:6:7
//! ```

use crate::{
    ansible_message::Message,
    ansible_result::{self, Outcome},
    sink::{Recogniser, Sink},
    text::Text,
};
use grimoire_plugin_sdk::{
    Diagnostic, Location,
    text::{Beginnings, Needle, leading_number, place_at_start},
};

/// Maximum number of failures held until the recap.
const HELD: usize = 200;
/// Maximum length of one result, in bytes.
const RESULT: usize = 256 * 1024;
/// Minimum width of a terminal that breaks lines.
const WRAPPED: usize = 79;
/// Maximum number of lines of one result or error.
const LINES: usize = 400;

/// Reads the output of `ansible-playbook`.
#[derive(Debug, Default)]
pub(crate) struct Ansible {
    task: String,
    task_place: Option<Location>,
    open: Option<Open>,
    /// Failures by host: the recap may say that they were rescued.
    held: Vec<(String, Diagnostic)>,
    /// The number of held failures that belong to the current task.
    of_task: usize,
    in_recap: bool,
    /// The log is Ansible's.
    seen: bool,
    /// The exception of a module, for the result that follows.
    thrown: Option<String>,
}

/// The item being read.
#[derive(Debug)]
enum Open {
    Result(Outcome, Shape),
    Error(Message),
}

/// The format of the rest of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Json,
    /// JSON that a terminal of this width broke into lines.
    Wrapped(usize),
    Yaml,
    /// Complete, but sections may follow.
    Done,
    Section,
}

impl Recogniser for Ansible {
    fn line(&mut self, line: &Text<'_>, sink: &mut Sink) {
        if let Some(open) = &mut self.open {
            let taken = match open {
                Open::Result(outcome, shape) => take(outcome, shape, line),
                Open::Error(message) => message.line(line),
            };
            if taken {
                return;
            }
            self.close(line.text.starts_with("fatal: ["), sink);
        }
        self.begin(line, sink);
    }

    fn finish(&mut self, sink: &mut Sink) {
        self.close(false, sink);
        self.release(sink);
    }

    fn since(&self) -> Option<u64> {
        self.open.as_ref().map(|open| match open {
            Open::Result(outcome, _) => outcome.span.start,
            Open::Error(message) => message.span.start,
        })
    }

    fn is_open(&self) -> bool {
        self.open.is_some() || self.in_recap
    }
}

impl Ansible {
    fn begin(&mut self, line: &Text<'_>, sink: &mut Sink) {
        static STARTS: Beginnings = Beginnings::new(&[
            "TASK [",
            "RUNNING HANDLER [",
            "task path: ",
            "fatal: [",
            "failed: [",
            "...ignoring",
            "PLAY RECAP",
            "ERROR! ",
            "PLAY [",
            "An exception occurred during task execution",
            "The error was: ",
            "TASK: [",
        ]);
        let text = line.text;
        if self.in_recap {
            match recap(text) {
                Some((host, good)) => {
                    if good {
                        self.held.retain(|(failed, _)| failed != host);
                    }
                }
                None => {
                    self.in_recap = false;
                    self.release(sink);
                }
            }
        }
        if let Some(message) = line.line.trim_start().strip_prefix("[ERROR]: ") {
            self.open = Some(Open::Error(Message::new(message, line)));
            return;
        }
        let start = STARTS.position(text);
        self.seen |= matches!(start, Some(0..=2 | 6 | 8 | 11));
        match start {
            Some(0 | 1 | 11) => {
                text.trim_end_matches(['*', ' ']).clone_into(&mut self.task);
                self.task_place = None;
                self.of_task = 0;
            }
            Some(2) => {
                let place = text["task path: ".len()..].trim();
                self.task_place = place_at_start(place).map(|place| place.location());
            }
            Some(3 | 4) => self.result(line),
            Some(5) => {
                self.held.truncate(self.held.len().saturating_sub(self.of_task));
                self.of_task = 0;
            }
            Some(6) => self.in_recap = true,
            Some(7) => {
                self.open = Some(Open::Error(Message::new(&text["ERROR! ".len()..], line)));
            }
            Some(8) => self.task.clear(),
            Some(9 | 10) => {
                let thrown = text.split_once("The error was: ").map(|(_, thrown)| thrown.trim());
                self.thrown = thrown.filter(|thrown| *thrown != "NoneType: None").map(str::to_owned);
            }
            None => self.ad_hoc(line),
            _ => {}
        }
    }

    /// `fatal: [host]: FAILED! => {…}`, `failed: [host] (item=x) => {…}`.
    fn result(&mut self, line: &Text<'_>) {
        let Some((head, body)) = line.text.split_once(" => ") else {
            // The YAML callback may have nothing to print.
            if let Some(head) = line.text.strip_suffix(" =>") {
                self.open_result(head, "", line);
            }
            return;
        };
        self.open_result(head, body, line);
    }

    /// `web-1 | FAILED! => {…}`, `web-1 | UNREACHABLE! => {…}` of a command without a playbook.
    fn ad_hoc(&mut self, line: &Text<'_>) {
        static SIGNS: [Needle; 2] = [Needle::new(" | FAILED! => "), Needle::new(" | UNREACHABLE! => ")];
        for sign in &SIGNS {
            if let Some((host, body)) = sign.split_among(line.characters, line.line)
                && !host.trim().contains(' ')
            {
                let head = format!("fatal: [{}]:{}", host.trim(), sign.text());
                self.open_result(&head, body, line);
                return;
            }
        }
    }

    fn open_result(&mut self, head: &str, body: &str, line: &Text<'_>) {
        let Some((host, rest)) = head.split_once('[').and_then(|(_, rest)| rest.split_once(']')) else {
            return;
        };
        let is_unreachable = rest.contains("UNREACHABLE!");
        // The first versions say no more than the host.
        let is_old = rest.trim().is_empty();
        if !is_unreachable && !rest.contains("FAILED!") && !head.starts_with("failed: [") && !is_old {
            return;
        }
        let mut outcome = Outcome::new(host, is_unreachable, line);
        outcome.context.push(&self.task);
        outcome.context.push(line.text);
        let body = body.trim();
        // They print the item behind the arrow.
        let body = match body.strip_prefix("(item=").and_then(|rest| rest.split_once(") => ")) {
            Some((_, rest)) => rest.trim(),
            None => body,
        };
        let shape = if is_old && !body.starts_with('{') {
            outcome.said(body);
            Shape::Done
        } else if !body.starts_with('{') {
            outcome.yaml(body);
            Shape::Yaml
        } else if outcome.json(body) {
            Shape::Done
        } else if line.line.len() >= WRAPPED && !line.line.ends_with(['{', ',', '}']) {
            outcome.raw.push_str(body);
            Shape::Wrapped(line.line.len())
        } else if body.len() > 1 && !line.line.ends_with(['{', ',']) {
            // Truncated: a result that continues ends its line in this way.
            outcome.words(body);
            Shape::Done
        } else {
            outcome.raw.push_str(body);
            Shape::Json
        };
        self.open = Some(Open::Result(outcome, shape));
    }

    fn close(&mut self, goes_on: bool, sink: &mut Sink) {
        match self.open.take() {
            Some(Open::Result(outcome, _)) => {
                let host = outcome.host.clone();
                let items = self.of_task > 0 && outcome.is_of_items();
                let thrown = self.thrown.take();
                let place = self.task_place.clone();
                let Some(diagnostic) = outcome.finish(place, thrown.as_deref()) else { return };
                sink.cover(diagnostic.span);
                if items {
                    return;
                }
                if self.held.len() == HELD {
                    let (_, oldest) = self.held.remove(0);
                    sink.beside(oldest);
                    self.of_task = self.of_task.min(HELD - 1);
                }
                self.held.push((host, diagnostic));
                self.of_task += 1;
            }
            Some(Open::Error(message)) => {
                if goes_on && message.is_of_task() {
                    // The result that follows says the same in full.
                    self.task_place = message.location.or(self.task_place.take());
                    sink.cover(message.span);
                } else if let Some(diagnostic) = message.finish(self.seen) {
                    sink.block(diagnostic);
                }
            }
            None => {}
        }
    }

    fn release(&mut self, sink: &mut Sink) {
        self.of_task = 0;
        for (_, diagnostic) in self.held.drain(..) {
            sink.beside(diagnostic);
        }
    }
}

/// Reads a line of a result; returns false if it does not belong to it.
fn take(outcome: &mut Outcome, shape: &mut Shape, line: &Text<'_>) -> bool {
    if outcome.context.lines() > LINES || outcome.raw.len() > RESULT {
        return false;
    }
    let (raw, text) = (line.line, line.line.trim());
    match *shape {
        Shape::Json => {
            outcome.raw.push('\n');
            outcome.raw.push_str(raw);
            if text == "}" && raw.len() - raw.trim_start().len() <= outcome.indent {
                let body = std::mem::take(&mut outcome.raw);
                if !outcome.json(&body) {
                    outcome.words(&body);
                }
                *shape = Shape::Done;
            } else if text.starts_with("TASK [") || text.starts_with("PLAY ") || text.starts_with("fatal: ") {
                let body = std::mem::take(&mut outcome.raw);
                outcome.words(&body);
                return false;
            }
        }
        Shape::Wrapped(width) => {
            // Nothing but the last line is shorter; a line that was only cut off has none of its width below it.
            let goes_on =
                raw.len() <= width + 1 && raw.starts_with(|c: char| c != ' ') && !ends_section(text);
            if !goes_on {
                let body = std::mem::take(&mut outcome.raw);
                outcome.words(&body);
                *shape = Shape::Done;
                return take(outcome, shape, line);
            }
            outcome.raw.push_str(raw);
            // A blank at its end was lost.
            let is_full = raw.len() + 1 >= width;
            if raw.len() + 1 == width {
                outcome.raw.push(' ');
            }
            if !is_full {
                let body = std::mem::take(&mut outcome.raw);
                if !outcome.json(&body) {
                    outcome.words(&body);
                }
                *shape = Shape::Done;
            }
        }
        Shape::Yaml => {
            if text.is_empty() || !raw.starts_with(' ') {
                *shape = Shape::Done;
                return take(outcome, shape, line);
            }
            outcome.yaml(raw);
        }
        Shape::Done | Shape::Section => {
            if let Some(section) = ansible_result::section(text) {
                outcome.begin_section(section);
                *shape = Shape::Section;
            } else if let Some((field, said)) = ansible_result::field(raw) {
                outcome.begin_section(field);
                outcome.in_section(said);
                *shape = Shape::Section;
            } else if *shape == Shape::Section && !ends_section(text) {
                outcome.in_section(raw);
            } else if text.is_empty() && *shape == Shape::Done && !outcome.is_blank {
                outcome.is_blank = true;
                return true;
            } else {
                return false;
            }
        }
    }
    if !text.is_empty() {
        outcome.context.push(raw);
        outcome.span = outcome.span.to(line.span);
    }
    true
}

fn ends_section(text: &str) -> bool {
    static ENDS: Beginnings = Beginnings::new(&[
        "TASK [",
        "TASK: [",
        "FATAL: all hosts have already failed",
        "PLAY ",
        "RUNNING HANDLER",
        "fatal: [",
        "failed: [",
        "ok: [",
        "changed: [",
        "skipping: [",
        "...ignoring",
        "##[",
        "NO MORE HOSTS",
        "\tto retry",
    ]);
    ENDS.begin(text)
}

/// `web-1 : ok=4 changed=0 unreachable=0 failed=0 …`: the host, and whether it succeeded.
fn recap(text: &str) -> Option<(&str, bool)> {
    static DIVIDER: Needle = Needle::new(" : ok=");
    let (host, counts) = match DIVIDER.split(text) {
        Some(parts) => parts,
        None => text.split_once(": ok=").or_else(|| text.split_once(" ok="))?,
    };
    let count = |name: &str| {
        counts
            .split_once(name)
            .and_then(|(_, rest)| leading_number(rest.trim_start_matches(['=', ' '])))
            .map(|(number, _)| number)
    };
    let good = count("failed=") == Some(0) && count("unreachable=").unwrap_or(0) == 0;
    Some((host.trim(), good))
}
