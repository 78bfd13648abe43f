//! Linters and checkers that run beside the compiler.

use crate::forms::{Form, SKIP};

const PYTHON: &[&str] = &["py", "pyi"];
const HTML: &[&str] = &["html", "htm", "xhtml", "vue", "hbs", "php", "twig", "njk"];
const PROSE: &[&str] = &["md", "markdown", "txt", "rst", "tex", "adoc"];
const DOTENV: &[&str] = &["env", "local", "example", "sample", "test", "production", "development"];
const RPM: &[&str] = &["spec", "rpm", "src", "noarch", "x86_64", "i586", "i686", "aarch64"];
const PROLOG: &[&str] = &["pl", "pro", "prolog", "plt"];

/// The forms of linters.
pub(crate) const FORMS: &[Form] = &[
    Form::lint("bashate", &["[{severity}] {code}: {message}", "- {file} : L{line}"]),
    Form::lint("coffeelint", &["{file},{line},{},{severity},\"{message}\""]).of(&["coffee", "litcoffee"]),
    Form::lint("coffeelint", &["✗ #{line}: {message}"]).below("✗ {file}"),
    Form::lint("coffeelint", &["⚡ #{line}: {message}"]).below("✗ {file}").warns(),
    Form::lint("coffeelint", &["⚡ #{line}: {message}"]).below("⚡ {file}").warns(),
    Form::lint("desktop-file-validate", &["{file}: {severity}: {message}"]).of(&["desktop"]),
    Form::lint("fecs", &["fecs {severity} → line {line}, col {column}: {message} ({code})"])
        .below("fecs INFO {file} ({}"),
    Form::lint("fecs", &["fecs {severity} → line {line}, col {column}: {message}"])
        .below("fecs INFO {file} ({}"),
    Form::lint("htmlhint", &["{file}: line {line}, col {column}, {severity} - {message} ({code})"]).of(HTML),
    Form::lint("html-validate", &["{severity}: {message} ({code}) at {file}:{line}:{column}:"]).of(HTML),
    Form::lint("jslint", &["#{} {message}", "{} // Line {line}, Pos {column}"])
        .below("{file}")
        .of(&["js", "json"]),
    Form::lint("detekt", &["{code} - {message} at {file}:{line}:{column} - Signature={}"]),
    Form::lint("chktex", &["{severity} {code} in {file} line {line}: {message}"]).of(&["tex"]),
    Form::lint("chktex", &["{file}:{line}:{column}:{code}:{message}"]).of(&["tex"]).warns(),
    Form::lint("mlint", &["L {line} (C {column}): {message}"]).warns(),
    Form::lint("mlint", &["L {line} (C {column}-{}): {message}"]).warns(),
    Form::lint("nagelfar", &["Line {line}: {severity} {message}"]).below("Checking file {file}"),
    Form::lint("nagelfar", &["Line {line}: E {message}"]),
    Form::lint("nagelfar", &["Line {line}: W {message}"]).warns(),
    Form::lint("phpmd", &["{line} | VIOLATION | {message}"]).below("FILE: {file}"),
    Form::lint("pylint", &["{severity}: {line}, {column}: {message} ({code})"]),
    Form::lint("pyright", &["{line}:{column} - {severity}: {message} ({code})"]).below("{file}").of(PYTHON),
    Form::lint("pyright", &["{line}:{column} - {severity}: {message}"]).below("{file}").of(PYTHON),
    Form::lint("pyrefly", &["{severity} {message} [{code}]", "--> {file}:{line}:{column}"]).of(PYTHON),
    Form::lint("pydoclint", &["{line}: {code}: {message}"]).below("{file}").of(PYTHON),
    Form::lint("reek", &["[{line}]:{code}: {message}"]).below("{file} -- {}").warns(),
    Form::lint("reek", &["[{line}, {}]:{code}: {message}"]).below("{file} -- {}").warns(),
    Form::lint("fasterer", &["{message} Occurred at lines: {line}{}"]).below("{file}").of(&["rb"]).warns(),
    Form::lint("rpmlint", &["{file}: {severity}: {code} {message}"]).of(RPM),
    Form::lint("rpmlint", &["{file}: {severity}: {code}"]).of(RPM),
    Form::lint("snakemake", &["* {message} in line {line}:"]).below("Lints for {} {file}:").warns(),
    Form::lint("slither", &["{} ({file}#{line}-{}) {message}"]).of(&["sol", "vy"]).warns(),
    Form::lint("slither", &["{} ({file}#{line}) {message}"]).of(&["sol", "vy"]).warns(),
    Form::lint("sqlint", &["{file}:{line}:{column}:{severity} {message}"]).of(&["sql", ""]),
    Form::lint("swaglint", &["{file}: {severity} @ {line}:{column} - {message}"]),
    Form::compile("swipl", &["{severity}: {file}:{line}:{column}: {message}"]).of(PROLOG),
    Form::compile("swipl", &["{severity}: {file}:{line}:", "{severity}: {message}"]).of(PROLOG),
    Form::compile("swipl", &["{severity}: {file}:{line}:", "{message}"]).of(PROLOG),
    Form::lint("systemd", &["{file}: Command {message}"]).of(&["service", "socket", "timer", "mount"]),
    Form::lint("vala-lint", &["{line}.{column} {severity} {message} {code}"])
        .below("{file}")
        .of(&["vala", "vapi"]),
    Form::lint("yara", &["{severity}: rule \"{}\" in {file}({line}): {message}"]),
    Form::compile("zeek", &["{severity} in {file}, line {line}: {message}"]).of(&["zeek", "bro"]),
    Form::lint("ameba", &["{file}:{line}:{column}", "[{severity}] {code}: {message}"]).of(&["cr"]),
    Form::lint("proselint", &["{file}:{line}:{column}: {compound} {message}"]).of(PROSE).warns(),
    Form::lint("redpen", &["{file}:{line}: ValidationError[{code}], {message}"]),
    Form::lint("spectral", &["{file}:{line}:{column} {severity} {compound} {message}"])
        .of(&["yaml", "yml", "json"]),
    Form::lint("cpplint", &["{file}({line}): {severity} cpplint: [{code}] {message} [{}]"]),
    Form::lint("perlcritic", &["[{code}] {message} at line {line}, column {column}. {}"]).warns(),
    Form::lint("promtool", &["{file}: {line}:{column}: {message}"]).of(&["yml", "yaml", "rules"]),
    Form::lint("cfn-nag", &["| {severity} {code}", SKIP, "| Line Numbers: [{line}{}", SKIP, "| {message}"])
        .below("{file}"),
    Form::lint("csslint", &["{}: {severity} at line {line}, col {column}", "{message}"])
        .below("csslint: There {} in {file}."),
    Form::lint("eslint", &["║ {line} │ {column} │ {severity} │ {message} │ {code} ║"]).below("{file}"),
    Form::lint("fsharplint", &["{message}", "{severity} on line {line} starting at column {column}"])
        .below("========== Linting {file} =========={}"),
    Form::lint("gherkin-lint", &["{line} {message} {code}"]).below("{file}").of(&["feature"]),
    Form::lint("html-proofer", &["* At {file}:{line}:", SKIP, "{message}"]),
    Form::lint("mandoc", &["mandoc: {file}:{line}:{column}: {severity}: {message}"]),
    Form::lint("groff", &["troff: {file}:{line}: {severity}: {message}"]),
    Form::lint("groff", &["troff:{file}:{line}: {severity}: {message}"]),
    Form::lint("bicep", &["{file}({line},{column}) : {severity} {code}: {message}"])
        .of(&["bicep", "bicepparam"]),
    Form::lint("snakemake", &["SyntaxError in file {file}, line {line}:", SKIP, "{message}"]),
    Form::lint("podchecker", &["*** {severity}: {message} at line {line} in file {file}"]),
    Form::lint("kics", &["{message}, Severity: {severity}, Results: {}", SKIP, "[{}]: {file}:{line}"]),
    Form::lint("dotenv-linter", &["{file}:{line} {code}: {message}"]).of(DOTENV),
    Form::lint("secretlint", &["{line}:{column} {severity} [{code}] {message}"]).below("{file}"),
    Form::lint("npm-groovy-lint", &["{line} {severity} {message} {code}"])
        .below("{file}")
        .of(&["groovy", "gradle", ""]),
    Form::lint(
        "terrascan",
        &["Description : {message}", "File : {file}", SKIP, "Line : {line}", "Severity : {severity}"],
    ),
    Form::lint("tslint", &["{severity}: {line}:{column} {code} {message}"])
        .below("{file}")
        .of(&["ts", "tsx", "js"]),
    Form::lint("darglint", &["{file}:{name}:{line}: {code}: {message}"]).of(PYTHON),
    Form::lint("bibclean", &["?? \"{file}\", line {line}: {message}"]),
    Form::lint("bibclean", &["%% \"{file}\", line {line}: {message}"]).warns(),
    Form::lint("ibm-openapi-validator", &["Message : {message}", SKIP, "Line : {line}"]),
    Form::lint("twigcs", &["l.{line} c.{column} : {severity} {message}"]).below("{file}"),
    Form::lint("opa", &["{} occurred: {file}:{line}: {code}: {message}"]).of(&["rego"]),
    Form::lint("opa", &["{file}:{line}: {code}: {message}"]).of(&["rego"]),
    Form::lint("c-stat", &["\"{file}\",{line} Severity-{severity}[{code}]:{message}"]),
    Form::lint("qac", &["{file}({line},{column}): {severity}: ({code}) {message}"]),
    Form::lint("drmemory", &["Error #{}: {message}", SKIP, "# {} [{file}:{line}]"]),
    Form::lint("codechecker", &["[{severity}] {file}:{line}:{column}: {message} [{code}]"]),
];
