//! Distinguishes the echo of a step's script and environment from its output.

use crate::Marker;
use memchr::memmem;

/// The runner prints a step's script in bold cyan, and nothing else in that colour.
const SCRIPT_COLOUR: &[u8] = b"\x1b[36;1m";
/// Maximum number of lines of a step's echo: a log that lost its `##[endgroup]` must not count as echo to the end.
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
    /// After `##[group]Run TITLE`, printed by the runner or by a script. The next line decides.
    Header {
        title: String,
    },
    Inside {
        lines: u32,
    },
}

impl Echo {
    /// Reads the next line. Returns whether the line is echo, and whether it shows that the previous
    /// header was the runner's, so that a step has begun.
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
