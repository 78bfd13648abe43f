//! The reasons in Gradle's `* What went wrong:`.

use crate::{
    reason::{kind_of, kind_of_task, role_of},
    thrown::thrown,
};
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role, Span,
    text::{leading_number, place_at_start},
};

/// Maximum number of diagnostics of one block.
const REASONS: usize = 16;
/// Maximum number of lines of a reason that become its message.
const MESSAGE_LINES: usize = 24;

/// A line of the block.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Number of leading spaces in addition to those of the block.
    pub(crate) indent: usize,
    pub(crate) text: String,
}

/// A reason with the lines that belong to it.
struct Reason<'a> {
    depth: usize,
    text: &'a str,
    more: &'a [Line],
}

/// The failures in the block: one diagnostic for each innermost reason.
pub(crate) fn read(lines: &[Line], place: Option<&Location>) -> Vec<Diagnostic> {
    let first = lines.iter().position(|line| line.text.starts_with("> ")).unwrap_or(lines.len());
    let headline = paragraph(&lines[..first]);
    let task = quoted_task(&headline);
    let reasons = reasons(&lines[first..]);
    if reasons.is_empty() {
        // A reason that has lost its sign.
        let announces = ["Execution failed for task '", "A problem occurred "]
            .iter()
            .any(|start| headline.starts_with(start));
        let message = match headline.split_once('\n') {
            Some((_, reason)) if announces => reason,
            _ => &headline,
        };
        return vec![diagnostic(message, &headline, task, place)];
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for (at, reason) in reasons.iter().enumerate() {
        let is_innermost = reasons.get(at + 1).is_none_or(|next| next.depth <= reason.depth);
        if !is_innermost || found.len() >= REASONS {
            continue;
        }
        let above = ancestors(&reasons[..at], reason.depth);
        let message = message(reason, &above, &headline);
        if found.iter().all(|known| known.message != message) {
            let mut next = diagnostic(&message, &headline, task, place);
            if next.location.is_none() {
                next.location = own_place(reason);
            }
            found.push(next);
        }
    }
    // A follow-up has no message of its own.
    if found.iter().any(|known| known.role == Role::Root) {
        found.retain(|known| known.role == Role::Root);
    }
    found
}

fn diagnostic(message: &str, headline: &str, task: Option<&str>, place: Option<&Location>) -> Diagnostic {
    // Nested types, the innermost one last.
    let (mut error_type, mut message) = ("", message);
    while let Some((name, rest)) = thrown(message, false)
        && !rest.is_empty()
    {
        (error_type, message) = (name.rsplit(['.', '$']).next().unwrap_or_default(), rest);
    }
    let code = code_of(message);
    let mut kind = kind_of(message);
    if kind == Kind::Unknown {
        kind = task.map_or(Kind::Unknown, kind_of_task);
    }
    if kind == Kind::Unknown && task.is_none() {
        kind = Kind::Configuration;
    }
    let category = match (kind, task) {
        (Kind::Dependency | Kind::Network, _) => "dependency",
        (_, Some(_)) => "task",
        _ if headline.contains("evaluating") || headline.contains("compile") => "script",
        _ => "configuration",
    };
    Diagnostic {
        tool: "gradle".to_owned(),
        error_type: match (code, error_type) {
            (Some(code), _) => code,
            (None, "") => category,
            (None, name) => name,
        }
        .to_owned(),
        code: code.map(str::to_owned),
        message: message.to_owned(),
        kind,
        role: role_of(message),
        location: place.cloned(),
        ..Diagnostic::default()
    }
}

/// `[CXX1101] NDK at …`.
fn code_of(message: &str) -> Option<&str> {
    let (code, _) = message.strip_prefix('[')?.split_once("] ")?;
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    (letters >= 2 && letters < code.len() && code[letters..].bytes().all(|byte| byte.is_ascii_digit()))
        .then_some(code)
}

/// The task in `Execution failed for task ':app:compileJava'.`
fn quoted_task(headline: &str) -> Option<&str> {
    let rest = headline.strip_prefix("Execution failed for task '")?;
    rest.split('\'').next()
}

fn reasons(lines: &[Line]) -> Vec<Reason<'_>> {
    let starts: Vec<_> =
        lines.iter().enumerate().filter(|(_, line)| line.text.starts_with("> ")).map(|(at, _)| at).collect();
    starts
        .iter()
        .enumerate()
        .map(|(index, &at)| {
            let end = starts.get(index + 1).copied().unwrap_or(lines.len());
            let (mut depth, mut text) = (lines[at].indent, lines[at].text[2..].trim());
            // A quoted block has its own mark.
            while let Some(inner) = text.strip_prefix("> ") {
                (depth, text) = (depth + 2, inner.trim());
            }
            Reason { depth, text, more: &lines[at + 1..end] }
        })
        .collect()
}

