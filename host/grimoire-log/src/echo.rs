//! Tells the echo of a step's script and environment from its output.

use crate::Marker;
use memchr::memmem;

/// The runner prints a step's script in bold cyan, and nothing else so.
const SCRIPT_COLOUR: &[u8] = b"\x1b[36;1m";
/// No step's echo is longer: a log whose `##[endgroup]` was lost must not count as echo to its end.
const LONGEST_ECHO: u32 = 10_000;

/// Follows the groups of a log.
#[derive(Debug, Default)]
pub(super) struct Echo {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Output,
    /// After `##[group]Run TITLE`: the runner's own, or one that a script opened. The next line tells.
    Header {
        title: String,
    },
    Inside {
        lines: u32,
    },
}

impl Echo {
    /// Takes the next line: whether it is echo, and whether it shows that the header before it was the
    /// runner's and a step has begun.
    pub(super) fn line(&mut self, raw: &[u8], marker: Option<Marker>, text: &str) -> (bool, bool) {
        match marker {
            Some(Marker::Group) => {
                self.state = match text.strip_prefix("Run ") {
                    Some(title) => State::Header { title: title.trim().to_owned() },
                    None => State::Output,
                };
                return (true, false);
            }
            Some(Marker::EndGroup) => {
                self.state = State::Output;
                return (true, false);
            }
            _ => {}
        }
        match &mut self.state {
            State::Output => (marker == Some(Marker::Command), false),
            State::Header { title } => {
                let echo = memmem::find(raw, SCRIPT_COLOUR).is_some()
                    || matches!(text, "with:" | "env:")
                    || text.starts_with("shell: ")
                    || (!title.is_empty() && text.trim() == title);
                self.state = if echo { State::Inside { lines: 1 } } else { State::Output };
                (echo, echo)
            }
            State::Inside { lines } => {
                *lines += 1;
                if *lines > LONGEST_ECHO {
                    self.state = State::Output;
                }
                (true, false)
            }
        }
    }
}
