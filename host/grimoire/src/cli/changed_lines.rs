//! `--diff`: restricts a diagnosis to changed lines.

use grimoire_diff::LineMap;
use grimoire_domain::review::Diagnosis;

/// Keeps errors on lines that the diff added, and errors without a location. Returns the number of errors left out.
pub(super) fn keep_changed_lines(diagnosis: &mut Diagnosis, lines: &LineMap) -> usize {
    let before = diagnosis.errors.len();
    diagnosis.errors.retain(|error| {
        let Some(location) = &error.diagnostic.location else { return true };
        let Some(start) = location.start else { return changed_path(lines, &location.path).is_some() };
        let last = location.end.map_or(start.line, |end| end.line.max(start.line));
        changed_path(lines, &location.path).is_some_and(|path| lines.touches(path, start.line, last))
    });
    before - diagnosis.errors.len()
}

/// The path in the diff that corresponds to a path in a log, which may be absolute or relative to another folder.
fn changed_path<'m>(lines: &'m LineMap, path: &str) -> Option<&'m str> {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./");
    let ends_in = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    // The longest match is the most exact one.
    lines
        .paths()
        .filter(|changed| ends_in(path, changed) || ends_in(changed, path))
        .max_by_key(|changed| (*changed == path, changed.len()))
}

#[cfg(test)]
mod tests {
    use grimoire_diff::parse;

    use super::*;

    #[test]
    fn files_are_found_however_a_log_names_them() {
        let diff = "\
--- a/app/src/main.rs\n+++ b/app/src/main.rs\n@@ -1 +1,2 @@\n one\n+two\n\
--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1 +1,2 @@\n one\n+two\n";
        let lines = LineMap::of(&parse(diff.as_bytes()));
        for (path, found) in [
            ("src/main.rs", Some("src/main.rs")),
            ("./src/main.rs", Some("src/main.rs")),
            ("/home/ci/work/app/src/main.rs", Some("app/src/main.rs")),
            ("D:\\a\\app\\src\\main.rs", Some("app/src/main.rs")),
            ("in.rs", None),
            ("src/lib.rs", None),
        ] {
            assert_eq!(changed_path(&lines, path), found, "{path}");
        }
    }
}