/// The enclosing reasons, innermost first.
fn ancestors<'a>(before: &'a [Reason<'a>], depth: usize) -> Vec<&'a str> {
    let mut depth = depth;
    let mut above = Vec::new();
    for reason in before.iter().rev() {
        if reason.depth < depth {
            depth = reason.depth;
            above.push(reason.text);
        }
    }
    above
}

/// The sentence that names the cause: the innermost reason, with its subject if it does not name it.
fn message(reason: &Reason<'_>, above: &[&str], headline: &str) -> String {
    let mut text = reason.text.to_owned();
    let parent = above.first().copied().unwrap_or(headline);
    // A host, `null`, a number: meaningless without the line above.
    let is_word = !text.contains(' ') && thrown(&text, false).is_none();
    let is_short =
        !text.ends_with(':') && (is_word || text.len() < 20 || text.ends_with("(no error message)"));
    if is_short && !parent.is_empty() {
        text = format!("{}: {text}", parent.trim_end_matches(['.', ':']));
    }
    let package = above.iter().find_map(|above| {
        let name =
            above.strip_prefix("Could not resolve ").or_else(|| above.strip_prefix("Could not find "))?;
        (!name.starts_with("all ")).then(|| name.trim_end_matches('.'))
    });
    if let Some(package) = package
        && !text.contains(package)
    {
        text = format!("Could not resolve {package}: {text}");
    }
    let more = continuation(reason);
    // A line that announces the message below it.
    if reason.text == "startup failed:" && !more.is_empty() {
        return more.join("\n");
    }
    for line in more {
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// The lines below a reason that belong to its sentence.
fn continuation<'a>(reason: &Reason<'a>) -> Vec<&'a str> {
    const STOPS: [&str; 11] = [
        "Searched in the following locations",
        "Required by:",
        "Possible solution",
        "Go to the documentation",
        "This build uses",
        "For more information",
        "To build this project",
        "If the artifact you are trying",
        "See https://",
        "* ",
        "at ",
    ];
    // A list follows a colon, and the findings of a task follow its message.
    let is_list = reason.text.ends_with(':')
        || reason.text.contains(" issues were found")
        || reason.text.contains(" issue was found")
        || reason.text.ends_with("have not been accepted.");
    // A diff, of which only the files matter.
    let outermost = reason.more.iter().filter(|line| !line.text.is_empty()).map(|line| line.indent).min();
    let is_diff = reason.more.iter().any(|line| line.text.starts_with("@@ "));
    let mut taken = Vec::new();
    for line in reason.more {
        let text = line.text.trim();
        if text.is_empty() {
            if is_list && (taken.is_empty() || !reason.text.starts_with("startup failed")) {
                continue;
            }
            break;
        }
        if is_diff && Some(line.indent) != outermost && !text.contains(['/', '\\']) || text.starts_with("@@ ")
        {
            continue;
        }
        if STOPS.iter().any(|stop| text.starts_with(stop)) || taken.len() >= MESSAGE_LINES {
            break;
        }
        taken.push(text);
    }
    taken
}

/// The text before the reasons: its first paragraph, or two if the first one only announces the second.
fn paragraph(lines: &[Line]) -> String {
    let mut text = String::new();
    let mut announces = false;
    for line in lines.iter().skip_while(|line| line.text.is_empty()).take(MESSAGE_LINES) {
        if line.text.is_empty() {
            announces = text.ends_with(':')
                || text.contains("problems found")
                || text.contains("problem was found")
                || text.contains("problems were found");
            if announces {
                continue;
            }
            break;
        }
        if line.text.starts_with("See the complete report") || announces && line.text.starts_with("See https")
        {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line.text);
    }
    text
}

/// The user's own file at the beginning of a reason.
fn own_place(reason: &Reason<'_>) -> Option<Location> {
    let place = place_at_start(reason.text)?;
    place.path.contains(['/', '\\']).then(|| place.location())
}

/// Errors of a Kotlin script: `Line 12: source` and `^ message` below it.
pub(crate) fn script_errors(lines: &[Line], place: Option<&Location>, span: Span) -> Vec<Diagnostic> {
    let is_script = lines.iter().any(|line| line.text.starts_with("Script compilation error"));
    if !is_script {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut number = 0;
    for line in lines {
        if let Some((at, _)) = line.text.strip_prefix("Line ").and_then(leading_number) {
            number = at;
        } else if let Some(message) = line.text.strip_prefix("^ ")
            && number > 0
            && found.len() < REASONS
        {
            found.push(Diagnostic {
                tool: "gradle".to_owned(),
                error_type: "script".to_owned(),
                message: message.trim().to_owned(),
                kind: Kind::Compile,
                location: place.map(|place| Location::at(&place.path, number, None)),
                context: line.text.clone(),
                span,
                ..Diagnostic::default()
            });
        }
    }
    found
}
