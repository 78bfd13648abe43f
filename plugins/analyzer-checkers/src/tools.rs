//! The tools that the analyzer is for: a test requires a case of each.

#[rustfmt::skip]
pub(crate) const TOOLS: &[&str] = &[
    "acc", "acucobol", "agda", "ajc", "ameba", "apache", "apkbuild-lint", "armcc", "asciidoctor", "babel",
    "bashate", "bats", "bcc32", "bibclean", "bicep", "buckminster", "c-stat", "c51", "cfn-lint", "cfn-nag",
    "checkmake", "checkpatch", "chktex", "clang", "cobc", "codechecker", "coffeelint", "context", "coolflux",
    "cray", "criterion", "crosscore", "crystal", "cspell", "csslint", "ctc", "cucumber", "darglint", "dart",
    "dcc", "desktop-file-validate", "detekt", "dialyzer", "djlint", "dotenv-linter", "drafter", "drmemory",
    "dscanner", "ecj", "elvis", "ember-template-lint", "eslint", "expecto", "fasterer", "fecs", "fish",
    "flawfinder", "flex", "flow", "foodcritic", "forge", "freebasic", "fsharplint", "fstar", "gawk",
    "gfortran", "gherkin", "gherkin-lint", "gitlint", "gjs", "glslang", "godot", "graphql-schema-linter",
    "graphviz", "groff", "haxe", "html-proofer", "html-validate", "htmlhint", "ibm-openapi-validator",
    "ifort", "isabelle", "jikes", "jshint", "jslint", "jsonlint", "jsonnet", "jsonnet-lint", "kics",
    "languagetool", "less", "lfortran", "llc", "ltc", "luac", "luacheck", "mlint", "mlton", "modelsim",
    "mwcc", "mxmlc", "nagelfar", "nagfor", "ncelab", "ncvlog", "nginx", "npm-groovy-lint", "nvc", "odin",
    "oelint-adv", "onsgmls", "opa", "openscad", "pandoc", "pclint", "perlcritic", "pester", "phan", "php",
    "phpcs", "phpmd", "podchecker", "postcss", "powershell", "promtool", "proselint", "psalm",
    "psscriptanalyzer", "puppet", "puppet-lint", "pydoclint", "pylint", "pyrefly", "pyright", "qac",
    "qmllint", "raku", "redpen", "reek", "remark-lint", "rescript", "revive", "rflint", "rhino", "roc",
    "rpmlint", "salt-lint", "sass", "sass-lint", "scalac", "scdoc", "secretlint", "selene", "shellspec",
    "slither", "snakemake", "solc", "solhint", "spectral", "spim", "spotbugs", "sql-lint", "sqlint", "sqlite",
    "statix", "stylelint", "stylus", "swaglint", "swipl", "synplify", "systemd", "terrascan", "testcafe",
    "testthat", "textlint", "thrift", "ti", "tidy", "tsc", "tslint", "twigcs", "typos", "unimport",
    "vala-lint", "vcs", "verilator", "vivado", "write-good", "xlf", "yara", "yosys", "zeek", "zig",
];
