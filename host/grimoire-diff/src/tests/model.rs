//! Property 8: diffs generated from a model keep every path and every change type.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::super::*;

const WRITTEN: &str = "a string takes everything";

/// A file of the model, and the form of its diff.
#[derive(Debug, Clone)]
struct ModelFile {
    status: FileStatus,
    old: String,
    new: String,
    content: Content,
    mode: &'static str,
}

#[derive(Debug, Clone)]
enum Content {
    Unshown,
    Binary,
    Text { deleted: Vec<String>, added: Vec<String>, context: Vec<String>, newline: bool },
}

/// The options of git's output.
#[derive(Debug, Clone, Copy)]
struct Style {
    prefixes: (&'static str, &'static str),
    quote_non_ascii: bool,
}

/// Quotes a path by git's rules.
fn quoted(prefix: &str, path: &str, style: Style) -> String {
    let full = format!("{prefix}{path}");
    let special = |byte: u8| byte < 0x20 || byte == 0x7F || matches!(byte, b'"' | b'\\');
    let must = full.bytes().any(|byte| special(byte) || (style.quote_non_ascii && !byte.is_ascii()));
    if !must {
        return full;
    }
    let mut printed = String::from("\"");
    let mut character = [0; 4];
    for part in full.chars() {
        let bytes = part.encode_utf8(&mut character).as_bytes();
        match part {
            '\t' => printed.push_str("\\t"),
            '\n' => printed.push_str("\\n"),
            '\r' => printed.push_str("\\r"),
            '"' => printed.push_str("\\\""),
            '\\' => printed.push_str("\\\\"),
            _ if bytes.iter().any(|&byte| special(byte) || (style.quote_non_ascii && !byte.is_ascii())) => {
                for byte in bytes {
                    write!(printed, "\\{byte:03o}").expect(WRITTEN);
                }
            }
            plain => printed.push(plain),
        }
    }
    printed.push('"');
    printed
}

/// A `---` or `+++` path: git ends a path that contains a space with a tab.
fn side(prefix: &str, path: &str, style: Style) -> String {
    let printed = quoted(prefix, path, style);
    if printed.contains(' ') && !printed.starts_with('"') { format!("{printed}\t") } else { printed }
}

fn print(files: &[ModelFile], style: Style) -> String {
    let mut text = String::new();
    for file in files {
        let (a, b) = style.prefixes;
        let (old, new) = (quoted(a, &file.old, style), quoted(b, &file.new, style));
        writeln!(text, "diff --git {old} {new}").expect(WRITTEN);
        let mode = file.mode;
        match file.status {
            FileStatus::Added => writeln!(text, "new file mode {mode}").expect(WRITTEN),
            FileStatus::Deleted => writeln!(text, "deleted file mode {mode}").expect(WRITTEN),
            FileStatus::Renamed | FileStatus::Copied => {
                let verb = if file.status == FileStatus::Renamed { "rename" } else { "copy" };
                let (from, to) = (quoted("", &file.old, style), quoted("", &file.new, style));
                writeln!(text, "similarity index 80%\n{verb} from {from}\n{verb} to {to}").expect(WRITTEN);
            }
            FileStatus::Modified | FileStatus::TypeChanged => {
                text.push_str("old mode 100600\nnew mode 100666\n");
            }
        }
        let absent_old = file.status == FileStatus::Added;
        let absent_new = file.status == FileStatus::Deleted;
        let old = if absent_old { "/dev/null".to_owned() } else { side(a, &file.old, style) };
        let new = if absent_new { "/dev/null".to_owned() } else { side(b, &file.new, style) };
        match &file.content {
            Content::Unshown => {}
            Content::Binary => {
                writeln!(text, "index 1..2\nBinary files {old} and {new} differ").expect(WRITTEN);
            }
            Content::Text { deleted, added, context, newline } => {
                let range = |count: usize| if count == 1 { "7".to_owned() } else { format!("7,{count}") };
                writeln!(text, "index 1..2 {mode}\n--- {old}\n+++ {new}").expect(WRITTEN);
                let (removed, present) = (deleted.len() + context.len(), added.len() + context.len());
                writeln!(text, "@@ -{} +{} @@", range(removed), range(present)).expect(WRITTEN);
                for line in deleted {
                    writeln!(text, "-{line}").expect(WRITTEN);
                }
                for line in added {
                    writeln!(text, "+{line}").expect(WRITTEN);
                }
                for line in context {
                    writeln!(text, " {line}").expect(WRITTEN);
                }
                if !newline {
                    text.push_str("\\ No newline at end of file\n");
                }
            }
        }
    }
    text
}

fn path() -> impl Strategy<Value = String> {
    let component = prop_oneof![
        4 => "[a-z]{1,6}(\\.[a-z]{1,3})?",
        1 => "[ab]",
        2 => "[a-z \"\\\\\té漢🦀b/]{1,8}",
    ];
    proptest::collection::vec(component, 1..4)
        .prop_map(|components| components.join("/").replace("//", "/").trim_matches('/').to_owned())
        .prop_filter("a path is not empty", |path| !path.is_empty())
}

fn content() -> impl Strategy<Value = Content> {
    let lines = || proptest::collection::vec("[-+ @\\\\a-z\r]{0,12}", 0..4);
    prop_oneof![
        1 => Just(Content::Unshown),
        1 => Just(Content::Binary),
        4 => (lines(), lines(), lines(), any::<bool>())
            .prop_filter("a hunk has lines", |(deleted, added, _, _)| !deleted.is_empty() || !added.is_empty())
            .prop_map(|(deleted, added, context, newline)| Content::Text { deleted, added, context, newline }),
    ]
}

