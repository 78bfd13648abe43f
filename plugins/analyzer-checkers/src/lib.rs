//! Finds reports of checkers that belong to no other family.
//!
//! | file | input |
//! | --- | --- |
//! | `one_line`, `in_words` | one-line findings in a tool-specific format: with the location at the start, or within the text |
//! | `hardware` | Verilator, ModelSim, Vivado, Quartus |
//! | `below_file` | findings in rows below the name of their file |
//! | `above_place` | a finding with its location on the next line |
//! | `pointed` | a headline with an arrow and the location below it |
//! | `blocks` | findings of several lines: Crystal, Raku, Flow, jsonlint, LanguageTool, Cucumber and others |
//! | `table` | tables of PSScriptAnalyzer and Psalm |
//! | `forge` | tests of contracts in Solidity |
//! | `godot` | errors of Godot, with the location below |
//! | `java` | the Eclipse compiler |
//! | `known` | all forms that a line of a table says: linters, and compilers of small languages and processors, test runners |
//! | `tests` | Bats, testthat and `R CMD check`, linters that print TAP |
#![deny(unsafe_code)]

mod above_place;
mod below_file;
mod blocks;
mod endings;
mod finding;
mod forge;
mod forms;
mod godot;
mod hardware;
mod in_words;
mod java;
mod known;
mod one_line;
mod pointed;
mod table;
mod template;
mod tests;
mod tools;

use forms::Forms;
use grimoire_plugin_sdk::recognise::panel::{Lines, Panel, Reader};
use grimoire_plugin_sdk::{Diagnostic, Line, LineAnalyzer, LineScan, export_analyzer};

/// The analyzer: see the crate's documentation.
pub struct Checkers(Panel);

impl Default for Checkers {
    fn default() -> Self {
        let readers: Vec<Box<dyn Reader>> = vec![
            Box::<blocks::Crystal>::default(),
            Box::<blocks::Raku>::default(),
            Box::<blocks::Flow>::default(),
            Box::<blocks::Json>::default(),
            Box::<blocks::LanguageTool>::default(),
            Box::<blocks::Gherkin>::default(),
            Box::<blocks::Jsonnet>::default(),
            Box::<blocks::Thrift>::default(),
            Box::<godot::Godot>::default(),
            Box::<java::Eclipse>::default(),
            Box::<tests::Bats>::default(),
            Box::<tests::Lint>::default(),
            Box::<tests::TestThat>::default(),
            Box::<tests::Check>::default(),
            Box::<pointed::Pointed>::default(),
            Box::<table::ScriptAnalyzer>::default(),
            Box::<table::Psalm>::default(),
            Box::<below_file::BelowFile>::default(),
            Box::<above_place::AbovePlace>::default(),
            Box::<forge::Forge>::default(),
            Box::new(Lines(hardware::read)),
            Box::new(Lines(one_line::read)),
            Box::new(Forms::new(known::linters::FORMS)),
            Box::new(Forms::new(known::compilers::FORMS)),
            Box::new(Forms::new(known::runners::FORMS)),
            Box::new(Lines(in_words::read)),
        ];
        Self(Panel::new(readers))
    }
}

/// The analyzer as the component exports it.
pub type Scan = LineScan<Checkers>;

export_analyzer!(Scan);

