//! Compilers and build tools for languages and processors without an analyzer of their own.

use crate::forms::{Form, MORE, SKIP};

const C: &[&str] = &["c", "h", "cc", "cpp", "cxx", "hpp", "hh", "C", "H"];
const FORTRAN: &[&str] = &["f", "for", "f77", "f90", "f95", "f03", "f08"];
const VERILOG: &[&str] = &["v", "sv", "vh", "svh", "vhd", "vhdl"];
const COBOL: &[&str] = &["cbl", "cob", "cpy"];
const JAVASCRIPT: &[&str] = &["js", "jsx", "mjs", "cjs", "ts", "tsx", "vue", "svelte"];
const LEX: &[&str] = &["l", "ll", "lex"];
const SML: &[&str] = &["sml", "sig", "fun", "mlb"];

/// The forms of compilers.
pub(crate) const FORMS: &[Form] = &[
    Form::compile("cobc", &["{file}: {line}: {severity}: {message}"]).of(COBOL),
    Form::compile("ajc", &["[{severity}] {message} [Xlint:{code}]", "{file}:{line}"]).of(&["java", "aj"]),
    Form::compile("ajc", &["[{severity}] {message}", "{file}:{line}"]).of(&["java", "aj"]),
    Form::compile("armcc", &["\"{file}\", line {line} (column {column}): {severity}: #{code}: {message}"]),
    Form::compile("dcc", &["\"{file}\", line {line}: {severity} ({}:{code}): {message}"]),
    Form::compile("ti", &["\"{file}\", {severity}! at line {line}: [{code}] {message}"]),
    Form::compile("ltc", &["ltc {code}: {message}"]),
    Form::compile("mwcc", &["# File: {file}", SKIP, "# {line}: {}", "# {severity}: {}", "# {message}"]),
    Form::compile("mwcc", &["{}|Compiler|{severity}", "({file}|{line}|{column}|{}", "={}", ">{message}"]),
    Form::compile("xlf", &["\"{file}\", line {line}.{column}: {code} (S) {message}"]).of(FORTRAN),
    Form::compile("xlf", &["\"{file}\", line {line}.{column}: {code} (E) {message}"]).of(FORTRAN),
    Form::compile("xlf", &["\"{file}\", line {line}.{column}: {code} (W) {message}"]).of(FORTRAN).warns(),
    Form::compile("acc", &["{severity} {code}: \"{file}\", line {line} # {message}"]),
    Form::compile(
        "cray",
        &["{code} {}: {severity} {}File = {file}, Line = {line}, Column = {column}", "{message}"],
    ),
    Form::compile("cray", &["{code} {}: {severity} {}File = {file}, Line = {line}", "{message}"]),
    Form::lint("pclint", &["{file} {line} {severity} {code}: {message}"]).of(C),
    Form::lint("pclint", &["{file} {line} {severity} {code} {message}"]).of(C),
    Form::compile("clang", &["{file} +{line}:{column}: {severity}: {message}"]).of(C),
    Form::compile("dcc", &["[{} {severity}] {file}({line}): {code} {message}"]).of(&["pas", "dpr", "inc"]),
    Form::compile("gfortran", &["In file {file}:{line}", SKIP, "{severity}: {message}"]).of(FORTRAN),
    Form::compile("lfortran", &["{} error: {message}", "--> {file}:{line}:{column}"]).of(FORTRAN),
    Form::compile("c51", &["*** {severity} {code} IN LINE {line} OF {file}: {message}"]),
    Form::compile("nvc", &["** {severity}: {message}", "> {file}:{line}"]).of(VERILOG),
    Form::compile("vcs", &["{severity}-[{code}] {message}", SKIP, "\"{file}\", {line}: {message}"]),
    Form::compile("vcs", &["{severity}-[{code}] {message}", "{file}, {line}"]),
    Form::compile("synplify", &["@{severity}: {code} :\"{file}\":{line}:{column}:{}|{message}"]),
    Form::compile("yosys", &["{severity}: {message} at {file}:{line}.{column}-{}"]).of(VERILOG),
    Form::compile("scalac", &["[{severity}] [{}] {file}:{line}:{column}", "[{severity}] {message}"]),
    Form::compile("ecj", &["[{severity}] {file}:[{line},{column}]", "{}", "{}^", "{message}"]),
    Form::compile("jikes", &["{line}. {}", "{}^{}", "*** {} {severity}: {message}"])
        .below("Found {} compiling \"{file}\":"),
    Form::compile("haxe", &["{file}:{line}: characters {column}-{} : {severity} : {message}"]),
    Form::compile("haxe", &["{file}:{line}: characters {column}-{} : {message}"]),
    Form::compile("haxe", &["{file}:{line}: lines {} : {severity} : {message}"]),
    Form::compile("haxe", &["{file}:{line}: lines {} : {message}"]).of(&["hx"]),
    Form::compile(
        "haxe",
        &["{severity} {file}:{line}: characters {column}-{}", SKIP, "| {}^", "| {message}"],
    ),
    Form::compile("rescript", &["We've found a bug for you!", "{file}:{line}:{column}{}", SKIP, "{prose}"]),
    Form::compile("rescript", &["Warning number {code}", "{file}:{line}:{column}{}", SKIP, "{prose}"])
        .warns(),
    Form::compile("agda", &["{file}:{line},{column}-{}", MORE]).of(&["agda", "lagda", "md"]),
    Form::compile("agda", &["{file}:{line}.{column}-{}: {severity}: [{code}]", MORE])
        .of(&["agda", "lagda", "md"]),
    Form::compile("fstar", &["* {severity} {code} at {file}({line},{column}-{}):", "- {message}"]),
    Form::compile("fstar", &["{file}({line},{column}-{}): ({severity} {code}) {message}"]),
    Form::compile("isabelle", &["*** {message} (line {line} of \"{file}\")"]),
    Form::compile("mlton", &["{severity}: {file} {line}.{column}-{}.", MORE]).of(SML),
    Form::compile("roc", &["── {rule} in {file} ─{}", SKIP, "{prose}", SKIP, "{line}│ {}"]),
    Form::compile("dart", &["[{severity}] {message} ({file}, line {line}, col {column})"]),
    Form::compile("asciidoctor", &["asciidoctor: {severity}: {file}: line {line}: {message}"]),
    Form::compile("php", &["{} error: {file}:{line}", SKIP, "{prose}"]).of(&["php", "phtml", "inc"]),
    Form::compile("bcc32", &["{severity} {code} {file} {line}: {message}"]).of(C),
    Form::compile("sass", &["{severity}: {message}", "on line {line}:{column} of {file}"]),
    Form::compile("sass", &["{} error: {message}", "on line {line} of {file}"]),
    Form::compile("sass", &["{severity}: {message}", "on line {line} of {file}"]),
    Form::compile("stylus", &["{}Error: {file}:{line}:{column}", SKIP, "{prose}"]).of(&["styl"]),
    Form::compile("postcss", &["CssSyntaxError: {file}:{line}:{column}: {message}"]),
    Form::compile("babel", &["SyntaxError: {file}: {message} ({line}:{column})"]).of(JAVASCRIPT),
    Form::compile("tsc", &["error: {code} [ERROR]: {message}", SKIP, "at {file}:{line}:{column}"]),
    Form::compile("tsc", &["{code} [ERROR]: {message}", SKIP, "at {file}:{line}:{column}"]),
    Form::compile("rhino", &["js: \"{file}\", line {line}: {message}"]),
    Form::compile("graphviz", &["{severity}: {file}: {message} in line {line}{}"]).of(&["dot"]),
    Form::compile("context", &["tex error > {} on line {line} in file {file}: ! {message}"]),
    Form::lint("nginx", &["nginx: [{}] {message} in {file}:{line}"]),
    Form::lint("apache", &["{} Syntax error on line {line} of {file}:", "{message}"]),
    Form::compile("flex", &["{file}:{line}: {severity}, {message}"]).of(LEX),
    Form::compile("flex", &["{file}:{line}: {message}"]).of(LEX),
    Form::compile("powershell", &["At {file}:{line} char:{column}", SKIP, "{prose}"])
        .of(&["ps1", "psm1", "psd1"]),
    Form::compile("shell", &["{file}[{line}]: {message}"]).of(&["sh", "ksh"]),
    Form::compile("gherkin", &["{file}: ({line}:{column}): {message}"]).of(&["feature"]),
    Form::compile("odin", &["{file}({line}:{column}) {message}"]).of(&["odin"]),
    Form::compile("gjs", &["{}JS ERROR: {message}", "{}@{file}:{line}:{column}"]),
    Form::compile("onsgmls", &["{}:{file}:{line}:{column}:{severity}: {message}"])
        .of(&["sgml", "sgm", "xml", "html", "dtd"]),
    Form::compile("pandoc", &["Error at \"{file}\" (line {line}, column {column}):", "{message}"]),
    Form::compile("freebasic", &["{file}({line}) {severity} {code}: {message}"]).of(&["bas", "bi"]),
    Form::compile("sqlite", &["Error: near line {line}: {message}"]),
    Form::compile("scdoc", &["Error at {line}:{column}: {message}"]),
    Form::compile("spim", &["spim: ({}) {message} on line {line} of file {file}"]),
    Form::compile("coolflux", &["{severity} \"{file}\", line {line}, column {column}: {message}"]),
    Form::compile("coolflux", &["{severity} \"{file}\", line {line}: {message}"]),
    Form::compile("crosscore", &["\"{file}\", line {line}: {code}: {} {severity}: {message}"]),
    Form::compile("crosscore", &["[{severity} {code}] \"{file}\":{line} {message}"]),
    Form::compile("ifort", &["{file}({line}): (col. {column}) {severity}: {message}"]),
    Form::compile("buckminster", &["{severity}: file {file}, line {line}: {message}"]),
];
