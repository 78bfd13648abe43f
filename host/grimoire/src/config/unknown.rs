//! Names that are no settings.

use super::settings::ALL;

/// Returns true if a variable sets a setting or names the file of settings.
pub(super) fn is_of_setting(name: &str) -> bool {
    name == "GRIMOIRE_CONFIG"
        || ALL.iter().any(|setting| setting.plain == Some(name) || setting.variable() == name)
}

/// Returns true if a variable has Grimoire's prefix but is not a setting.
pub(super) fn is_unknown_variable(name: &str) -> bool {
    name.starts_with("GRIMOIRE_") && !is_of_setting(name)
}

/// Maximum edit distance of a key that was perhaps meant.
const NEAR: usize = 4;

/// The problem of a key that is no setting, with the nearest one.
pub(super) fn unknown_key(key: &str) -> String {
    let nearest = ALL
        .iter()
        // At least as distant as the lengths differ; and a key may be as long as its file.
        .filter(|setting| key.len().abs_diff(setting.key.len()) <= NEAR)
        .map(|setting| (distance(key, setting.key), setting.key))
        .min()
        .filter(|(distance, _)| *distance <= NEAR);
    match nearest {
        Some((_, known)) => format!("is not a setting; did you mean {known}?"),
        None => "is not a setting; `grimoire config explain` lists all".to_owned(),
    }
}

/// The edit distance of two short keys.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
