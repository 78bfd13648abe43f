//! The text after a location: severity, code and message in the orders that tools use.

use grimoire_plugin_sdk::{
    Severity,
    text::{extension, trailing_group},
};

/// Severity, code and message of a line.
#[derive(Debug, Default)]
pub(crate) struct Described<'a> {
    pub(crate) severity: Option<Severity>,
    /// True for a note to the previous diagnostic.
    pub(crate) is_note: bool,
    pub(crate) code: Option<String>,
    pub(crate) message: &'a str,
}

impl Described<'_> {
    /// Returns true if more than the location shows that this is a diagnostic.
    pub(crate) fn is_explicit(&self) -> bool {
        self.severity.is_some() || self.code.is_some()
    }
}

/// Words for severities; if one is a prefix of another, the longer one comes first.
const WORDS: &[(&str, Option<Severity>)] = &[
    ("fatal error", Some(Severity::Error)),
    ("hint warning", Some(Severity::Warning)),
    ("internal compiler error", Some(Severity::Fatal)),
    ("parser error", Some(Severity::Error)),
    ("syntax error", Some(Severity::Error)),
    ("parse error", Some(Severity::Error)),
    ("parse warning", Some(Severity::Warning)),
    ("performance warning", Some(Severity::Warning)),
    ("namespace error", Some(Severity::Error)),
    ("validity error", Some(Severity::Error)),
    ("critical warning", Some(Severity::Warning)),
    ("codingstyle", Some(Severity::Warning)),
    ("non-fatal", Some(Severity::Warning)),
    ("fatal", Some(Severity::Error)),
    ("error", Some(Severity::Error)),
    ("failure", Some(Severity::Error)),
    ("critical", Some(Severity::Error)),
    ("severe", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("warn", Some(Severity::Warning)),
    ("deprecation", Some(Severity::Warning)),
    ("deprecated", Some(Severity::Warning)),
    ("performance", Some(Severity::Warning)),
    ("portability", Some(Severity::Warning)),
    ("style", Some(Severity::Warning)),
    ("convention", Some(Severity::Warning)),
    ("refactor", Some(Severity::Warning)),
    ("information", Some(Severity::Info)),
    ("info", Some(Severity::Info)),
    ("suggestion", Some(Severity::Info)),
    ("note", None),
    ("notice", None),
    ("debug", None),
    ("trace", None),
    ("verbose", None),
    ("remark", None),
    ("hint", None),
    ("help", None),
];

/// Parses the text after a location.
pub(crate) fn describe(rest: &str) -> Described<'_> {
    let mut found = leading(rest);
    found.message = trailing_code(found.message, &mut found);
    found
}

/// Parses severity and code before a message.
pub(crate) fn leading(rest: &str) -> Described<'_> {
    let mut found = Described::default();
    let mut text = without_clock(rest.trim_start_matches([':', ' ', '\t']));
    text = text.strip_prefix("- ").unwrap_or(text);
    // Helm and others print their own clock before the level.
    found.is_note = text.get(..64).is_some_and(|start| start.contains("[debug]"));
    for _ in 0..4 {
        let before = text;
        text = severity_word(text, &mut found)
            .or_else(|| bracketed(text, &mut found))
            .or_else(|| letter(text, &mut found))
            .or_else(|| leading_code(text, &mut found))
            .unwrap_or(text)
            .trim_start();
        if text.len() == before.len() {
            break;
        }
    }
    found.message = text.trim();
    found
}

/// `2026/03/04 07:40:01 `, which loggers print between location and message.
fn without_clock(text: &str) -> &str {
    let is_clock = text.as_bytes().first_chunk::<20>().is_some_and(|start| {
        start.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => matches!(byte, b'/' | b'-'),
            10 | 19 => *byte == b' ',
            13 | 16 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
    });
    if is_clock { &text[20..] } else { text }
}

