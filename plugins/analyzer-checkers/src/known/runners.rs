//! Test runners for shells, documents, policies and small languages.

use crate::forms::{Form, SKIP};

/// The forms of test runners.
pub(crate) const FORMS: &[Form] = &[
    Form::test("testcafe", &["{}) {message}", SKIP, "Browser: {}", SKIP, "at {} ({file}:{line}:{column})"]),
    Form::test("criterion", &["[----] {file}:{line}: Assertion Failed", SKIP, "[----] {message}"]),
    Form::test("shellspec", &["{}.{}) {message}", SKIP, "# {file}:{line}"]).of(&["sh", "bash"]),
    Form::test("pester", &["[-] {}", "{message}", SKIP, "at {}, {file}:{line}"]).of(&["ps1"]),
    Form::test("pester", &["[-] {}", "{message}", SKIP, "at {}, {file}: line {line}"]).of(&["ps1"]),
    Form::test("pester", &["[-] {}", "{message}", SKIP, "at line: {line} in {file}"]).of(&["ps1"]),
    Form::test("expecto", &["[{} ERR] {} failed in {}", "{message}", SKIP, "at {} in {file}:line {line}{}"]),
    Form::test("zig", &["{}... FAIL ({code})", "{message}", SKIP, "{file}:{line}:{column}: 0x{} in test.{}"]),
    Form::test("opa", &["data.{message}: FAIL ({}"]),
];
