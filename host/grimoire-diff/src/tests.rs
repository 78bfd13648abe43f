//! The parser on real and on hostile diffs.

mod git;
mod model;

use super::*;

/// Describes a file in one line: status, paths, counts, and other notable facts.
fn describe(file: &FileDiff<'_>) -> String {
    let path = |path: &Option<String>| path.clone().unwrap_or_else(|| "-".to_owned());
    let mut text = format!(
        "{} {} {} +{} -{}",
        file.status.letter(),
        path(&file.old_path),
        path(&file.new_path),
        file.added,
        file.deleted
    );
    let mode = |mode: Option<FileMode>| mode.map_or_else(|| "-".to_owned(), |mode| mode.to_string());
    if file.old_mode != file.new_mode {
        text = format!("{text} {}>{}", mode(file.old_mode), mode(file.new_mode));
    }
    if let Some(similarity) = file.similarity {
        text = format!("{text} {similarity}%");
    }
    if file.is_binary() {
        text.push_str(" binary");
    }
    text
}

/// Parses a diff without problems.
fn files(text: &str) -> Vec<String> {
    let diff = parse(text.as_bytes());
    assert_eq!(diff.problems, [], "in:\n{text}");
    diff.files.iter().map(describe).collect()
}

fn problems(text: &str) -> Vec<ProblemKind> {
    parse(text.as_bytes()).problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn every_change_type_of_git_is_told() {
    let diff = "\
commit 1f2e3d\n    diff --git is only a word of this message\n
diff --git a/changed.txt b/changed.txt
index 5fbced0c04..cce09f2050 100644
--- a/changed.txt
+++ b/changed.txt
@@ -1,2 +1,2 @@ fn main() {
 same
-old
+new
diff --git a/empty b/empty
new file mode 100644
index 0000000..e69de29
diff --git a/gone b/gone
deleted file mode 100755
index 296e299..0000000
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/script b/script
old mode 100644
new mode 100755
diff --git a/from here.txt b/to there.txt
similarity index 90%
rename from from here.txt
rename to to there.txt
index 1..2 100644
--- a/from here.txt\t
+++ b/to there.txt\t
@@ -3 +3 @@
-a
+b
diff --git a/lib.rs b/copy.rs
similarity index 100%
copy from lib.rs
copy to copy.rs
diff --git a/link b/link
deleted file mode 120000
index 1..0
--- a/link
+++ /dev/null
@@ -1 +0,0 @@
-target
\\ No newline at end of file
diff --git a/link b/link
new file mode 100644
index 0..2
--- /dev/null
+++ b/link
@@ -0,0 +1,2 @@
+one
+two
diff --git a/module b/module
index 1234567..89abcde 160000
--- a/module
+++ b/module
@@ -1 +1 @@
-Subproject commit 1234567
+Subproject commit 89abcde
-- \n2.47.3
";
    assert_eq!(
        files(diff),
        [
            "M changed.txt changed.txt +1 -1",
            "A - empty +0 -0 ->100644",
            "D gone - +0 -1 100755>-",
            "M script script +0 -0 100644>100755",
            "R from here.txt to there.txt +1 -1 90%",
            "C lib.rs copy.rs +0 -0 100%",
            "T link link +2 -1 120000>100644",
            "M module module +1 -1",
        ]
    );
    let diff = parse(diff.as_bytes());
    assert!(diff.file("module").is_some_and(FileDiff::is_submodule));
    assert_eq!(diff.files[0].hunks[0].section, b"fn main() {");
    assert!(diff.file("gone").is_none());
}

#[test]
fn lines_carry_their_numbers_in_both_versions() {
    let text = "--- a/x\n+++ b/x\n@@ -10,4 +20,5 @@\n a\n-b\n+c\n+d\n e\n f\n\\ No newline at end of file\n";
    let diff = parse(text.as_bytes());
    let file = &diff.files[0];
    let number = |number: Option<NonZeroU32>| number.map_or(0, NonZeroU32::get);
    let lines: Vec<_> = file.hunks[0]
        .lines
        .iter()
        .map(|line| (line.kind, number(line.old), number(line.new), line.text, line.missing_newline))
        .collect();
    assert_eq!(
        lines,
        [
            (LineKind::Context, 10, 20, &b"a"[..], false),
            (LineKind::Deleted, 11, 0, b"b", false),
            (LineKind::Added, 0, 21, b"c", false),
            (LineKind::Added, 0, 22, b"d", false),
            (LineKind::Context, 12, 23, b"e", false),
            (LineKind::Context, 13, 24, b"f", true),
        ]
    );
    assert_eq!(file.new_line(22).map(|line| line.text), Some(&b"d"[..]));
    assert_eq!([0, 19, 25].map(|number| file.new_line(number)), [None; 3]);
}

#[test]
fn content_that_looks_like_headers_stays_content() {
    let text = "\
diff --git a/patches/x.patch b/patches/x.patch
--- a/patches/x.patch
+++ b/patches/x.patch
@@ -1,4 +1,4 @@
---- a/inner
-+++ b/inner
-@@ -1 +1 @@
+--- a/other
++++ b/other
+@@ -2 +2 @@
 diff --git a/inner b/inner
diff --git a/next b/next
new file mode 100644
";
    assert_eq!(files(text), ["M patches/x.patch patches/x.patch +3 -3", "A - next +0 -0 ->100644"]);
}

#[test]
fn paths_are_unquoted_and_lose_only_real_prefixes() {
    for (header, expected) in [
        ("diff --git a/a/x b/a/x\nold mode 100644\nnew mode 100755\n", "a/x"),
        ("diff --git a/x a/x\nold mode 100644\nnew mode 100755\n", "a/x"),
        ("diff --git src/x src/x\nold mode 100644\nnew mode 100755\n", "src/x"),
        ("diff --git i/x y w/x y\nold mode 100644\nnew mode 100755\n", "x y"),
        ("diff --git a/ b/ b/ b/\nold mode 100644\nnew mode 100755\n", " b/"),
        (
            "diff --git \"a/\\303\\251\\t\\\"\" \"b/\\303\\251\\t\\\"\"\nold mode 100644\nnew mode 100755\n",
            "é\t\"",
        ),
        (
            "diff --git a/b c/é b/b c/é\nindex 1..2 100644\n--- a/b c/é\t\n+++ b/b c/é\t\n@@ -1 +1 @@\n-a\n+b\n",
            "b c/é",
        ),
        ("diff --git old/tree/x new/tree/x\r\nold mode 100644\r\nnew mode 100755\r\n", "tree/x"),
    ] {
        let diff = parse(header.as_bytes());
        assert_eq!(diff.problems, [], "{header}");
        assert_eq!(diff.files.len(), 1, "{header}");
        assert_eq!(diff.files[0].old_path.as_deref(), Some(expected), "{header}");
        assert_eq!(diff.files[0].new_path.as_deref(), Some(expected), "{header}");
    }
}

#[test]
fn binary_files_are_told_by_mark_by_patch_and_by_name() {
    let text = "\
Binary files one/x and y and two/x and y differ
Binary files /dev/null and b/z differ
diff --git a/a b/a
index 1..2 100644
Binary files a/a and b/a differ
diff --git a/new b/new
new file mode 100644
index 0..2
GIT binary patch
literal 3
Kcmb2|=HLJTW&~vb0

literal 0
HcmV?d00001

diff --git a/logo.png b/picture.png
similarity index 100%
rename from logo.png
rename to picture.png
diff --git a/logo.svg b/picture.svg
similarity index 100%
rename from logo.svg
rename to picture.svg
";
    assert_eq!(
        files(text),
        [
            "M x and y x and y +0 -0 binary",
            "A - z +0 -0 binary",
            "M a a +0 -0 binary",
            "A - new +0 -0 ->100644 binary",
            "R logo.png picture.png +0 -0 100% binary",
            "R logo.svg picture.svg +0 -0 100%",
        ]
    );
}

#[test]
fn plain_diffs_need_no_header_of_git() {
    let text = "\
Only in new: extra
diff -ru old-1.0/main.c new-1.1/main.c
--- old-1.0/main.c\t2024-01-01 10:00:00.000000000 +0100
+++ new-1.1/main.c\t2024-01-02 10:00:00.000000000 +0100
@@ -1 +1 @@
-a
+b
--- a/one\n+++ b/one
@@ -1 +1 @@
-a
+b
--- x.orig\n+++ x
@@ -1 +1 @@
-a
+b
--- gone\t2024-01-01 10:00:00 +0100
+++ gone\t1970-01-01 01:00:00 +0100
@@ -1 +0,0 @@
-a
Index: trunk/s
===================================================================
--- trunk/s\t(nonexistent)
+++ trunk/s\t(working copy)
@@ -0,0 +1 @@
+a
--- /dev/null
+++ b/fresh
@@ -0,0 +1 @@
+a
";
    assert_eq!(
        files(text),
        [
            "M main.c main.c +1 -1",
            "M one one +1 -1",
            "M x.orig x +1 -1",
            "D gone - +0 -1",
            "A - trunk/s +1 -0",
            "A - fresh +1 -0",
        ]
    );
}

#[test]
fn windows_line_ends_and_cut_trailing_spaces_are_read() {
    let text = "diff --git a/x b/x\r\nindex 1..2 100644\r\n--- a/x\r\n+++ b/x\r\n@@ -1,3 +1,3 @@\r\n \r\n-a\r\n+b\r\n\r\n";
    assert_eq!(files(text), ["M x x +1 -1"]);
    assert_eq!(files("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n\n-a\n+b\n\n"), ["M x x +1 -1"]);
    assert_eq!(parse(text.as_bytes()).files[0].hunks[0].lines[1].text, b"a\r");
}

#[test]
fn diffs_of_merges_are_read_against_all_parents() {
    let text = "\
diff --cc src/lib.rs
index 1,2..3
mode 100644,100644..100755
--- a/src/lib.rs
+++ b/src/lib.rs
@@@ -1,3 -1,3 +1,4 @@@ mod x
  both
- first
 -second
++merged
 +from first
+ from second
diff --combined \"caf\\303\\251\"
deleted file mode 100644,100644
index 1,2..0
--- \"a/caf\\303\\251\"
+++ /dev/null
";
    let diff = parse(text.as_bytes());
    assert_eq!(
        diff.files.iter().map(describe).collect::<Vec<_>>(),
        ["M src/lib.rs src/lib.rs +3 -2 100644>100755", "D café - +0 -0 100644>-"]
    );
    assert_eq!(diff.problems, []);
    let hunk = &diff.files[0].hunks[0];
    assert_eq!((diff.files[0].parents, hunk.other_parents.len()), (2, 1));
    assert_eq!(hunk.lines.last().and_then(|line| line.new).map(NonZeroU32::get), Some(4));
}

#[test]
fn summaries_of_submodules_are_files() {
    let text = "\
Submodule libs/a b 1234567..89abcde:
  > a commit
Submodule new 0000000...89abcde (new submodule)
Submodule old 1234567...0000000 (submodule deleted)
Submodule x contains modified content
";
    assert_eq!(
        files(text),
        ["M libs/a b libs/a b +0 -0", "A - new +0 -0 ->160000", "D old - +0 -0 160000>-",]
    );
}

#[test]
fn damage_is_reported_and_the_rest_is_read() {
    let next = "diff --git a/next b/next\nnew file mode 100644\n";
    for (damaged, kind) in [
        ("diff --git one two three four\nindex 1..2\n", ProblemKind::NamesUnknown),
        ("diff --git a/x b/x\n--- a/other\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", ProblemKind::NamesContradict),
        ("diff --git \"a/\\q\" \"b/\\q\"\nold mode 100644\nnew mode 100755\n", ProblemKind::PathQuoting),
        ("diff --git \"a/\\377\" \"b/\\377\"\nold mode 100644\nnew mode 100755\n", ProblemKind::PathNotUtf8),
        ("diff --git a/x b/x\nold mode 9\nnew mode 100755\n", ProblemKind::Mode),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2\n", ProblemKind::HunkHeader),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n a\n", ProblemKind::HunkTooShort),
        ("diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n", ProblemKind::HunkTooLong),
        ("@@ -1 +1 @@\n-a\n+b\n", ProblemKind::HunkWithoutFile),
    ] {
        let text = format!("{damaged}{next}");
        let diff = parse(text.as_bytes());
        assert_eq!(diff.problems.first().map(|problem| problem.kind), Some(kind), "{text}");
        assert_eq!(diff.files.len(), 2, "{text}");
        assert_eq!(diff.files.last().map(describe).as_deref(), Some("A - next +0 -0 ->100644"), "{text}");
    }
    assert_eq!(problems(""), []);
    assert_eq!(problems("just text\n"), []);
    let truncated = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b";
    assert_eq!(problems(truncated), [ProblemKind::HunkTooShort]);
    assert_eq!(parse(truncated.as_bytes()).files[0].deleted, 1);
}

#[test]
fn hostile_numbers_and_sizes_stay_within_bounds() {
    let highest = "--- a/x\n+++ b/x\n@@ -4294967295,2 +4294967295,2 @@\n a\n b\n";
    assert_eq!(files(highest), ["M x x +0 -0"]);
    let beyond = "--- a/x\n+++ b/x\n@@ -4294967296 +1 @@\n-a\n+b\n";
    assert_eq!(problems(beyond), [ProblemKind::HunkHeader]);
    let zero = parse(b"--- a/x\n+++ b/x\n@@ -0 +0 @@\n a\n");
    assert_eq!(zero.files[0].hunks[0].lines[0].new, None);
    let parents = 100_000;
    let wide = format!("{0}{1} +1 {0}\n\n", "@".repeat(parents + 1), " -1,9".repeat(parents));
    assert_eq!(problems(&wide), [ProblemKind::HunkHeader]);
    let flood = parse(&b"@@ -x\n".repeat(5_000)[..]).problems.len();
    assert_eq!(flood, Diff::MAXIMUM_PROBLEMS);
}