/// `error: `, `Error - `, `warning CS0168: `, `error[x]: `, `error MD051/link-fragments `.
fn severity_word<'a>(text: &'a str, found: &mut Described<'_>) -> Option<&'a str> {
    if found.severity.is_some() || found.is_note {
        return None;
    }
    let (word, severity) = WORDS
        .iter()
        .find(|(word, _)| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))?;
    let mut rest = &text[word.len()..];
    let mut code = None;
    if let Some(inner) = rest.strip_prefix('[').or_else(|| rest.strip_prefix('('))
        && let Some((name, after)) = inner.split_once([']', ')'])
        && is_code(name)
    {
        code = Some(name);
        rest = after;
    } else if let Some(after) = after_date(rest) {
        found.severity = *severity;
        found.is_note = severity.is_none();
        return Some(after);
    } else if let Some((name, after)) = rest.strip_prefix(' ').and_then(|rest| split_code(rest)) {
        code = Some(name);
        rest = after;
    }
    let rest = if let Some(after) = rest.trim_start().strip_prefix(':') {
        after
    } else if let Some(after) = rest.strip_prefix(" - ").or_else(|| rest.strip_prefix(" — ")) {
        after
    } else if rest.is_empty() {
        // The word is the whole message.
        found.severity = *severity;
        found.is_note = severity.is_none();
        return None;
    } else if code.is_some_and(|code| rest.starts_with(' ') && code.contains(['/', '-'])) {
        rest
    } else {
        return None;
    };
    found.severity = *severity;
    found.is_note = severity.is_none();
    found.code = code.map(str::to_owned).or(found.code.take());
    // These describe the problem, too.
    if matches!(*word, "syntax error" | "parse error" | "parser error") && !rest.trim().is_empty() {
        return None;
    }
    Some(rest)
}

/// ` 2026/09/01 16:12:08 `, which loggers of Go print after the level.
fn after_date(rest: &str) -> Option<&str> {
    let (date, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let (clock, rest) = rest.split_once(' ')?;
    let is_like = |text: &str, length: usize, between: [u8; 2]| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || between.contains(&byte))
    };
    (is_like(date, 10, [b'/', b'-']) && is_like(clock, 8, [b':', b':'])).then_some(rest)
}

/// A code before a colon or, if it contains a `/`, before a space: `CS0168:`, `MD051/link-fragments `.
fn split_code(text: &str) -> Option<(&str, &str)> {
    // Numbers of Intel's and TI's compilers: `remark #8291:`.
    let text = text.strip_prefix('#').unwrap_or(text);
    let end = text.find([':', ' '])?;
    let (code, rest) = text.split_at(end);
    let numbered = code.bytes().any(|byte| byte.is_ascii_digit())
        && (code.starts_with(|c: char| c.is_ascii_uppercase())
            || code.bytes().all(|byte| byte.is_ascii_digit()));
    (is_code(code)
        && (numbered && rest.starts_with(':') || code.contains('/') || numbered && code.len() >= 5))
        .then_some((code, rest))
}

/// `[error] `, `[E0301] `, `(W612) `.
fn bracketed<'a>(text: &'a str, found: &mut Described<'_>) -> Option<&'a str> {
    let (inner, rest) = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']')?
    } else {
        text.strip_prefix('(')?.split_once(')')?
    };
    if !(rest.is_empty() || rest.starts_with([' ', ':', '\t'])) {
        return None;
    }
    let rest = rest.trim_start_matches([':', ' ']);
    if found.severity.is_none()
        && let Some((_, severity)) = WORDS.iter().find(|(word, _)| inner.eq_ignore_ascii_case(word))
    {
        found.severity = *severity;
        found.is_note = severity.is_none();
        return Some(rest);
    }
    if inner.eq_ignore_ascii_case("correctable") || inner == "*" {
        return Some(rest);
    }
    // `(W612)` and `[EANSIBLE0002]`; words in parentheses are prose. `[W] ` as printed by Robocop
    // and others.
    if let [letter] = inner.as_bytes()
        && found.severity.is_none()
        && let Some(severity) = severity_of(*letter)
    {
        found.severity = Some(severity);
        return Some(rest);
    }
    let numbered = inner.bytes().any(|byte| byte.is_ascii_digit());
    if found.code.is_some() || !is_code(inner) || (text.starts_with('(') && !numbered) {
        return None;
    }
    found.code = Some(inner.to_owned());
    if numbered && inner.len() <= 6 {
        found.severity = found.severity.or(match inner.as_bytes().first() {
            Some(b'W' | b'C' | b'R') => Some(Severity::Warning),
            Some(b'E' | b'F') if inner.len() <= 4 => Some(Severity::Error),
            _ => None,
        });
    }
    Some(rest)
}

fn severity_of(letter: u8) -> Option<Severity> {
    Some(match letter {
        b'E' | b'F' => Severity::Error,
        b'W' | b'C' | b'R' | b'D' | b'S' => Severity::Warning,
        b'I' => Severity::Info,
        _ => return None,
    })
}

/// `C: `, `W: Layout/LineLength: `: one letter, as printed by RuboCop and others.
fn letter<'a>(text: &'a str, found: &mut Described<'_>) -> Option<&'a str> {
    let (name, rest) = text.split_once(": ")?;
    let [letter] = name.as_bytes() else { return None };
    let severity = severity_of(*letter)?;
    if found.severity.is_some() {
        return None;
    }
    found.severity = Some(severity);
    let rest =
        ["[Correctable] ", "[Corrected] "].iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(rest);
    // A cop is two capitalised words with a `/`.
    if let Some((cop, message)) = rest.split_once(": ")
        && cop.contains('/')
        && is_code(cop)
        && cop.starts_with(|c: char| c.is_ascii_uppercase())
    {
        found.code = Some(cop.to_owned());
        return Some(message);
    }
    Some(rest)
}

