//! Recognises the tool of findings that do not name it by their members.

/// Members that only one tool's findings have, and the tool.
const SHAPES: &[(&[&str], &str)] = &[
    (&["copname"], "rubocop"),
    (&["nodetype", "ruleid"], "eslint"),
    (&["messageid", "symbol"], "pylint"),
    (&["noqarow"], "ruff"),
    (&["endcolumn", "fix", "level"], "shellcheck"),
    (&["ruleid", "match", "commit"], "gitleaks"),
    (&["testid", "issuetext"], "bandit"),
    (&["checkid", "extra"], "semgrep"),
    (&["rulenames", "ruleinformation"], "markdownlint"),
    (&["check", "span", "match"], "vale"),
    (&["smelltype"], "reek"),
    (&["warningtype", "confidence"], "brakeman"),
    (&["linepos"], "sqlfluff"),
    (&["startlinepos"], "sqlfluff"),
    (&["linefrom", "snippet"], "psalm"),
    (&["ruleset", "beginline"], "phpmd"),
    (&["failure", "rulename", "startposition"], "tslint"),
    (&["problemmessage"], "dart"),
    (&["scope", "trigger"], "credo"),
    (&["errorcode", "modulename"], "purescript"),
    (&["hint", "module", "from"], "hlint"),
    (&["stopline"], "pyre"),
    (&["kind", "snippet", "endcolumn"], "actionlint"),
    (&["checkid", "checkresult"], "checkov"),
    (&["ruleid", "longid"], "tfsec"),
    (&["callers", "rule"], "tflint"),
    (&["reason", "ruleid", "character"], "swiftlint"),
    (&["elements", "check", "impact"], "slither"),
    (&["checkername", "mergekey"], "coverity"),
    (&["ruleid", "details"], "gosec"),
    (&["check", "remediation"], "kube-linter"),
    (&["title", "region"], "elm"),
    (&["file", "hint", "code", "severity"], "mypy"),
];

/// The first tool all of whose members an object has.
pub(crate) fn tool(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    SHAPES.iter().find(|(names, _)| names.iter().all(|name| has(name))).map(|(_, tool)| *tool)
}
