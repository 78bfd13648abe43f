//! What Azure Pipelines' agent reports at its debug level: the commands that a task gave it.
//!
//! ```text
//! ##[debug]Processed: ##vso[task.issue type=error;]till.go:52: no till%0Atill.go:60: giving up%0A
//! ##[debug]Processed: ##vso[task.complete result=Failed;]no till
//! ```
//!
//! An issue is usually printed as an error, too, and a task's output says more: these lines are summaries.

use crate::text::Text;
use grimoire_plugin_sdk::{Diagnostic, Kind, Role};

/// Maximum number of lines of a message.
const LINES: usize = 12;

/// Reads one line at the debug level.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    let command = line.whole.strip_prefix("Processed: ##vso[")?;
    let (command, message) = command.split_once(']')?;
    let fields = command.strip_prefix("task.issue ").or_else(|| command.strip_prefix("task.complete "))?;
    let failed = fields.split(';').any(|field| {
        let (name, value) = field.split_once('=').unwrap_or_default();
        name == "type" && value.eq_ignore_ascii_case("error")
            || name == "result" && value.eq_ignore_ascii_case("failed")
    });
    let message = decoded(message);
    let words: Vec<&str> =
        message.lines().map(str::trim_end).filter(|line| !line.is_empty()).take(LINES).collect();
    (failed && !words.is_empty()).then(|| Diagnostic {
        role: Role::Summary,
        ..line.found("azure-pipelines", "task", Kind::Unknown, &words.join("\n"))
    })
}

/// The text of a command's message, in which the agent escapes some characters.
fn decoded(message: &str) -> String {
    const ESCAPES: [(&str, &str); 6] =
        [("%0A", "\n"), ("%0D", ""), ("%3B", ";"), ("%5D", "]"), ("%AZP25", "%"), ("%25", "%")];
    ESCAPES.iter().fold(message.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}