impl LineAnalyzer for Checkers {
    const TOOLS: &'static [&'static str] = tools::TOOLS;

    const PROBES: &'static [&'static str] = &[
        // Rows below the name of their file.
        "  warning  ",
        "  error  ",
        ".hbs",
        ".graphql",
        "djlint",
        "[FAIL",
        "fecs",
        // Locations of several words.
        ": Line ",
        "(line ",
        ", line: ",
        ", line ",
        ")[warn]",
        ")[error]",
        ".html",
        ".robot",
        ".sls",
        ".yaml:",
        ".yml:",
        ": line ",
        "in file \"",
        ".scad",
        ".pp ",
        ".pp:",
        "(CWE-",
        "ERROR: 0:",
        ".qml:",
        "Assumption: ",
        "Envy: ",
        "Clump: ",
        "Parameter: ",
        "Statements: ",
        "VariableName: ",
        "Conditional: ",
        "ERROR: [",
        "WARNING: [",
        " Column ",
        " - Warning: ",
        " - Error: ",
        "; line ",
        "] E0",
        "-- Failure (",
        ": T1 ",
        ": T3 ",
        ": B1 ",
        ": B6 ",
        // Arrows.
        "  --> ",
        "┌─ ",
        "╭─[",
        // Names of tools, codes and files.
        "FC0",
        "awk:",
        "luac:",
        "llc:",
        "opt:",
        "STATIC ERROR",
        "RUNTIME ERROR",
        "sonnet:",
        "[ERROR:",
        "[WARNING:",
        "** Error",
        "** Warning",
        "%Error",
        "%Warning",
        "Error (",
        "Warning (",
        ":[AL",
        ".nix>",
        "Phan",
        "Unknown word",
        "sql-lint",
        " Line: ",
        "===SORRY!===",
        "   at: ",
        "Rule ID:",
        "Parser errors:",
        "Parse error on",
        ".odin(",
        ".cr:",
        "Error -",
        "Error ┈",
        "RuleName",
        "minphony",
        "phonydeclared",
        ".spec:",
        ".erl:",
        ".py at ",
        ": *E,",
        ": *W,",
        ": *F,",
        "): col:",
        ": [\"",
        ",error,\"",
        ",warning,\"",
        ":[line",
        ".lua:",
        "oelint.",
        "ERROR in ",
        "WARNING in ",
        "not ok ",
        "in test file ",
        "\u{2500}\u{2500} Failure",
        "\u{2500}\u{2500} Error",
        "... ERROR",
        "revive.run",
        "UtilityFunction",
        "IrresponsibleModule",
        "TooMany",
        "FeatureEnvy",
        "DuplicateMethodCall",
        "Uncommunicative",
        "` should be `",
        // Probes for the forms of the tables.
        " : L",
        ".coffee",
        ".desktop: ",
        " - Signature=",
        ".tex ",
        ".tex:",
        "// Line ",
        " (C ",
        "Checking file ",
        ": E ",
        ": W ",
        "| VIOLATION |",
        " - error:",
        " - warning:",
        ": DOC1",
        ": DOC2",
        "E: ",
        "W: ",
        "C: ",
        ".rb -- ",
        "Occurred at lines: ",
        "Lints for ",
        "Semantic Error",
        ".sol#",
        ".sql:",
        "stdin:",
        " @ ",
        ".pl:",
        ": Command ",
        ".vala",
        "rule \"",
        ".zeek,",
        ".cbl",
        ".cob",
        "[Xlint:",
        "(column ",
        "(dcc:",
        "(etoa:",
        "ERROR!",
        "ltc ",
        "#    File: ",
        "|Compiler|",
        "File = ",
        ".c  ",
        ".cpp  ",
        ".c +",
        ".cpp +",
        ".pas",
        ".dpr",
        "In file ",
        ".f90",
        " IN LINE ",
        "Error-[",
        "Warning-[",
        "[E] ",
        "[W] ",
        "^^^",
        ": characters ",
        ": lines ",
        "a bug for you!",
        "Warning number ",
        ".agda:",
        ".fst(",
        ".thy\"",
        ".sml",
        ".roc ",
        ", col ",
        "in line ",
        "ValidationError[",
        "error cpplint:",
        "(Severity: ",
        "Browser: ",
        ".vhd:",
        "[----] ",
        ".sh:",
        ".ps1:",
        " ERR] ",
        ".zig:",
        ": FAIL (",
        ".md:",
        ".rst:",
        "Line Numbers: [",
        "csslint: ",
        "║",
        "== Linting ",
        ".feature",
        "* At ",
        "mandoc: ",
        "troff:",
        ".bicep(",
        "asciidoctor: ",
        "on line ",
        "SyntaxError: ",
        "ParseError: ",
        "Parse error: ",
        "Error E",
        "Warning W",
        "[ERROR]: ",
        "js: \"",
        "tex error ",
        "nginx: [",
        ".l:",
        ".ll:",
        " char:",
        ".sh[",
        ".ksh[",
        " in file ",
        ", Severity: ",
        ".env:",
        "Jenkinsfile",
        ".groovy",
        "File           :",
        ": DAR",
        "?? \"",
        "%% \"",
        "Message : ",
        "  ERROR  ",
        ".twig",
        ".rego:",
        "Severity-",
        "Error #",
        "[HIGH] ",
        "[MEDIUM] ",
        "[LOW] ",
        "JS ERROR: ",
        "nsgmls:",
        "Error at ",
        ".bas(",
        "Error: near line ",
        "spim: (",
        "): Err: (",
        "): Warn: (",
        "[Error ",
        "[Warning ",
        "(col. ",
        ": ERROR: ",
        // A location that begins with the line number, below the name of a file.
        "ERROR: 1",
        "ERROR: 2",
        "ERROR: 3",
        "ERROR: 4",
        "ERROR: 5",
        "ERROR: 6",
        "ERROR: 7",
        "ERROR: 8",
        "ERROR: 9",
    ];

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<Diagnostic>) {
        self.0.line(line, out);
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.0.finish(out);
    }
}
