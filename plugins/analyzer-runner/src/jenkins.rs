//! Jenkins: agents, steps, the sandbox, and scripts that do not compile.
//!
//! ```text
//! ERROR: script returned exit code 1
//! java.lang.NoSuchMethodError: No such DSL method 'tilll' found among steps [archive, bat, …]
//! WorkflowScript: 12: Expected a step @ line 12, column 5.
//! Cannot contact agent-7: java.lang.InterruptedException
//! Scripts not permitted to use method java.lang.String execute. …
//! ```

use crate::text::Text;
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location,
    text::{Needle, leading_number},
};

const fn row(error_type: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("jenkins", error_type, kind, start)
}

use Kind::{Compile, Configuration, Infrastructure, Permission, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    row("exit", Kind::Unknown, "script returned exit code ").summary(),
    row("exit", Kind::Unknown, "Build step '").with("' marked build as failure").summary(),
    row("exit", Kind::Unknown, "Finished: FAILURE").summary(),
    row("canceled", Infrastructure, "Finished: ABORTED").summary(),
    row("canceled", Infrastructure, "Aborted by "),
    row("timeout", Timeout, "Cancelling nested steps due to timeout"),
    row("timeout", Timeout, "Timeout has been exceeded"),
    row("timeout", Timeout, "Build timed out (after "),
    row("agent-lost", Infrastructure, "Cannot contact "),
    row("agent-lost", Infrastructure, "hudson.remoting.ChannelClosedException: "),
    row("agent-lost", Infrastructure, "java.io.IOException: Unexpected termination of the channel"),
    row("agent-lost", Infrastructure, "java.nio.channels.ClosedChannelException"),
    row("agent-lost", Infrastructure, "hudson.remoting.RequestAbortedException: "),
    row("agent-lost", Infrastructure, "Agent was removed"),
    row("agent-lost", Infrastructure, "process apparently never started in "),
    row("agent-lost", Infrastructure, "wrapper script does not seem to be touching the log file"),
    row("no-agent", Configuration, "There are no nodes with the label "),
    row("no-agent", Configuration, "There is no node with the label "),
    row("credentials", Configuration, "Could not find credentials entry with ID '"),
    row("credentials", Configuration, "CredentialId \"").with("could not be found"),
    row("sandbox", Permission, "Scripts not permitted to use "),
    row("sandbox", Permission, "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: "),
    row("sandbox", Permission, "script not yet approved for use"),
    row("library", Configuration, "Library ")
        .with(" expected to contain at least one of src or vars directories"),
    row("library", Configuration, "No version specified for library "),
    row("library", Configuration, "Loading libraries failed").summary(),
    row("checkout", Configuration, "Couldn't find any revision to build"),
    row("checkout", Configuration, "Unable to find Jenkinsfile from "),
    row("checkout", Kind::Network, "Error fetching remote repo '").summary(),
    row("checkout", Kind::Network, "Error cloning remote repo '").summary(),
    row("checkout", Kind::Network, "Maximum checkout retry attempts reached, aborting").summary(),
    row("report", Configuration, "No test report files were found. Configuration error?"),
    row("report", Configuration, "Step ‘").with("’ failed: "),
    row("report", Configuration, "No artifacts found that match the file pattern "),
    row("step", Configuration, "Required context class "),
    row("step", Configuration, "Failed to run image '").said_to_be_an_error(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    script(line).or_else(|| method(line)).or_else(|| binding(line))
}

/// `WorkflowScript: 12: Expected a step @ line 12, column 5.`
fn script(line: &Text<'_>) -> Option<Diagnostic> {
    static PLACE: Needle = Needle::new(" @ line ");
    let rest =
        line.bare.strip_prefix("WorkflowScript: ").or_else(|| line.bare.strip_prefix("Jenkinsfile: "))?;
    let (number, rest) = leading_number(rest)?;
    let rest = rest.strip_prefix(": ")?;
    let (message, column) = match PLACE.split(rest) {
        Some((message, place)) => {
            let column = place
                .split_once("column ")
                .and_then(|(_, column)| leading_number(column))
                .map(|(column, _)| column);
            (message, column)
        }
        None => (rest, None),
    };
    Some(Diagnostic {
        location: Some(Location::at("Jenkinsfile", number, column)),
        ..line.found("jenkins", "script", Compile, message)
    })
}

/// `No such DSL method 'tilll' found among steps […]`, without the hundreds of names.
fn method(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("No such DSL method '");
    let at = SIGN.find_among(line.characters, line.bare)?;
    let message = line.bare[at..].split(" found among ").next()?;
    Some(line.found("jenkins", "no-such-method", Configuration, message))
}

/// `groovy.lang.MissingPropertyException: No such property: tilll for class: groovy.lang.Binding`.
fn binding(line: &Text<'_>) -> Option<Diagnostic> {
    let message = line.bare.strip_prefix("groovy.lang.MissingPropertyException: ")?;
    let known = message.contains("groovy.lang.Binding") || message.contains("WorkflowScript");
    known.then(|| line.found("jenkins", "MissingPropertyException", Configuration, message))
}
