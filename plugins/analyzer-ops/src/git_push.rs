//! Responses of servers to a push.

use crate::{kinds, text::Text};
use grimoire_plugin_sdk::{Diagnostic, Kind, Role, text::Beginnings};

/// `remote: message`, if the server refuses the push.
pub(crate) fn remote(message: &str, line: &Text<'_>) -> Option<Diagnostic> {
    static KNOWN: Beginnings = Beginnings::new(&[
        "error: ",
        "fatal: ",
        "ERROR: ",
        "Permission to ",
        "Repository not found",
        "Invalid username or ",
        "Support for password authentication was removed",
        "Write access to repository not granted",
        "HTTP Basic: Access denied",
        "GitLab: ",
        "Anonymous access to ",
        "The project you were looking for could not be found",
        "You are not allowed to ",
        "Unauthorized",
        "Authentication failed",
        "Bitbucket: ",
        "TF4",
    ]);
    let at = KNOWN.position(message)?;
    let message = match at {
        0..=2 => message[message.find(' ')?..].trim(),
        _ => message,
    };
    // The sentence that names the rule counts; later ones explain the rule.
    if message.is_empty() || message.starts_with("See http") || message.starts_with("Trace: ") {
        return None;
    }
    let code = message.split_once(':').map(|(code, _)| code).filter(|code| {
        code.len() == 5 && code.starts_with("GH") && code[2..].bytes().all(|b| b.is_ascii_digit())
    });
    let kind = if at <= 2 { kinds::of(message, Kind::Permission) } else { Kind::Permission };
    Some(Diagnostic {
        code: code.map(str::to_owned),
        ..line.found("git", code.unwrap_or("remote"), kind, message)
    })
}

/// ` !     Push rejected, failed to compile Node.js app.`: Heroku's reason, before Git says that it was rejected.
pub(crate) fn heroku(text: &str, line: &Text<'_>) -> Option<Diagnostic> {
    let text = text.strip_prefix("remote:").map_or(text, str::trim_start);
    let message = text.strip_prefix('!')?.trim_start();
    // The compiler's own messages stand above it.
    let role = if message.contains("failed to compile") { Role::Summary } else { Role::Root };
    message.starts_with("Push rejected, ").then(|| Diagnostic {
        role,
        ..line.found("heroku", "push", kinds::of(message, Kind::Configuration), message)
    })
}

/// ` ! [rejected]        main -> main (fetch first)`.
pub(crate) fn rejected(text: &str, line: &Text<'_>, explained: bool) -> Option<Diagnostic> {
    let (word, rest) = text.strip_prefix("! [")?.split_once(']')?;
    if !matches!(word, "rejected" | "remote rejected" | "remote failure") || !rest.contains(" -> ") {
        return None;
    }
    let message = format!("{word}: {}", rest.trim());
    let role = if explained { Role::Consequence } else { Role::Root };
    Some(Diagnostic { role, ..line.found("git", "rejected", Kind::Permission, &message) })
}
