//! Compares the parser with the real git, if installed: git's own raw and numeric output is the truth.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::*;

/// A file according to `git diff --raw --numstat -z`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Truth {
    status: char,
    old: Option<String>,
    new: Option<String>,
    counts: Option<(u64, u64)>,
}

struct Repository(tempfile::TempDir);

impl Repository {
    /// An empty repository; `None` if git is not installed.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repository = Self(folder);
        let found = Command::new("git").arg("--version").output().is_ok_and(|output| output.status.success());
        found.then(|| {
            repository.git(&["init", "--quiet", "--initial-branch=main"]);
            repository
        })
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new("git")
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "core.autocrlf=false"])
            .args(arguments)
            .output()
            .expect("git runs");
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        // A merge with a conflict reports it by its exit status, which the test expects.
        assert!(output.status.success() || arguments[0] == "merge", "git {arguments:?}: {failed}");
        output.stdout
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, content).expect("written");
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "change"]);
    }

    fn truth(&self, options: &[&str]) -> Vec<Truth> {
        let run = |format: &str| {
            let mut arguments = vec!["diff", format, "-z", "HEAD~1", "HEAD"];
            arguments.extend(options);
            String::from_utf8(self.git(&arguments)).expect("UTF-8")
        };
        let numbers = run("--numstat");
        let mut numbers = numbers.split_terminator('\0');
        let raw = run("--raw");
        let mut raw = raw.split_terminator('\0');
        let mut files = Vec::new();
        while let Some(head) = raw.next() {
            let status = head.rsplit(' ').next().and_then(|word| word.chars().next()).expect("a status");
            let first = raw.next().expect("a path").to_owned();
            let moved = matches!(status, 'R' | 'C');
            let second = if moved { raw.next().expect("a path").to_owned() } else { first.clone() };
            let line = numbers.next().expect("counts");
            if moved {
                numbers.by_ref().take(2).for_each(drop);
            }
            let mut fields = line.split('\t').map(|field| field.parse::<u64>().ok());
            let counts = fields.next().flatten().zip(fields.next().flatten());
            files.push(Truth {
                status,
                old: (status != 'A').then_some(first),
                new: (status != 'D').then_some(second),
                counts,
            });
        }
        files
    }

    /// Compares the parsed diff with git's raw output. `options` select the files, `format` their presentation.
    fn check(&self, options: &[&str], format: &[&str]) {
        let mut arguments = vec!["diff", "HEAD~1", "HEAD"];
        arguments.extend(options.iter().chain(format));
        let text = self.git(&arguments);
        let diff = parse(&text);
        let shown = String::from_utf8_lossy(&text);
        assert_eq!(diff.problems, [], "{options:?} {format:?}\n{shown}");
        let parsed: Vec<_> = diff
            .files
            .iter()
            .map(|file| Truth {
                status: file.status.letter(),
                old: file.old_path.clone(),
                new: file.new_path.clone(),
                counts: (!file.is_binary()).then_some((file.added, file.deleted)),
            })
            .collect();
        assert_eq!(parsed, self.truth(options), "{options:?} {format:?}\n{shown}");
    }
}

const BINARY: [u8; 6] = [0, 1, 2, 0xFF, 0, 7];

/// Property 8 with the real git as the source of the diff.
#[test]
fn property_8_the_files_of_a_real_diff_are_those_that_git_names() {
    let Some(repository) = Repository::new() else { return };
    let long = (0..60).map(|number| format!("line {number}\n")).collect::<Vec<_>>().concat();
    for (path, content) in [
        ("changed.txt", long.as_str()),
        ("gone.txt", "x\ny"),
        ("moved from.txt", &long),
        ("a/b/inside", "a/ b/\n"),
        ("b/b b/b", "one\n"),
        ("café/漢字.rs", "fn main() {}\n"),
        ("quo\"te\\slash", "q\n"),
        ("tab\tname", "t\n"),
        ("no newline", "n"),
        ("crlf", "one\r\ntwo\r\n"),
        ("mode.sh", "#!/bin/sh\n"),
        ("empty", ""),
        ("will be link", "some\ncontent\n"),
        ("original", &"o\n".repeat(30)),
    ] {
        repository.write(path, content);
    }
    repository.write("data.bin", BINARY);
    repository.write("moved.png", BINARY.repeat(9));
    repository.commit();

    repository.write("changed.txt", long.replace("line 3\n", "-- a/x\n++ b/x\n").replace("line 50\n", ""));
    repository.write("moved to.txt", long.replace("line 30\n", "other\n"));
    repository.write("a/b/inside", "b/ a/\n@@ -1 +1 @@\n");
    repository.write("b/b b/b", "two\n");
    repository.write("café/漢字.rs", "fn main() {}\nfn more() {}");
    repository.write("quo\"te\\slash", "r\n");
    repository.write("tab\tname", "u\n");
    repository.write("no newline", "n\n");
    repository.write("crlf", "one\r\nthree\r\n");
    repository.write("new folder/é", "new\n");
    repository.write("new empty", "");
    repository.write("data.bin", [BINARY, BINARY].concat());
    repository.write("fresh.bin", BINARY.repeat(40));
    repository.write("copied", "o\n".repeat(30) + "p\n");
    repository.write("original", "o\n".repeat(29));
    for path in ["gone.txt", "moved from.txt", "empty", "will be link"] {
        fs::remove_file(repository.path().join(path)).expect("removed");
    }
    fs::rename(repository.path().join("moved.png"), repository.path().join("moved too.png")).expect("moved");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        symlink("target", repository.path().join("will be link")).expect("a link");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(repository.path().join("mode.sh"), executable).expect("a mode");
    }
    repository.commit();

    let renames = &["--find-renames"][..];
    let copies = &["--find-copies", "--find-copies-harder"][..];
    for format in [
        &[][..],
        &["--no-prefix"],
        &["--unified=0"],
        &["--binary"],
        &["--full-index", "--function-context"],
        &["--src-prefix=before/", "--dst-prefix=after/"],
    ] {
        for options in [renames, copies, &["--no-renames"]] {
            repository.check(options, format);
        }
    }
    repository.git(&["config", "core.quotePath", "false"]);
    repository.git(&["config", "diff.mnemonicPrefix", "true"]);
    repository.check(renames, &[]);
    repository.check(&["--no-renames"], &["--no-prefix"]);
}

#[test]
fn a_real_merge_is_read_against_both_parents() {
    let Some(repository) = Repository::new() else { return };
    repository.write("x y", "1\n2\n3\n4\n5\n");
    repository.commit();
    repository.git(&["switch", "--quiet", "--create", "side"]);
    repository.write("x y", "1\nside\n3\n4\n5");
    repository.commit();
    repository.git(&["switch", "--quiet", "main"]);
    repository.write("x y", "1\nmain\n3\n4\nfive");
    repository.commit();
    repository.git(&["merge", "--quiet", "side"]);
    repository.write("x y", "1\nboth\n3\n4\nend");
    repository.commit();
    let text = repository.git(&["show", "--cc", "HEAD"]);
    let shown = String::from_utf8_lossy(&text);
    let diff = parse(&text);
    assert_eq!(diff.problems, [], "{shown}");
    let [file] = &diff.files[..] else { panic!("one file in:\n{shown}") };
    assert_eq!((file.parents, file.new_path.as_deref()), (2, Some("x y")), "{shown}");
    assert_eq!((file.added, file.deleted), (2, 4), "{shown}");
    let last = file.hunks.last().and_then(|hunk| hunk.lines.last());
    assert!(last.is_some_and(|line| line.text == b"end"), "{shown}");
}