/// `DL3006 warning: `, `SC2086: `, `B404[bandit]: LOW: `, `80chars:WARNING:`.
fn leading_code<'a>(text: &'a str, found: &mut Described<'_>) -> Option<&'a str> {
    if found.code.is_some() {
        return None;
    }
    let end = text.find([' ', ':', '[']).filter(|&end| end > 0)?;
    let (code, rest) = text.split_at(end);
    if let Some(after) = rest.strip_prefix(':')
        && is_code(code)
        && let Some((word, message)) = after.split_once(':')
        && let Some((_, severity)) = WORDS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name))
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
    {
        found.severity = *severity;
        found.code = Some(code.to_owned());
        return Some(message);
    }
    // `Vale.Spelling:'brew'`, without a blank, is not an exception class.
    if let Some(after) = rest.strip_prefix(':')
        && code.contains('.')
        && code.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))
        && is_code(code)
        && !after.starts_with([' ', ':'])
        && !after.is_empty()
    {
        found.code = Some(code.to_owned());
        return Some(after);
    }
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = code.len() - letters;
    let good = (1..=8).contains(&letters)
        && (2..=6).contains(&digits)
        && code[letters..].bytes().all(|b| b.is_ascii_digit());
    if !good {
        return None;
    }
    let rest = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.1,
        None => rest,
    };
    let mut rest = rest.trim_start_matches([':', ' ']);
    for (word, severity) in
        [("LOW", Severity::Warning), ("MEDIUM", Severity::Warning), ("HIGH", Severity::Error)]
    {
        if let Some(after) = rest.strip_prefix(word).and_then(|after| after.strip_prefix(':')) {
            found.severity = Some(severity);
            rest = after;
        }
    }
    found.code = Some(code.to_owned());
    Some(rest)
}

/// `… [-Wunused-variable]`, `… [whitespace/tab] [1]`, `… (document-start)`, `… [C:\a.csproj]`.
fn trailing_code<'a>(text: &'a str, found: &mut Described<'_>) -> &'a str {
    let mut message = text;
    for _ in 0..3 {
        let Some((before, inner)) = trailing_group(message.trim_end_matches('\\'), '[', ']') else { break };
        if before.is_empty() {
            break;
        }
        if is_project(inner) || inner.bytes().all(|byte| byte.is_ascii_digit()) && before.ends_with(']') {
            message = before;
            continue;
        }
        let name = inner.split(',').next().unwrap_or_default();
        let code = name.strip_prefix("-Werror=").or_else(|| name.strip_prefix("-W")).unwrap_or(name);
        // `[error/quotes]`: the severity and the rule.
        if found.code.is_none()
            && let Some((word, rule)) = name.split_once('/')
            && let Some((_, severity)) = WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known))
            && is_code(rule)
        {
            found.severity = found.severity.or(*severity);
            found.code = Some(rule.to_owned());
            return before;
        }
        if found.code.is_none() && is_code(code) && !code.bytes().all(|byte| byte.is_ascii_digit()) {
            found.code = Some(code.trim_end_matches('=').to_owned());
            return before;
        }
        break;
    }
    if found.code.is_none()
        && let Some((before, inner)) = trailing_group(message, '(', ')')
        && message.ends_with(')')
        && before.len() + inner.len() + 3 == message.len()
        && inner.len() >= 3
        && is_code(inner)
        && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/'))
        && inner.bytes().any(|byte| byte.is_ascii_lowercase())
        && !before.is_empty()
    {
        found.code = Some(inner.to_owned());
        return before;
    }
    message
}

/// The project that MSBuild names at the end.
fn is_project(inner: &str) -> bool {
    let path = inner.split("::").next().unwrap_or_default();
    let extension = extension(path);
    extension.len() > 4 && extension.ends_with("proj") || matches!(extension, "sln" | "slnx")
}

/// Returns true if a text can be a code or rule: one word with a letter or digits.
fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        // A path is not a rule.
        && !text.starts_with(['/', '.'])
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'+' | b'=' | b'@')
        })
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && !text.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_of_any_width_end_what_stands_before_the_message() {
        for line in ["error MD051/fragments - not found", "error MD051/fragments — not found"] {
            let found = describe(line);
            assert_eq!(
                (found.code.as_deref(), found.message),
                (Some("MD051/fragments"), "not found"),
                "{line}"
            );
            assert_eq!(found.severity, Some(Severity::Error));
        }
    }
}
