//! Version solvers of the PubGrub family: sentences such as `Because every version of a depends on b …`,
//! of which the last one says that solving failed.
//!
//! A sentence begins with `Because`, `And because`, `So, because` or `Thus,` and continues in indented
//! lines; a number in parentheses may precede or follow it. The message is the whole explanation, or its
//! conclusion if the explanation is long.

use super::panel::{Draft, Reader, Seen};
use crate::{Diagnostic, Kind};

/// Maximum number of lines of an explanation.
const LINES: usize = 120;
/// Maximum length in bytes of an explanation that is reported in full.
const WHOLE: usize = 900;

/// Recognises explanations.
#[derive(Debug)]
pub struct Solving {
    tool: &'static str,
    /// The end of the conclusion.
    end: &'static str,
    /// Returns true if a sentence may be this tool's: solvers of several tools end alike.
    fits: fn(&str) -> bool,
    open: Option<(Draft, Vec<String>)>,
}

impl Solving {
    /// Recognises the explanations of a tool, up to its last sentence; `fits` decides which lines belong to one.
    pub fn new(tool: &'static str, end: &'static str, fits: fn(&str) -> bool) -> Self {
        Self { tool, end, fits, open: None }
    }

    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        let Some((mut draft, sentences)) = self.open.take() else { return };
        let Some(last) = sentences.last().filter(|last| last.ends_with(self.end)) else { return };
        if !sentences.iter().any(|sentence| (self.fits)(sentence)) {
            return;
        }
        let whole = sentences.iter().map(String::len).sum::<usize>() <= WHOLE;
        draft.found.message = if whole { sentences.join("\n") } else { last.clone() };
        "version-solving".clone_into(&mut draft.found.error_type);
        out.push(draft.done());
    }
}

/// Removes the number of a sentence.
fn numbered(start: &str) -> &str {
    let inner = start.strip_prefix('(').and_then(|rest| rest.split_once(") "));
    match inner {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => rest.trim_start(),
        _ => start,
    }
}

fn begins(sentence: &str) -> bool {
    ["Because ", "And because ", "So, because ", "So because ", "Thus, ", "And, because ", "So, "]
        .iter()
        .any(|word| sentence.starts_with(word))
}

impl Reader for Solving {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        let text = numbered(line.start);
        let begins = begins(text);
        if let Some((draft, sentences)) = &mut self.open {
            let goes_on = begins || line.indent > 0 || line.start.is_empty() || sentences.len() < 2;
            if draft.lines() >= LINES || !goes_on {
                self.close(out);
            } else if line.start.is_empty() {
                return;
            } else {
                draft.take(line);
                match sentences.last_mut() {
                    Some(last) if !begins && (last.len() < 8 * WHOLE || text.ends_with(self.end)) => {
                        last.push(' ');
                        last.push_str(text);
                    }
                    Some(_) if !begins => {}
                    _ => sentences.push(text.to_owned()),
                }
                if line.start.ends_with(self.end) {
                    self.close(out);
                }
                return;
            }
        }
        if begins && text.starts_with(['B', 'S']) {
            self.open = Some((Draft::new(self.tool, Kind::Dependency, line), vec![text.to_owned()]));
            if line.start.ends_with(self.end) {
                self.close(out);
            }
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|(draft, _)| draft.since())
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
    }
}
