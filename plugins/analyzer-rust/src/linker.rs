//! Finds the line with the reason in a linker's output, below the compiler's `linking with … failed`.

/// Linkers' messages, the most specific first.
const SIGNS: [&str; 18] = [
    "undefined reference to ",
    "undefined symbol: ",
    "undefined symbol ",
    "unresolved external symbol ",
    ", referenced from:",
    "multiple definition of ",
    "duplicate symbol",
    "cannot find -l",
    "unable to find library ",
    "library not found for ",
    "framework not found ",
    "could not find native static library",
    "cannot open ",
    "cannot find ",
    "file not recognized",
    "No space left on device",
    "error: ",
    "No such file or directory",
];

/// The significant part of that line.
pub(crate) fn cause(context: &str) -> Option<String> {
    let lines = || context.lines().skip(1).map(|line| line.trim().trim_start_matches("= note:").trim());
    for sign in SIGNS {
        let Some(line) = lines().find(|line| line.contains(sign) && !line.starts_with("collect2: ")) else {
            continue;
        };
        // A library or a symbol in quotes precedes its sign, all other messages begin with it.
        let text = if sign.starts_with(',') || line.contains(" : ") {
            line.rsplit(" : ").next().unwrap_or(line)
        } else if let Some(start) = line.find(sign) {
            &line[start..]
        } else {
            line
        };
        let text = ["fatal error ", "error: ", "error "]
            .iter()
            .find_map(|word| text.strip_prefix(word))
            .unwrap_or(text)
            .trim();
        return Some(if sign.starts_with(',') {
            let symbol = text.trim_end_matches(sign);
            format!("Undefined symbols: {symbol}")
        } else {
            text.to_owned()
        });
    }
    lines()
        .find(|line| line.starts_with("ld: ") && !line.starts_with("ld: warning"))
        .map(|line| line["ld: ".len()..].to_owned())
}
