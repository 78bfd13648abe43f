//! The numbers of the lines that a change added.

use std::collections::BTreeMap;

use super::{Diff, LineKind};

/// The line numbers that a diff added in the new version of each file, without text. Stores two numbers for each
/// added region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineMap {
    /// First and last line of each region, ascending, by path in the new version.
    files: BTreeMap<String, Vec<(u32, u32)>>,
}

impl LineMap {
    /// Collects the lines that a diff added. A file that was only renamed has none.
    pub fn of(diff: &Diff<'_>) -> Self {
        let mut files: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for file in &diff.files {
            let Some(path) = &file.new_path else { continue };
            let regions = files.entry(path.clone()).or_default();
            let added =
                file.hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == LineKind::Added);
            for line in added.filter_map(|line| line.new) {
                match regions.last_mut() {
                    Some((_, last)) if last.checked_add(1) == Some(line.get()) => *last = line.get(),
                    _ => regions.push((line.get(), line.get())),
                }
            }
        }
        // A diff of several commits may contain a file more than once.
        for regions in files.values_mut() {
            regions.sort_unstable();
        }
        Self { files }
    }

    /// Returns true if the diff changes a file with this path in the new version, in any way.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Returns true if the diff added a line between `first` and `last`, both included and 1-based.
    pub fn touches(&self, path: &str, first: u32, last: u32) -> bool {
        let Some(regions) = self.files.get(path) else { return false };
        regions.iter().any(|(from, to)| *from <= last && first <= *to)
    }

    /// The paths of the new version, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const DIFF: &str = "\
diff --git a/src/lib.rs b/src/lib.rs
--- a/src/lib.rs
+++ b/src/lib.rs
@@ -1,3 +1,5 @@
 one
+two
+three
 four
-old
+new
@@ -20,1 +22,2 @@
 twenty
+twenty-one
diff --git a/gone.rs b/gone.rs
deleted file mode 100644
--- a/gone.rs
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/old name.rs b/new name.rs
similarity index 100%
rename from old name.rs
rename to new name.rs
";

    #[test]
    fn added_lines_are_found_by_their_numbers_in_the_new_version() {
        let diff = parse(DIFF.as_bytes());
        assert_eq!(diff.problems, []);
        let map = LineMap::of(&diff);
        for (first, last, touched) in [
            (1, 1, false),
            (2, 3, true),
            (4, 4, false),
            (5, 5, true),
            (6, 22, false),
            (1, 2, true),
            (23, 23, true),
            (24, 90, false),
        ] {
            assert_eq!(map.touches("src/lib.rs", first, last), touched, "{first} to {last}");
        }
        assert!(!map.touches("lib.rs", 2, 2));
    }

    #[test]
    fn files_that_are_gone_are_not_in_it_and_renamed_ones_are() {
        let map = LineMap::of(&parse(DIFF.as_bytes()));
        assert_eq!(map.paths().collect::<Vec<_>>(), ["new name.rs", "src/lib.rs"]);
        assert!(map.has_file("new name.rs") && !map.touches("new name.rs", 1, u32::MAX));
    }
}