fn model_file() -> impl Strategy<Value = ModelFile> {
    let status = prop_oneof![
        Just(FileStatus::Added),
        Just(FileStatus::Modified),
        Just(FileStatus::Deleted),
        Just(FileStatus::Renamed),
        Just(FileStatus::Copied),
    ];
    let mode = prop_oneof![Just("100644"), Just("100755"), Just("120000"), Just("160000")];
    (status, path(), path(), content(), mode).prop_map(|(status, old, new, content, mode)| {
        let moved = matches!(status, FileStatus::Renamed | FileStatus::Copied);
        ModelFile { status, new: if moved { new } else { old.clone() }, old, content, mode }
    })
}

fn style() -> impl Strategy<Value = Style> {
    let prefixes = prop_oneof![Just(("a/", "b/")), Just(("", "")), Just(("i/", "w/"))];
    (prefixes, any::<bool>()).prop_map(|(prefixes, quote_non_ascii)| Style { prefixes, quote_non_ascii })
}

/// A deletion before an addition of the same path with another type is a type change.
fn is_type_change(pair: &[ModelFile]) -> bool {
    pair[0].status == FileStatus::Deleted
        && pair[1].status == FileStatus::Added
        && pair[0].old == pair[1].new
        && pair[0].mode[..3] != pair[1].mode[..3]
}

proptest! {
    /// Property 8: diff parsing keeps every path and change type.
    #[test]
    fn property_8_every_path_and_change_type_is_kept(
        files in proptest::collection::vec(model_file(), 0..6),
        style in style(),
    ) {
        prop_assume!(!files.windows(2).any(is_type_change));
        let text = print(&files, style);
        let diff = parse(text.as_bytes());
        prop_assert_eq!(&diff.problems, &[], "in:\n{}", text);
        prop_assert_eq!(diff.files.len(), files.len(), "in:\n{}", text);
        for (parsed, model) in diff.files.iter().zip(&files) {
            prop_assert_eq!(parsed.status, model.status, "in:\n{}", text);
            let old = (model.status != FileStatus::Added).then_some(model.old.as_str());
            let new = (model.status != FileStatus::Deleted).then_some(model.new.as_str());
            prop_assert_eq!(parsed.old_path.as_deref(), old, "in:\n{}", text);
            prop_assert_eq!(parsed.new_path.as_deref(), new, "in:\n{}", text);
            prop_assert_eq!(parsed.marked_binary, matches!(model.content, Content::Binary));
            let (added, deleted) = match &model.content {
                Content::Text { added, deleted, .. } => (added.len(), deleted.len()),
                Content::Unshown | Content::Binary => (0, 0),
            };
            prop_assert_eq!((parsed.added, parsed.deleted), (added as u64, deleted as u64), "in:\n{}", text);
            if let Content::Text { deleted, added, context, newline } = &model.content {
                let lines = &parsed.hunks[0].lines;
                let texts: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line.text).into_owned()).collect();
                let expected: Vec<_> = deleted.iter().chain(added).chain(context).cloned().collect();
                prop_assert_eq!(texts, expected);
                prop_assert_eq!(lines.last().map(|line| line.missing_newline), Some(!newline));
            }
        }
    }

    /// Any bytes give a result whose counts and numbers agree with its lines.
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        consistent(&bytes)?;
    }

    /// The same for bytes that mostly consist of the keywords of the format.
    #[test]
    fn any_mix_of_format_words_is_read_without_panic(words in proptest::collection::vec(word(), 0..60)) {
        consistent(words.concat().as_bytes())?;
    }
}

/// The keywords of diffs.
const WORDS: &[&str] = &[
    "diff --git ",
    "diff --cc ",
    "diff --combined ",
    "a/x b/x",
    "\"a/\\303\" ",
    "\"b/\\",
    "--- ",
    "+++ ",
    "/dev/null",
    "@@ -1,2 +1,3 @@",
    "@@@ -1 -1 +1,2 @@@",
    "@@ -0,0 +1 @@ f",
    "@@ -4294967295,9 +7,9 @@",
    "\n",
    "\n",
    "\n",
    "\r\n",
    "+",
    "-",
    " ",
    "\\ No newline at end of file",
    "rename from ",
    "rename to x",
    "similarity index 90%",
    "old mode 100644",
    "new file mode 120000",
    "deleted file mode 100644",
    "index 1..2 100644",
    "mode 1,2..3",
    "Binary files ",
    " and ",
    " differ",
    "GIT binary patch",
    "Submodule x 1234..5678:",
    "\t1970-01-01 00:00",
    "é",
];

fn word() -> impl Strategy<Value = String> {
    proptest::sample::select(WORDS).prop_map(str::to_owned)
}

fn consistent(bytes: &[u8]) -> Result<(), TestCaseError> {
    let diff = parse(bytes);
    let newlines = memchr::memchr_iter(b'\n', bytes).count();
    let mut total = 0;
    for file in &diff.files {
        let lines = || file.hunks.iter().flat_map(|hunk| &hunk.lines);
        let count = |kind| lines().filter(|line| line.kind == kind).count() as u64;
        prop_assert_eq!((file.added, file.deleted), (count(LineKind::Added), count(LineKind::Deleted)));
        prop_assert_eq!(file.status == FileStatus::Added && file.old_path.is_some(), false);
        prop_assert_eq!(file.status == FileStatus::Deleted && file.new_path.is_some(), false);
        total += lines().count();
        let _ = (file.is_binary(), file.path(), file.new_line(1));
    }
    prop_assert!(total <= newlines + 1, "more lines than the input has");
    prop_assert!(diff.problems.iter().all(|problem| (1..=newlines as u64 + 1).contains(&problem.line)));
    Ok(())
}
