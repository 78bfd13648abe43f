//! Splits a diff into files, as in the files API.

use super::state::ChangedFile;

/// The files of a diff that `git diff` printed with ordinary paths.
pub(super) fn files_of(diff: &str) -> Vec<ChangedFile> {
    let mut files: Vec<ChangedFile> = Vec::new();
    let mut patch: Option<String> = None;
    for line in diff.split_inclusive('\n') {
        if let Some(paths) = line.strip_prefix("diff --git ") {
            finish(&mut files, &mut patch);
            let path = paths.trim_end().split_once(" b/").map_or(paths, |(_, new)| new);
            files.push(ChangedFile { patch: None, ..ChangedFile::modified(path, "") });
        } else if let (Some(patch), false) = (&mut patch, line.starts_with("diff ")) {
            patch.push_str(line);
        } else if let Some(file) = files.last_mut() {
            let line_end = line.trim_end();
            if line.starts_with("@@ ") {
                patch = Some(line.to_owned());
            } else if line.starts_with("new file") {
                "added".clone_into(&mut file.status);
            } else if line.starts_with("deleted file") {
                "removed".clone_into(&mut file.status);
            } else if let Some(old) = line_end.strip_prefix("rename from ") {
                "renamed".clone_into(&mut file.status);
                file.previous = Some(old.to_owned());
            } else if let Some(old) = line_end.strip_prefix("copy from ") {
                "copied".clone_into(&mut file.status);
                file.previous = Some(old.to_owned());
            }
        }
    }
    finish(&mut files, &mut patch);
    files
}

fn finish(files: &mut [ChangedFile], patch: &mut Option<String>) {
    if let (Some(file), Some(mut patch)) = (files.last_mut(), patch.take()) {
        // The API returns patches without their final line end.
        if patch.ends_with('\n') {
            patch.pop();
        }
        file.patch = Some(patch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_is_taken_apart() {
        let files = files_of(
            "diff --git a/a.rs b/a.rs\nindex 1..2 100644\n--- a/a.rs\n+++ b/a.rs\n@@ -1 +1 @@\n-a\n+b\n\
             diff --git a/new.rs b/new.rs\nnew file mode 100644\n--- /dev/null\n+++ b/new.rs\n@@ -0,0 +1 @@\n+x\n\
             diff --git a/old.rs b/moved.rs\nsimilarity index 100%\nrename from old.rs\nrename to moved.rs\n",
        );
        let seen: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.status.as_str(), file.patch.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a.rs", "modified", Some("@@ -1 +1 @@\n-a\n+b")),
                ("new.rs", "added", Some("@@ -0,0 +1 @@\n+x")),
                ("moved.rs", "renamed", None),
            ]
        );
        assert_eq!(files[2].previous.as_deref(), Some("old.rs"));
    }
}
