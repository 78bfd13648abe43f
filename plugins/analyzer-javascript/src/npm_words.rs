//! What npm's sentences mean: labels, advice, and the lines that say why.

use grimoire_plugin_sdk::text::leading_number;

/// Maximum number of message lines.
const MESSAGE: usize = 8;

/// Beginnings of advice about how to report an error.
pub(crate) const ADVICE: &[&str] = &[
    "Please include the following file",
    "Additional logging details can be found in",
    "There is likely additional logging output above",
    "If you need help, you may report this",
    "not with npm itself",
    "Make sure you have the latest version",
];

/// `Linux 5.4.0-1029-aws`, `argv "/usr/bin/node" "/usr/bin/npm" "install"`, `node v8.10.0`, `npm  v3.5.2`.
pub(crate) fn is_environment(line: &str) -> bool {
    const STARTS: [&str; 9] = [
        "argv \"",
        "command \"",
        "System ",
        "node v",
        "node -v ",
        "npm  v",
        "npm v",
        "npm -v ",
        "Windows_NT ",
    ];
    let is_kernel = ["Linux ", "Darwin "].iter().any(|system| {
        line.strip_prefix(system).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    });
    is_kernel || STARTS.iter().any(|start| line.starts_with(start))
}

/// Number, level and text of a line of npm's own log: `25 verbose npm  v10.2.4`.
pub(crate) fn numbered(text: &str) -> Option<(u32, &str, &str)> {
    const LEVELS: [&str; 7] = ["error", "verbose", "silly", "info", "http", "timing", "warn"];
    let (number, rest) = leading_number(text)?;
    let rest = rest.strip_prefix(' ')?;
    let (level, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    LEVELS.contains(&level).then_some((number, level, rest))
}

/// A sentence without npm's label before it: `notarget`, `404`, `JSON.parse`.
pub(crate) fn without_label<'a>(line: &'a str, code: &str) -> &'a str {
    const LABELS: &[&str] = &[
        "notarget ",
        "notsup ",
        "engine ",
        "404 ",
        "403 ",
        "401 ",
        "JSON.parse ",
        "need auth ",
        "enoent ",
        "network ",
        "peerinvalid ",
        "ERESOLVE ",
        "typeerror ",
        "rangeerror ",
    ];
    let line = line.trim_start();
    let line = line
        .strip_prefix(code)
        .filter(|rest| !code.is_empty() && rest.starts_with(' '))
        .unwrap_or(line)
        .trim_start();
    let mut line = line;
    if let Some(rest) = LABELS.iter().find_map(|label| line.strip_prefix(label)) {
        line = rest.trim_start();
    }
    // Labels of empty lines.
    if LABELS.iter().any(|label| label.trim_end() == line) { "" } else { line }
}

/// The conflicting package, and the packages that require it.
pub(crate) fn conflict(sentences: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut take_next = false;
    for line in sentences {
        let telling = [
            "While resolving",
            "Found: ",
            "Conflicting peer dependency",
            "could not resolve",
            "unable to resolve",
        ]
        .iter()
        .any(|start| line.starts_with(start));
        if telling || take_next {
            if lines.len() < MESSAGE {
                lines.push((*line).to_owned());
            }
            take_next = false;
        } else if line.starts_with("Could not resolve dependency") {
            lines.push((*line).to_owned());
            take_next = true;
        } else if line.starts_with("Fix the upstream") {
            break;
        }
    }
    lines
}

/// The first paragraph in one line, and the packages missing from the lock file.
pub(crate) fn usage(sentences: &[&str]) -> Vec<String> {
    let paragraph: Vec<&str> = sentences.iter().copied().take_while(|line| !line.is_empty()).collect();
    let differs = |line: &&&str| line.starts_with("Missing: ") || line.starts_with("Invalid: ");
    let mut lines = vec![paragraph.join(" ")];
    lines.extend(sentences.iter().filter(differs).take(MESSAGE).map(|line| (*line).to_owned()));
    lines
}

/// The first sentence, and the following ones that add to it.
pub(crate) fn reasons(sentences: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in sentences {
        let is_advice = [
            "Note that you can also",
            "In most cases you",
            "To see a list of scripts",
            "If you are behind",
            "You can",
            "Did you mean",
            "This is related to npm",
            "tarball, folder",
        ]
        .iter()
        .any(|start| line.starts_with(start));
        if is_advice || line.starts_with("at ") || ADVICE.iter().any(|start| line.starts_with(start)) {
            break;
        }
        if !line.is_empty() && lines.last().is_none_or(|last| last != line) {
            lines.push((*line).to_owned());
        }
        if lines.len() == 4 {
            break;
        }
    }
    lines
}
